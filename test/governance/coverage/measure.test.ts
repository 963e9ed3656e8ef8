import { describe, expect, it } from "@jest/globals";
import { measure, type Coverage } from "../../../src/governance/coverage/measure.ts";
import { besideReport } from "../../../src/governance/coverage/beside-report.ts";
import { Places } from "../../../src/governance/coverage/place.ts";
import { CoveredLines } from "../../../src/governance/coverage/covered-lines.ts";
import type { ReportedFile } from "../../../src/governance/coverage/report.ts";
import type { LineRange, SourceChange } from "../../../src/ports/source-history.ts";

const PATHS = ["src/a.ts", "src/b.ts", "lib/index.ts", "app/lib/index.ts", "web/index.ts"];

describe("a path in a report", () => {
  const places = new Places("/work/shop/", PATHS);

  it.each([
    ["from the root", "src/a.ts", "src/a.ts"],
    ["with steps in it", "./src/../src/a.ts", "src/a.ts"],
    ["absolute, of this checkout", "/work/shop/src/a.ts", "src/a.ts"],
    ["absolute, of another machine", "/home/runner/work/shop/shop/src/a.ts", "src/a.ts"],
    ["of Windows", "D:\\a\\shop\\src\\a.ts", "src/a.ts"],
    ["as an address", "file:///work/shop/src/b.ts", "src/b.ts"],
    ["from a folder below the root", "a.ts", "src/a.ts"],
    ["the longer of two that end alike", "/ci/app/lib/index.ts", "app/lib/index.ts"],
    ["that the commit has not", "src/gone.ts", undefined],
    ["in another folder of a like name", "other/a.ts", undefined],
  ])("%s", (_, path, found) => {
    expect(places.find([path])).toEqual(found === undefined ? [] : [found]);
  });

  it("that several files may be is none of them, and all of them are named", () => {
    expect(places.find(["index.ts"])).toEqual(["lib/index.ts", "app/lib/index.ts", "web/index.ts"]);
  });

  it.each([
    ["/home/runner/work/shop/shop/src/a.ts", ["src/a.ts"]],
    ["/home/runner/work/shop/shop/packages/shop/src/a.ts", ["packages/shop/src/a.ts"]],
    ["D:\\a\\shop\\shop\\src\\a.ts", ["src/a.ts"]],
    // Below another name nobody knows whether the package's folder is meant, or the repository's.
    ["/ci/shop/src/a.ts", ["src/a.ts", "packages/shop/src/a.ts"]],
    ["/ci/src/a.ts", ["src/a.ts"]],
  ])("%s of a repository that has a package of its own name", (path, found) => {
    const named = new Places("/work/shop/", ["src/a.ts", "packages/shop/src/a.ts"]);
    expect(named.find([path])).toEqual(found);
  });

  it("is looked for at each of the places that a report names, the exact one first", () => {
    expect(places.find(["/else/src/b.ts", "src/a.ts"])).toEqual(["src/a.ts"]);
    expect(places.find(["/else/none.ts", "b.ts"])).toEqual(["src/b.ts"]);
    expect(places.find(["src/a.ts", "src/b.ts"])).toEqual(["src/a.ts"]);
    // Of two folders that are both the sources' nobody knows which it was.
    expect(places.find(["src/a.ts", "src/b.ts", "a.ts"], true)).toEqual(["src/a.ts", "src/b.ts"]);
    expect(places.find(["/ci/src/a.ts", "/ci/src/b.ts"], true)).toEqual(["src/a.ts", "src/b.ts"]);
    expect(places.find(["src/a.ts", "lib/a.ts"], true)).toEqual(["src/a.ts"]);
    // The path alone, which comes last, counts where none of the sources has it.
    const root = new Places("/work/shop/", ["a.ts", "src/a.ts"]);
    expect(root.find(["src/a.ts", "lib/a.ts", "a.ts"], true)).toEqual(["src/a.ts"]);
    expect(root.find(["bin/a.ts", "lib/a.ts", "a.ts"], true)).toEqual(["a.ts"]);
  });
});

