import type { Rule } from "./rule.ts";

/** See its texts; src/governance/dependencies/exceptions.ts finds them. */
export const UNUSED_EXCEPTION: Omit<Rule, "find"> = {
  name: "unused-exception",
  severity: "note",
  about: "state",
  problem: "An exception in the settings excepts nothing, and waits for what nobody thought of.",
  solution: "Take it out.",
};
