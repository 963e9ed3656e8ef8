import semver from "semver";
import { readBasis } from "../versions/basis.ts";
import { hasCommit, isHere } from "../versions/local-commit.ts";
import type { LiveLine } from "../versions/live-lines.ts";
import { mergedLine, type MergedLine } from "../versions/merged-line.ts";
import { nextRelease, type NextRelease } from "../versions/next-release.ts";
import type { BranchAtForge } from "../versions/stable-branch.ts";
import { tagsOfForge } from "../versions/tags-of-forge.ts";
import { versionTags } from "../versions/version-tags.ts";
import type { CuttingFrom } from "./cutting-from.ts";

/**
 * Why nothing is cut while a release waits in the stable branch to be published: it has no tag yet, and where
 * its branch is gone nothing else says that its commits are told already. One that `release publish` would
 * refuse waits for nothing, and is not in the way of what takes its place.
 *
 * @param head what is cut from
 * @param lines release branches that are still there; what comes after those is counted from them
 * @returns with what to do; undefined where none waits
 * @throws release.uncalculated, source.history; forge.untold and what asking a forge throws
 */
export async function waitingRelease(
  head: string,
  stable: BranchAtForge,
  lines: readonly LiveLine[],
  from: CuttingFrom,
): Promise<string | undefined> {
  const { forge, history } = from;
  const released = versionTags((await tagsOfForge(head, forge, from)).tags).counting;
  if (released.some((tag) => tag.channel === undefined && tag.commit === stable.commit)) return undefined;
  const isKnown = await isHere(stable.commit, history);
  const planned = isKnown ? await plannedAt(stable, from) : undefined;
  const merged = await mergedLine(
    { head: stable.commit, commits: planned?.commits ?? [] },
    stable.name,
    from,
  );
  if (merged === undefined) return undefined;
  const isTold = [...released, ...lines].some(({ version }) => version === merged.version);
  if (isTold) return undefined;
  if (planned !== undefined) {
    const isNext = await wouldBePublished(merged, planned, from);
    return isNext ? toBePublished(merged.name, merged.number, stable) : undefined;
  }
  return (
    `${merged.name} was merged into ${stable.name} by #${merged.number}, and this checkout does not have ` +
    `${stable.commit.slice(0, 7)}, which that is on. Run \`git fetch origin\`, and again.`
  );
}

/** That a merged release has to be published before another is cut. */
export function toBePublished(branch: string, number: number, stable: BranchAtForge): string {
  return (
    `${branch} was merged into ${stable.name} by #${number}, and is not released yet. Run ` +
    `\`holdfast release publish\` on ${stable.name}, merge it back, and cut what comes after it.`
  );
}

async function plannedAt({ name, commit }: BranchAtForge, from: CuttingFrom): Promise<NextRelease> {
  const { settings, forge, url } = from;
  const tags = await tagsOfForge(commit, forge, from);
  return await nextRelease(
    await readBasis(name, settings, from, { head: commit, tags }),
    settings,
    from,
    url,
  );
}

/** Merged, its commits have to ask for its version; squashed, its name is believed. */
async function wouldBePublished(
  { version, tip }: MergedLine,
  { basis, next }: NextRelease,
  { history }: CuttingFrom,
): Promise<boolean> {
  if (next?.version === version) return true;
  if (await hasCommit(basis.head, tip, history)) return false;
  const isPassed = basis.reachable.some((tag) => semver.gte(tag.version, version));
  return !isPassed && (next === undefined || semver.lt(next.version, version));
}
