import semver from "semver";
import type { CalculateRelease } from "../../ports/release-calculation.ts";
import type { Forge } from "../../ports/forge.ts";
import type { SourceCommit, SourceHistory } from "../../ports/source-history.ts";
import type { SourceRefs } from "../../ports/source-refs.ts";
import { listed } from "../../kernel/listed.ts";
import { readMessage } from "../commits/message.ts";
import { told, toldOrAbsent } from "../../nouns/forge/told.ts";
import { readBasis } from "../versions/basis.ts";
import { isHere, localBranch } from "../versions/local-commit.ts";
import { nextRelease } from "../versions/next-release.ts";
import { outOfStep } from "../versions/out-of-step.ts";
import type { ReleaseSettings } from "../versions/settings.ts";
import { stableBranch, type BranchAtForge } from "../versions/stable-branch.ts";
import { tagsOfForge } from "../versions/tags-of-forge.ts";
import type { VersionTag } from "../versions/version-tags.ts";

/** What finishing a hotfix is planned from. */
export interface FinishingFrom {
  readonly settings: ReleaseSettings;
  readonly history: SourceHistory;
  readonly refs: SourceRefs;
  readonly calculate: CalculateRelease;
  readonly forge: Forge;
}

/** A hotfix that is to reach its branches. */
export interface Hotfix {
  /** Its branch, and what that is on; of one that is gone what was merged of it. */
  readonly branch: string;
  readonly commit: string;
  /** The release that it fixes. */
  readonly fixes: VersionTag;
  /** What it will be released as. */
  readonly version: string;
  /** Its own, the oldest first, without merges. */
  readonly commits: readonly SourceCommit[];
  /** The branch that it is released from. */
  readonly into: BranchAtForge;
}

export type FinishPlan =
  | { readonly kind: "hotfix"; readonly hotfix: Hotfix }
  /** With what to do. */
  | { readonly kind: "problem"; readonly why: string };

/** Works out what a hotfix brings where, from what the forge has. @throws as the ports it asks */
export async function planFinish(branch: string, from: FinishingFrom): Promise<FinishPlan> {
  const { history, forge, settings } = from;
  const stable = await stableBranch(forge, settings);
  if (stable === undefined) {
    return problem(`${forge.repository} has no branch ${settings.stable.join(" or ")}.`);
  }
  const there = toldOrAbsent(await forge.branches.commit(branch), `the branch ${branch}`);
  const commit = there ?? (await mergedCommit(branch, stable.name, from));
  if (commit === undefined) return problem(`${forge.repository} has no branch ${branch}. Push it first.`);
  const step = there === undefined ? undefined : await checkedOutOfStep(branch, there, from);
  if (step !== undefined) return problem(step);
  if (!(await isHere(commit, history))) {
    return problem(
      `${branch} is on ${commit.slice(0, 7)}, which this checkout does not have. Run \`git fetch ` +
        `origin\`, and again.`,
    );
  }
  const unpushed = there === undefined ? await beyond(branch, commit, from) : undefined;
  if (unpushed !== undefined) return problem(unpushed);
  return await planCommits(branch, commit, stable, from);
}

async function planCommits(
  branch: string,
  commit: string,
  stable: BranchAtForge,
  from: FinishingFrom,
): Promise<FinishPlan> {
  const { settings, forge, history, refs } = from;
  const tags = await tagsOfForge(commit, forge, from);
  // Whatever the settings make of its name, and of release branches that it has nothing to do with.
  const plain = { ...settings, stable: [], channels: [] };
  const basis = await readBasis(branch, plain, from, { head: commit, tags, branches: [] });
  const stables = (all: readonly VersionTag[]): VersionTag[] =>
    all.filter(({ channel }) => channel === undefined).sort((a, b) => semver.rcompare(a.version, b.version));
  const [fixes] = stables(basis.reachable);
  if (fixes === undefined) {
    return problem(
      `${branch} has no stable release in its history. Begin it with \`holdfast hotfix start\`.`,
    );
  }
  const newer = stables(basis.elsewhere).filter(({ version }) => semver.gt(version, fixes.version));
  const into = await intoBranch({ branch, commit, fixes, newer, stable }, from);
  if (typeof into === "string") return problem(into);
  const { next } = await nextRelease(basis, plain, from, undefined);
  if (next === undefined) {
    return problem(
      `${branch} has nothing to release since ${fixes.name}: no commit in it is a fix. Commit what ` +
        "mends it as `fix: …`, and push it.",
    );
  }
  if (next.type !== "patch") return problem(await tooMuch(branch, fixes, commit, next.version, refs));
  const range = { base: fixes.commit, head: commit };
  const commits = (await history.commits(range)).filter(({ parents }) => parents.length < 2);
  return { kind: "hotfix", hotfix: { branch, commit, fixes, version: next.version, commits, into } };
}

