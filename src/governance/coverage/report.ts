/** Line (from 1) → how often it was run. Lines that hold nothing to run are not in it. */
export type CoveredLines = ReadonlyMap<number, number>;

/** What one report says, by the paths as it writes them. */
export interface ReportedFile {
  /** Where the file may be, as the report says it: the most likely first. */
  readonly places: readonly string[];
  readonly lines: CoveredLines;
}

/** A report that could not be believed, and why; in words that follow its name. */
export class UnusableReport extends Error {}

/** Counts a run of a line: a line that is told twice was run as often as the higher number says. */
export function addLine(lines: Map<number, number>, line: number, hits: number): void {
  lines.set(line, Math.max(lines.get(line) ?? 0, hits));
}