describe("paths of a report in a folder", () => {
  const paths = ["p1/src/u.js", "p2/src/u.js", "src/u.js", "p2/src/only-in-p2.js"];
  const meant = (report: string, path: string, others: readonly string[] = []): readonly string[] => {
    const has = (each: string): boolean => paths.includes(each);
    const beside = others.map((each) => ({ places: [each], lines: new CoveredLines() }));
    const [file] = besideReport([{ places: [path], lines: new CoveredLines() }, ...beside], report, has);
    return new Places("/work/shop", paths).find(file!.places, false, file!.isWhole);
  };

  it("that has files beside it tells of no other package's, whatever ends alike", () => {
    expect(meant("p1/lcov.info", "src/only-in-p2.js", ["src/u.js"])).toEqual([]);
    expect(meant("p2/lcov.info", "src/only-in-p2.js", ["src/u.js"])).toEqual(["p2/src/only-in-p2.js"]);
    expect(meant("reports/lcov.info", "src/only-in-p2.js", [])).toEqual(["p2/src/only-in-p2.js"]);
  });

  it.each([
    ["p1/lcov.info", "src/u.js", "p1/src/u.js"],
    ["p2/coverage/lcov.info", "src/u.js", "p2/src/u.js"],
    ["reports/p1/lcov.info", "src/u.js", "p1/src/u.js"],
    ["reports/p2/coverage/lcov.info", ".\\src\\u.js", "p2/src/u.js"],
    ["reports/lcov.info", "src/u.js", "src/u.js"],
    ["reports/p3/lcov.info", "src/u.js", "src/u.js"],
    ["lcov.info", "p1/src/u.js", "p1/src/u.js"],
  ])("%s, which says %s, are meant below the package's", (report, path, found) => {
    expect(meant(report, path)).toEqual([found]);
  });
});

function reported(path: string, counts: readonly (number | undefined)[]): ReportedFile {
  const lines = new CoveredLines();
  for (const [at, hits] of counts.entries()) if (hits !== undefined) lines.add(at + 1, hits > 0);
  return { places: [path], lines };
}

const changed = (path: string, ...ranges: readonly (readonly [number, number])[]): SourceChange => ({
  path,
  before: undefined,
  kind: "modified",
  isFile: true,
  lines: ranges.map(([first, last]): LineRange => ({ first, last })),
  removed: 0,
});

const measured = (
  reports: readonly ReportedFile[],
  changes: readonly SourceChange[],
  texts: Readonly<Record<string, string>> = {},
): Promise<Coverage> =>
  measure(reports, {
    places: new Places("/work/shop", PATHS),
    changes,
    isSource: (path) => path.startsWith("src/"),
    lengths: (paths) => Promise.resolve(new Map(paths.map((path) => [path, 6]))),
    texts: (paths) => Promise.resolve(new Map(paths.map((path) => [path, texts[path] ?? ""]))),
  });

