import { LINES_MAX, type CoveredLines } from "./covered-lines.ts";

/** What one report says, by the paths as it writes them. */
export interface ReportedFile {
  /** Where the file may be, as the report says it: the most likely first. */
  readonly places: readonly string[];
  /** Whether none of the places is likelier than another: where the commit has two of them, it is neither. */
  readonly areAlike?: boolean;
  /**
   * Whether only whole paths are meant: other files of the report lie beside it, so that this one is none of
   * another package's.
   */
  readonly isWhole?: boolean;
  readonly lines: CoveredLines;
  /** How many lines the report says it knows and does not tell of; left out where it says no such thing. */
  readonly untold?: number;
}

/**
 * A report that could not be believed, and why; in words that follow its name. They hold nothing of a file
 * that may be no report at all: whoever names one could have any file shown.
 */
export class UnusableReport extends Error {}

/** What a report calls a file, as far as people read. */
export function called(path: string): string {
  return path.length <= NAME_MAX ? path : `${path.slice(0, NAME_MAX)}…`;
}

const NAME_MAX = 200;

/**
 * Takes in what a report says of a line. What some converters put at line 0 is in no line of the file.
 *
 * @throws UnusableReport where no file has so many
 */
export function addLine(lines: CoveredLines, line: number, hits: number): void {
  if (line === 0) return;
  if (line > LINES_MAX) throw new UnusableReport(`tells of line ${line}, which no file has`);
  lines.add(line, hits > 0);
}
