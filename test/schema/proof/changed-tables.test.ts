import { describe, expect, it } from "@jest/globals";
import { changedTables } from "../../../src/schema/proof/changed-tables.ts";
import type { SchemaState } from "../../../src/schema/proof/state.ts";
import { prepareScript } from "../../../src/schema/script/prepare.ts";

const TABLES = ["table a.b", "table a.bc", 'table a."b c"', 'table "a.b".c', "sequence a.b_id_seq"];

const stateOf = (...more: string[]): SchemaState =>
  new Map([...TABLES, ...more].map((object) => [object, new Map([["definition", object]])]));

async function changed(sql: string, after: SchemaState, before = stateOf()): Promise<string[]> {
  const script = await prepareScript({ file: "1_a.sql", text: sql, firstLine: 1, transaction: true });
  return changedTables({ before, after }, [script]);
}

const PLAIN = "REINDEX INDEX CONCURRENTLY other.i";

describe("tables that a pair may change which cannot be watched", () => {
  it.each([
    ["column a.b.x", ["a.b"]],
    ["column a.bc.x", ["a.bc"]],
    ['column a."b c".x', ['a."b c"']],
    ['column "a.b".c.x', ['"a.b".c']],
    ["column a.b_id.x", []],
  ])("are of %s by whole names", async (object, tables) => {
    expect(await changed(PLAIN, stateOf(object))).toEqual(tables);
  });

  it("are those that a plain statement names", async () => {
    expect(await changed("CREATE INDEX CONCURRENTLY ON a.b (x)", stateOf())).toEqual(["a.b"]);
  });

  it("are all of them where nobody knows what a statement does, or code hangs on every one", async () => {
    const all = TABLES.map((object) => object.replace(/^\w+ /, ""));
    expect(await changed("CALL tidy()", stateOf())).toEqual(all);
    const hooked = stateOf("event-trigger e");
    expect(await changed(PLAIN, hooked, hooked)).toEqual(all);
  });
});
