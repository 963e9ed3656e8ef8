import { CoveredLines } from "./covered-lines.ts";
import { addLine, called, UnusableReport, type ReportedFile } from "./report.ts";

/** One file of a report, from `SF` to `end_of_record`. */
interface Section {
  readonly path: string;
  readonly lines: CoveredLines;
  /** How many lines it tells of, also where it tells of one twice. */
  told: number;
  /** How many there are to run, as it says itself (`LF`). */
  said: number | undefined;
}

/**
 * Reads what `geninfo` defines (https://manpages.debian.org/lcov/geninfo.1, FILES). Counts are made from the
 * lines (`DA`), not taken from the sums that a tool wrote beside them; a sum that is larger is told. A file
 * without a line is known only where its sum says that it has none (`LF:0`).
 *
 * @throws UnusableReport where it is cut off, or a line of it is none of lcov's
 */
export function readLcov(text: string): ReportedFile[] {
  const files: ReportedFile[] = [];
  let section: Section | undefined;
  let at = 0;
  for (let number = 1; at < text.length; number += 1) {
    const found = text.indexOf("\n", at);
    const end = found === -1 ? text.length : found;
    const line = text.slice(at, text[end - 1] === "\r" ? end - 1 : end);
    at = end + 1;
    if (line.startsWith("DA:")) {
      if (section === undefined) throw new UnusableReport(`has a line of no file, at its line ${number}`);
      readLine(line, number, section);
    } else if (line.startsWith("LF:")) {
      if (section !== undefined) section.said = countOf(line);
    } else if (line.startsWith("SF:")) {
      if (section !== undefined) {
        throw new UnusableReport(`does not end ${called(section.path)}, at its line ${number}`);
      }
      section = { path: line.slice(3).trim(), lines: new CoveredLines(), told: 0, said: undefined };
    } else if (line === "end_of_record") {
      if (section === undefined) {
        throw new UnusableReport(`ends a file that it did not begin, at its line ${number}`);
      }
      if (section.told > 0 || section.said === 0) files.push(fileOf(section));
      section = undefined;
    } else if (!/^(?:[A-Z]+:|#|\s*$)/.test(line)) {
      throw new UnusableReport(`is none of lcov's, Cobertura's or Istanbul's, at its line ${number}`);
    }
  }
  if (section !== undefined) throw new UnusableReport(`ends in the middle of ${called(section.path)}`);
  return files;
}

function fileOf({ path, lines, told, said = 0 }: Section): ReportedFile {
  return { places: [path], lines, ...(said > told ? { untold: said - told } : {}) };
}

/** `LF:<lines>`; undefined where it says no number. */
function countOf(line: string): number | undefined {
  const number = line.slice(3).trim();
  return /^\d{1,15}$/.test(number) ? Number(number) : undefined;
}

/** `DA:<line>,<hits>[,<checksum>]`; what gcov counts below zero was not run as far as anybody knows. */
function readLine(line: string, number: number, section: Section): void {
  const [, at, hits] = /^DA:(\d+),(-?\d+(?:\.\d+)?(?:e\+?\d+)?)(?:,|$)/i.exec(line) ?? [];
  if (at === undefined) throw new UnusableReport(`has no line and count at its line ${number}`);
  addLine(section.lines, Number(at), Math.max(0, Number(hits)));
  section.told += 1;
}
