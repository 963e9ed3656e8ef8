import { describe, expect, it } from "@jest/globals";
import type { AuditAnswer } from "../../../src/governance/dependencies/advisories.ts";
import { judgeDependencies, type DependencyVerdict } from "../../../src/governance/dependencies/judge.ts";
import { DEPENDENCIES } from "../../../src/governance/dependencies/settings.ts";

const MANIFESTS = [{ file: "package.json", text: '{"dependencies": {"@s/a": "*", "b": "*"}}' }];
const OFF = { "lockfile-missing": "off" };

function judge(
  exceptions: readonly object[],
  today: string,
  audit: AuditAnswer | null = null,
): DependencyVerdict {
  const files = { manifests: MANIFESTS, locks: [] };
  return judgeDependencies({
    before: files,
    after: files,
    settings: DEPENDENCIES.parse({ rules: OFF, exceptions }),
    today,
    audit,
    placeOf: (index) => ({ file: ".github/holdfast.yml", line: 20 + index }),
  });
}

const told = (verdict: DependencyVerdict): string[] =>
  verdict.findings.map(({ rule, severity, line, message }) => `${rule} ${severity} ${line} ${message}`);

const A = "dependency-range error 1 '@s/a' is `*`: any version at all";
const B = "dependency-range error 1 'b' is `*`: any version at all";
const exception = (more: object): object => ({
  rule: "dependency-range",
  package: "b",
  reason: "they promised",
  until: "2026-06-30",
  ...more,
});

describe("an exception", () => {
  it.each(["2026-01-01", "2026-06-29", "2026-06-30"])("counts on %s, until its last day", (today) => {
    const verdict = judge([exception({})], today);
    expect(told(verdict)).toEqual([A]);
    expect(verdict.waived).toMatchObject([
      { reason: "they promised", until: "2026-06-30", finding: { rule: "dependency-range" } },
    ]);
  });

  it("no longer counts on the day after, and that is told with its place", () => {
    const verdict = judge([exception({})], "2026-07-01");
    expect(told(verdict)).toEqual([
      A,
      B,
      "expired-exception warning 20 the exception of 'b' from dependency-range ended on 2026-06-30; " +
        "what it excepted is still there",
    ]);
    expect(verdict.waived).toEqual([]);
    expect(verdict.findings[2]?.file).toBe(".github/holdfast.yml");
  });

  it("is told when it is over and nothing needs it any more", () => {
    expect(told(judge([exception({ package: "c" })], "2026-07-01"))[2]).toContain(
      "nothing needs it any more",
    );
  });

  it("is told when it excepts nothing", () => {
    expect(told(judge([exception({}), exception({ package: "c" })], "2026-06-01"))).toEqual([
      A,
      "unused-exception note 21 the exception of 'c' from dependency-range excepts nothing",
    ]);
  });

  it("may be meant for all of a scope, and is not used up by one", () => {
    expect(told(judge([exception({ package: "@s/*" })], "2026-06-01"))).toEqual([B]);
    expect(told(judge([exception({ package: "*" })], "2026-06-01"))).toEqual([]);
  });

  it("is for its rule alone", () => {
    const other = exception({ rule: "integrity-missing" });
    expect(told(judge([other], "2026-06-01")).slice(0, 2)).toEqual([A, B]);
  });

  it("names the path where a finding is about a file", () => {
    const files = { manifests: MANIFESTS, locks: [] };
    const missing = {
      rule: "lockfile-missing",
      package: "package.json",
      reason: "a demo",
      until: "2026-06-30",
    };
    const verdict = judgeDependencies({
      before: files,
      after: files,
      settings: DEPENDENCIES.parse({ rules: { "dependency-range": "off" }, exceptions: [missing] }),
      today: "2026-06-01",
      audit: null,
    });
    expect(verdict.findings).toEqual([]);
    expect(verdict.waived).toHaveLength(1);
  });

  it("is not called unused where the rule did not look, or looks at changes alone", () => {
    const advisory = exception({ rule: "advisory", advisory: "GHSA-1" });
    const idle = [advisory, exception({ rule: "install-script" }), exception({ rule: "lockfile-missing" })];
    expect(told(judge(idle, "2026-06-01"))).toEqual([A, B]);
    const asked = judge([advisory], "2026-06-01", { asked: true, advisories: [] });
    expect(told(asked)[2]).toBe(
      "unused-exception note 20 the exception of 'b' from advisory (GHSA-1) excepts nothing",
    );
  });
});

describe("an entry of the settings that leaves something out", () => {
  const lock = (text: string): object => ({ file: "package-lock.json", text });
  const npm = JSON.stringify({
    lockfileVersion: 3,
    packages: { "": {}, "node_modules/a": { version: "1.0.0" } },
  });
  const idle = (settings: object, text = npm): string[] => {
    const files = { manifests: [{ file: "web/package.json", text: "{}" }], locks: [lock(text)] };
    const { findings } = judgeDependencies({
      before: { manifests: [], locks: [] },
      after: files as never,
      settings: DEPENDENCIES.parse(settings),
      today: "2026-06-15",
      audit: null,
    });
    return findings
      .filter(({ rule }) => rule === "unused-exception")
      .map(({ severity, message }) => `${severity} ${message}`);
  };

  it("is told where it meets nothing", () => {
    expect(idle({ ignore: ["web/**", "left-pad", "wbe/**"] })).toEqual(
      ["left-pad", "wbe/**"].map(
        (each) => `note '${each}' in dependencies.ignore fits no package.json, lock file or configuration`,
      ),
    );
    const allow = ["a", "a@1.0.0", "a@1.0.1", "b"];
    expect(idle({ "install-scripts": { allow } })).toEqual(
      ["a@1.0.1", "b"].map(
        (each) => `note '${each}' in dependencies.install-scripts.allow is in no lock file`,
      ),
    );
  });

  it("is not told where nobody knows what is locked", () => {
    expect(idle({ "install-scripts": { allow: ["b"] } }, "{")).toEqual([]);
    expect(idle({ "install-scripts": { allow: ["b"] }, ignore: ["package-lock.json"] })).toEqual([]);
  });
});
