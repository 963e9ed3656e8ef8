import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { terminalLog } from "../../../src/adapters/terminal/terminal-log.ts";

/** A terminal that understands just what the adapter sends: line feed, up, erase line, colours ignored. */
class Screen {
  readonly isTTY = true;
  columns = 100;
  raw = "";
  readonly lines: string[] = [""];
  #row = 0;

  write(text: string): void {
    this.raw += text;
    for (const [token] of text.matchAll(/\u001B\[(\d*(?:;\d+)*)([A-Za-z])|\n|[^\u001B\n]+/g)) {
      if (token === "\n") {
        this.#row += 1;
        this.lines[this.#row] ??= "";
      } else if (token === "\u001B[1A") this.#row -= 1;
      else if (token === "\u001B[2K") this.lines[this.#row] = "";
      else if (!token.startsWith("\u001B")) this.lines[this.#row] = (this.lines[this.#row] ?? "") + token;
    }
  }

  get text(): string {
    return this.lines.join("\n").trimEnd();
  }
}

let now = 0;
const style = {
  color: false,
  live: true,
  verbose: false,
  redact: (text: string) => text.replaceAll("hunter22", "***"),
  elapsed: () => now,
};

beforeEach(() => {
  now = 0;
  jest.useFakeTimers();
});
afterEach(() => void jest.useRealTimers());

describe("the log of a terminal", () => {
  it("redraws live lines below what scrolls, and leaves one line for each at the end", () => {
    const screen = new Screen();
    const log = terminalLog(screen, style);
    log.stage("dumping");
    const dump = log.progress("full dump", "bytes", 1_000_000_000);
    const proof = log.progress("fingerprints", "tables", 40);
    now = 2000;
    dump.add(200_000_000);
    proof.add(10);
    log.info("a line in between");
    expect(screen.text).toBe(
      [
        "▸ dumping",
        "  a line in between",
        "  full dump  ███░░░░░░░░░░░░░ 20 %  200 MB of about 1.00 GB, 100 MB/s, 8.0 s left",
        "  fingerprints  ████░░░░░░░░░░░░ 25 %  10 of about 40 tables, 6.0 s left",
      ].join("\n"),
    );
    now = 10_000;
    dump.add(800_000_000);
    dump.done();
    proof.done("40 tables are as they were");
    expect(screen.text).toBe(
      [
        "▸ dumping",
        "  a line in between",
        "  full dump: 1.00 GB in 10 s, 100 MB/s",
        "  fingerprints: 40 tables are as they were",
      ].join("\n"),
    );
  });

  it("never draws a line as wide as the terminal, which would wrap and could not be cleared", () => {
    const screen = new Screen();
    screen.columns = 30;
    const log = terminalLog(screen, style);
    log.progress("データベースのとても長い名前のテーブル", "bytes", 100).add(50);
    for (const line of screen.lines) {
      expect(line.length + (line.match(/[\u2E80-\uFFFF]/g)?.length ?? 0)).toBeLessThan(30);
    }
  });

  it("takes an unknown width for 80 columns", () => {
    const screen = new Screen();
    screen.columns = 0;
    terminalLog(screen, style).progress("full dump", "bytes", 1_000_000_000).add(1);
    expect(screen.text).toBe("  full dump  0.0 s so far");
  });

  it("draws at most ten times a second, and once a second when nothing moves", () => {
    const screen = new Screen();
    const progress = terminalLog(screen, style).progress("x", "bytes");
    const drawn = (): number => screen.raw.split("  x  ").length - 1;
    expect(drawn()).toBe(1);
    for (let index = 0; index < 1000; index += 1) progress.add(1);
    expect(drawn()).toBe(1);
    jest.advanceTimersByTime(3000);
    expect(drawn()).toBe(4);
    progress.done();
    progress.done();
    jest.advanceTimersByTime(3000);
    progress.add(1);
    expect(drawn()).toBe(4);
    expect(screen.text.split("\n")).toHaveLength(1);
  });

  it("prints spaced lines, at most every ten seconds, where it cannot redraw, and no escape sequence", () => {
    const screen = new Screen();
    const progress = terminalLog(screen, { ...style, live: false }).progress("dump", "bytes", 100_000_000);
    for (now = 0; now <= 30_000; now += 1000) progress.add(1_000_000);
    progress.done();
    expect(screen.text.split("\n")).toEqual([
      expect.stringMatching(/^ {2}dump: 11\.0 MB of about 100 MB, 1\.\d+ MB\/s, 1 min \d\d s left$/),
      expect.stringMatching(/^ {2}dump: 21\.0 MB of about 100 MB/),
      expect.stringMatching(/^ {2}dump: 31\.0 MB of about 100 MB/),
      expect.stringMatching(/^ {2}dump: 31\.0 MB in 31 s/),
    ]);
    expect(screen.raw).not.toContain("\u001B");
  });

  it("shows debug messages only when asked, and colours only when allowed", () => {
    const [quiet, loud] = [new Screen(), new Screen()];
    terminalLog(quiet, style).debug("detail");
    terminalLog(loud, { ...style, verbose: true, color: true }).debug("detail");
    expect(quiet.raw).toBe("");
    expect(loud.raw).toContain("\u001B[2mdetail\u001B[0m");
  });

  it("redacts, and shows control characters from outside instead of obeying them", () => {
    const screen = new Screen();
    const log = terminalLog(screen, style);
    log.info("hunter22 \u001B[2J evil\rname");
    log.warn("two\nlines");
    const progress = log.progress("table \u001B]0;x\u0007\nname hunter22", "bytes");
    progress.done("hunter22 \u001B[1m");
    expect(screen.text).toBe(
      "  *** \\u001b[2J evil\\u000dname\nwarning: two\n    lines\n  table \\u001b]0;x\\u0007 name " +
        "***: *** \\u001b[1m",
    );
  });
});
