import type { Rule } from "./rule.ts";

/** See its texts; `exceptions.ts` and `idle-entries.ts` of this wing's dependencies find them. */
export const UNUSED_EXCEPTION: Omit<Rule, "find"> = {
  name: "unused-exception",
  severity: "note",
  about: "state",
  problem:
    "An exception in the settings, or an entry of `ignore` or `install-scripts.allow`, meets nothing, and " +
    "waits for what nobody thought of.",
  solution: "Take it out.",
};
