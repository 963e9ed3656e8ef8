import { describe, expect, it } from "@jest/globals";
import { compareContent } from "../../src/content/compare.ts";
import type { ContentRecord } from "../../src/content/record.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";
import { findings, Vault } from "../support/vault.ts";
import { copy, measure } from "./copies.ts";
import { PRINTED, UNPRINTED } from "./operators-used.ts";

async function differences(sql: string): Promise<string[]> {
  await using source = await createDatabase({ owner: "postgres", sql });
  await using target = await createDatabase({ owner: "postgres" });
  await copy(source.adminAddress, target.adminAddress);
  return compare(await measure(source.adminAddress), await measure(target.adminAddress));
}

function compare(expected: ContentRecord, actual: ContentRecord): string[] {
  const { differences: found } = compareContent(expected, actual, { rows: false, exact: true });
  return found.map((each) => `${each.severity}: ${each.about} ${each.name} ${each.message}`).sort();
}

describe("operators that a definition does not name", () => {
  it("are compared wherever an expression is kept", async () => {
    const changed = [
      "column public.d.g", "column public.d.w", "constraint public.d.good", "constraint public.dom.ok", "function public.f(a public.citext, b boolean)",
      "index public.i", "materialized-view public.m", "policy public.d.p", "rule public.d.r", "table public.part", "trigger public.d.tr",
      "type public.dom", "view public.v",
    ];
    // In most of them it shows in the text too: what was citext is cast to text.
    const found = await differences(UNPRINTED);
    expect(found.map((each) => /^difference: (.*) differs from the source in (?:[a-z -]+, )?operators$/.exec(each)?.[1])).toEqual(changed);
    const silent = found.filter((each) => each.endsWith(" in operators"));
    expect(silent.map((each) => each.split(" ")[1])).toEqual(["constraint", "materialized-view"]);
  });

  it("are no difference where they are named, or decided by an operator class", async () => {
    expect(await differences(PRINTED)).toEqual([]);
  });
});

describe("a manifest from before operators were recorded", () => {
  it("is not compared by them at all", async () => {
    await using source = await createDatabase({ owner: "postgres", sql: PRINTED });
    const now = await measure(source.adminAddress);
    expect(JSON.stringify(now.objects)).toContain("operators=");
    const before = JSON.parse(JSON.stringify(now).replaceAll(/ ?(?:which-)?operators=[0-9a-f]{16}/g, "")) as ContentRecord;
    // Families of operators have a field of that name since ever.
    expect(compare({ ...before, objects: { ...before.objects, operator: now.objects.operator! } }, now)).toEqual([]);
  });
});

describe("a backup whose copy compares otherwise", () => {
  const OTHER = "CREATE EXTENSION citext; CREATE TABLE d (id int, h citext); INSERT INTO d VALUES (1, 'a'), (2, 'A'); " +
    "CREATE MATERIALIZED VIEW m AS SELECT x.id, y.id AS y FROM d x JOIN d y USING (h)";

  it("is not proved", async () => {
    await using source: TestDatabase = await createDatabase({ owner: "postgres", sql: OTHER });
    await using vault = await Vault.make();
    await vault.backup(source.adminUrl);
    const proved = await vault.validate({ depth: "restored" });
    expect(proved.exit).toBe(5);
    expect(findings(proved)).toContainEqual(expect.objectContaining({ about: "materialized-view", name: "public.m" }));
  });
});
