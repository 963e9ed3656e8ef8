import type { LineRange, SourceChange } from "../../ports/source-history.ts";
import { CoveredLines } from "./covered-lines.ts";
import { called, type ReportedFile } from "./report.ts";
import type { Places } from "./place.ts";
import { firstRunnable } from "./runnable.ts";

/** Lines that can be run, and how many of them were. */
export interface Share {
  readonly covered: number;
  readonly total: number;
}

/** Changed lines of a file that nothing ran, side by side. */
export interface Uncovered extends LineRange {
  readonly file: string;
}

/** What reports say of a commit and of its changes. */
export interface Coverage extends Share {
  readonly changed: Share;
  readonly uncovered: readonly Uncovered[];
  /** Changed files that are to be measured, and that no report knows. */
  readonly unmeasured: readonly Unmeasured[];
  /** Changed files of which reports tell no line at all, though what is changed looks like code to run. */
  readonly silent: readonly Silent[];
  /** Files of which a report tells a line behind their end: it is of another commit. Changed ones first. */
  readonly beyond: readonly Beyond[];
  /** Files of which a report does not tell all lines that it says it has. */
  readonly cut: readonly Cut[];
  /** Paths that reports tell of and that the commit has not, or has more than once. */
  readonly unplaced: readonly string[];
}

/** A changed file that no report knows. */
export interface Unmeasured {
  readonly file: string;
  /** A path in a report that may mean this file as well as others. */
  readonly told: string | undefined;
  /** What else it may mean. */
  readonly others: readonly string[];
}

/** A changed file that reports know without a line, and the first changed line that can plainly be run. */
export interface Silent {
  readonly file: string;
  readonly line: number;
}

/** A line that a report tells of and that the file has not. */
export interface Beyond {
  readonly file: string;
  readonly line: number;
  readonly length: number;
  readonly isChanged: boolean;
}

/** A file of which a report says that it has more lines than it tells of. */
export interface Cut {
  readonly file: string;
  readonly lines: number;
}

/** What measuring needs to know of the commit. */
export interface Measured {
  readonly places: Places;
  readonly changes: readonly SourceChange[];
  /** Whether a changed file is one that tests are to run. */
  isSource(path: string): boolean;
  /** How many lines files of the commit have. */
  lengths(paths: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** What stands in files of the commit. */
  texts(paths: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

/** Files of which reports tell no line are read: of that many. */
const SILENT_MAX = 200;

/** Puts all reports together: a line was run where any of them says so. */
export async function measure(reported: readonly ReportedFile[], commit: Measured): Promise<Coverage> {
  const unplaced: string[] = [];
  const doubtful: { readonly told: string; readonly meant: readonly string[] }[] = [];
  const cut: Cut[] = [];
  const files = together(
    reported.flatMap(({ places, areAlike, isWhole, lines, untold }): [string, CoveredLines][] => {
      const [path, ...others] = commit.places.find(places, areAlike, isWhole);
      if (path !== undefined && others.length === 0) {
        if (untold !== undefined) cut.push({ file: path, lines: untold });
        return [[path, lines]];
      }
      const told = called(places.at(-1) ?? "");
      if (path !== undefined) doubtful.push({ told, meant: [path, ...others] });
      // What the commit has not makes its share no better.
      unplaced.push(told);
      return [];
    }),
  );
  const changed = commit.changes.filter(({ isFile, lines }) => isFile && lines.length > 0);
  const shares = changed.map(({ path, lines }) => ofChanged(path, lines, files.get(path)));
  const unknown = changed.map(({ path }) => path).filter((path) => !files.has(path) && commit.isSource(path));
  const lengths = await commit.lengths([...files.keys()]);
  const touched = commit.changes.filter(({ isFile, lines, removed }) => isFile && lines.length + removed > 0);
  return {
    ...sum([...files.values()]),
    changed: sum(shares.map(({ share }) => share)),
    uncovered: shares.flatMap(({ uncovered }) => uncovered),
    unmeasured: unknown.map((file): Unmeasured => {
      const { told, meant = [] } = doubtful.find(({ meant }) => meant.includes(file)) ?? {};
      return { file, told, others: meant.filter((path) => path !== file) };
    }),
    silent: await silentOf(changed, files, commit),
    beyond: beyondTheirEnd(new Set(touched.map(({ path }) => path)), files, lengths),
    cut,
    unplaced,
  };
}

function together(told: Iterable<readonly [path: string, lines: CoveredLines]>): Map<string, CoveredLines> {
  const files = new Map<string, CoveredLines>();
  for (const [path, lines] of told) {
    const all = files.get(path) ?? new CoveredLines();
    all.addAll(lines);
    files.set(path, all);
  }
  return files;
}

function sum(shares: readonly Share[]): Share {
  return {
    covered: shares.reduce((all, { covered }) => all + covered, 0),
    total: shares.reduce((all, { total }) => all + total, 0),
  };
}

function ofChanged(
  file: string,
  ranges: readonly LineRange[],
  lines: CoveredLines | undefined,
): { readonly share: Share; readonly uncovered: readonly Uncovered[] } {
  if (lines === undefined) return { share: { covered: 0, total: 0 }, uncovered: [] };
  const missed: number[] = [];
  let total = 0;
  for (const { first, last } of ranges) {
    for (let line = first; line <= Math.min(last, lines.last); line += 1) {
      if (!lines.has(line)) continue;
      total += 1;
      if (!lines.isRun(line)) missed.push(line);
    }
  }
  return {
    share: { covered: total - missed.length, total },
    uncovered: joined(
      missed.sort((a, b) => a - b),
      lines,
    ).map((range) => ({ file, ...range })),
  };
}

/** Neighbours are told as one; what stands between them may be lines with nothing to run. */
function joined(missed: readonly number[], lines: CoveredLines): LineRange[] {
  const ranges: { first: number; last: number }[] = [];
  for (const line of missed) {
    const before = ranges.at(-1);
    if (before !== undefined && isGap(before.last, line, lines)) before.last = line;
    else ranges.push({ first: line, last: line });
  }
  return ranges;
}

function isGap(from: number, to: number, lines: CoveredLines): boolean {
  for (let line = from + 1; line < to; line += 1) if (lines.has(line)) return false;
  return to - from <= 3;
}

/** Types alone have no line that can be run; so nothing is wrong with it by that alone. */
async function silentOf(
  changed: readonly SourceChange[],
  files: ReadonlyMap<string, CoveredLines>,
  commit: Measured,
): Promise<Silent[]> {
  const empty = changed
    .filter(({ path }) => files.get(path)?.total === 0 && commit.isSource(path))
    .slice(0, SILENT_MAX);
  if (empty.length === 0) return [];
  const texts = await commit.texts(empty.map(({ path }) => path));
  return empty.flatMap(({ path: file, lines }): Silent[] => {
    const line = firstRunnable(file, texts.get(file) ?? "", lines);
    return line === undefined ? [] : [{ file, line }];
  });
}

/** Also of those that are left as they are: a report of another commit is wrong in both. */
function beyondTheirEnd(
  changed: ReadonlySet<string>,
  files: ReadonlyMap<string, CoveredLines>,
  lengths: ReadonlyMap<string, number>,
): Beyond[] {
  const beyond = [...files].flatMap(([file, { last: line }]): Beyond[] => {
    const length = lengths.get(file) ?? 0;
    return line > length ? [{ file, line, length, isChanged: changed.has(file) }] : [];
  });
  return beyond.sort((a, b) => Number(b.isChanged) - Number(a.isChanged));
}
