import { describe, expect, it } from "@jest/globals";
import { postgresDatabase } from "../../../src/adapters/postgres/database.ts";
import { compareContent } from "../../../src/nouns/content/compare/compare-content.ts";
import { measureContent } from "../../../src/nouns/content/rows/measure.ts";
import { createDatabase } from "../../support/postgres.ts";
import { measure, WHOLE } from "./copies.ts";

describe("a table that has columns besides the source's", () => {
  it("holds the same rows where only the source's columns count; other rows are found", async () => {
    await using database = await createDatabase({
      owner: "postgres",
      sql: `
        CREATE TABLE t (n int, note text);
        INSERT INTO t VALUES (1, 'a'), (2, 'b');
        CREATE TABLE same (n int)
      `,
    });
    const expected = await measure(database.adminAddress);
    // One before and one behind the others in the order of names, by which columns are hashed.
    await database.query("ALTER TABLE t ADD added int DEFAULT 7, ADD zone text");
    const compared = async (): Promise<{ said: string[]; notes: readonly string[] }> => {
      const actual = await measureContent(postgresDatabase(database.adminAddress), WHOLE, {
        proof: "content",
        jobs: 1,
        onTable: () => undefined,
        signal: new AbortController().signal,
        columnsOf: expected.tables,
      });
      const { differences, notes } = compareContent(expected, actual, {
        rows: true,
        exact: false,
        ignore: new Set(["table"]),
      });
      return {
        said: differences
          .filter((each) => each.about === "table")
          .map((each) => `${each.name} ${each.message}`),
        notes,
      };
    };
    const notes = [
      "table public.t has columns besides those of the source, which were not compared: added, zone",
    ];
    expect(await compared()).toEqual({ said: [], notes });
    await database.query("UPDATE t SET note = 'c' WHERE n = 1");
    expect(await compared()).toEqual({
      said: ["public.t holds 2 rows as the source did, but column note differs"],
      notes,
    });
    await database.query("UPDATE t SET note = CASE n WHEN 1 THEN 'b' ELSE 'a' END");
    expect(await compared()).toEqual({
      said: ["public.t holds 2 rows as the source did, but values have moved between its rows"],
      notes,
    });
    await database.query("ALTER TABLE t DROP note");
    expect((await compared()).said).toContain(
      "public.t holds 2 rows as the source did, but its columns are others: without note",
    );
    expect(
      compareContent(expected, await measure(database.adminAddress), {
        rows: true,
        exact: true,
      }).differences.map((each) => each.message),
    ).toContain(
      "holds 2 rows as the source did, but its columns are others: without note, with added, zone besides",
    );
  });
});
