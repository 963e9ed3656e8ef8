import type { Section } from "../../nouns/settings/section.ts";
import { rollout } from "../app/settings.ts";

/** The section of the settings file that rollouts read. */
export const ROLLOUT_SECTIONS: readonly Section[] = [{ name: "rollout", schema: rollout, absent: "nothing" }];
