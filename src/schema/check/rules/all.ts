import { ALTER_TABLE_RULES } from "./alter-table.ts";
import { CONSTRAINT_RULES } from "./constraints.ts";
import { GONE_RULES } from "./gone.ts";
import type { Rule } from "./rule.ts";
import { SERVER_RULES } from "./server-wide.ts";
import { STATEMENT_RULES } from "./statements.ts";
import { TRANSACTION_RULES } from "./transactions.ts";

/** What nobody wrote a rule for is found by what it does. */
const MEASURED_RULES: readonly Rule[] = [
  {
    name: "rewrites-table",
    level: "warning",
    squawk: [],
    problem:
      "The statement writes a whole table anew while nobody can read or write it, as was seen when it " +
      "was tried.",
    solution: "Do it at a quiet time, or in steps: a new column or table beside, filled in batches.",
    find: ({ impact }) =>
      (impact?.tables ?? [])
        .filter(({ isNew, rewrites }) => !isNew && rewrites)
        .map(({ table }) => ({
          object: table,
          message: "the whole table is written anew while nobody can read or write it",
        })),
  },
  {
    name: "scans-locked-table",
    level: "warning",
    squawk: [],
    problem: "The statement reads a whole table while nobody can write to it, as was seen when it was tried.",
    solution:
      "Split it: make the change without checking (NOT VALID, CONCURRENTLY), and check in a later migration.",
    find: ({ impact }) =>
      (impact?.tables ?? [])
        .filter(
          ({ isNew, scans, rewrites, blocks }) =>
            !isNew && scans && !rewrites && (blocks === "writes" || blocks === "reads and writes"),
        )
        .map(({ table, blocks }) => ({
          object: table,
          message: `the whole table is read while it is locked against ${blocks}`,
        })),
  },
];

/** Every rule about statements, specific ones first. */
export const RULES: readonly Rule[] = [
  ...TRANSACTION_RULES,
  ...ALTER_TABLE_RULES,
  ...CONSTRAINT_RULES,
  ...GONE_RULES,
  ...STATEMENT_RULES,
  ...SERVER_RULES,
];

/** Told only where no specific rule spoke of the statement. */
export const FALLBACK_RULES: readonly Rule[] = MEASURED_RULES;
