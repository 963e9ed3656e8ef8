import { sha256 } from "../../../kernel/streams.ts";
import type { Finding } from "../../../nouns/catalog/manifest.ts";
import type { Difference } from "../../../nouns/content/compare/compare-content.ts";
import type { ListedProblem } from "../loading/listed-problem.ts";
import { adviceSentence } from "./advice.ts";

/** A receipt is for people too: of a thousand alike problems the first ones tell the story. */
const PROBLEMS_MAX = 50;

/** What pg_restore reported, as gaps: each once, the first ones in full. */
export function problemGaps(
  problems: readonly ListedProblem[],
  incomplete: ReadonlyMap<string, string>,
): Difference[] {
  const different = [...new Map(problems.map((problem) => [keyOf(problem), problem])).values()];
  const [lacking, others] = [true, false].map((wanted) =>
    different.filter(({ lacks }) => (lacks !== undefined) === wanted),
  ) as [ListedProblem[], ListedProblem[]];
  // What failed for lack of an extension follows from a gap that is named; it must not crowd out what has
  // another cause.
  return [...someOf(others, incomplete), ...someOf(lacking, incomplete)];
}

/** An entry's title is without its schema, and has of two tables of one name only one. */
function keyOf({ entry, message, of }: ListedProblem): string {
  return [entry, of?.about, of?.name, message].join("\n");
}

/**
 * What names no object is named by a digest of all that it says: the same every night, and another as soon as
 * anything else is among it.
 */
function nameless(word: string, texts: readonly string[]): string {
  return `${word} (${sha256(JSON.stringify([...texts].sort())).slice(0, 8)})`;
}

function someOf(problems: readonly ListedProblem[], incomplete: ReadonlyMap<string, string>): Difference[] {
  const gaps = problems.slice(0, PROBLEMS_MAX).map((problem): Difference => {
    if (problem.of !== undefined) return { severity: "gap", ...problem.of, message: problem.message };
    const found = problemGap(
      problem.entry === "" ? nameless("problem", [problem.message]) : problem.entry,
      `reported: ${problem.message}${adviceSentence(problem, incomplete)}`,
    );
    return lackingGap(found, problem.lacks ?? []);
  });
  const more = problems.slice(gaps.length);
  return more.length === 0
    ? gaps
    : [
        ...gaps,
        lackingGap(
          problemGap(
            nameless(`${more.length} more`, problems.map(keyOf)),
            `reported ${more.length} more problems`,
          ),
          [...new Set(more.flatMap(({ lacks }) => lacks ?? []))],
        ),
      ];
}

function lackingGap(found: Finding, needs: readonly string[]): Difference {
  return needs.length === 0
    ? found
    : { ...found, message: `${found.message} (needs ${needs.join(", ")}, not available here)`, needs };
}

function problemGap(name: string, message: string): Finding {
  return { severity: "gap", about: "pg_restore", name, message };
}

/** What it warned of, each once. */
export function warningGaps(warnings: readonly string[]): Finding[] {
  return [...new Set(warnings)].map((text) => problemGap(nameless("warning", [text]), `warned: ${text}`));
}
