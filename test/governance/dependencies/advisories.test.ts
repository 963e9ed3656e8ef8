import { expect, it } from "@jest/globals";
import {
  affectedBy,
  packagesToAsk,
  type AuditAnswer,
} from "../../../src/governance/dependencies/advisories.ts";
import { judgeDependencies } from "../../../src/governance/dependencies/judge.ts";
import type { Advisory } from "../../../src/ports/advisory-source.ts";
import type { Lock } from "../../../src/governance/dependencies/lock.ts";
import { readLock } from "../../../src/governance/dependencies/read-lock.ts";
import { DEPENDENCIES } from "../../../src/governance/dependencies/settings.ts";
import { filesOf, FORMS, SMALL } from "./locks.ts";

const advisory = (more: Partial<Advisory> = {}): Advisory => ({
  id: "GHSA-1",
  package: "a",
  vulnerable: "<1.6.0",
  severity: "high",
  title: "it lets strangers in",
  url: "https://github.com/advisories/GHSA-1",
  ...more,
});

function told(audit: AuditAnswer | null, settings: object = {}): string[] {
  const after = filesOf(SMALL);
  const parsed = DEPENDENCIES.parse(settings);
  const { findings } = judgeDependencies({
    before: after,
    after,
    settings: parsed,
    today: "2026-06-15",
    audit,
  });
  return findings.map(({ rule, severity, line, message }) => `${rule} ${severity} ${line} ${message}`);
}

const asked = (...advisories: Advisory[]): AuditAnswer => ({ asked: true, advisories });

it("a registry that did not answer is an error, and not one that knows of nothing", () => {
  expect(told({ asked: false, why: "registry.npmjs.org answered 503" })).toEqual([
    "audit-unknown error null known vulnerabilities could not be asked for: registry.npmjs.org answered 503",
  ]);
  expect(told(asked())).toEqual([]);
  expect(told(null)).toEqual([]);
});

it.each<[string, Partial<Advisory>, object, string | undefined]>([
  ["a version in the range", {}, {}, "error"],
  ["a version outside of it", { vulnerable: "<1.5.0" }, {}, undefined],
  ["another package", { package: "zzz" }, {}, undefined],
  ["every version", { vulnerable: "*" }, {}, "error"],
  ["a range with two parts", { vulnerable: "<1.0.0 || >=1.4.0 <1.5.1" }, {}, "error"],
  ["a range that nobody can read", { vulnerable: "who knows" }, {}, "error"],
  ["a milder one", { severity: "moderate" }, {}, "warning"],
  [
    "a milder one where the settings begin there",
    { severity: "moderate" },
    { audit: { level: "low" } },
    "error",
  ],
  [
    "a milder one where the rule has a weight",
    { severity: "low" },
    { rules: { advisory: "error" } },
    "error",
  ],
  ["a worse one", { severity: "critical" }, { audit: { level: "critical" } }, "error"],
  ["a milder one of a range that nobody can read", { severity: "low", vulnerable: "?" }, {}, "error"],
])("of a known vulnerability of %s is told what it is", (_what, more, settings, severity) => {
  const findings = told(asked(advisory(more)), settings);
  expect(findings.map((each) => each.split(" ").slice(0, 2).join(" "))).toEqual(
    severity === undefined ? [] : [`advisory ${severity}`],
  );
});

it("a finding names the advisory, the version and the place, and an exception is for one advisory", () => {
  const exceptions = [
    { rule: "advisory", package: "a", advisory: "GHSA-2", reason: "not reached", until: "2026-12-31" },
  ];
  expect(told(asked(advisory(), advisory({ id: "GHSA-2" })), { exceptions })).toEqual([
    "advisory error 24 'a@1.5.0' has GHSA-1 (high): it lets strangers in; known of <1.6.0",
  ]);
});

it.each(FORMS)("every published package of $form is asked about", ({ file, write }) => {
  const { lock } = readLock(file, write(SMALL));
  expect([...packagesToAsk([lock as Lock])]).toEqual([
    ["@scope/b", ["2.1.4"]],
    ["a", ["1.5.0"]],
    ["c", ["3.0.0"]],
  ]);
  expect(affectedBy([advisory()], [lock as Lock])).toMatchObject([{ locked: { name: "a" }, certain: true }]);
});
