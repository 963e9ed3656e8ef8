import { describe, expect, it } from "@jest/globals";
import type { Checked } from "../../../src/schema/check/check.ts";
import type { Finding } from "../../../src/schema/check/finding.ts";
import { applyWaivers, type Waived } from "../../../src/schema/check/waive.ts";
import type { PairDifference, Verdict } from "../../../src/schema/proof/verdict.ts";
import { prepareScript } from "../../../src/schema/script/prepare.ts";

/** What was found in one pair, before its comments are read. */
interface Found {
  readonly forward?: string;
  readonly rollback?: string;
  readonly verdict?: Verdict;
  readonly differences?: readonly PairDifference[];
  readonly findings?: readonly Partial<Finding>[];
}

const FINDING: Finding = {
  rule: "drop-column",
  level: "warning",
  file: "1_a.sql",
  line: 3,
  message: "m",
  hint: "h",
};

async function waived(found: Found): Promise<Waived> {
  const script = (file: string, text: string): ReturnType<typeof prepareScript> =>
    prepareScript({ file, text, firstLine: 1, transaction: true });
  const forward = await script("1_a.sql", found.forward ?? "");
  const rollback = await script("1_a_rollback.sql", found.rollback ?? "");
  const migration = {
    version: "1",
    name: "a",
    key: [1n],
    forward: forward.source,
    rollback: rollback.source,
  };
  const proof = {
    verdict: found.verdict ?? "proved",
    differences: found.differences ?? [],
    notes: [],
    destroys: [],
    forward: [],
    rollback: [],
    failsWithRows: undefined,
  };
  const checked: Checked = {
    pairs: [{ checked: { migration, forward, rollback, judged: true, merged: false, late: false }, proof }],
    findings: (found.findings ?? []).map((each) => ({ ...FINDING, ...each })),
    shadow: undefined,
  };
  return applyWaivers(checked);
}

const reasonOf = async (found: Found): Promise<string | undefined> => (await waived(found)).pairs[0]!.waived;

const LOST = [
  { object: "column app.t.c", message: "lost its values" },
  { object: "table app.u", message: "lost a row" },
];

describe("a waiver of a verdict", () => {
  it.each([
    [
      "in the migration",
      { forward: "select 1;\n-- holdfast: allow loses-data because c was never filled\n" },
    ],
    ["in the rollback", { rollback: "  --holdfast: ALLOW LOSES-DATA because c was never filled" }],
  ])("counts %s, and its reason is told", async (_where, texts) => {
    const found = await waived({ ...texts, verdict: "loses-data", differences: LOST });
    expect(found.pairs[0]!.waived).toBe("c was never filled");
    expect(found.pairs[0]!.proof.verdict).toBe("loses-data");
    expect(found.findings).toEqual([]);
  });

  it("of one object allows that one alone", async () => {
    const one = "-- holdfast: allow loses-data column app.t.c because it was never filled\n";
    expect(await reasonOf({ forward: one, verdict: "loses-data", differences: LOST })).toBeUndefined();
    const both = `${one}-- holdfast: allow loses-data table app.u because it is a cache`;
    expect(await reasonOf({ forward: both, verdict: "loses-data", differences: LOST })).toBe(
      "it was never filled; it is a cache",
    );
  });

  it("allows no other verdict", async () => {
    const forward = "-- holdfast: allow loses-data because c was never filled";
    const found = await waived({ forward, verdict: "differs", differences: LOST });
    expect(found.pairs[0]!.waived).toBeUndefined();
    expect(found.findings).toMatchObject([
      { rule: "unused-waiver", level: "warning", file: "1_a.sql", line: 1 },
    ]);
  });

  it("that names an object allows no verdict without one", async () => {
    const forward = "-- holdfast: allow missing table app.t because it is kept";
    expect(await reasonOf({ forward, verdict: "missing" })).toBeUndefined();
    expect(await reasonOf({ forward: forward.replace(" table app.t", ""), verdict: "missing" })).toBe(
      "it is kept",
    );
  });
});

