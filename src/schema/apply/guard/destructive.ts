import { destroyedBy, isOpaque, namedBy, type Destroyed } from "../../script/destroys.ts";
import type { PlannedMigration } from "../planned-migration.ts";

/** What one pending file destroys, by its own words. */
export interface Destructive {
  readonly step: PlannedMigration;
  /** Named as before the first of the pending files. */
  readonly destroys: readonly Destroyed[];
  /** It has DO blocks or calls, whose work is not known from the text. */
  readonly opaque: boolean;
}

/**
 * What each pending file destroys that was there before it. Names that pending files give are followed
 * back: a table that is called otherwise and then dropped goes all the same.
 */
export function destructiveOf(steps: readonly PlannedMigration[]): readonly Destructive[] {
  const names = new Map<string, readonly string[]>();
  const key = (name: readonly string[], column?: string): string => [...name, column ?? ""].join("\0");
  const columns = new Map<string, string>();
  const before = (name: readonly string[]): readonly string[] => names.get(key(name)) ?? name;
  return steps.map((step) => {
    const made = new Set<string>();
    const destroys: Destroyed[] = [];
    let opaque = false;
    step.forward.execution.statements.forEach((statement, index) => {
      // What an earlier run has done already, it does not do again.
      if (index >= (step.begun?.steps ?? 0)) {
        opaque ||= isOpaque(statement);
        for (const each of destroyedBy(statement)) {
          if (made.has(key(each.name)) || made.has(key(each.name, each.column))) continue;
          const name = before(each.name);
          const column = each.column && (columns.get(key(name, each.column)) ?? each.column);
          destroys.push({ ...each, name, ...(column === undefined ? {} : { column }) });
        }
      }
      for (const { name, column, from, fromColumn } of namedBy(statement)) {
        if (column !== undefined && fromColumn !== undefined) {
          const table = before(name);
          if (made.delete(key(name, fromColumn))) made.add(key(name, column));
          else columns.set(key(table, column), columns.get(key(table, fromColumn)) ?? fromColumn);
        } else if (from === undefined) {
          made.add(key(name, column));
          if (column === undefined) names.delete(key(name));
        } else if (made.delete(key(from))) {
          made.add(key(name));
        } else {
          made.delete(key(name));
          names.set(key(name), before(from));
        }
      }
    });
    return { step, destroys, opaque };
  });
}
