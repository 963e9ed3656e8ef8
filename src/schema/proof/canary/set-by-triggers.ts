import type { DatabaseSession } from "../../../ports/database.ts";
import { quoteIdentifier } from "../../../postgres/quoting.ts";
import type { PreparedScript } from "../../script/prepare.ts";
import type { LostRows } from "./sums.ts";

/** Columns that keep a moment, of tables with a trigger that may write into a row before it is changed. */
const MOMENTS = `
  SELECT w.at
    FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[]))
         WITH ORDINALITY AS w("table", "column", at)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = pg_catalog.to_regclass(w."table")
         AND a.attname = w."column"
         AND a.atttypid IN ('pg_catalog.timestamp'::pg_catalog.regtype,
                            'pg_catalog.timestamptz'::pg_catalog.regtype)
   WHERE EXISTS (SELECT FROM pg_catalog.pg_trigger t
                  WHERE t.tgrelid = a.attrelid
                    AND NOT t.tgisinternal
                    AND t.tgenabled <> 'D'
                    -- Of a row, before it, on UPDATE: TRIGGER_TYPE_… in catalog/pg_trigger.h.
                    AND t.tgtype & 19 = 19)
`;

/**
 * What of this is nobody's loss but the moment of the last change: nearly every such table has an
 * `updated_at` that a trigger sets. Neither script names the column, the table has such a trigger, and there
 * are values now that are of the time since `since`.
 *
 * @param since a moment before the scripts, as text
 */
export async function setByTriggers(
  session: DatabaseSession,
  lost: readonly LostRows[],
  scripts: readonly PreparedScript[],
  since: string,
): Promise<ReadonlySet<LostRows>> {
  const asked = lost.flatMap((each) =>
    each.changed === undefined || scripts.some(({ source }) => source.text.includes(each.changed!.column))
      ? []
      : [{ each, ...each.changed }],
  );
  if (asked.length === 0) return new Set();
  const moments = await session.query<{ at: string }>(MOMENTS, [
    asked.map(({ table }) => table),
    asked.map(({ column }) => column),
  ]);
  const found = new Set<LostRows>();
  for (const { at } of moments) {
    const { each, table, column } = asked[Number(at) - 1]!;
    const rows = await session.query(
      `SELECT FROM ${table} AS ${quoteIdentifier("holdfast row")}
        WHERE ${quoteIdentifier(column)} BETWEEN $1 AND pg_catalog.clock_timestamp()
        LIMIT 1`,
      [since],
    );
    if (rows.length > 0) found.add(each);
  }
  return found;
}
