import type { Rule } from "./rule.ts";

/** See its texts; src/governance/dependencies/exceptions.ts finds them. */
export const EXPIRED_EXCEPTION: Omit<Rule, "find"> = {
  name: "expired-exception",
  severity: "warning",
  about: "state",
  problem: "An exception in the settings is over, and what it excepted counts again.",
  solution:
    "Solve it, or decide on another day with a reason. Take the exception out where nothing needs it.",
};
