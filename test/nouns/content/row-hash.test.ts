import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { compareContent } from "../../../src/nouns/content/compare/compare-content.ts";
import type { ContentRecord, MeasuredContent } from "../../../src/nouns/content/record.ts";
import { rowHashNamed } from "../../../src/nouns/content/rows/row-hash.ts";
import { rowHashOn } from "../../../src/nouns/content/row-hash-names.ts";
import { createDatabase, startNewestCluster, type TestDatabase } from "../../support/postgres.ts";
import { copy, measure, measureAs } from "./copies.ts";

const messages = (expected: ContentRecord, actual: MeasuredContent): string[] =>
  compareContent(expected, actual, { rows: true, exact: true }).differences.map(
    (each) => `${each.severity}: ${each.name} ${each.message}`,
  );

/**
 * Pairs of values, written as literals of a type, that the type's own hash function, its equality or its cast
 * to text does not tell apart, or that are next to each other.
 */
const ALIKE: readonly (readonly [type: string, one: string, other: string])[] = [
  ["numeric", "1.0", "1.00"],
  ["numeric", "1", "-1"],
  ["numeric", "NaN", "0"],
  ["numeric", "1", "10000"],
  ["numeric", "Infinity", "-Infinity"],
  ["numeric(9,2)", "-7.50", "7.50"],
  ["int8", "1", "4294967296"],
  ["int8", "1", "0"],
  ["int8", "-1", "0"],
  ["int8", "4294967297", "0"],
  ["int8", "9223372036854775807", "-9223372036854775808"],
  ["float8", "0", "-0"],
  ["float8", "NaN", "Infinity"],
  ["float8", "0.1", "0.10000000000000002"],
  ["float4", "0", "-0"],
  ["float4", "0.1", "0.10000001"],
  ["jsonb", '{"a": 1.0}', '{"a": 1.00}'],
  ["jsonb", '{"a": 1}', '{"a": -1}'],
  ["jsonb", "[]", "[[[]]]"],
  ["jsonb", JSON.stringify(Array<number>(64).fill(0)), JSON.stringify(Array<number>(64).fill(1))],
  ["json", '{"a":1, "a":2}', '{"a":2}'],
  ["json", "[1]", "[1 ]"],
  ["timestamptz", "2024-01-01 00:00:00.000001+00", "2024-01-01 00:00:00.000002+00"],
  ["timestamptz", "infinity", "-infinity"],
  // 2^32 + 1 microseconds from the server's first instant, which a fold of 64 to 32 bits makes the
  // same as it.
  ["timestamptz", "2000-01-01 00:00:00+00", "2000-01-01 01:11:34.967297+00"],
  ["timestamp", "2000-01-01 00:00:00", "2000-01-01 01:11:34.967297"],
  ["time", "00:00", "01:11:34.967297"],
  ["time", "24:00", "00:00"],
  ["timetz", "10:00+00", "11:00+01"],
  ["interval", "1 mon", "30 days"],
  ["interval", "1 day", "24:00"],
  ["interval", "1 day -1 hour", "23:00"],
  ["date", "infinity", "-infinity"],
  ["date", "2000-01-01", "2000-01-02"],
  ["date", "0044-03-15 BC", "0044-03-15"],
  ["char(5)", "a", "a\\t"],
  ["text", "", " "],
  ["varchar(9)", "a", "a "],
  ["text", "é", "e\\u0301"],
  ["name", "a", "A"],
  ["bytea", "\\\\x00", "\\\\x0000"],
  ["bytea", "\\\\x", "\\\\x00"],
  ['"char"', "a", "b"],
  ["bool", "t", "f"],
  ["int2", "-1", "1"],
  ["oid", "1", "4294967295"],
  ["bit varying", "0", "00"],
  ["inet", "10.0.0.1/8", "10.0.0.1/9"],
  ["inet", "10.0.0.1", "10.0.0.1/24"],
  ["cidr", "10.0.0.0/8", "10.0.0.0/9"],
  ["money", "1.01", "-1.01"],
  ["uuid", "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000010"],
  ["int4[]", "{1}", "[0:0]={1}"],
  ["text[]", "{NULL}", '{"NULL"}'],
  ["numeric[]", "{1.0}", "{1.00}"],
  ["float8[]", "{0}", "{-0}"],
  ["numrange", "[1.0,2]", "[1.00,2]"],
  ["int4range", "empty", "[1,2)"],
  ["point", "(0,0)", "(0,-0)"],
  ["tsvector", "a:1", "a:2"],
  ["xml", "<a/>", "<a></a>"],
  ["pg_lsn", "0/1", "1/0"],
  ["macaddr8", "08:00:2b:01:02:03:04:05", "08:00:2b:01:02:03:04:06"],
  ["app.mood", "fine", "bad"],
  ["app.moods", "fine", "bad"],
  ["app.mood[]", "{fine,bad}", "{bad,fine}"],
  ["app.pair", "(1,)", "(,1)"],
  ["app.pair", "(,)", '(,"")'],
];

