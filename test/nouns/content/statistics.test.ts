import { describe, expect, it } from "@jest/globals";
import { compareContent } from "../../../src/nouns/content/compare/compare-content.ts";
import { createDatabase } from "../../support/postgres.ts";
import { copy, measure } from "./copies.ts";

describe("extended statistics over expressions", () => {
  it("are the same in a copy with casts printed otherwise; another expression differs", async () => {
    await using source = await createDatabase({
      owner: "postgres",
      sql: `
        CREATE TABLE t (s varchar(9), n int);
        CREATE STATISTICS st ON (s IN ('a', 'b')), n FROM t;
        CREATE STATISTICS two ON (n BETWEEN 1 AND 5 AND s <> 'c'), (lower(s)), s FROM t;
        CREATE STATISTICS one ON (n + 1) FROM t
      `,
    });
    await using target = await createDatabase({ owner: "postgres" });
    expect(await copy(source.adminAddress, target.adminAddress)).toEqual([]);
    const expected = await measure(source.adminAddress);
    const found = async (): Promise<string[]> =>
      compareContent(expected, await measure(target.adminAddress), {
        rows: true,
        exact: true,
      }).differences.map((each) => `${each.name} ${each.message}`);
    expect(await found()).toEqual([]);
    await target.query("DROP STATISTICS st; CREATE STATISTICS st ON (s IN ('a', 'c')), n FROM t");
    expect(await found()).toEqual(["public.st differs from the source in expressions"]);
  });
});
