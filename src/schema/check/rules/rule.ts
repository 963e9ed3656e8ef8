import type { StatementImpact, TableImpact } from "../../proof/impact.ts";
import type { PreparedScript } from "../../script/prepare.ts";
import type { Statement } from "../../script/script.ts";
import { droppedNames } from "../../script/dropped.ts";
import type { Fields } from "../../script/tree.ts";
import type { Level } from "../finding.ts";

/** A statement as a rule sees it. */
export interface RuleStatement {
  readonly statement: Statement;
  readonly type: string;
  readonly fields: Fields;
  readonly script: PreparedScript;
  /**
   * What it was seen to do; undefined where it could not be watched, because it cannot run in a
   * transaction.
   */
  readonly impact: StatementImpact | undefined;
  /** Whether a table was made by the same script, so that nobody else uses it yet. */
  readonly isNew: (table: readonly string[]) => boolean;
}

/** What a rule found in one statement. */
export interface Hit {
  /** The table, column, index …, as people write it. */
  readonly object?: string;
  /** What happens, one sentence without a full stop. */
  readonly message: string;
}

/** One kind of operation that hurts people who are using the database. */
export interface Rule {
  /** Lower case, words joined by `-`; what a waiver says. */
  readonly name: string;
  readonly level: Level;
  /** What goes wrong, for the documents. */
  readonly problem: string;
  /** The safe form. */
  readonly solution: string;
  /** Rules of squawk that say the same: https://squawkhq.com/docs/rules */
  readonly squawk: readonly string[];
  find(statement: RuleStatement): readonly Hit[];
}

/** What was measured of one table; undefined where the statement could not be watched. */
export function impactOn(
  { impact }: Pick<RuleStatement, "impact">,
  table: readonly string[],
): TableImpact | undefined {
  return impact?.tables.find((each) => {
    const names = unquoted(each.table);
    return table.length > 0 && names.slice(-table.length).join("\0") === table.join("\0");
  });
}

/** The parts of a name as the server quotes it: `app."Order.Items"`. */
function unquoted(name: string): string[] {
  const parts = name.match(/"(?:[^"]|"")*"|[^.]+/g) ?? [];
  return parts.map((part) => (part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part));
}

/** A name as it is written in reports. */
export function written(parts: readonly string[]): string {
  return parts.join(".");
}

/** A hit on something that has a name. */
export const hit = (object: string, message: string): Hit => ({ object, message });

/** Names of what a DROP of this kind drops. */
export function dropped(statement: RuleStatement, kind: string): readonly (readonly string[])[] {
  return droppedNames(statement.type, statement.fields, kind);
}
