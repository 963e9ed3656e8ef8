import { beforeAll, describe, expect, it } from "@jest/globals";
import { RULES } from "../../../../src/schema/check/rules/all.ts";
import { LEFT_OUT } from "../../../../src/schema/check/rules/left-out.ts";
import type { Finding } from "../../../../src/schema/check/finding.ts";
import { checkFiles, type CheckedFolder } from "../check-folder.ts";
import { squawk, squawkRules } from "./squawk.ts";
import { TRIGGERS, type Trigger } from "./triggers.ts";

/** The one of the forty for which squawk 2.66 says nothing, whatever it is given. */
const SILENT = "unused-ignore";

const nameOf = ({ rule }: Trigger): string =>
  `${String(100 + TRIGGERS.findIndex((each) => each.rule === rule))}_${rule.replaceAll("-", "_")}.sql`;

/** Rules that look at the file or the pair, and say what one of squawk's does. */
const BY_OTHERS: Readonly<Record<string, string>> = { "syntax-error": "syntax" };

const reasons = new Map(LEFT_OUT.filter(({ tool }) => tool === "squawk").map(({ rule, why }) => [rule, why]));

describe("squawk, as an oracle", () => {
  let ours: CheckedFolder;

  /** Every trigger is one new migration after another that makes what it needs. */
  beforeAll(async () => {
    const before = TRIGGERS.flatMap(({ before: sql }) => (sql === undefined ? [] : [`${sql};`])).join("\n");
    ours = await checkFiles({
      "001_before.sql": before,
      ...Object.fromEntries(TRIGGERS.map((each) => [nameOf(each), each.sql])),
    });
  }, 120_000);

  const found = (trigger: Trigger): readonly Finding[] =>
    ours.findings.filter(({ file }) => file === nameOf(trigger));

  it("has forty rules, each with a trigger here", () => {
    expect(squawkRules(TRIGGERS.map(({ rule }) => rule))).toEqual({ unknown: [], count: 40 });
    expect(new Set(TRIGGERS.map(({ rule }) => rule)).size).toBe(40);
  });

  it.each(TRIGGERS.filter(({ rule }) => rule !== SILENT))(
    "says $rule of its trigger",
    async ({ rule, sql, options }) => {
      expect((await squawk(sql, options)).map(({ rule_name }) => rule_name)).toContain(rule);
    },
  );

  it.each(TRIGGERS)("$rule: a finding of the rule that answers to it, or a written reason", (trigger) => {
    const answering = RULES.filter(({ squawk: names }) => names.includes(trigger.rule)).map(
      ({ name }) => name,
    );
    const names = [...answering, ...(trigger.rule in BY_OTHERS ? [BY_OTHERS[trigger.rule]] : [])];
    const told = found(trigger).filter(({ rule }) => names.includes(rule));
    if (reasons.has(trigger.rule)) expect(names).toEqual([]);
    else expect(told.map(({ rule }) => rule)).not.toEqual([]);
  });

  it("names no rule of squawk's that does not exist", () => {
    const all = new Set(TRIGGERS.map(({ rule }) => rule));
    const named = [...RULES.flatMap(({ squawk: names }) => names), ...reasons.keys()];
    expect(named.filter((name) => !all.has(name))).toEqual([]);
  });

  it("is right about the statement that no server takes, which fails here at its line", () => {
    const pair = ours.pairs.find(({ file }) => file.endsWith("_ban_duplicate_column_assignments.sql"));
    expect(pair).toMatchObject({
      verdict: "failed",
      differences: [{ message: expect.stringContaining("multiple assignments to same column"), line: 1 }],
    });
  });
});