describe("what reports say together", () => {
  it("counts a line once that several tell of, as run where one of them ran it", async () => {
    const reports = [reported("src/a.ts", [1, 0, 0]), reported("/work/shop/src/a.ts", [0, 2, 0, 0])];
    expect(await measured(reports, [changed("src/a.ts", [2, 3])])).toMatchObject({
      covered: 2,
      total: 4,
      changed: { covered: 1, total: 2 },
      uncovered: [{ file: "src/a.ts", first: 3, last: 3 }],
      unmeasured: [],
      beyond: [],
      unplaced: [],
    });
  });

  it("puts many records of one file together, and leaves what it was given as it was", async () => {
    const reports = Array.from({ length: 20_000 }, (_, at) =>
      reported("src/a.ts", [at % 2, at === 19_999 ? 7 : 0]),
    );
    expect(await measured(reports, [])).toMatchObject({ covered: 2, total: 2 });
    expect(reports[0]!.lines).toMatchObject({ covered: 0, total: 2, last: 2 });
  });

  it("joins neighbours, and leaves out lines with nothing to run", async () => {
    const report = reported("src/a.ts", [0, undefined, 0, 1, 0, undefined]);
    const { changed: share, uncovered } = await measured([report], [changed("src/a.ts", [1, 6])]);
    expect([share, uncovered]).toEqual([
      { covered: 1, total: 4 },
      [
        { file: "src/a.ts", first: 1, last: 3 },
        { file: "src/a.ts", first: 5, last: 5 },
      ],
    ]);
  });

  it("names what no report knows, what is of another commit, and what is of no file here", async () => {
    const long = [1, 1, 1, 1, 1, 1, 1];
    const reports = [
      reported("web/index.ts", long),
      reported("src/a.ts", long),
      { ...reported("lib/index.ts", [1]), untold: 3 },
      reported("gone.ts", [1, 0]),
    ];
    const changes = ["src/a.ts", "src/b.ts", "lib/index.ts"].map((path) => changed(path, [1, 1]));
    expect(await measured(reports, changes)).toMatchObject({
      covered: 15,
      total: 15,
      unmeasured: [{ file: "src/b.ts", told: undefined, others: [] }],
      // What is changed stands first; a report of another commit is wrong in what is left as it was too.
      beyond: [
        { file: "src/a.ts", line: 7, length: 6, isChanged: true },
        { file: "web/index.ts", line: 7, length: 6, isChanged: false },
      ],
      cut: [{ file: "lib/index.ts", lines: 3 }],
      unplaced: ["gone.ts"],
    });
  });

  it("knows a report that is older than a change by which a file got shorter", async () => {
    const long = reported("src/a.ts", [1, 1, 1, 1, 1, 1, 1]);
    const shorter = { ...changed("src/a.ts"), removed: 4 };
    expect(await measured([long], [shorter])).toMatchObject({ beyond: [{ isChanged: true }] });
    const renamed = { ...changed("src/a.ts"), kind: "renamed" as const };
    expect(await measured([long], [renamed])).toMatchObject({ beyond: [{ isChanged: false }] });
  });

  it("names a changed file of which reports tell no line, where it plainly has some", async () => {
    const texts = {
      "src/a.ts": "export interface A {\n  n: number;\n}\nexport function f(a: A) {\n  return a.n;\n}\n",
      "src/b.ts": "export interface A {\n  n: number;\n}\n",
      "lib/index.ts": "run();\n",
    };
    const all = Object.keys(texts).map((path) => changed(path, [1, 6]));
    const none = Object.keys(texts).map((path) => reported(path, []));
    expect(await measured(none, all, texts)).toMatchObject({ silent: [{ file: "src/a.ts", line: 5 }] });
    const one = reported("src/a.ts", [undefined, undefined, undefined, undefined, 1]);
    expect(await measured([...none, one], all, texts)).toMatchObject({ silent: [] });
    expect(await measured(none, [changed("src/a.ts", [1, 3])], texts)).toMatchObject({ silent: [] });
  });

  it("says of a changed file which path in a report may mean it, and what else that may mean", async () => {
    const two = { ...reported("src/a.ts", [1]), places: ["src/a.ts", "src/b.ts", "a.ts"], areAlike: true };
    expect(await measured([two], [changed("src/b.ts", [1, 1])])).toMatchObject({
      covered: 0,
      total: 0,
      unmeasured: [{ file: "src/b.ts", told: "a.ts", others: ["src/a.ts"] }],
      unplaced: ["a.ts"],
    });
  });

  it("asks nothing of what is only renamed, or only shorter", async () => {
    expect(await measured([reported("src/a.ts", [1])], [changed("src/b.ts")])).toMatchObject({
      changed: { covered: 0, total: 0 },
      unmeasured: [],
    });
  });
});
