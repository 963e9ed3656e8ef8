import { LINES_MAX, type CoveredLines } from "./covered-lines.ts";

/** What one report says, by the paths as it writes them. */
export interface ReportedFile {
  /** Where the file may be, as the report says it: the most likely first. */
  readonly places: readonly string[];
  readonly lines: CoveredLines;
}

/** A report that could not be believed, and why; in words that follow its name. */
export class UnusableReport extends Error {}

/**
 * Takes in what a report says of a line.
 *
 * @throws UnusableReport where no file has so many
 */
export function addLine(lines: CoveredLines, line: number, hits: number): void {
  if (line > LINES_MAX) throw new UnusableReport(`tells of line ${line}, which no file has`);
  lines.add(line, hits > 0);
}