it("a waiver of what a schema differs in does not cover rows that are lost", async () => {
  const lost = [
    { object: "table app.audit", message: "is left behind by the rollback" },
    { object: "table app.u", message: "lost its rows", verdict: "loses-data" as const },
  ];
  const stays = "-- holdfast: allow differs because audit stays\n";
  const found = await waived({ forward: stays, verdict: "differs", differences: lost });
  expect(found.pairs[0]!.waived).toBeUndefined();
  // It allowed what it could: it is not told to be taken out.
  expect(found.findings).toEqual([]);
  const both = `${stays}-- holdfast: allow loses-data table app.u because it is a cache`;
  expect(await reasonOf({ forward: both, verdict: "differs", differences: lost })).toBe(
    "audit stays; it is a cache",
  );
});

describe("a waiver of a rule", () => {
  it("counts for the rule, and where it names an object for that object", async () => {
    const forward = "-- holdfast: allow drop-column app.t.c because nobody reads it since 1.2";
    const { findings } = await waived({
      forward,
      findings: [{ object: "app.t.c" }, { object: "app.t.d" }, { rule: "rename", object: "app.t.c" }],
    });
    expect(findings.map(({ waived: why }) => why)).toEqual([
      "nobody reads it since 1.2",
      undefined,
      undefined,
    ]);
  });

  it("of a pair counts in both of its files, and in no other", async () => {
    const forward = "-- holdfast: allow drop-table because it is a copy";
    const rule = "drop-table";
    const { findings } = await waived({
      forward,
      findings: [
        { rule, file: "1_a_rollback.sql" },
        { rule, file: "2_b.sql" },
      ],
    });
    expect(findings.map(({ waived: why }) => why)).toEqual(["it is a copy", undefined]);
  });

  it("counts beside a statement, and not within a literal, a body or another comment", async () => {
    const allow = (why: string): string => `-- holdfast: allow drop-table because ${why}`;
    const forward = [
      `SELECT '\n${allow("of a literal")}\n';`,
      `DO $$\nBEGIN\n  ${allow("of a body")}\nEND $$;`,
      `/*\n${allow("of a comment")}\n*/`,
      `DROP TABLE a; ${allow("it is a copy")}`,
    ].join("\n");
    const { findings } = await waived({ forward, findings: [{ rule: "drop-table" }] });
    expect(findings.map(({ rule, waived: why }) => [rule, why])).toEqual([["drop-table", "it is a copy"]]);
  });

  it.each(["edited-after-merge", "deleted-after-merge", "same-version"])(
    "never counts for %s",
    async (rule) => {
      const { findings } = await waived({
        forward: `-- holdfast: allow ${rule} because I say so`,
        findings: [{ rule, level: "error" }],
      });
      expect(findings).toMatchObject([{ rule }, { rule: "unused-waiver" }]);
      expect(findings[0]!.waived).toBeUndefined();
    },
  );
});

describe("a comment that allows nothing", () => {
  it.each([
    "-- holdfast: allow loses-data",
    "-- holdfast: allow loses-data because",
    "-- holdfast: allow because it is late",
    "-- holdfast: ignore everything",
    "-- holdfast:",
  ])("is an error: %s", async (comment) => {
    const found = await waived({
      forward: `select 1;\n\n${comment}\n`,
      verdict: "loses-data",
      differences: LOST,
    });
    expect(found.pairs[0]!.waived).toBeUndefined();
    expect(found.findings).toMatchObject([
      {
        rule: "malformed-waiver",
        level: "error",
        file: "1_a.sql",
        line: 3,
        message: `${comment} allows nothing`,
      },
    ]);
  });

  it("is told where it meets nothing, so that the next difference does not meet it", async () => {
    const { findings } = await waived({
      rollback: "-- holdfast: allow rename app.t because of the new name",
    });
    expect(findings).toMatchObject([
      {
        rule: "unused-waiver",
        file: "1_a_rollback.sql",
        message: "nothing was found that 'allow rename app.t' allows",
      },
    ]);
  });

  it("is not a waiver where it only speaks of us", async () => {
    expect(
      (await waived({ forward: "-- checked by holdfast: all is well\nselect '-- holdfast: allow x';" }))
        .findings,
    ).toEqual([]);
  });
});
