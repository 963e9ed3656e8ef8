import type { Section } from "../../nouns/settings/section.ts";
import { release } from "../versions/settings.ts";

/** What releases read of the settings file. */
export const RELEASE_SECTIONS: readonly Section[] = [
  { name: "release", schema: release, absent: "defaults" },
];
