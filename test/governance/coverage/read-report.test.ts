import { describe, expect, it } from "@jest/globals";
import { readReport } from "../../../src/governance/coverage/read-report.ts";
import { UnusableReport } from "../../../src/governance/coverage/report.ts";

/** File → line → whether it was run, by the first of the file's places. */
const read = (text: string): Record<string, Record<number, boolean>> =>
  Object.fromEntries(
    readReport(Buffer.from(text)).map(({ places, lines }) => {
      const known = Array.from({ length: lines.last }, (_, at) => at + 1).filter((line) => lines.has(line));
      return [places[0]!, Object.fromEntries(known.map((line) => [line, lines.isRun(line)]))];
    }),
  );

const HEAD = '<?xml version="1.0"?>\n';
const SOURCES = "<sources><source>/home/ci/app</source></sources>";

const cobertura = (inside: string, before = ""): string =>
  `${HEAD}${before}<coverage line-rate="0.5">${SOURCES}<packages><package name="p"><classes>` +
  `${inside}</classes></package></packages></coverage>\n`;

describe("a report of lcov's", () => {
  it("is read by its lines, and not by the sums beside them", () => {
    const text = (sums: string): string =>
      `TN:\nSF:src/a.ts\nFN:1,f\nFNDA:1,f\nDA:1,3\nDA:2,0,abc\nBRDA:1,0,0,-\n${sums}end_of_record\n`;
    expect(read(text("LF:2\nLH:9\n"))).toEqual({ "src/a.ts": { 1: true, 2: false } });
    const untold = (sums: string): unknown => readReport(Buffer.from(text(sums)))[0]!.untold;
    // Lines that it says it has and does not tell of may be the ones that nothing runs.
    expect(["", "LF:1\n", "LF:2\n", "LF:9\n", "LF:many\n"].map(untold)).toEqual([
      undefined,
      undefined,
      undefined,
      7,
      undefined,
    ]);
  });

  it("knows a file without a line only where it says that there is none to run", () => {
    expect(read("SF:types.ts\nLF:0\nLH:0\nend_of_record\nSF:src/a.ts\nend_of_record\n")).toEqual({
      "types.ts": {},
    });
  });

  it("may have other line endings, a byte order mark, huge and negative counts", () => {
    const text = "\uFEFFSF:src/a.ts\r\nDA:1,-3\r\nDA:2,1e+20\r\nDA:2,0\r\nDA:3,1.5\r\nend_of_record\r\n";
    expect(read(text)).toEqual({ "src/a.ts": { 1: false, 2: true, 3: true } });
    // What converters could not place is in no line of the file.
    expect(read("SF:src/a.ts\nDA:0,1\nDA:1,0\nend_of_record\n")).toEqual({ "src/a.ts": { 1: false } });
  });

  it.each([
    ["is cut off in the middle of a file", "SF:src/a.ts\nDA:1,1\n", "ends in the middle of src/a.ts"],
    ["is cut off in the middle of a line", "SF:src/a.ts\nDA:1,", "no line and count at its line 2"],
    ["begins a file before it ends one", "SF:a\nSF:b\nend_of_record\n", "does not end a, at its line 2"],
    ["has lines of no file", "DA:1,1\n", "a line of no file, at its line 1"],
    [
      "ends a file twice",
      "SF:a\nend_of_record\nend_of_record\n",
      "a file that it did not begin, at its line 3",
    ],
    ["ends a file that it did not begin", "TN:\nend_of_record\n", "it did not begin, at its line 2"],
    ["tells of a line that no file has", "SF:a\nDA:4000000000,1\nend_of_record\n", "no file has"],
    ["is something else", "All files | 85 %\n", "is none of lcov's, Cobertura's or Istanbul's, at its line"],
    ["is empty", " \n", "is empty"],
    ["tells of no file", "TN:\n", "tells of no line of any file"],
  ])("that %s is not believed", (_, text, words) => {
    expect(() => read(text)).toThrow(UnusableReport);
    expect(() => read(text)).toThrow(words);
  });
});

