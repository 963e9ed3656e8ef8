import { describe, expect, it } from "@jest/globals";
import { insertCanaries } from "../../../src/schema/proof/canary/canaries.ts";
import { canaryTables } from "../../../src/schema/proof/canary/columns.ts";
import { readSums } from "../../../src/schema/proof/canary/sums.ts";
import { postgresDatabase } from "../../../src/adapters/postgres/database.ts";
import { findServer, SERVER_VERSIONS, startCluster } from "../../support/postgres.ts";
import { CHECKED } from "./canary/checked-tables.ts";
import { casesInTurn } from "../../support/sampling.ts";

/** Types of which no value can be written: the server alone makes them, in its catalogs. */
const UNWRITABLE = [
  "pg_node_tree",
  "pg_ndistinct",
  "pg_dependencies",
  "pg_mcv_list",
  "pg_brin_bloom_summary",
  "pg_brin_minmax_multi_summary",
  "gtsvector",
];

/** Every type that comes with the server, and its arrays: `format_type` by the name of a column. */
const TYPES = `
  SELECT CASE WHEN t.typcategory = 'A' AND t.typname ~ '^_' THEN 'a_' ELSE 'c_' END
    || ltrim(t.typname, '_') AS name,
         format_type(t.oid, NULL) AS type
    FROM pg_type t
    JOIN pg_namespace n ON n.oid = t.typnamespace
    LEFT JOIN pg_type e ON t.typelem = e.oid AND t.typcategory = 'A'
   WHERE n.nspname = 'pg_catalog'
     AND t.typisdefined
     AND t.typtype IN ('b', 'r', 'm')
     AND NOT t.typname = ANY ($1)
     AND (e.oid IS NULL OR e.typtype IN ('b', 'r', 'm') AND NOT e.typname = ANY ($1))
   ORDER BY 1
`;

/** Types with modifiers, and people's own ones. */
const OWN = `
  CREATE TYPE mood AS ENUM ('sad', 'happy');
  CREATE DOMAIN positive AS numeric(6,2) CHECK (VALUE > 5);
  CREATE DOMAIN email AS text NOT NULL CHECK (VALUE ~ '^[^@ ]+@[^@ ]+\\.[a-z]{2,}$');
  CREATE DOMAIN short_email AS email CHECK (length(VALUE) < 30);
  CREATE DOMAIN semver AS text CHECK (array_length(string_to_array(VALUE, '.')::int[], 1) = 3);
  CREATE TYPE place AS (x int, y numeric(5,2), label text, at timestamptz);
  CREATE TYPE span AS RANGE (SUBTYPE = timestamptz);
  CREATE TABLE own (
    n1 numeric(3,0), n2 numeric(5,5), n3 numeric(30,10), n4 numeric(4,1)[], v1 varchar(1), v5 varchar(5),
    v5a varchar(5)[], c1 char, c9 char(9),
    b1 bit, b7 bit(7), vb varbit(3), t0 timestamp(0), t3 timestamptz(3), i2 interval(2), iy interval year,
    m mood, ma mood[], p positive, pa positive[],
    e email, se short_email, pl place, pla place[], s span,
    u uuid DEFAULT '00000000-0000-4000-8000-000000000000');
`;

const EXTENSIONS: Readonly<Record<string, string>> = {
  citext: "c citext",
  hstore: "h hstore",
  ltree: "l ltree, q lquery, x ltxtquery",
  cube: "cu cube",
  seg: "sg seg",
  pg_trgm: "t text",
};

describe.each(
  casesInTurn(
    "canary rows of every type, by major",
    SERVER_VERSIONS.filter((version) => version !== "15.18" && version !== "18.6"),
    { every: 3 },
  ),
)("PostgreSQL %s", (version) => {
  const found = findServer(version);
  const here = "installation" in found;

  // What could not be had is told at the end of `npm test`.
  (here ? it : it.skip)("has rows for columns of every type, and under CHECKs of many shapes", async () => {
    if (!here) throw new Error("unreachable: the test is skipped");
    await using server = await startCluster({ installation: found.installation });
    await using database = await server.createDatabase({ owner: "postgres", sql: OWN });
    const types = await database.query(TYPES, [UNWRITABLE]);
    const hasXml = await database.query("SELECT xml '<a/>'").then(
      () => true,
      () => false,
    );
    const columns = types
      .filter(({ name }) => hasXml || !/^[ac]_xml$/.test(String(name)))
      .map(({ name, type }) => `"${String(name)}" ${String(type)}`);
    expect(columns.length).toBeGreaterThan(120);
    await database.query(`CREATE TABLE every_type (${columns.join(", ")})`);
    const available = new Set(
      (await database.query("SELECT name FROM pg_available_extensions")).map(({ name }) => String(name)),
    );
    const extended = Object.entries(EXTENSIONS).filter(([name]) => available.has(name));
    for (const [name] of extended) await database.query(`CREATE EXTENSION ${name}`);
    await database.query(
      `CREATE TABLE extended (id int, ${extended
        .map(([, column]) => column)
        .concat("z int")
        .join(", ")})`,
    );
    for (const { sql } of CHECKED) await database.query(sql);
    const names = ["every_type", "own", "extended", ...CHECKED.map(({ name }) => name)].map(
      (name) => `public.${name}`,
    );

    await using session = await postgresDatabase(database.adminAddress).connect({ purpose: "test" });
    await session.query("BEGIN");
    const tables = await canaryTables(session, names);
    const canaries = await insertCanaries(session, tables, { corners: "extremes", wanted: () => true });
    const sums = await readSums(
      session,
      new Map(tables.map(({ name, columns: all }) => [name, all.map((each) => each.name)])),
    );
    await session.query("COMMIT");

    expect(canaries.filter(({ why }) => why !== undefined)).toEqual([]);
    expect(canaries.map(({ table }) => table)).toEqual(expect.arrayContaining(names));
    // Two ordinary ones, those with unusual values, and one that is there twice.
    const rows = { "public.every_type": 9, "public.own": 7, "public.extended": 6 };
    for (const [table, count] of Object.entries(rows)) {
      const empty = [...sums.get(table)!.columns]
        .filter(([, { values }]) => values === 0)
        .map(([name]) => name);
      expect({ table, rows: sums.get(table)!.rows, empty }).toEqual({ table, rows: count, empty: [] });
    }
  });
});
