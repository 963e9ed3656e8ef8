import { describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { compareContent } from "../../../src/nouns/content/compare/compare-content.ts";
import { OBJECT_KINDS, type MeasuredContent } from "../../../src/nouns/content/record.ts";
import { createDatabase, sharedServer, type TestDatabase } from "../../support/postgres.ts";
import { copy, measure } from "./copies.ts";
import { EVERYTHING_SQL, superuserSql } from "./everything.ts";
import { rounds } from "../../support/sampling.ts";

/**
 * A database with one of everything; roles belong to the whole server, so their names are this test's own.
 */
async function everything(): Promise<TestDatabase & { readonly roles: readonly string[] }> {
  const roles = ["reader", "writer"].map((name) => `${name}_${randomBytes(4).toString("hex")}`) as [
    string,
    string,
  ];
  for (const role of roles) await sharedServer().admin(`CREATE ROLE ${role}`);
  const database = await createDatabase({ owner: "postgres", sql: EVERYTHING_SQL });
  await database.query(superuserSql(...roles));
  const drop = async (): Promise<void> => {
    await database.drop();
    for (const role of roles) await sharedServer().admin(`DROP ROLE ${role}`);
  };
  return { ...database, roles, drop, [Symbol.asyncDispose]: drop };
}

describe("a copy made by pg_dump and pg_restore", () => {
  it("equals its source in every table, sequence, object, right, comment and large object", async () => {
    await using source = await everything();
    await using target = await createDatabase({ owner: "postgres" });
    expect(await copy(source.adminAddress, target.adminAddress)).toEqual([]);
    const [expected, actual] = [await measure(source.adminAddress), await measure(target.adminAddress)];

    expect(compareContent(expected, actual, { rows: true, exact: true })).toEqual({
      differences: [],
      notes: [],
      others: [],
    });
    // Guards against a comparison of nothing: every kind of object was there to be compared. A subscription
    // would keep the database from being dropped, and a label needs a provider: both are tried in
    // field-changes.test.ts.
    expect(OBJECT_KINDS.filter((kind) => Object.keys(expected.objects[kind] ?? {}).length === 0)).toEqual([
      "subscription",
      "security-label",
    ]);
    expect(expected.tables.find((table) => table.name === "every_type")).toMatchObject({
      rows: 204,
      fingerprint: expect.stringMatching(/^-?\d+$/),
    });
    expect(expected.largeObjects).toEqual({ count: 3, fingerprint: expect.stringMatching(/^-?\d+$/) });
    expect(expected.tables.find((table) => table.name === "with_extension")).toMatchObject({
      extensions: ["citext", "hstore"],
    });
    expect(JSON.stringify(actual.objects)).toBe(JSON.stringify(expected.objects));
  });

  it("still equals it when it is dumped and restored a second time", async () => {
    await using source = await everything();
    await using first = await createDatabase({ owner: "postgres" });
    await using second = await createDatabase({ owner: "postgres" });
    await copy(source.adminAddress, first.adminAddress);
    await copy(first.adminAddress, second.adminAddress);
    const result = compareContent(await measure(source.adminAddress), await measure(second.adminAddress), {
      rows: true,
      exact: true,
    });
    expect(result.differences).toEqual([]);
  });

  it.each(["LATIN1", "SQL_ASCII"])("equals its source in a database of encoding %s", async (encoding) => {
    const letters = encoding === "LATIN1" ? "U&'\\00e9t\\00e9 \\00fc'" : "E'\\xc3\\xa9\\xff'";
    const sql = `
      SET client_encoding = ${encoding};
      CREATE TABLE words (id int PRIMARY KEY, w text);
      INSERT INTO words VALUES (1, ${letters}), (2, 'plain');
    `;
    await using source = await createDatabase({ encoding, owner: "postgres", sql });
    await using target = await createDatabase({ encoding, owner: "postgres" });
    expect(await copy(source.adminAddress, target.adminAddress)).toEqual([]);
    const [expected, actual] = [await measure(source.adminAddress), await measure(target.adminAddress)];
    expect(expected).toMatchObject({ encoding, tables: [{ name: "words", rows: 2 }] });
    expect(compareContent(expected, actual, { rows: true, exact: true }).differences).toEqual([]);
  });

  it("holds only the schemas it was asked for, and is compared by them alone", async () => {
    await using source = await createDatabase({
      owner: "postgres",
      sql: `
        CREATE SCHEMA "in ""q"" ü";
        CREATE SCHEMA "out";
        CREATE TABLE "in ""q"" ü".t (a int);
        CREATE TABLE "out".t (a int);
        INSERT INTO "in ""q"" ü".t VALUES (1);
        SELECT lo_from_bytea(0, 'x')
      `,
    });
    await using target = await createDatabase({ owner: "postgres" });
    const scope = { includeSchemas: ['in "q" ü'], excludeSchemas: [] };
    expect(await copy(source.adminAddress, target.adminAddress, scope)).toEqual([]);
    const expected = await measure(source.adminAddress, scope);
    expect(expected.tables.map((table) => `${table.schema}.${table.name}`)).toEqual(['in "q" ü.t']);
    expect(
      compareContent(expected, await measure(target.adminAddress, scope), { rows: true, exact: true })
        .differences,
    ).toEqual([]);
    expect((await measure(target.adminAddress)).tables).toHaveLength(1);

    await using rest = await createDatabase({ owner: "postgres" });
    const without = { includeSchemas: [], excludeSchemas: ['in "q" ü'] };
    await copy(source.adminAddress, rest.adminAddress, without);
    expect(
      compareContent(await measure(source.adminAddress, without), await measure(rest.adminAddress), {
        rows: true,
        exact: true,
      }).differences,
    ).toEqual([]);
  });
});

describe("a measurement", () => {
  it("is the same with one session and with three, and however large tables are cut", async () => {
    await using source = await createDatabase({
      sql: `
        CREATE TABLE big AS
          SELECT g AS id, repeat(md5(g::text), 40) AS body
            FROM generate_series(1, 120000) g;
        CREATE TABLE small AS SELECT 1 AS a;
      `,
    });
    const [one, three] = [
      await measure(source.address, undefined, 1),
      await measure(source.address, undefined, 3),
    ];
    expect(one.tables.find((table) => table.name === "big")!.bytes).toBeGreaterThan(2 * 64 * 1024 * 1024);
    // All but the size on disk, which an autovacuum between the two measurements changes (it adds the maps of
    // free space and visibility).
    const withoutSize = (content: MeasuredContent): unknown[] =>
      content.tables.map(({ bytes: _, ...table }) => table);
    expect(withoutSize(three)).toEqual(withoutSize(one));
    // The definition in row-hash-2.ts, written out by hand.
    const [byHand] = await source.query(`
      SELECT sum(hashint4extended(0, h1 # h2))::text AS sum, sum(h1)::text AS body, sum(h2)::text AS id
        FROM (SELECT hashtextextended(body COLLATE "C", 1) AS h1, hashint4extended(id, 2) AS h2
                FROM big) AS hashed
    `);
    expect(one.tables.find((table) => table.name === "big")).toMatchObject({
      fingerprint: byHand!["sum"],
      columns: [
        ["body", byHand!["body"]],
        ["id", byHand!["id"]],
      ],
    });
  });

  const MEGABYTES = rounds("MB of a row that is measured", 20, 100);

  it(`reads a row of ${MEGABYTES} MB`, async () => {
    await using source = await createDatabase({
      sql: `
        CREATE TABLE blobs (id int, b bytea);
        INSERT INTO blobs SELECT 1, decode(repeat('00ff1020304050607080', ${MEGABYTES * 100_000}), 'hex')
      `,
    });
    const before = (await measure(source.address)).tables[0];
    expect(before).toMatchObject({ rows: 1 });
    await source.query(
      `UPDATE blobs SET b = set_byte(b, ${MEGABYTES * 1_000_000 - 1}, ` +
        `(get_byte(b, ${MEGABYTES * 1_000_000 - 1}) + 1) % 256)`,
    );
    expect((await measure(source.address)).tables[0]!.fingerprint).not.toBe(before!.fingerprint);
  });
});
