import { describe, expect, it } from "@jest/globals";
import { postgresDatabase } from "../../../src/adapters/postgres/database.ts";
import { compareContent } from "../../../src/nouns/content/compare/compare-content.ts";
import { PINNED_SETTINGS } from "../../../src/nouns/server/pinned-settings.ts";
import type { ContentRecord } from "../../../src/nouns/content/record.ts";
import { unprintedOperators } from "../../../src/nouns/content/read/unprinted-operators.ts";
import { createDatabase } from "../../support/postgres.ts";
import { findings, Vault } from "../../support/vault.ts";
import { copy, measure, WHOLE } from "./copies.ts";
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
      "column public.d.g",
      "column public.d.w",
      "constraint public.d.good",
      "constraint public.dom.ok",
      "function public.f(a public.citext, b boolean)",
      "index public.i",
      "materialized-view public.m",
      "policy public.d.p",
      "rule public.d.r",
      "table public.part",
      "trigger public.d.tr",
      "type public.dom",
      "view public.v",
    ];
    // In most of them it shows in the text too: what was citext is cast to text.
    const found = await differences(UNPRINTED);
    expect(
      found.map(
        (each) => /^difference: (.*) differs from the source in (?:[a-z -]+, )?operators$/.exec(each)?.[1],
      ),
    ).toEqual(changed);
    const silent = found.filter((each) => each.endsWith(" in operators"));
    expect(silent.map((each) => each.split(" ")[1])).toEqual(["constraint", "materialized-view"]);
  });

  it("are no difference where they are named, or decided by an operator class", async () => {
    expect(await differences(PRINTED)).toEqual([]);
  });
});

describe("a warning when the backup is made", () => {
  async function warnings(sql: string): Promise<readonly string[]> {
    await using source = await createDatabase({ owner: "postgres", sql });
    await using session = await postgresDatabase(source.adminAddress).connect({
      purpose: "test",
      settings: PINNED_SETTINGS,
    });
    return await unprintedOperators(session, WHOLE);
  }

  it("names every expression that prints none", async () => {
    expect((await warnings(UNPRINTED)).map((each) => each.split(" compares by ")[0])).toEqual([
      "the check good of public.d",
      "the check ok of public.dom",
      "the default of the type public.dom",
      "the default or generation of the column public.d.g",
      "the default or generation of the column public.d.w",
      "the function public.f(public.citext,boolean)",
      "the index public.i",
      "the materialized view public.m",
      "the partition key of public.part",
      "the policy p on public.d",
      "the rule r of public.d",
      "the trigger tr on public.d",
      "the view public.v",
    ]);
  });

  it("is not given where they are printed", async () => {
    expect(await warnings(PRINTED)).toEqual([]);
  });
});

describe("a manifest from before operators were recorded", () => {
  it("is not compared by them at all", async () => {
    await using source = await createDatabase({ owner: "postgres", sql: PRINTED });
    const now = await measure(source.adminAddress);
    expect(JSON.stringify(now.objects)).toContain("operators=");
    const before = JSON.parse(
      JSON.stringify(now).replaceAll(/ ?(?:which-)?operators=[0-9a-f]{16}/g, ""),
    ) as ContentRecord;
    // Families of operators have a field of that name since ever.
    expect(
      compare({ ...before, objects: { ...before.objects, operator: now.objects.operator! } }, now),
    ).toEqual([]);
  });
});

describe("a backup whose copy compares otherwise", () => {
  const OTHER =
    "CREATE EXTENSION citext; CREATE TABLE d (id int, h citext); INSERT INTO d VALUES (1, 'a'), (2, 'A'); " +
    "CREATE MATERIALIZED VIEW m AS SELECT x.id, y.id AS y FROM d x JOIN d y USING (h)";
  const NONE =
    "CREATE EXTENSION hstore; CREATE TABLE d (h hstore); CREATE FUNCTION t() RETURNS trigger LANGUAGE " +
    "plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER tr BEFORE UPDATE ON d FOR EACH ROW WHEN (OLD.h IS " +
    "DISTINCT FROM NEW.h) EXECUTE FUNCTION t()";

  it("is not proved, as the backup warned, and says why", async () => {
    await using source = await createDatabase({ owner: "postgres", sql: OTHER });
    await using vault = await Vault.make();
    const made = await vault.backup(source.adminUrl);
    const manifest = await vault.manifest(String(made.outputs["id"]));
    expect(manifest.warnings).toEqual([
      expect.stringMatching(
        /^the materialized view public\.m compares by public\.=\(public\.citext,public\.citext\) where/,
      ),
    ]);
    const proved = await vault.validate({ depth: "restored" });
    expect(proved.exit).toBe(5);
    expect(findings(proved)).toEqual([
      expect.objectContaining({
        about: "materialized-view",
        name: "public.m",
        message: "differs from the source in operators",
      }),
    ]);
    expect(proved.report.notes).toContainEqual(
      expect.stringMatching(/^what differs in operators compares by another operator/),
    );
  });

  it("is not proved where no other operator is found either, and says how to mend it", async () => {
    await using source = await createDatabase({ owner: "postgres", sql: NONE });
    await using vault = await Vault.make();
    const made = await vault.backup(source.adminUrl);
    const manifest = await vault.manifest(String(made.outputs["id"]));
    expect(manifest.warnings).toEqual([
      expect.stringMatching(
        /^the trigger tr on public\.d compares by public\.=\(public\.hstore,public\.hstore\) where/,
      ),
    ]);
    const proved = await vault.validate({ depth: "restored" });
    expect(proved.exit).toBe(5);
    expect(findings(proved)).toContainEqual(
      expect.objectContaining({
        about: "pg_restore",
        message: expect.stringMatching(
          /operator does not exist.*, and = is meant here without being printed/,
        ),
      }),
    );
  });
});
