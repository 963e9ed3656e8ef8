import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { rowHashNamed } from "../../../src/nouns/content/rows/row-hash.ts";
import { startCluster, type Cluster } from "../../support/postgres.ts";
import { said, Vault, type RestoreChoice } from "../../support/vault.ts";

/**
 * Rows put into a table whose columns have got another type since: right ones are never called damaged, and
 * wrong ones never right.
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

const ROWS = `
  CREATE TABLE c (a int, b text, s smallint, z bigint, d date);
  INSERT INTO c
    VALUES (1, 'x', 2, 3, '2026-01-01'), (-5, 'y', NULL, 9223372036854775807, NULL),
           (NULL, 'z', 0, -1, '2026-01-02')
`;
const WHOLE = `
  ALTER TABLE c ALTER a TYPE bigint, ALTER s TYPE numeric(12, 2), ALTER z TYPE numeric,
    ALTER b TYPE varchar(9)
`;

async function restored(
  change: string,
  choice: RestoreChoice,
): Promise<{ exit: number; verdict: unknown; said: string }> {
  await using database = await cluster.createDatabase({ owner: "postgres", sql: ROWS });
  const source = database.name.replaceAll("_", "-");
  await vault.backup(database.adminUrl, { source });
  await database.admin(change);
  const outcome = await vault.restore(database.adminUrl, {
    source,
    confirm: database.name,
    safetyBackup: false,
    ...choice,
  });
  return { exit: outcome.exit, verdict: outcome.outputs["verdict"], said: said(outcome) };
}

const PARTS: readonly (readonly [string, RestoreChoice])[] = [
  ["the data alone", { what: "data" }],
  ["one table", { tables: ["public.c"] }],
];

describe.each(PARTS)("%s, put into a table", (_, choice) => {
  it("whose whole numbers are of another type by now, are compared as the source had them", async () => {
    const { said: words, verdict } = await restored(WHOLE, choice);
    expect(words).not.toMatch(/content differs|could not be compared/);
    expect(words).toMatch(/column public\.c\.a is bigint at the target/);
    expect([words, verdict]).toEqual([expect.anything(), choice.what === "data" ? "proved" : "gaps"]);
  });

  it("whose other columns are, are not called damaged: that they were not compared is said", async () => {
    const dates = await restored("ALTER TABLE c ALTER d TYPE text", choice);
    expect(dates.said).toMatch(
      /table \| public\.c \| .*content of column d could not be compared: its type is not the source's/,
    );
    expect([dates.said, dates.verdict]).toEqual([expect.anything(), "gaps"]);
  });
});

describe("a whole number of another type", () => {
  const hash = rowHashNamed("rowhash-2")!;
  const sum = async (values: string, type: number, readAs?: "int4" | "int8"): Promise<unknown> => {
    const column = {
      name: "v",
      type,
      foreign: false,
      enumerated: false,
      generated: null,
      ...(readAs === undefined ? {} : { readAs }),
    };
    return (await cluster.admin(hash.query([column], `(VALUES ${values}) AS t (v)`)))[0]?.["columns"];
  };

  it("has the hash it had, and what the source's type cannot hold hashes as no value of it", async () => {
    const plain = await sum("(-5::int4), (NULL), (2147483647)", 23);
    expect(await sum("(-5::int8), (NULL), (2147483647)", 20, "int4")).toEqual(plain);
    expect(await sum("(-5.00::numeric), (NULL), (2147483647)", 1700, "int4")).toEqual(plain);
    expect(await sum("(-5::int2)", 21, "int8")).toEqual(await sum("(-5::int8)", 20));
    expect(await sum("(9223372036854775807::numeric)", 1700, "int8")).toEqual(
      await sum("(9223372036854775807::int8)", 20),
    );
    const empty = await sum("(NULL::int4)", 23);
    for (const [value, type] of [
      ["2147483648::int8", 20],
      ["-2147483649::int8", 20],
      ["1.5::numeric", 1700],
      ["'NaN'::numeric", 1700],
    ] as const) {
      const other = await sum(`(${value})`, type, "int4");
      expect(other).not.toEqual(empty);
      for (const near of ["2147483647", "1", "2", "-2147483648"]) {
        expect(other).not.toEqual(await sum(`((${near})::int4)`, 23));
      }
    }
  });
});
