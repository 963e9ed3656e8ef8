import type { Fields } from "../../script/tree.ts";
import { contype, onActions } from "./actions.ts";
import { written, type Rule } from "./rule.ts";

function added(
  kind: string,
  message: (table: string) => string,
  where: (constraint: Fields) => boolean = () => true,
): Rule["find"] {
  return onActions((action) => {
    if (action.subtype !== "AT_AddConstraint" || contype(action.def) !== kind || !where(action.def)) {
      return [];
    }
    return [{ object: written(action.table), message: message(written(action.table)) }];
  });
}

const withoutIndex = (constraint: Fields): boolean => constraint["indexname"] === undefined;
const validated = (constraint: Fields): boolean => constraint["skip_validation"] !== true;

/**
 * Rules about constraints that are added to a table:
 * https://www.postgresql.org/docs/current/sql-altertable.html
 */
export const CONSTRAINT_RULES: readonly Rule[] = [
  {
    name: "check-scan",
    level: "warning",
    squawk: ["constraint-missing-not-valid"],
    problem: "A CHECK that is validated at once reads the whole table while nobody can read or write it.",
    solution:
      "Add it NOT VALID, and VALIDATE CONSTRAINT in a later migration, which only keeps schema changes out.",
    find: added(
      "CONSTR_CHECK",
      (table) => `the check reads all of ${table} while nobody can read or write it`,
      validated,
    ),
  },
  {
    name: "foreign-key-scan",
    level: "warning",
    squawk: ["adding-foreign-key-constraint", "constraint-missing-not-valid"],
    problem:
      "A foreign key that is validated at once reads the whole table, while nobody can write to it nor " +
      "to the one it points at.",
    solution:
      "Add it NOT VALID, and VALIDATE CONSTRAINT in a later migration. On a partitioned table, " +
      "which takes no NOT VALID before 18: do so on each partition first, then add it to the parent.",
    find: added(
      "CONSTR_FOREIGN",
      (table) =>
        `the foreign key reads all of ${table}, and nobody can write to it or to the table it points at ` +
        "meanwhile",
      validated,
    ),
  },
  {
    name: "unique-builds-index",
    level: "warning",
    squawk: ["disallowed-unique-constraint"],
    problem: "A UNIQUE constraint builds its index while nobody can read or write the table.",
    solution:
      "CREATE UNIQUE INDEX CONCURRENTLY in a migration of its own, then ADD CONSTRAINT … UNIQUE " +
      "USING INDEX. On a partitioned table, which refuses both: ADD CONSTRAINT to ONLY the " +
      "parent, do so on each " +
      "partition, then ALTER INDEX … ATTACH PARTITION.",
    find: added(
      "CONSTR_UNIQUE",
      (table) => `the constraint builds its index on ${table} while nobody can read or write it`,
      withoutIndex,
    ),
  },
  {
    name: "primary-key-builds-index",
    level: "warning",
    squawk: ["adding-serial-primary-key-field"],
    problem:
      "A PRIMARY KEY builds its index, and reads the table for NULLs, while nobody can read or write it.",
    solution:
      "CREATE UNIQUE INDEX CONCURRENTLY and a validated NOT NULL first, then ADD CONSTRAINT … PRIMARY " +
      "KEY USING INDEX. On a partitioned table, which refuses both: ADD CONSTRAINT to ONLY the parent, do " +
      "so on each partition, then ALTER INDEX … ATTACH PARTITION.",
    find: added(
      "CONSTR_PRIMARY",
      (table) => `the primary key builds its index on ${table} while nobody can read or write it`,
      withoutIndex,
    ),
  },
  {
    name: "exclusion-builds-index",
    level: "warning",
    squawk: [],
    problem:
      "An exclusion constraint builds its index while nobody can read or write the table, and there is " +
      "no other way to add one.",
    solution: "Do it at a quiet time, on a table that is small enough; or keep the rule in a trigger.",
    find: added(
      "CONSTR_EXCLUSION",
      (table) => `the constraint builds its index on ${table} while nobody can read or write it`,
    ),
  },
];
