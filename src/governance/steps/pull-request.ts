import type { Clock } from "../../ports/clock.ts";
import type { Forge } from "../../ports/forge.ts";
import type { ForgePull, NewPull, PullBetween } from "../../ports/forge-pulls.ts";
import type { Observed } from "./step.ts";
import { told } from "../../nouns/forge/told.ts";

/** GitHub works out whether a pull request conflicts once somebody asks, and takes a moment for it. */
const LOOKS = 5;
const PAUSE_MS = 1_000;

/** Which pull requests are meant. */
export interface PullWanted extends Pick<NewPull, "head" | "base"> {
  /**
   * What its branch is on: what it has to have brought, where commits may come there after one was merged,
   * and which of those that were closed were about it.
   */
  readonly commit?: string;
}

/** What to say of a pull request that brings one branch into another. */
export interface PullWords {
  /** `v1.3.0 into develop` */
  readonly what: string;
  /** What was meant to be true once it is merged, and was not; and what to do. */
  readonly unproved: { readonly what: string; readonly hint: string };
  /** What to do about conflicts; that the base is merged into its branch, unless told. */
  readonly conflicting?: string;
}

/**
 * How a pull request of this repository stands that is not needed any more once `isThere` says so.
 *
 * @param isThere whether the base has what it brings, by history and not by what the pull request is called
 * @throws forge.untold and what asking a forge throws
 */
export async function observePull(
  { head, base, commit }: PullWanted,
  { what, unproved, conflicting }: PullWords,
  isThere: () => Promise<boolean>,
  { forge, clock, cancelled }: PullSurroundings,
): Promise<Observed> {
  if (await isThere()) return { kind: "true", what: `${base} has ${what}` };
  const all = told(await forge.pulls.between({ head, base }), `pull requests of ${head}`);
  const open = all.find(({ isOpen }) => isOpen);
  if (open !== undefined) return await observeOpen(open.number);
  if (all.some((each) => each.isMerged && each.commit === (commit ?? each.commit))) {
    return { kind: "wrong", ...unproved };
  }
  const closed = await declined(all, commit, forge);
  if (closed === undefined) {
    return { kind: "missing", what: `open a pull request of ${head} into ${base}` };
  }
  return {
    kind: "wrong",
    what: `#${closed.number} of ${head} into ${base} was closed and not merged: ${closed.url}`,
    hint: "Open it again and merge it, or bring the commits there by another one.",
  };

  async function observeOpen(number: number): Promise<Observed> {
    const pull = await mergeability(number, { forge, clock, cancelled });
    if (pull.conflicts === true) {
      return {
        kind: "wrong",
        what: `#${number} of ${head} into ${base} conflicts: ${pull.url}`,
        hint:
          conflicting ??
          `Merge ${base} into ${head}, solve the conflicts there, and push ${head}; then merge it.`,
      };
    }
    const unknown = pull.conflicts === undefined ? "; GitHub has not told yet whether it conflicts" : "";
    return {
      kind: "waits",
      what: `#${number} of ${head} into ${base} is to be merged: ${pull.url}${unknown}`,
    };
  }
}

/**
 * The pull request that somebody closed instead of merging it, so that none is opened behind their back.
 * Whoever deletes a branch closes its pull request too, and GitHub opens none again of a branch that was made
 * anew: one whose commits the branch has not any more says nothing of those that it has.
 *
 * @param all of one branch into another, none of them open; the newest first
 * @param commit that the branch is on; without it the newest counts, whatever it had
 */
export async function declined(
  all: readonly PullBetween[],
  commit: string | undefined,
  forge: Forge,
): Promise<PullBetween | undefined> {
  const [newest] = all;
  if (newest === undefined || newest.isMerged) return undefined;
  if (commit === undefined || newest.commit === commit) return newest;
  const standing = await forge.branches.standing(newest.commit, commit);
  // What cannot be asked about stays declined.
  const isGone = standing.kind === "found" && !["ahead", "identical"].includes(standing.value);
  return isGone ? undefined : newest;
}

/** What asking about a pull request needs. */
export interface PullSurroundings {
  readonly forge: Forge;
  readonly clock: Pick<Clock, "sleep">;
  readonly cancelled: AbortSignal;
}

/** A pull request, once the forge says whether it conflicts; or after a while without that. */
export async function mergeability(
  number: number,
  { forge, clock, cancelled }: PullSurroundings,
): Promise<ForgePull> {
  for (let look = 1; ; look += 1) {
    const pull = told(await forge.pulls.pull(number), `pull request #${number}`);
    if (pull.conflicts !== undefined || !pull.isOpen || look === LOOKS) return pull;
    await clock.sleep(PAUSE_MS, cancelled);
  }
}
