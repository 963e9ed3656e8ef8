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
    const text = "TN:\nSF:src/a.ts\nFN:1,f\nFNDA:1,f\nDA:1,3\n" +
      "DA:2,0,abc\nBRDA:1,0,0,-\nLF:9\nLH:9\n" + "end_of_record\n";
    expect(read(text)).toEqual({ "src/a.ts": { 1: true, 2: false } });
  });

  it("may have other line endings, a byte order mark, huge and negative counts", () => {
    const text = "\uFEFFSF:src/a.ts\r\nDA:1,-3\r\nDA:2,1e+20\r\nDA:2,0\r\nend_of_record\r\n";
    expect(read(text)).toEqual({ "src/a.ts": { 1: false, 2: true } });
  });

  it.each([
    ["is cut off in the middle of a file", "SF:src/a.ts\nDA:1,1\n", "ends in the middle of src/a.ts"],
    ["is cut off in the middle of a line", "SF:src/a.ts\nDA:1,", "no line and count at its line 2"],
    ["begins a file before it ends one", "SF:a\nSF:b\nend_of_record\n", "does not end a, at its line 2"],
    ["has lines of no file", "DA:1,1\n", "a line of no file, at its line 1"],
    ["ends a file twice", "SF:a\nend_of_record\nend_of_record\n", "ends a file twice, at its line 3"],
    ["tells of a line that no file has", "SF:a\nDA:4000000000,1\nend_of_record\n", "no file has"],
    ["counts from zero", "SF:a\nDA:0,1\nend_of_record\n", "no line and count"],
    ["is something else", "All files | 85 %\n", "is not lcov's at its line 1"],
    ["is empty", " \n", "is empty"],
    ["tells of no file", "TN:\n", "tells of no file"],
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
    ["counts backwards", cobertura("<class filename='a'><line number='1' hits='-1'/></class>"), 'is "-1"'],
    ["has no files", cobertura(""), "tells of no file"],
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
    ["is another document", '{"name": "shop"}', "is no report of Istanbul's at name"],
    ["has a statement at no line", '{"a": {"statementMap": {"0": {}}, "s": {}}}', "at a"],
  ])("that %s is not believed", (_, text, words) => {
    expect(() => read(text)).toThrow(UnusableReport);
    expect(() => read(text)).toThrow(words);
  });
});
