import { isHoldfastError } from "../../kernel/errors.ts";
import type { Forge } from "../../ports/forge.ts";
import type { ForgePull } from "../../ports/forge-pulls.ts";
import type { SourceHistory, SourceRange } from "../../ports/source-history.ts";
import type { Description } from "../description/description.ts";
import { namedIn } from "../description/named-pulls.ts";

/** Pull requests that a description names for a branch. */
export interface NamedTwin {
  /** As they are written. */
  readonly names: readonly string[];
  /** Whether one of them brings the commits there; `unasked` where nobody could be asked. */
  readonly verdict: "brings" | "unasked" | "none";
  /** Why none of them does. */
  readonly why: readonly string[];
}

/** What is to reach the branch. */
export interface Hotfix {
  readonly head: string;
  readonly base: string;
  readonly description: Description;
  readonly commits: readonly { readonly message: string; readonly isMerge: boolean }[];
}

/**
 * Asks the forge for the pull requests that are named for a branch: one of them has to be into it, not closed
 * without a merge, and bring the same commits.
 */
export async function askNamed(
  branch: string,
  hotfix: Hotfix,
  range: SourceRange,
  { history, forge }: { readonly history: SourceHistory; readonly forge: Forge | undefined },
): Promise<NamedTwin> {
  const named = namedIn(branch, hotfix.description);
  const names = [...new Set(named.map(({ text }) => text))];
  if (forge === undefined) return { names, verdict: "unasked", why: [] };
  const why: string[] = [];
  for (const { text, repository, number } of named) {
    const isOwn = repository === undefined || repository.toLowerCase() === forge.repository.toLowerCase();
    if (number === undefined || !isOwn) {
      why.push(`${text} is no pull request of ${forge.repository}`);
      continue;
    }
    const answer = await forge.pulls.pull(number);
    if (answer.kind !== "found") {
      const told = answer.kind === "hidden" ? `${answer.why}; ${answer.permission}` : "it is not there";
      why.push(`${text} is not shown to this token (${told})`);
      continue;
    }
    const wrong = await wrongWith(answer.value, { branch, hotfix, range, history, forge });
    if (wrong === undefined) return { names, verdict: "brings", why: [] };
    why.push(`${text} ${wrong}`);
  }
  return { names, verdict: "none", why };
}

interface Bringing {
  readonly branch: string;
  readonly hotfix: Hotfix;
  readonly range: SourceRange;
  readonly history: SourceHistory;
  readonly forge: Forge;
}

/** Undefined where it brings the commits to the branch. */
async function wrongWith(pull: ForgePull, about: Bringing): Promise<string | undefined> {
  const { branch, hotfix, forge } = about;
  if (pull.base.branch !== branch) return `is into ${pull.base.branch}`;
  if (!pull.isOpen && !pull.isMerged) return "was closed, and not merged";
  // An open one takes along whatever its branch gets: the same, or the one that it is merged into here. Of a
  // fork's branch, and of what was merged before, a name says nothing.
  const isOwn = pull.isOpen && pull.head.repository === forge.repository.toLowerCase();
  if (isOwn && (pull.head.branch === hotfix.head || pull.head.branch === hotfix.base)) return undefined;
  const has = await hasThem(pull, about);
  if (has === undefined) return "does not show its commits to this token, and this checkout has them not";
  return has ? undefined : "has not these commits";
}

/** By what git knows of its head, else by what its commits are called; undefined where nobody tells. */
async function hasThem(
  pull: ForgePull,
  { hotfix, range, history, forge }: Bringing,
): Promise<boolean | undefined> {
  try {
    const head = await history.commit(pull.head.commit);
    if ((await history.lacking(range, head)).length === 0) return true;
  } catch (error) {
    if (!isHoldfastError(error, "source.history")) throw error;
  }
  const theirs = await forge.pulls.commitsOf(pull.number);
  if (theirs.kind !== "found") return undefined;
  const headers = new Set(theirs.value.map(({ message }) => headerOf(message)));
  const own = hotfix.commits.filter(({ isMerge }) => !isMerge);
  return own.length > 0 && own.every(({ message }) => headers.has(headerOf(message)));
}

function headerOf(message: string): string {
  return message.trim().split("\n")[0]!.trim();
}
