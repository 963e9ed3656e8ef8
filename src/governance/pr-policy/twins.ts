import { HoldfastError } from "../../kernel/errors.ts";
import type { SourceCommit, SourceHistory, SourceRange } from "../../ports/source-history.ts";
import { fits } from "../dependencies/glob.ts";
import type { Description } from "../description/description.ts";
import type { Policy } from "./settings.ts";

/** A branch that what is judged has to reach too. */
export interface Twin {
  readonly branch: string;
  /** Commits that it has not got in any form; undefined where git could not say. */
  readonly lacking: readonly SourceCommit[] | undefined;
  /** Why git could not say. */
  readonly why: string | undefined;
}

/** What is merged, by the names of its branches. */
export interface Merged {
  readonly head: string | undefined;
  readonly base: string;
  readonly description: Description;
}

/**
 * Asks git whether the twins of a branch have its commits. One for which the description names a pull request
 * is not asked about: it gets them.
 */
export async function askTwins(
  { head, base, description }: Merged,
  { branches, rules }: Policy,
  range: SourceRange,
  history: SourceHistory,
): Promise<readonly Twin[]> {
  if (head === undefined || rules.twin === "off") return [];
  const mine = branches.twins.filter((each) => fits(each.head, head) && fits(each.base, base));
  const names = [...new Set(mine.map(({ also }) => also))].filter((name) => name !== base);
  const twins: Twin[] = [];
  for (const branch of names) {
    if (isDeclared(branch, description)) continue;
    twins.push({ branch, ...(await lackingOf(branch, base, range, history)) });
  }
  return twins;
}

async function lackingOf(
  branch: string,
  base: string,
  range: SourceRange,
  history: SourceHistory,
): Promise<Omit<Twin, "branch">> {
  // Beside the base, with the name of the same remote; a branch of this machine may be old, or nobody else's.
  const remote = range.base.endsWith(`/${base}`) ? range.base.slice(0, -base.length) : "";
  // What everybody has counts before what this machine has.
  const names = [...new Set([...(remote === "" ? [] : [`${remote}${branch}`]), `origin/${branch}`, branch])];
  let why = "";
  for (const name of names) {
    try {
      const twin = await history.commit(name);
      return { lacking: await history.lacking(range, twin), why: undefined };
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.code !== "source.history") throw error;
      if (why === "") why = error.message;
    }
  }
  return { lacking: undefined, why };
}

const PULL = /(?:^|[\s(:])(?:[\w.-]+\/[\w.-]+)?#\d+|\/pull\/\d+|![0-9]+/;

/** Without the marks and the full stop that may end a word; read from its end, however long it is. */
function withoutMarks(word: string): string {
  let end = word.length;
  while (end > 0 && ".*_".includes(word[end - 1]!)) end -= 1;
  return word.slice(0, end);
}

/** A line, or what stands under a heading, that names both the branch and a pull request. */
export function isDeclared(branch: string, { sections }: Description): boolean {
  const names = (text: string): boolean =>
    text.split(/[\s`"'()[\],;:]+/).some((word) => withoutMarks(word).toLowerCase() === branch.toLowerCase());
  return sections.some(
    ({ heading, text }) =>
      text.split("\n").some((line) => names(line) && PULL.test(line)) || (names(heading) && PULL.test(text)),
  );
}
