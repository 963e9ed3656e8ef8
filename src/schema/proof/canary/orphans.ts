import type { DatabaseSession } from "../../../ports/database.ts";

interface ForeignKey {
  readonly table: string;
  readonly parent: string;
  /** Condition under which a row `c` has its parent `p`. */
  readonly matches: string;
  /** Condition under which a row `c` needs none. */
  readonly free: string;
  /** Columns of the child, and those of the parent that they stand for. */
  readonly columns: string;
  readonly keys: string;
}

const FOREIGN_KEYS = `
  SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS "table",
         pg_catalog.quote_ident(pn.nspname) || '.' || pg_catalog.quote_ident(p.relname) AS parent, k.matches,
         k.free, k.columns, k.keys
    FROM (SELECT conrelid, confrelid,
                 (SELECT pg_catalog.string_agg(
                   pg_catalog.format('p.%I OPERATOR(%I.%s) c.%I', pa.attname, os.nspname, o.oprname,
                                     ca.attname),
                   ' AND ')
                    FROM ROWS
                    FROM (pg_catalog.unnest(x.conkey), pg_catalog.unnest(x.confkey),
                          pg_catalog.unnest(x.conpfeqop)) AS u(child, parent, operator)
                    JOIN pg_catalog.pg_attribute ca ON ca.attrelid = x.conrelid AND ca.attnum = u.child
                    JOIN pg_catalog.pg_attribute pa ON pa.attrelid = x.confrelid AND pa.attnum = u.parent
                    JOIN pg_catalog.pg_operator o ON o.oid = u.operator
                    JOIN pg_catalog.pg_namespace os ON os.oid = o.oprnamespace) AS matches,
                 (SELECT pg_catalog.string_agg(pg_catalog.format('c.%I IS NULL', ca.attname),
                                               CASE x.confmatchtype WHEN 'f' THEN ' AND ' ELSE ' OR ' END)
                    FROM pg_catalog.unnest(x.conkey) AS u(child)
                    JOIN pg_catalog.pg_attribute ca ON ca.attrelid = x.conrelid
                         AND ca.attnum = u.child) AS free,
                 (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(ca.attname), ', ' ORDER BY u.at)
                    FROM pg_catalog.unnest(x.conkey) WITH ORDINALITY AS u(child, at)
                    JOIN pg_catalog.pg_attribute ca ON ca.attrelid = x.conrelid
                         AND ca.attnum = u.child) AS columns,
                 (SELECT pg_catalog.string_agg('p.' || pg_catalog.quote_ident(pa.attname), ', ' ORDER BY u.at)
                    FROM pg_catalog.unnest(x.confkey) WITH ORDINALITY AS u(parent, at)
                    JOIN pg_catalog.pg_attribute pa ON pa.attrelid = x.confrelid
                         AND pa.attnum = u.parent) AS keys
            FROM pg_catalog.pg_constraint x
           WHERE x.contype = 'f'
             AND x.convalidated
             AND x.conrelid IN (SELECT pg_catalog.to_regclass(name)
                                  FROM pg_catalog.unnest($1::pg_catalog.text[]) AS name)) k
    JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_class p ON p.oid = k.confrelid
    JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
   WHERE k.matches IS NOT NULL
   ORDER BY 1, 2, 3
`;

/** Keys may follow each other; a circle ends as well, since each round takes rows away. */
const ROUNDS_MAX = 20;

/**
 * Canaries were put in with the foreign keys asleep. One that points nowhere would make a script fail that
 * adds or checks a key: it is given a row to point at, and where it may not have that, it is taken out. To be
 * called with triggers asleep.
 *
 * @returns table → why it has lost rows
 */
export async function adoptOrphans(
  session: DatabaseSession,
  tables: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const keys = await session.query<ForeignKey>(FOREIGN_KEYS, [[...tables]]);
  const gone = new Map<string, string>();
  for (let round = 0, found = true; found && round < ROUNDS_MAX; round += 1) {
    found = false;
    for (const key of keys) {
      const orphan = `NOT (${key.free}) AND NOT EXISTS (SELECT FROM ${key.parent} AS p WHERE ${key.matches})`;
      if (
        (await session.query(`SELECT 1 AS one FROM ${key.table} AS c WHERE ${orphan} LIMIT 1`)).length === 0
      ) {
        continue;
      }
      found = true;
      if (round < ROUNDS_MAX / 2 && (await adopted(session, key, orphan))) continue;
      await session.query(`DELETE FROM ${key.table} AS c WHERE ${orphan}`);
      if ((await session.query(`SELECT 1 AS one FROM ${key.table} LIMIT 1`)).length > 0) continue;
      gone.set(key.table, `the rows that could be made have no row of ${key.parent} to point at`);
    }
  }
  return gone;
}

/**
 * The first orphan gets the first parent, and so on, so that a key that is unique stays so; where it is not,
 * orphans that are more than the parents get these again.
 */
async function adopted(
  session: DatabaseSession,
  { table, parent, columns, keys }: ForeignKey,
  orphan: string,
): Promise<boolean> {
  const count = `(SELECT pg_catalog.count(*) FROM ${parent})`;
  const ways = [
    { place: `(o.at - 1) % nullif(${count}, 0) + 1`, which: "true" },
    { place: "o.at", which: `o.at <= ${count}` },
  ];
  for (const { place, which } of ways) {
    const refusal = await session.execute(`
      SAVEPOINT canary;
      UPDATE ${table} AS child
        SET (${columns}) = (SELECT ${keys}
                              FROM (SELECT *, pg_catalog.row_number() OVER () AS "holdfast row"
                                      FROM ${parent}) AS p
                             WHERE p."holdfast row" = ${place})
       FROM (SELECT c.ctid AS place, c.tableoid AS part, pg_catalog.row_number() OVER () AS at
               FROM ${table} AS c
              WHERE ${orphan}) AS o
      WHERE child.ctid = o.place AND child.tableoid = o.part AND ${which};
      RELEASE canary
    `);
    if (refusal === undefined) return true;
    await session.query("ROLLBACK TO canary; RELEASE canary");
  }
  return false;
}