/** One column for every way of hashing a value. */
const EVERY_KIND = `
  CREATE SCHEMA IF NOT EXISTS app;
  CREATE TABLE app.every_kind (
    b bool, c "char", i2 int2, i4 int4, i8 int8, o oid, f4 float4, f8 float8, n numeric, d date, t time,
    ts timestamp, tz timestamptz, iv interval,
    u uuid, by bytea, big bytea, bp char(5), tx text, vc varchar, j jsonb, x xml, ip inet, ci cidr, m money,
    a int4[]);
  INSERT INTO app.every_kind
    VALUES (true, (-23)::int4::"char", -2, -2, -2, 4294967295, -0.5, 1e300, -1.50, '2024-02-29',
    '12:34:56.789', '2024-02-29 12:34', '1999-12-31 23:59:59.999999+00',
    '1 mon -2 days 03:04', '6f1f5b5c-0000-4000-8000-00000000000a', '\\xdeadbeef',
    decode(repeat('0a1b', 700), 'hex'), 'ab', 'é', 'v', '{"a": [1.0, -1, null]}', '<a>1</a>', '10.0.0.1/8',
    '10.0.0.0/8', '12.30', '{1,NULL}'),
    (false, 'a', 2, 2, 2, 0, '-0', 'NaN', 'NaN', 'infinity', '24:00', '-infinity', 'infinity', '0', NULL, '',
    NULL, '', '', '', '[]', '', '::1', '::/0', '-1', '{}');
`;
const SUMS = {
  a: "10213686050730713447",
  b: "11387342875627686394",
  big: "173083365916267142",
  bp: "10409623062849067916",
  by: "-5282235457818414896",
  c: "-10413513812846792246",
  ci: "-4182705917820004571",
  d: "-1684954529305753035",
  f4: "-6468868494659406550",
  f8: "2628538882027169395",
  i2: "2740220484062492879",
  i4: "8655295959698917459",
  i8: "-14566556014066234185",
  ip: "3590032635386883033",
  iv: "11581291824160746916",
  j: "6467997986443424836",
  m: "-4562019592743150462",
  n: "4079111079766106467",
  o: "-2376852131185390355",
  row: "-9600040956022951880",
  t: "-10100976222704234471",
  ts: "-12598543548351513812",
  tx: "-4102439119875171125",
  tz: "2118678365823472121",
  u: "-2643524811077321500",
  vc: "-4612363437147231687",
  x: "4172005570892344974",
};

