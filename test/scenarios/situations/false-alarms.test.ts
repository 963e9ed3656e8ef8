import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import { startCluster, type Cluster } from "../../support/postgres.ts";
import { said, Vault } from "../../support/vault.ts";
import { holdSituation, type Situation } from "./situation.ts";

/**
 * Copies that are right although their bytes, or their catalogs, are not the same: each of these was called
 * damaged once. The first number, a server that keeps a mark of its own in `attoptions`, takes another server
 * and stands with the matrix of servers.
 */

let cluster: Cluster;
let vault: Vault;

beforeAll(async () => {
  cluster = await startCluster();
  vault = await Vault.make();
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

const SITUATIONS: readonly Situation[] = [
  {
    name: "6: hash partitions on an enum, whose hash is of its object id",
    sql: `
      CREATE TYPE mood AS ENUM ('a', 'b', 'c', 'd', 'e', 'f', 'g');
      CREATE TABLE hp (m mood, n int) PARTITION BY HASH (m);
      ${[0, 1, 2]
        .map(
          (rest) => `
            CREATE TABLE hp${rest} PARTITION OF hp FOR VALUES WITH (MODULUS 3, REMAINDER ${rest});
          `,
        )
        .join(" ")}
      INSERT INTO hp SELECT (enum_range(NULL::mood))[1 + g % 7], g FROM generate_series(1, 700) g;
      CREATE TABLE deep (m mood, n int) PARTITION BY RANGE (n);
      CREATE TABLE deep1 PARTITION OF deep FOR VALUES FROM (0) TO (500) PARTITION BY HASH (m);
      CREATE TABLE deep2 PARTITION OF deep DEFAULT;
      ${[0, 1]
        .map(
          (rest) => `
            CREATE TABLE deep1_${rest} PARTITION OF deep1 FOR VALUES WITH (MODULUS 2, REMAINDER ${rest});
          `,
        )
        .join(" ")}
        INSERT INTO deep
        SELECT m, n
          FROM hp;
    `,
    verdict: "proved",
  },
  {
    name: "7: XML values that keep a declaration which their output leaves out",
    sql: `
      CREATE TABLE x (id int, v xml, vs xml[]);
      SET xmloption = document;
      INSERT INTO x
        VALUES (1, '<?xml version="1.0" encoding="UTF-8"?><a>ü</a>',
        ARRAY['<?xml version="1.0" encoding="ISO-8859-1"?><b/>'::xml]),
               (2, '<?xml version="1.0" standalone="yes"?><a/>', NULL), (3, '<a/>', '{}');
    `,
    verdict: "proved",
  },
  {
    name: "8: an invalid index that a failed build left behind",
    sql: `
      CREATE TABLE t (a int);
      INSERT INTO t VALUES (1), (1);
      CREATE INDEX t_a ON t (a);
      UPDATE pg_index SET indisvalid = false, indisready = false WHERE indexrelid = 't_a'::regclass;
    `,
    verdict: "proved",
  },
  {
    name: "10: an event trigger's log, into which the restore's own statements are written",
    sql: `
      CREATE TABLE ddl_log (id serial, tag text, what text);
      CREATE TABLE t (a int);
      INSERT INTO t VALUES (1);
      CREATE MATERIALIZED VIEW m AS SELECT count(*) FROM t;
      CREATE FUNCTION log_ddl() RETURNS event_trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO public.ddl_log (tag, what) VALUES (tg_tag, current_query()); END $$;
      CREATE EVENT TRIGGER log_ddl ON ddl_command_end EXECUTE FUNCTION log_ddl();
      CREATE TABLE logged (a int);
      CREATE INDEX ON logged (a);
    `,
    verdict: "proved",
  },
  {
    name: "22 a: bytes that are no UTF-8 in rows of a SQL_ASCII database",
    encoding: "SQL_ASCII",
    sql: `SET client_encoding = SQL_ASCII; CREATE TABLE t (a text); INSERT INTO t VALUES (E'caf\\xe9');`,
    verdict: "proved",
  },
  {
    name: "23: names of objects that are names of JavaScript's own",
    sql: `${["__proto__", "constructor", "toString", "hasOwnProperty"]
      .map(
        (name) => `
          CREATE SCHEMA "${name}"; COMMENT ON SCHEMA "${name}" IS '${name}';
          CREATE TABLE "${name}"."${name}" ("${name}" int); INSERT INTO "${name}"."${name}" VALUES (1);
          CREATE TYPE "${name}"."${name}_t" AS ENUM ('${name}');
        `,
      )
      .join("")} CREATE SCHEMA "valueOf"; CREATE EXTENSION hstore SCHEMA "valueOf";`,
    verdict: "proved",
  },
  {
    name: "23: names with blanks, line ends, quotation marks, semicolons, comments and signs of formats",
    sql:
      [
        "two words",
        "semi;colon",
        "line\nend",
        'quo"te',
        "apo'strophe",
        "tab\there",
        "-- comment",
        "dot.ted",
        "🐘",
        "$1",
        "%s",
        "\\.",
        " leading",
        "trailing ",
        "/* c */",
      ]
        .map((name, index) => {
          const quoted = `"${name.replaceAll('"', '""')}"`;
          return `
            CREATE TABLE ${quoted} (${quoted} int DEFAULT 1);
            INSERT INTO ${quoted} VALUES (${index});
            CREATE VIEW "v ${name.replaceAll('"', '""')}" AS SELECT * FROM ${quoted};
            CREATE INDEX "i ${name.replaceAll('"', '""')}" ON ${quoted} (${quoted});
          `;
        })
        .join(" ") + "CREATE TYPE lines AS ENUM (E'a\\nb', ' ', '');",
    verdict: "proved",
  },
];

describe("a copy that is right is not called damaged", () => {
  it.each(SITUATIONS.map((situation) => [situation.name, situation] as const))("%s", async (_, situation) => {
    await holdSituation(situation, cluster, vault);
  });

  it.each([
    [
      "22 b: a column's default and a comment",
      `
        CREATE TABLE t (a text DEFAULT E'caf\\xe9');
        COMMENT ON TABLE t IS E'caf\\xe9';
        INSERT INTO t DEFAULT VALUES
      `,
      /\bt\b/,
    ],
    ["22 c: a table's name", `CREATE TABLE "caf\u00e9" (a int)`, /caf/],
  ])(
    "%s with bytes that are no UTF-8, in a SQL_ASCII database: proved, or refused with the object's name",
    async (name, sql, named) => {
      const latin = sql.includes("caf\u00e9")
        ? `
          DO $$
          BEGIN
            EXECUTE convert_from('\\x${Buffer.from(sql, "latin1").toString("hex")}', 'SQL_ASCII');
          END $$
        `
        : sql;
      try {
        await holdSituation(
          {
            name,
            sql: `SET client_encoding = SQL_ASCII; ${latin}`,
            encoding: "SQL_ASCII",
            verdict: "proved",
          },
          cluster,
          vault,
        );
      } catch (error) {
        if (!(error instanceof HoldfastError)) throw error;
        expect(error.message).toMatch(named);
      }
    },
  );

  it("34: a LATIN1 database is proved in its own encoding; what cannot be compared is said", async () => {
    const sql = `
      CREATE TABLE words (w text) PARTITION BY LIST (w);
      CREATE TABLE words_e PARTITION OF words FOR VALUES IN (U&'\\00e9');
      CREATE TABLE words_rest PARTITION OF words DEFAULT;
      INSERT INTO words VALUES (U&'\\00e9'), ('plain');
    `;
    await using database = await cluster.createDatabase({ encoding: "LATIN1", owner: "postgres", sql });
    await using other = await cluster.createDatabase({ owner: "postgres" });
    await vault.backup(database.adminUrl, { source: "latin" });
    expect(
      (await vault.validate({ source: "latin", depth: "restored", scratch: cluster.adminUrl() })).exit,
    ).toBe(0);
    const restored = await vault.restore(other.adminUrl, { source: "latin" });
    expect([restored.exit, said(restored)]).toEqual([
      3,
      expect.stringContaining("only row counts were compared"),
    ]);
  });
});
