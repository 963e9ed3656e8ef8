import { describe, expect, it } from "@jest/globals";
import { compareContent } from "../../../src/nouns/content/compare/compare-content.ts";
import { createDatabase } from "../../support/postgres.ts";
import { copy, measure } from "./copies.ts";

/**
 * Hash partitions on an enum, alone and below a list partition; and one on an integer, whose rows stay
 * where they are.
 */
const TREES = `
  CREATE TYPE mood AS ENUM ('a', 'b', 'c', 'd', 'e', 'f', 'g');
  CREATE TABLE h (id int, m mood, note text) PARTITION BY HASH (m);
  CREATE TABLE h0 PARTITION OF h FOR VALUES WITH (MODULUS 3, REMAINDER 0);
  CREATE TABLE h1 PARTITION OF h FOR VALUES WITH (MODULUS 3, REMAINDER 1);
  CREATE TABLE h2 (note text, m mood, id int);
  ALTER TABLE h ATTACH PARTITION h2 FOR VALUES WITH (MODULUS 3, REMAINDER 2);
  INSERT INTO h SELECT g, (enum_range(NULL::mood))[1 + g % 7], 'note ' || g FROM generate_series(1, 700) g;
  CREATE SCHEMA "Deep";
  CREATE TABLE "Deep".top (k int, m mood) PARTITION BY LIST (k);
  CREATE TABLE "Deep".one PARTITION OF "Deep".top FOR VALUES IN (1) PARTITION BY HASH (m);
  CREATE TABLE "Deep".one_0 PARTITION OF "Deep".one FOR VALUES WITH (MODULUS 2, REMAINDER 0);
  CREATE TABLE "Deep".one_1 PARTITION OF "Deep".one FOR VALUES WITH (MODULUS 2, REMAINDER 1);
  CREATE TABLE "Deep".rest PARTITION OF "Deep".top DEFAULT;
  INSERT INTO "Deep".top SELECT 1 + g % 2, (enum_range(NULL::mood))[1 + g % 7] FROM generate_series(1, 100) g;
  CREATE TABLE still (id int) PARTITION BY HASH (id);
  CREATE TABLE still_0 PARTITION OF still FOR VALUES WITH (MODULUS 1, REMAINDER 0);
  INSERT INTO still VALUES (1), (2);
`;

describe("partitions whose rows change places in a restore", () => {
  it("are equal as a tree, restore after restore; a change in one is found in the tree", async () => {
    await using source = await createDatabase({ owner: "postgres", sql: TREES });
    const expected = await measure(source.adminAddress);
    const tree = { schema: "public", name: "h" };
    const deep = { schema: "Deep", name: "top" };
    expect(
      expected.tables.filter((table) => table.tree !== undefined).map(({ name, tree }) => [name, tree]),
    ).toEqual([
      ["one_0", deep],
      ["one_1", deep],
      ["h0", tree],
      ["h1", tree],
      ["h2", tree],
    ]);
    const placed = new Set([rowsOf(expected.tables)]);
    for (let round = 0; round < 3; round += 1) {
      // Other enums before it, so that its labels have other object ids each time.
      await using target = await createDatabase({
        owner: "postgres",
        sql: `
          CREATE TYPE noise AS ENUM (${Array.from({ length: 3 * round + 1 }, (_, n) => `'${n}'`).join(", ")})
        `,
      });
      expect(await copy(source.adminAddress, target.adminAddress)).toEqual([]);
      const actual = await measure(target.adminAddress);
      placed.add(rowsOf(actual.tables));
      expect(compareContent(expected, actual, { rows: true, exact: false }).differences).toEqual([]);

      // As older manifests have it, which name no trees.
      const old = { ...expected, tables: expected.tables.map(({ tree: _, ...table }) => table) };
      expect(compareContent(old, actual, { rows: true, exact: false }).differences).toEqual([]);

      // Without a partition the others are held against all: what is not there is told of the tree, and
      // hangs on nothing.
      const lesser = { ...actual, tables: actual.tables.filter(({ name }) => name !== "h0") };
      const lacking = compareContent(expected, lesser, {
        rows: true,
        exact: false,
        definitions: false,
      }).differences;
      // Where by chance every row went to where it was, or none into the lacking partition, nothing but that
      // partition differs.
      const holds = actual.tables.some(({ name, rows }) => name === "h0" && rows !== 0);
      const moved =
        holds && ["h1", "h2"].some((name) => fingerprintOf(expected, name) !== fingerprintOf(actual, name));
      expect(lacking.map(({ severity, name }) => `${severity} ${name}`)).toEqual([
        "difference public.h0",
        ...(moved ? ["gap public.h"] : []),
      ]);
      if (moved) {
        expect(lacking[1]!.message).toMatch(
          /^holds \d+ rows in its partitions here, .* 700 rows, .* some are missing \(public\.h0\)$/,
        );
      }
      const empty = {
        ...actual,
        tables: actual.tables.map((table) =>
          table.name === "h0" ? { ...table, rows: 0, fingerprint: "0", columns: [] } : table,
        ),
      };
      expect(
        compareContent(empty, lesser, { rows: true, exact: false, definitions: false }).differences.map(
          ({ name }) => name,
        ),
      ).toEqual(["public.h0"]);

      await target.query("UPDATE h SET note = 'other' WHERE id = 7; DELETE FROM still WHERE id = 2");
      expect(
        compareContent(expected, await measure(target.adminAddress), {
          rows: true,
          exact: false,
        }).differences.map((each) => `${each.name} ${each.message}`),
      ).toEqual([
        "public.still_0 holds 1 row, the source held 2 rows",
        "public.h holds 700 rows in its partitions as the source did, but column note differs",
      ]);
    }
    // Else this proves nothing.
    expect(placed.size).toBeGreaterThan(1);
  });
});

function rowsOf(tables: readonly { readonly name: string; readonly rows: number | null }[]): string {
  return tables
    .filter(({ name }) => /^h\d$/.test(name))
    .map(({ rows }) => rows)
    .join(" ");
}

function fingerprintOf(
  content: Awaited<ReturnType<typeof measure>>,
  table: string,
): string | null | undefined {
  return content.tables.find(({ name }) => name === table)?.fingerprint;
}
