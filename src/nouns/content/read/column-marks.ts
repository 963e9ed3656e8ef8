import type { DatabaseSession } from "../../../ports/database.ts";
import { COLUMN_OPTIONS } from "./objects/options.ts";

/**
 * Names of marks that the server itself keeps among the options of its columns, such as Debian 15.20's
 * `pg_attver`. The pg_dump of that release knows them and leaves them out; any other, older or of a newer
 * major version, writes them into the dump as `ALTER COLUMN … SET (…)`, and a server that does not know them
 * refuses the whole table.
 */
export async function readColumnMarks(session: DatabaseSession): Promise<readonly string[]> {
  const rows = await session.query<{ name: string }>(
    `
      SELECT DISTINCT pg_catalog.split_part(o, '=', 1) AS name
        FROM pg_catalog.pg_attribute a, pg_catalog.unnest(a.attoptions) AS o
       WHERE a.attrelid >= 16384 AND a.attoptions IS NOT NULL
         AND NOT pg_catalog.split_part(o, '=', 1) OPERATOR(pg_catalog.=) ANY ($1) ORDER BY 1
    `,
    [COLUMN_OPTIONS],
  );
  return rows.map((row) => row.name);
}