describe("a report of Cobertura's", () => {
  it("tells each line once, though it is written below its method and below its class", () => {
    const lines = '<line number="1" hits="0"/><line number="2" hits="4" branch="false"/>';
    const text = cobertura(
      `<class filename="src/a.ts"><methods><method name="f"><lines>${lines}</lines></method></methods>` +
        `<lines>${lines}</lines></class>` +
        '<class filename="src/a.ts"><lines><line number="3" hits="1"/></lines></class>',
    );
    expect(readReport(Buffer.from(text)).map(({ places }) => places)).toEqual([
      ["/home/ci/app/src/a.ts", "src/a.ts"],
    ]);
    expect(read(text)).toEqual({ "/home/ci/app/src/a.ts": { 1: false, 2: true, 3: true } });
  });

  it("may count from zero, and in parts: what is at no line is left out", () => {
    const lines = '<line number="0" hits="3"/><line number="1" hits="1.0"/><line number="2" hits="0.0"/>';
    expect(read(cobertura(`<class filename="a"><lines>${lines}</lines></class>`))).toEqual({
      "/home/ci/app/a": { 1: true, 2: false },
    });
  });

  it("says where none of its folders is likelier than another", () => {
    const lines = '<class filename="a"><lines><line number="1" hits="1"/></lines></class>';
    const two = cobertura(lines).replace("<sources>", "<sources><source>lib</source>");
    const told = [cobertura(lines), two].map((text) => readReport(Buffer.from(text))[0]!.areAlike);
    expect(told).toEqual([false, true]);
  });

  it("may have a DOCTYPE, which nobody fetches", () => {
    const doctype = '<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">\n';
    const text = cobertura('<class filename="a"><lines><line number="1" hits="1"/></lines></class>', doctype);
    expect(read(text)).toEqual({ "/home/ci/app/a": { 1: true } });
  });

  it("cannot make much of little: its own entities are not resolved", () => {
    const entities = Array.from({ length: 9 }, (_, at) => `<!ENTITY l${at + 1} "${`&l${at};`.repeat(10)}">`);
    entities.unshift('<!ENTITY l0 "lol">', '<!ENTITY x SYSTEM "file:///etc/passwd">');
    const bomb = `<!DOCTYPE c [${entities.join("")}]>`;
    for (const entity of ["&l9;", "&x;"]) {
      const text = cobertura(`<class filename="${entity}"><lines/></class>`, bomb);
      expect(() => read(text)).toThrow(/is no whole XML: undefined entity/);
    }
  });

  it.each([
    ["is cut off", cobertura("").slice(0, -20), "is no whole XML"],
    ["names no file", cobertura("<class name='a'><lines/></class>"), "has a <class> without filename"],
    ["has a line without count", cobertura("<class filename='a'><line number='1'/></class>"), "without hits"],
    [
      "counts backwards",
      cobertura("<class filename='a'><line number='1' hits='-1'/></class>"),
      "is no count, at its line 2",
    ],
    ["has no files", cobertura(""), "tells of no line of any file"],
  ])("that %s is not believed", (_, text, words) => {
    expect(() => read(text)).toThrow(UnusableReport);
    expect(() => read(text)).toThrow(words);
  });
});

