import { HoldfastError } from "../../../../kernel/errors.ts";
import { qualifiedName } from "../../../../postgres/quoting.ts";
import type { TableRecord } from "../../../../nouns/content/record.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";

/** Those of the tables that are not there. */
export async function absentTables(
  session: DatabaseSession,
  tables: readonly TableRecord[],
): Promise<readonly TableRecord[]> {
  const absent: TableRecord[] = [];
  for (const table of tables) {
    const [row] = await session.query<{ there: boolean }>("SELECT to_regclass($1) IS NOT NULL AS there", [
      qualifiedName(table.schema, table.name),
    ]);
    if (!row!.there) absent.push(table);
  }
  return absent;
}

/**
 * A table that could be made only when rows were in would stand there empty.
 *
 * @param skipped tables that were not there when rows were loaded
 * @throws database.query naming the first that is there by now
 */
export async function requireNoneEmpty(
  session: DatabaseSession,
  skipped: readonly TableRecord[],
): Promise<void> {
  const still = new Set(await absentTables(session, skipped));
  const empty = skipped.find((table) => !still.has(table));
  if (empty === undefined) return;
  throw new HoldfastError(
    "database.query",
    `table ${empty.schema}.${empty.name} could be made only after the rows had been loaded, so ` +
      "that its own are missing",
    {
      hint:
        "Use --into database with a database of your own for this backup, and report what " +
        "the table needs.",
    },
  );
}
