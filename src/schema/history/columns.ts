import type { DatabaseSession } from "../../ports/database.ts";

/** Columns that tables of earlier versions lack, with their types. */
const ADDED = [
  ["migrations", "without_transaction", "text[] NOT NULL DEFAULT '{}'"],
  ["migrations", "attempting", "text"],
  ["rollbacks", "from_backup", "text"],
  ["rollbacks", "elsewhere", "jsonb"],
  ["format", "other_schemas", "text[] NOT NULL DEFAULT '{}'"],
] as const;

/** What gives tables of an earlier version what they lack, and changes nothing of any other. */
export const ADD_COLUMNS = ADDED.map(
  ([table, column, type]) => `ALTER TABLE holdfast.${table} ADD COLUMN IF NOT EXISTS ${column} ${type};`,
).join("\n");

const LACKED = `
  SELECT t.relation || '.' || t.name AS lacked
    FROM ROWS
    FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS t(
      relation, name)
   WHERE NOT EXISTS (
     SELECT FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = pg_catalog.to_regclass('holdfast.' || t.relation) AND a.attname = t.name
        AND NOT a.attisdropped)
`;

/** `table.column` of every column that the history's tables, as an earlier version has made them, lack. */
export async function lackedColumns(session: DatabaseSession): Promise<ReadonlySet<string>> {
  const rows = await session.query<{ lacked: string }>(LACKED, [
    ADDED.map(([table]) => table),
    ADDED.map(([, column]) => column),
  ]);
  return new Set(rows.map(({ lacked }) => lacked));
}
