import type { HoldfastError } from "../../../../kernel/errors.ts";

/** What to do where rows of the platform's tables do not fit the rules that stand on them at the target. */

/** @param table as people read it */
export function brokenCheckRemedy(table: string, check: string): string {
  return (
    `drop the check at the target where it is yours (ALTER TABLE ${table} DROP CONSTRAINT ${check}), ` +
    "or mend these rows at the source and back up again"
  );
}

/** @param table as people read it */
export function brokenKeyRemedy(table: string, key: string): string {
  return (
    `at the source, find the rows of ${table} that break ${key} (they were written while triggers were ` +
    "off, say), mend or delete them, and back up again"
  );
}

/** @param table as people read it */
export function doubledRowsRemedy(table: string, rule: string): string {
  return (
    `these rows are the source's: find those of ${table} there that ${rule} holds for one, keep one ` +
    "of each, and back up again; or drop the rule at the target where it is yours"
  );
}

/** What the server refused of a row that was written, as far as it is a rule of the table's. */
export function brokenRuleRemedy(error: HoldfastError, table: string): string | undefined {
  const [, kind, name] = /violates (check|foreign key) constraint "([^"]+)"/.exec(error.message) ?? [];
  if (name === undefined) return undefined;
  const remedy = kind === "check" ? brokenCheckRemedy(table, name) : brokenKeyRemedy(table, name);
  return `A row of the backup breaks a rule of ${table} at the target: ${remedy}.`;
}
