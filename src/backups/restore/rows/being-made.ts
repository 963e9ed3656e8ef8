import { HoldfastError } from "../../../kernel/errors.ts";
import { printableLine } from "../../../kernel/printable.ts";
import { qualifiedName } from "../../../postgres/quoting.ts";
import type { TableRecord } from "../../../nouns/content/record.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import type { LoadProblem, TocEntry } from "../../../ports/dump-tools.ts";
import type { Log } from "../../../ports/log.ts";
import { readLiveTables } from "./live-tables.ts";
import { definitionEntries } from "./table-entries.ts";

/**
 * A table whose definition pg_restore could not load. One of its name may be there all the same:
 * somebody else's.
 */
export interface NotMade {
  readonly table: TableRecord;
  /** In the server's words. */
  readonly why: string;
}

/**
 * Tables that this restore did not make although it was to: between the plan and `CREATE TABLE` another
 * session may have committed one of the same name, and pg_restore goes past "already exists". A problem
 * without an entry may be of any table.
 */
export function tablesNotMade(
  tables: readonly TableRecord[],
  entries: readonly TocEntry[],
  problems: readonly LoadProblem[],
): readonly NotMade[] {
  return tables.flatMap((table): NotMade[] => {
    const ids = new Set(definitionEntries(entries, table).map(({ id }) => Number(id)));
    const about = ({ entry, dumpIds }: LoadProblem): boolean =>
      dumpIds === undefined ? isUnclear(entry) : dumpIds.some((id) => ids.has(id));
    const problem = problems.find(about);
    return problem === undefined ? [] : [{ table, why: problem.message }];
  });
}

/** Names in it may run into each other, so every `TABLE` may be this one. */
function isUnclear(entry: string): boolean {
  return entry === "" || entry.startsWith("TABLE ");
}

/**
 * A table that could not be made cannot be filled, and one that somebody else made is not to be: rows that
 * others may have put there would go.
 *
 * @throws database.lacks with what the server said
 */
export async function requireMade(
  session: DatabaseSession,
  made: readonly TableRecord[],
  others: readonly NotMade[],
  problems: readonly LoadProblem[],
): Promise<void> {
  const present = await readLiveTables(session, made);
  const isThere = ({ schema, name }: TableRecord): boolean =>
    present.some((one) => one.schema === schema && one.name === name);
  const absent = made.find((table) => !isThere(table));
  if (absent !== undefined) {
    const why = problems[0]?.message ?? "pg_restore gave no reason";
    throw new HoldfastError("database.lacks", `table ${nameOf(absent)} could not be made: ${why}`, {
      hint:
        "Make what it needs at the target first (its schema, types and functions are not restored " +
        "with --tables), then run again.",
    });
  }
  const [other] = others;
  if (other === undefined) return;
  throw new HoldfastError(
    "database.lacks",
    `table ${nameOf(other.table)} is not the one this restore was to make: ${other.why}`,
    {
      hint:
        "Stop whatever makes tables at the target, and drop or rename that table if it is not wanted, then " +
        "run again; nothing was put into it.",
    },
  );
}

/**
 * Removes tables that this restore made and nobody has used yet: left behind empty and without indexes they
 * would be in the way.
 *
 * @returns whether all of them are gone
 */
export async function dropMade(
  session: DatabaseSession,
  made: readonly TableRecord[],
  log: Log,
): Promise<boolean> {
  let gone = true;
  for (const table of made) {
    try {
      await session.query(`DROP TABLE IF EXISTS ${qualifiedName(table.schema, table.name)}`);
    } catch (error) {
      gone = false;
      log.warn(
        `table ${nameOf(table)} was made and not filled, and could not be removed again: ` +
          `${(error as Error).message}; drop it by hand`,
      );
    }
  }
  return gone;
}

/**
 * After a load that ended in the middle nobody can tell which of these tables it made, so they stay
 * and are named.
 */
export async function nameLeft(
  session: DatabaseSession,
  tables: readonly TableRecord[],
  log: Log,
): Promise<void> {
  const present = await readLiveTables(session, tables).catch(() => undefined);
  for (const { schema, name } of present ?? tables) {
    log.warn(
      `table ${nameOf({ schema, name })} may have been made and not filled; ` +
        "if it is not somebody else's, drop it before the next try",
    );
  }
}

function nameOf({ schema, name }: Pick<TableRecord, "schema" | "name">): string {
  return printableLine(qualifiedName(schema, name));
}
