import { HoldfastError } from "../../kernel/errors.ts";
import type { Forge } from "../../ports/forge.ts";
import type { SourceCommit, SourceHistory, SourceRange } from "../../ports/source-history.ts";
import { fits } from "../../kernel/path-pattern.ts";
import type { Description } from "../description/description.ts";
import { isDeclared } from "../description/named-pulls.ts";
import { askNamed, type NamedTwin } from "./named-twin.ts";
import type { Policy } from "./settings.ts";

/** A branch that what is judged has to reach too. */
export interface Twin {
  readonly branch: string;
  /** Commits that it has not got in any form; undefined where git could not say. */
  readonly lacking: readonly SourceCommit[] | undefined;
  /** Why git could not say. */
  readonly why: string | undefined;
  /** What is known of the pull requests that the description names for it; undefined where it names none. */
  readonly named: NamedTwin | undefined;
}

/** What is merged, by the names of its branches. */
export interface Merged {
  readonly head: string | undefined;
  readonly base: string;
  readonly description: Description;
  readonly commits: readonly { readonly message: string; readonly isMerge: boolean }[];
}

/**
 * Asks git whether the twins of a branch have its commits; and of one that has not, the forge whether a pull
 * request that the description names brings them there.
 *
 * @param forge undefined where nobody can be asked
 */
export async function askTwins(
  merged: Merged,
  { branches, rules }: Policy,
  range: SourceRange,
  { history, forge }: { readonly history: SourceHistory; readonly forge: Forge | undefined },
): Promise<readonly Twin[]> {
  const { head, base, description } = merged;
  if (head === undefined || rules.twin === "off") return [];
  const mine = branches.twins.filter((each) => fits(each.head, head) && fits(each.base, base));
  const names = [...new Set(mine.map(({ also }) => also))].filter((name) => name !== base);
  const twins: Twin[] = [];
  for (const branch of names) {
    const lacked = await lackingOf(branch, base, range, history);
    const isThere = lacked.lacking?.length === 0;
    const named =
      isThere || !isDeclared(branch, description)
        ? undefined
        : await askNamed(branch, { ...merged, head }, range, { history, forge });
    twins.push({ branch, ...lacked, named });
  }
  return twins;
}

async function lackingOf(
  branch: string,
  base: string,
  range: SourceRange,
  history: SourceHistory,
): Promise<Pick<Twin, "lacking" | "why">> {
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