describe("a row's fingerprint", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase({
      owner: "postgres",
      sql: `
        CREATE SCHEMA app;
        CREATE TYPE app.mood AS ENUM ('fine', 'bad');
        CREATE DOMAIN app.moods AS app.mood;
        CREATE TYPE app.pair AS (a int, b text)
      `,
    });
  });
  afterAll(() => database.drop());

  it("tells apart what a type's hash, equality or cast to text does not, naming the column", async () => {
    const literal = (value: string): string => `E'${value.replaceAll("'", "''")}'`;
    const each = (sql: (pair: (typeof ALIKE)[number], table: string) => string): string =>
      ALIKE.map((pair, index) => sql(pair, `app.alike_${index}`)).join("; ");
    await database.query(
      each(
        ([type, one], table) => `
          CREATE TABLE ${table} (id int, v ${type});
          INSERT INTO ${table} VALUES (1, ${literal(one)}), (2, NULL)
        `,
      ),
    );
    const before = await measure(database.adminAddress);
    expect(messages(before, await measure(database.adminAddress))).toEqual([]);
    await database.query(
      each(([, , other], table) => `UPDATE ${table} SET v = ${literal(other)} WHERE id = 1`),
    );
    expect(messages(before, await measure(database.adminAddress)).sort()).toEqual(
      ALIKE.map(
        (_, index) => `difference: app.alike_${index} holds 2 rows as the source did, but column v differs`,
      ).sort(),
    );
    await database.query(
      each(
        ([type, one], table) => `UPDATE ${table} SET v = CASE id WHEN 2 THEN ${literal(one)}::${type} END`,
      ),
    );
    // Which row holds NULL is no matter of the column alone.
    expect(messages(before, await measure(database.adminAddress)).sort()).toEqual(
      ALIKE.map(
        (_, index) =>
          `difference: app.alike_${index} holds 2 rows as the source did, but values have moved ` +
          "between its rows",
      ).sort(),
    );
    await database.query(each((_, table) => `DROP TABLE ${table}`));
  });

  it("changes when values move in columns or rows; NULL is not nothing, nor two rows one", async () => {
    const rows = "('a', 'b', 1, 2, NULL), ('c', 'd', 3, 4, ''), ('e', 'f', 5, 6, 'x'), ('e', 'f', 5, 6, 'x')";
    await database.query(
      `CREATE TABLE app.moves (a text, b text, i int8, j int8, n text); INSERT INTO app.moves VALUES ${rows}`,
    );
    const before = await measure(database.adminAddress);
    const after = async (sql: string): Promise<string[]> => {
      await database.query(sql);
      const found = messages(before, await measure(database.adminAddress)).map((line) =>
        line.replace(/^difference: app.moves holds 4 rows as the source did, but /, ""),
      );
      await database.query(`TRUNCATE app.moves; INSERT INTO app.moves VALUES ${rows}`);
      return found;
    };
    expect(await after("UPDATE app.moves SET a = b, b = a WHERE i = 1")).toEqual(["columns a, b differ"]);
    expect(await after("UPDATE app.moves SET i = j, j = i")).toEqual(["columns i, j differ"]);
    expect(await after("UPDATE app.moves SET a = CASE a WHEN 'a' THEN 'c' ELSE 'a' END WHERE i < 5")).toEqual(
      ["values have moved between its rows"],
    );
    expect(await after("UPDATE app.moves SET n = CASE WHEN n IS NULL THEN '' END WHERE i < 5")).toEqual([
      "values have moved between its rows",
    ]);
    expect(await after("UPDATE app.moves SET n = '' WHERE n IS NULL")).toEqual(["column n differs"]);
    expect(
      await after(
        "DELETE FROM app.moves WHERE i = 1; INSERT INTO app.moves SELECT * FROM app.moves WHERE i = 3",
      ),
    ).toEqual(["columns a, b, i, j, n differ"]);
    expect(await after("ALTER TABLE app.moves RENAME n TO o; ALTER TABLE app.moves RENAME o TO n")).toEqual(
      [],
    );
    expect(
      await after(
        "UPDATE app.moves SET a = upper(a), b = upper(b), i = -i, j = -j, n = n || '!' WHERE i = 5",
      ),
    ).toEqual(["columns a, b, i, j, n differ"]);
    await database.query("DROP TABLE app.moves");
  });

  it("of an XML value is of what a dump holds, and the older kind says that it cannot tell", async () => {
    const declared = `<?xml version="1.0" encoding="UTF-8"?><doc/>`;
    await using source = await createDatabase({
      owner: "postgres",
      sql: `
        CREATE TABLE docs (id int, x xml);
        INSERT INTO docs VALUES (1, '${declared}'), (2, NULL);
        CREATE TABLE plain (a int)
      `,
    });
    await using target = await createDatabase({ owner: "postgres" });
    expect(await copy(source.adminAddress, target.adminAddress)).toEqual([]);
    expect(await target.query("SELECT x::text AS stored FROM docs WHERE id = 1")).not.toEqual([
      { stored: declared },
    ]);
    expect(
      messages(
        await measureAs(source.adminAddress, "rowhash-2"),
        await measureAs(target.adminAddress, "rowhash-2"),
      ),
    ).toEqual([]);

    const older = await measureAs(source.adminAddress, "rowhash-1");
    expect(messages(older, await measureAs(target.adminAddress, "rowhash-1"))).toEqual([
      expect.stringMatching(
        /^gap: public.docs (?:holds 2 rows .* could not be compared: .*rowhash-1.* XML|.*xml values)/,
      ),
    ]);
    await target.query("DELETE FROM docs WHERE id = 2; INSERT INTO plain VALUES (1)");
    expect(messages(older, await measureAs(target.adminAddress, "rowhash-1"))).toEqual([
      "difference: public.docs holds 1 row, the source held 2 rows",
      "difference: public.plain holds 1 row, the source held 0 rows",
    ]);
  });

  it("of the older kind is made as it was, so that old manifests are compared in full", async () => {
    await database.query(`
      CREATE TABLE app.old (id int, note text, at timestamptz, n numeric);
      INSERT INTO app.old VALUES (1, 'x', '2024-05-06 07:08:09.5+00', 1.50), (2, NULL, NULL, NULL)
    `);
    const older = await measureAs(database.adminAddress, "rowhash-1");
    // As docs/formats.md of its time had it; the number is that of its first release.
    const old = older.tables.find((table) => table.name === "old");
    expect([older.algorithm, old?.fingerprint, old?.columns]).toEqual([
      "rowhash-1",
      "-6946936400748662898",
      undefined,
    ]);
    await database.query("UPDATE app.old SET n = 1.5 WHERE id = 1");
    expect(messages(older, await measureAs(database.adminAddress, "rowhash-1"))).toEqual([
      "difference: app.old holds 2 rows as the source did, but their content differs",
    ]);
    await database.query("DROP TABLE app.old");
  });

  it("is the same number on every major version", async () => {
    await using newest = await startNewestCluster();
    await using other = await newest.createDatabase({ owner: "postgres", sql: EVERY_KIND });
    await database.query(EVERY_KIND);
    const measured = [await measure(database.adminAddress), await measure(other.adminAddress)];
    expect(measured[0]!.serverMajor).not.toBe(measured[1]!.serverMajor);
    for (const content of measured) {
      const found = content.tables.find((table) => table.name === "every_kind")!;
      // Written down, so that no version of server or program changes them unnoticed.
      expect({ row: found.fingerprint, ...Object.fromEntries(found.columns!) }).toEqual(SUMS);
    }
    await database.query("DROP TABLE app.every_kind");
  });

  it("names a stored generated column that a restore computed with another function", async () => {
    await using source = await createDatabase({
      owner: "postgres",
      sql: `
        CREATE FUNCTION tax(n numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT n * 1.19';
        CREATE TABLE t (net numeric, gross numeric GENERATED ALWAYS AS (tax(net)) STORED);
        INSERT INTO t VALUES (1), (2);
        CREATE OR REPLACE FUNCTION tax(n numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT n * 1.07'
      `,
    });
    await using target = await createDatabase({ owner: "postgres" });
    await copy(source.adminAddress, target.adminAddress);
    expect(messages(await measure(source.adminAddress), await measure(target.adminAddress))).toEqual([
      expect.stringMatching(
        /^difference: public.t .* but column gross differs \(a stored generated column: .* computed it anew;/,
      ),
    ]);
  });

  it("leaves virtual generated columns out, which are stored nowhere", async () => {
    await using newest = await startNewestCluster();
    await using other = await newest.createDatabase({
      owner: "postgres",
      sql: `
        CREATE TABLE t (a int, v int GENERATED ALWAYS AS (a * 2) VIRTUAL,
          s int GENERATED ALWAYS AS (a * 3) STORED);
        INSERT INTO t VALUES (1)
      `,
    });
    const [table] = (await measure(other.adminAddress)).tables;
    expect(table).toMatchObject({
      computed: ["s"],
      columns: [
        ["a", expect.any(String)],
        ["s", expect.any(String)],
      ],
    });
  });

  it("keeps a name of its own on a server of the other byte order", () => {
    expect(rowHashOn(true)).toBe("rowhash-2");
    expect(rowHashOn(false)).toBe("rowhash-2-big-endian");
    expect(rowHashOn(true, "rowhash-2-big-endian")).toBe("rowhash-2");
    expect(rowHashOn(true, "rowhash-1")).toBe("rowhash-1");
    expect(rowHashOn(true, "rowhash-9")).toBe("rowhash-2");
    expect(
      ["rowhash-1", "rowhash-2", "rowhash-2-big-endian"].filter((name) => rowHashNamed(name) === undefined),
    ).toEqual([]);
  });
});
