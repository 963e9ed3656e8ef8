import type { DatabaseSession } from "../../../ports/database.ts";
import { quoteIdentifier } from "../../../postgres/quoting.ts";
import type { LostRows } from "./sums.ts";

/** Where a sequence stood before a pair. */
export interface Position {
  /** `schema.sequence`, quoted where needed. */
  readonly sequence: string;
  readonly increment: bigint;
  /** What it would give next. */
  readonly next: bigint;
  /** The column that it fills, and the last value there in the sequence's direction. */
  readonly fills: { readonly table: string; readonly column: string; readonly last: bigint } | undefined;
}

interface Row {
  readonly name: string;
  readonly increment: string;
  readonly least: string;
  readonly most: string;
  readonly table: string | null;
  readonly column: string | null;
}

/**
 * Sequences by their own name or the table of a column that they fill: one that is of the column, or in its
 * default. One that begins again at its end goes anywhere, and is left out.
 */
const SEQUENCES = `
  SELECT DISTINCT ON (1) q.name, q.increment, q.least, q.most, q."table", q."column"
    FROM (SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS name,
                 s.seqincrement::text AS increment, s.seqmin::text AS least, s.seqmax::text AS most,
                 pg_catalog.quote_ident(tn.nspname) || '.' || pg_catalog.quote_ident(t.relname) AS "table",
                 a.attname::text AS "column"
            FROM pg_catalog.pg_class c
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_catalog.pg_sequence s ON s.seqrelid = c.oid
            LEFT JOIN LATERAL (
              SELECT d.refobjid AS relid, d.refobjsubid AS attnum
                FROM pg_catalog.pg_depend d
               WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                 AND d.objid = c.oid
                 AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                 AND d.refobjsubid > 0
                 AND d.deptype IN ('a', 'i')
               UNION
              SELECT f.adrelid, f.adnum
                FROM pg_catalog.pg_depend d
                JOIN pg_catalog.pg_attrdef f ON f.oid = d.objid
               WHERE d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
                 AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                 AND d.refobjid = c.oid) u ON true
            LEFT JOIN pg_catalog.pg_class t ON t.oid = u.relid
            LEFT JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
            LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = u.relid
                 AND a.attnum = u.attnum
                 AND a.atttypid IN ('int2'::pg_catalog.regtype, 'int4'::pg_catalog.regtype,
                                    'int8'::pg_catalog.regtype)
           WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND NOT s.seqcycle) q
   WHERE q.name = ANY ($1::text[]) OR q."table" = ANY ($1::text[])
   ORDER BY 1, q."column" NULLS LAST, q."table"
`;

/** So far does one go on that fills no column. */
const STEPS = 10n;

/**
 * Puts sequences where they would stand in production, in the open transaction: behind the rows of the column
 * that they fill, or somewhere that is not their beginning.
 *
 * @param names of tables and sequences
 * @returns where they stand now; one that has no room for that is left out
 */
export async function moveSequences(
  session: DatabaseSession,
  names: readonly string[],
): Promise<readonly Position[]> {
  const rows = await session.query<Row>(SEQUENCES, [[...names]]);
  if (rows.length === 0) return [];
  const standing = await nextValues(
    session,
    rows.map(({ name, increment }) => ({ sequence: name, increment: BigInt(increment) })),
  );
  const last = await lastValues(session, rows);
  const moved = rows.flatMap((row, at): Position[] => {
    const { name, table, column } = row;
    const increment = BigInt(row.increment);
    const here = standing.get(name);
    const value = last[at];
    const fills =
      table === null || column === null || value === undefined ? undefined : { table, column, last: value };
    // Without a row in its table nothing says where it would be.
    if (here === undefined || (table !== null && fills === undefined)) return [];
    const behind = fills === undefined ? here + STEPS * increment : fills.last + increment;
    const next = increment > 0n ? (behind > here ? behind : here) : behind < here ? behind : here;
    if (next < BigInt(row.least) || next > BigInt(row.most)) return [];
    return [{ sequence: name, increment, next, fills }];
  });
  // Unlike setval this is taken back with the transaction; event triggers sleep meanwhile.
  const refusal = await session.execute(`
    SAVEPOINT canary;
    SET LOCAL session_replication_role = replica;
    ${moved.map(({ sequence, next }) => `ALTER SEQUENCE ${sequence} RESTART WITH ${next}`).join(";\n")};
    SET LOCAL session_replication_role = DEFAULT;
    RELEASE canary
  `);
  if (refusal === undefined) return moved;
  await session.query("ROLLBACK TO canary; RELEASE canary");
  return [];
}

