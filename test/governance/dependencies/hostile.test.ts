import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { judgeDependencies, type RepositoryFile } from "../../../src/governance/dependencies/judge.ts";
import { readManifest } from "../../../src/governance/dependencies/manifest.ts";
import { readLock } from "../../../src/governance/dependencies/read-lock.ts";
import { DEPENDENCIES } from "../../../src/governance/dependencies/settings.ts";
import { berryLock, filesOf, FORMS, manifestOf, SMALL } from "./locks.ts";
import { processorMs } from "../../support/processor-time.ts";

/** What a careless or ill-willed hand leaves in a file. */
const HARM = fc.constantFrom(
  "",
  "\n",
  " ",
  "  ",
  '"',
  "'",
  "{",
  "}",
  "[",
  ":",
  ",",
  "&a ",
  "*a",
  "!!x ",
  "\t",
  "\0",
  "\\",
  "-",
  "a@1:",
);

describe.each(FORMS)("a lock file of $form", ({ file, write }) => {
  it("may be changed anywhere, and is read or refused and never throws", () => {
    const text = write(SMALL);
    const settings = DEPENDENCIES.parse({});
    const before = filesOf(SMALL, file, write);
    const place = fc.nat({ max: text.length });
    fc.assert(
      fc.property(place, fc.nat({ max: 40 }), HARM, (at, length, harm) => {
        const locks = [{ file, text: text.slice(0, at) + harm + text.slice(at + length) }];
        const after = { manifests: before.manifests, locks };
        const verdict = judgeDependencies({ before, after, settings, today: "2026-06-15", audit: null });
        const [lock] = [readLock(file, locks[0]?.text ?? "")];
        // What is not read is told.
        expect(lock.lock !== undefined || lock.troubles.length > 0).toBe(true);
        for (const { line } of verdict.findings) expect(line === null || line >= 1).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

it("a package.json may be changed anywhere, and is read or refused and never throws", () => {
  const text = manifestOf(SMALL);
  fc.assert(
    fc.property(fc.nat({ max: text.length }), fc.nat({ max: 20 }), HARM, (at, length, harm) => {
      const { manifest, troubles } = readManifest(
        "package.json",
        text.slice(0, at) + harm + text.slice(at + length),
      );
      expect(manifest !== undefined || troubles.length > 0).toBe(true);
    }),
    { numRuns: 200 },
  );
});

describe("a file that is made to take long", () => {
  const many = (count: number, each: (index: number) => string): string =>
    Array.from({ length: count }, (_, index) => each(index)).join("");
  const npm = (entries: string): string => `{"lockfileVersion": 3, "packages": {"": {}${entries}}}`;

  it.each<[string, string, string]>([
    ["a line of spaces in yarn.lock", "yarn.lock", `# yarn lockfile v1\na${" ".repeat(400_000)}b:\n`],
    ["a line of ranges in yarn.lock", "yarn.lock", `# yarn lockfile v1\n${"a@1, ".repeat(80_000)}b:\n`],
    [
      "peers without an end",
      "pnpm-lock.yaml",
      `lockfileVersion: '9.0'\npackages:\n  a@1${"(a)".repeat(9_000)}: {}\n`,
    ],
    [
      "brackets without a beginning",
      "pnpm-lock.yaml",
      `lockfileVersion: '9.0'\npackages:\n  a@1${")".repeat(900)}: {}\n`,
    ],
    [
      "a path of many folders",
      "package-lock.json",
      npm(`,"${"node_modules/a/".repeat(50_000)}node_modules/b": {"version": "1"}`),
    ],
    [
      "addresses without an end",
      "package-lock.json",
      npm(`,"node_modules/a": {"version": "1.0.0", "resolved": "${".git#".repeat(100_000)}"}`),
    ],
    [
      "one package in many versions",
      "package-lock.json",
      npm(many(8_000, (at) => `,"x${at}/node_modules/a": {"version": "${at}.0.0"}`)),
    ],
    ["keys that are there twice", "package-lock.json", npm(many(50_000, () => ',"node_modules/a": {}'))],
    [
      "bound archives without an end",
      "yarn.lock",
      berryLock(SMALL).replace("a@npm:1.5.0", `a@npm:1.5.0${"::&".repeat(50_000)}`),
    ],
  ])("is judged soon all the same: %s", (_what, file, text) => {
    const other: RepositoryFile = { file, text: text.replaceAll(".0.0", ".1.0") };
    const started = processorMs();
    judgeDependencies({
      before: { manifests: [], locks: [other] },
      after: { manifests: [], locks: [{ file, text }] },
      settings: DEPENDENCIES.parse({}),
      today: "2026-06-15",
      audit: null,
    });
    expect(processorMs() - started).toBeLessThan(3_000);
  });

  it("is judged soon all the same: a range without an end", () => {
    for (const range of [
      ".git#".repeat(200_000),
      "1 || ".repeat(100_000),
      `${" ".repeat(400_000)}x`,
      ">=1 ".repeat(100_000),
    ]) {
      const manifests = [{ file: "package.json", text: JSON.stringify({ dependencies: { a: range } }) }];
      const files = { manifests, locks: [] };
      const started = processorMs();
      judgeDependencies({
        before: files,
        after: files,
        settings: DEPENDENCIES.parse({}),
        today: "2026-06-15",
        audit: null,
      });
      expect(processorMs() - started).toBeLessThan(3_000);
    }
  });
});
