import { POLICY_SECTIONS } from "../../governance/pr-policy/sections.ts";
import { PROTECTION_SECTIONS } from "../../governance/protect/sections.ts";
import { RELEASE_SECTIONS } from "../../governance/release-plan/sections.ts";
import { ROLLOUT_SECTIONS } from "../../rollout/deploy/sections.ts";
import type { Section } from "../../nouns/settings/section.ts";

/** Every section that a settings file may have, as its wing declares it. */
export const SETTINGS_SECTIONS: readonly Section[] = [
  ...POLICY_SECTIONS,
  ...PROTECTION_SECTIONS,
  ...RELEASE_SECTIONS,
  ...ROLLOUT_SECTIONS,
];