/**
 * An answer has 1,664 columns at most, and a query that unites very many others outgrows the server's stack.
 * https://www.postgresql.org/docs/current/limits.html
 */
const ASKED_AT_ONCE = 500;

async function lastValues(
  session: DatabaseSession,
  rows: readonly Row[],
): Promise<readonly (bigint | undefined)[]> {
  const asked = rows.map(({ table, column, increment }, at) =>
    table === null || column === null
      ? `NULL AS l${at}`
      : `(SELECT pg_catalog.${increment.startsWith("-") ? "min" : "max"}(${quoteIdentifier(column)})::text
            FROM ${table}) AS l${at}`,
  );
  const found: Record<string, string | null> = {};
  for (let from = 0; from < asked.length; from += ASKED_AT_ONCE) {
    const part = asked.slice(from, from + ASKED_AT_ONCE).join(", ");
    Object.assign(found, (await session.query<Record<string, string | null>>(`SELECT ${part}`))[0]);
  }
  return rows.map((_, at) => {
    const value = found[`l${at}`];
    return value === null || value === undefined ? undefined : BigInt(value);
  });
}

/** What sequences would give next, of those that are there. */
async function nextValues(
  session: DatabaseSession,
  sequences: readonly { readonly sequence: string; readonly increment: bigint }[],
): Promise<ReadonlyMap<string, bigint>> {
  const here = await session.query<{ name: string }>(
    `
      SELECT w.name
        FROM pg_catalog.unnest($1::text[]) AS w(name)
        JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(w.name) AND c.relkind = 'S'
    `,
    [sequences.map(({ sequence }) => sequence)],
  );
  const asked = sequences.filter(({ sequence }) => here.some(({ name }) => name === sequence));
  if (asked.length === 0) return new Map();
  const found: { at: number; value: string; called: boolean }[] = [];
  for (let from = 0; from < asked.length; from += ASKED_AT_ONCE) {
    const parts = asked
      .slice(from, from + ASKED_AT_ONCE)
      .map(
        ({ sequence }, at) =>
          `SELECT ${from + at} AS at, last_value::text AS value, is_called AS called FROM ${sequence}`,
      );
    found.push(...(await session.query<(typeof found)[number]>(parts.join(" UNION ALL "))));
  }
  return new Map(
    found.map(({ at, value, called }) => {
      const { sequence, increment } = asked[at]!;
      return [sequence, BigInt(value) + (called ? increment : 0n)];
    }),
  );
}

/**
 * Sequences that went back: to values that the column which they fill has already, or, of others, behind
 * where they stood. What the schema's comparison tells (one that is missing) is not told again.
 *
 * @param lost tables and columns that are told already: with them goes what fills them
 */
export async function lostPositions(
  session: DatabaseSession,
  before: readonly Position[],
  lost: readonly LostRows[],
): Promise<LostRows[]> {
  if (before.length === 0) return [];
  const now = await nextValues(session, before);
  const told = lost.map(({ object }) => object);
  return before.flatMap(({ sequence, increment, next, fills }) => {
    const is = now.get(sequence);
    if (is === undefined) return [];
    if (fills === undefined) {
      if (increment > 0n ? is >= next : is <= next) return [];
      const message = `would give ${is} next after the rollback, and would have given ${next} before`;
      return [{ object: `sequence ${sequence}`, message, mayBeFilled: false }];
    }
    const { table, column, last } = fills;
    const parts = [
      `table ${table}`,
      `column ${table}.${column}`,
      `column ${table}.${quoteIdentifier(column)}`,
    ];
    if ((increment > 0n ? is > last : is < last) || parts.some((part) => told.includes(part))) return [];
    return [
      {
        object: `sequence ${sequence}`,
        message:
          `would give ${is} next after the rollback, although ${table} has values ` +
          `${increment > 0n ? "up" : "down"} to ${last} in its column ${column}`,
        mayBeFilled: false,
      },
    ];
  });
}