describe("a report of Istanbul's", () => {
  const place = (line: number): object => ({ start: { line, column: 0 }, end: { line: line + 2 } });
  const statementMap = { 0: place(1), 1: place(1), 2: place(4) };
  const file = { path: "/ci/src/a.ts", statementMap, s: { 0: 0, 1: 2, 2: 0 } };

  it("counts a line as often as the statement on it that ran most", () => {
    expect(read(JSON.stringify({ "/ci/src/a.ts": file }))).toEqual({ "/ci/src/a.ts": { 1: true, 4: false } });
    // As nyc and vitest write what they have mapped.
    expect(read(JSON.stringify({ a: { data: file } }))).toEqual({ "/ci/src/a.ts": { 1: true, 4: false } });
  });

  it.each([
    ["is cut off", '{"a": {"path": "a", "sta', "is no whole JSON"],
    ["is a summary", '{"total": {"lines": {"total": 9, "pct": 84.61}}}', "is a summary"],
    ["is another document", '{"name": "shop"}', "is no report of Istanbul's in its entry 1"],
    ["has a statement at no line", '{"a": {"statementMap": {"0": {}}, "s": {}}}', "in its entry 1"],
  ])("that %s is not believed", (_, text, words) => {
    expect(() => read(text)).toThrow(UnusableReport);
    expect(() => read(text)).toThrow(words);
  });
});

describe("a report in another form", () => {
  it.each([
    ["JaCoCo's", `${HEAD}<!DOCTYPE report PUBLIC "-//JACOCO//DTD Report 1.1//EN" "report.dtd"><report>`],
    ["JaCoCo's", `${HEAD}<report name="shop"><package name="a"><sourcefile name="A.java"/></package>`],
    ["Clover's", `${HEAD}<coverage generated="1700000000"><project timestamp="1"></project></coverage>`],
    ["Clover's", `${HEAD}<coverage generated="1" clover="3.2.0"><project/></coverage>`],
    ["OpenCover's", `${HEAD}<CoverageSession xmlns:xsi="x"></CoverageSession>`],
    ["Visual Studio's", `${HEAD}<results><modules/></results>`],
    ["SonarQube's", '<coverage version="1"><file path="a"/></coverage>'],
    ["coverage.py's JSON", '{"meta": {"version": "7.6.1"}, "files": {}}'],
    ["coverage.py's database", "SQLite format 3\0"],
    ["llvm-cov's JSON", '{"data":[{"files":[]}],"type":"llvm.coverage.json.export","version":"2.0.1"}'],
    ["V8's", '{"result":[{"scriptId":"1"}]}'],
    ["SimpleCov's", '{"RSpec": {"coverage": {"/a.rb": [1]}}}'],
    ["Go's", "mode: set\nexample.com/a/a.go:1.1,2.2 1 1\n"],
    ["gcov's", "        -:    0:Source:a.c\n"],
  ])("such as %s is called by its name, with the way to one that is read", (name, text) => {
    expect(() => read(text)).toThrow(UnusableReport);
    expect(() => read(text)).toThrow(new RegExp(`^is ${name}, which is not read \\(.*\\): \\w.*\\w`));
  });

  it("is not seen in one that is read", () => {
    const file = { path: "/src/data.ts", statementMap: { 0: { start: { line: 1 } } }, s: { 0: 1 } };
    const named = { "/src/data.ts": { ...file, inputSourceMap: { sourcesContent: ["<results>"] } } };
    expect(read(JSON.stringify(named))).toEqual({ "/src/data.ts": { 1: true } });
  });
});

describe("a file that is no report", () => {
  it.each([
    "toor:x:0:0:toor:/toor:/bin/bash\n",
    "TN:\ntoor:x:0:0:toor\n",
    "SF:a\nDA:toor:x:0\nend_of_record\n",
    "{toor:x:0}",
    '{"toor:x": 1}',
    '{"a": "toor:x',
    "<toor:x",
    "<a><b></toor:x></a>",
    '<a toor:x="1" toor:x="1"/>',
    "<a>&toor:x;</a>",
    '<c><class filename="f"><line number="toor:x" hits="1"/></class></c>',
    '<c><class filename="f"><line number="1" hits="toor:x"/></class></c>',
  ])("%j is refused without a word of what is in it", (text) => {
    expect(() => read(text)).toThrow(UnusableReport);
    expect(() => read(text)).not.toThrow("toor");
  });
});
