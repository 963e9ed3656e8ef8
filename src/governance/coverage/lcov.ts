import { CoveredLines } from "./covered-lines.ts";
import { addLine, UnusableReport, type ReportedFile } from "./report.ts";

/**
 * Reads what `geninfo` defines (https://manpages.debian.org/lcov/geninfo.1, FILES). Counts are made from the
 * lines (`DA`), not taken from the sums that a tool wrote beside them.
 *
 * @throws UnusableReport where it is cut off, or a line of it is none of lcov's
 */
export function readLcov(text: string): ReportedFile[] {
  const files: ReportedFile[] = [];
  let path: string | undefined;
  let lines = new CoveredLines();
  let at = 0;
  for (let number = 1; at < text.length; number += 1) {
    const found = text.indexOf("\n", at);
    const end = found === -1 ? text.length : found;
    const line = text.slice(at, text[end - 1] === "\r" ? end - 1 : end);
    at = end + 1;
    if (line.startsWith("DA:")) {
      if (path === undefined) throw new UnusableReport(`has a line of no file, at its line ${number}`);
      readLine(line, number, lines);
    } else if (line.startsWith("SF:")) {
      if (path !== undefined) throw new UnusableReport(`does not end ${path}, at its line ${number}`);
      path = line.slice(3).trim();
      lines = new CoveredLines();
    } else if (line === "end_of_record") {
      if (path === undefined) throw new UnusableReport(`ends a file twice, at its line ${number}`);
      files.push({ places: [path], lines });
      path = undefined;
    } else if (!/^(?:[A-Z]+:|#|\s*$)/.test(line)) {
      throw new UnusableReport(`is not lcov's at its line ${number}: ${JSON.stringify(line.slice(0, 60))}`);
    }
  }
  if (path !== undefined) throw new UnusableReport(`ends in the middle of ${path}`);
  return files;
}

/** `DA:<line>,<hits>[,<checksum>]`; what gcov counts below zero was not run as far as anybody knows. */
function readLine(line: string, number: number, lines: CoveredLines): void {
  const [, at, hits] = /^DA:(\d+),(-?\d+(?:e\+?\d+)?)(?:,|$)/i.exec(line) ?? [];
  if (at === undefined || Number(at) < 1) {
    const words = JSON.stringify(line.slice(0, 60));
    throw new UnusableReport(`has no line and count at its line ${number}: ${words}`);
  }
  addLine(lines, Number(at), Math.max(0, Number(hits)));
}
