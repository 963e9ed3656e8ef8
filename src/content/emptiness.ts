import type { DatabaseSession } from "../ports/database.ts";

/** Whether a database holds anything a restore could collide with or destroy. */
export interface Emptiness {
  readonly empty: boolean;
  readonly objects: number;
  /** A few of them by name, for the message. */
  readonly examples: readonly string[];
}

/** Examples given in messages. */
const EXAMPLES_MAX = 5;

/** Looks for anything a user made: schemas, relations, functions, types, large objects; extensions and their parts do not count. */
export async function emptiness(session: DatabaseSession): Promise<Emptiness> {
  const user = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";
  const own = (catalog: string, oid: string): string =>
    `NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.${catalog}'::regclass AND e.objid = ${oid} AND e.deptype = 'e')`;
  const rows = await session.query<{ name: string; total: string }>(
    `WITH found AS (
       SELECT 1 AS place, 'table ' || quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE ${user} AND c.relkind IN ('r', 'p', 'f', 'm', 'v', 'S') AND ${own("pg_class", "c.oid")}
       UNION ALL
       SELECT 2, 'function ' || quote_ident(n.nspname) || '.' || quote_ident(p.proname)
         FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE ${user} AND ${own("pg_proc", "p.oid")}
       UNION ALL
       SELECT 3, 'type ' || quote_ident(n.nspname) || '.' || quote_ident(t.typname)
         FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
        WHERE ${user} AND t.typtype IN ('e', 'd', 'r') AND ${own("pg_type", "t.oid")}
       UNION ALL
       SELECT 4, 'schema ' || quote_ident(n.nspname) FROM pg_catalog.pg_namespace n
        WHERE ${user} AND n.nspname <> 'public' AND ${own("pg_namespace", "n.oid")}
       UNION ALL
       SELECT 5, 'large object ' || l.oid FROM pg_catalog.pg_largeobject_metadata l
     )
     SELECT name, count(*) OVER () AS total FROM found ORDER BY place, name LIMIT ${EXAMPLES_MAX}`,
  );
  return { empty: rows.length === 0, objects: Number(rows[0]?.total ?? 0), examples: rows.map((row) => row.name) };
}