/** What is checked out counts only where it is this branch. */
async function checkedOutOfStep(
  branch: string,
  there: string,
  { history, forge }: FinishingFrom,
): Promise<string | undefined> {
  if ((await history.branch()) !== branch) return undefined;
  return await outOfStep(branch, { here: await history.commit("HEAD"), there }, forge);
}

/** Of a branch that was deleted when it was merged. */
async function mergedCommit(
  head: string,
  stable: string,
  { forge, settings }: FinishingFrom,
): Promise<string | undefined> {
  for (const base of new Set([stable, settings.develop])) {
    const pulls = told(await forge.pulls.between({ head, base }), `pull requests of ${head}`);
    const merged = pulls.find(({ isMerged }) => isMerged);
    if (merged !== undefined) return merged.commit;
  }
  return undefined;
}

/**
 * A name that was used before is taken again: what was merged then is not what the checkout has now, and
 * proves nothing of it.
 */
async function beyond(
  branch: string,
  merged: string,
  { history, forge }: FinishingFrom,
): Promise<string | undefined> {
  const own = await localBranch(branch, history);
  if (own === undefined || (await history.parted({ base: own, head: merged })) === own) return undefined;
  return (
    `${forge.repository} has no branch ${branch}, and what was merged of one of that name, ` +
    `${merged.slice(0, 7)}, is not ${own.slice(0, 7)}, which it is on here. Push it; or, where it is old, ` +
    `delete it here: \`git branch -D ${branch}\``
  );
}

interface Aiming {
  readonly branch: string;
  readonly commit: string;
  readonly fixes: VersionTag;
  /** Releases that are higher than what is fixed, and not in the branch; the highest first. */
  readonly newer: readonly VersionTag[];
  readonly stable: BranchAtForge;
}

/**
 * The stable branch, as long as nothing was released from it that the hotfix does not have; else the
 * maintenance branch of the versions that it fixes.
 */
async function intoBranch(aiming: Aiming, { forge }: FinishingFrom): Promise<BranchAtForge | string> {
  const { branch, commit, fixes, newer, stable } = aiming;
  const lacks = async (tag: VersionTag | undefined): Promise<boolean> => {
    if (tag === undefined) return false;
    const standing = told(await forge.branches.standing(commit, tag.commit), `how ${tag.name} stands to it`);
    return standing === "behind" || standing === "diverged";
  };
  const wasMerged = async (base: string): Promise<boolean> => {
    const pulls = told(await forge.pulls.between({ head: branch, base }), `pull requests of ${branch}`);
    // One that was merged before, of a branch of the same name, had none of these commits.
    return pulls.some((each) => each.isMerged && each.commit === commit);
  };
  const [highest] = newer;
  if (!(await lacks(highest)) || (await wasMerged(stable.name))) return stable;
  const { major, minor } = semver.parse(fixes.version)!;
  for (const name of [`${major}.${minor}.x`, `${major}.x`]) {
    const at = toldOrAbsent(await forge.branches.commit(name), `the branch ${name}`);
    if (at === undefined) continue;
    const own = newer.find(({ version }) => semver.satisfies(version, name));
    if (!(await lacks(own)) || (await wasMerged(name))) return { name, commit: at };
  }
  return (
    `${highest!.name} was released, and ${branch}, which fixes ${fixes.name}, does not have it. Bring it ` +
    `there with \`git rebase --onto ${highest!.name} ${fixes.name} ${branch}\` and push it; or, to fix ` +
    `the older release, make a branch ${major}.${minor}.x from ${fixes.name}.`
  );
}

async function tooMuch(
  branch: string,
  fixes: VersionTag,
  commit: string,
  version: string,
  refs: SourceRefs,
): Promise<string> {
  const messages = await refs.messages(fixes.commit, commit);
  const asking = messages.filter(({ message }) => ["minor", "major"].includes(readMessage(message).impact));
  const names = asking.map(({ id, message }) => `${id.slice(0, 7)} "${readMessage(message).header}"`);
  return (
    `${branch} asks for ${version}, and a hotfix of ${fixes.name} is a patch: ${listed(names)}. Take that ` +
    "back, or release it the usual way, from develop."
  );
}

function problem(why: string): FinishPlan {
  return { kind: "problem", why };
}
