import type { Finding } from "../catalog/manifest.ts";
import { compareContent, type CompareOptions } from "../content/compare.ts";
import type { ContentRecord, ExtensionRecord } from "../content/record.ts";
import type { LoadProblem } from "../ports/dump-tools.ts";
import { searchPathAdvice } from "./search-path-advice.ts";

/** A restored copy and everything known about how it came to be. */
export interface Judgement {
  /** What the source held at the snapshot. */
  readonly expected: ContentRecord;
  /** What the copy holds. */
  readonly actual: ContentRecord;
  /** What pg_restore went past. */
  readonly problems: readonly LoadProblem[];
  /** Extensions of the source that the copy's server cannot install. */
  readonly unavailable: readonly ExtensionRecord[];
  readonly options: Omit<CompareOptions, "unavailableExtensions">;
}

/** What came of a comparison. */
export interface Judged {
  /** Differences first, gaps after. */
  readonly findings: readonly Finding[];
  /** What was compared less strictly, and why. */
  readonly notes: readonly string[];
}

/** A receipt is for people too: of a thousand alike problems the first ones tell the story. */
const PROBLEMS_MAX = 50;

/**
 * Compares and explains. What is missing for lack of an extension is a gap: it could not be proved here. What pg_restore reported always stands behind
 * the findings, as gaps: beside differences it is their cause, and without any it is still something that was not proved; never green by omission.
 */
export function judge({ expected, actual, problems, unavailable, options }: Judgement): Judged {
  const { differences, notes } = compareContent(expected, actual, { ...options, unavailableExtensions: unavailable.map((extension) => extension.name) });
  return { findings: [...differences, ...problemGaps(problems)], notes };
}

/** Each once, the first ones in full. */
function problemGaps(problems: readonly LoadProblem[]): Finding[] {
  const different = [...new Map(problems.map((problem) => [`${problem.entry}\n${problem.message}`, problem])).values()];
  const gaps = different.slice(0, PROBLEMS_MAX).map((problem) => problemGap(problem.entry, `reported: ${problem.message}${advice(problem)}`));
  const more = different.length - gaps.length;
  return more === 0 ? gaps : [...gaps, problemGap("", `reported ${more} more problems`)];
}

function advice(problem: LoadProblem): string {
  const text = searchPathAdvice(problem);
  return text === undefined ? "" : `. ${text}`;
}

function problemGap(name: string, message: string): Finding {
  return { severity: "gap", about: "pg_restore", name, message };
}

/** One finding as a sentence. */
export function findingSentence({ about, name, message }: Finding): string {
  return name === "" ? `${about}: ${message}` : `${about} ${name} ${message}`;
}
