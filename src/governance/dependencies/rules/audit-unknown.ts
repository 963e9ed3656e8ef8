import { printableLine } from "../../../kernel/printable.ts";
import type { Rule } from "./rule.ts";

/** See its texts. */
export const AUDIT_UNKNOWN: Rule = {
  name: "audit-unknown",
  severity: "error",
  about: "state",
  problem:
    "The registry could not be asked for known vulnerabilities. That is not the same as knowing of none.",
  solution: "Run the check again when the registry answers, or switch the rule to `warning`.",
  find: ({ audit }) =>
    audit?.asked !== false
      ? []
      : [
          {
            subject: "audit",
            file: null,
            line: null,
            message: `known vulnerabilities could not be asked for: ${printableLine(audit.why)}`,
            fix: "Run the check again when the registry answers.",
          },
        ],
};
