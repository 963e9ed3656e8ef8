import semver from "semver";
import type { CopyOfRefs, SourceBranch, SourceRefs } from "../../ports/source-refs.ts";
import type { SourceHistory } from "../../ports/source-history.ts";
import { isBurned } from "./burned.ts";
import { lineVersion, releaseBranch, type ReleaseBranch } from "./release-branch.ts";
import type { ReleaseSettings } from "./settings.ts";
import type { TagsOfForge } from "./tags-of-forge.ts";
import { versionTags, type VersionTag } from "./version-tags.ts";

/** What the checkout says about its releases. */
export interface ReleaseBasis {
  readonly branch: ReleaseBranch;
  /** Hash of the commit that would be released. */
  readonly head: string;
  /** Releases that `head` has in its history. */
  readonly reachable: readonly VersionTag[];
  /** Releases that it has not. */
  readonly elsewhere: readonly VersionTag[];
  readonly ignored: readonly string[];
  /** Release branches that come before what is released here, and where they parted from it. */
  readonly linesOnTheWay: readonly { readonly version: string; readonly commit: string }[];
}

/** What is looked at otherwise than it is in the checkout. */
export interface AsIf {
  /** The commit that would be released; that which is checked out unless told. */
  readonly head?: string;
  /** Name of a release's tag that is made already, and is worked out once more. */
  readonly without?: string;
  /** Tags that count instead of those in the checkout. */
  readonly tags?: TagsOfForge;
  /** Branches that count instead of those that the checkout knows. */
  readonly branches?: readonly SourceBranch[];
}

/** Asks git. @throws source.history */
export async function readBasis(
  branch: string,
  settings: ReleaseSettings,
  { refs, history }: { readonly refs: SourceRefs; readonly history: SourceHistory },
  { head: given, without, tags: other, branches }: AsIf = {},
): Promise<ReleaseBasis> {
  const head = given ?? (await history.commit("HEAD"));
  const tags = (other?.tags ?? (await refs.tags())).filter(({ name }) => name !== without);
  const { counting: all, ignored } = versionTags(tags);
  // What was taken back is no release, though its tag may still stand, here or at the forge.
  const counting = all.filter(({ version }) => !settings.burned.includes(version));
  const there = other?.within ?? (await refs.tagsIn(head));
  const kind = releaseBranch(branch, settings, counting);
  const reachable = counting.filter(({ name }) => there.has(name));
  const isTaken = kind.kind === "stable" || kind.kind === "maintenance";
  return {
    branch: kind,
    head,
    reachable,
    elsewhere: counting.filter(({ name }) => !there.has(name)),
    ignored,
    linesOnTheWay: isTaken
      ? []
      : await linesOnTheWay(
          { kind, head, reachable },
          branches ?? (await refs.branches()),
          settings,
          history,
        ),
  };
}

/**
 * A release branch that is not released yet keeps its version: what is cut after it comes after it. A
 * remote's branch counts before the checkout's own, which may be old.
 */
async function linesOnTheWay(
  { kind, head, reachable }: { readonly kind: ReleaseBranch } & Pick<ReleaseBasis, "head" | "reachable">,
  branches: readonly SourceBranch[],
  settings: ReleaseSettings,
  history: SourceHistory,
): Promise<ReleaseBasis["linesOnTheWay"]> {
  const released = highest(reachable.filter(({ channel }) => channel === undefined));
  const lines = new Map<string, string>();
  for (const { name, remote, commit } of branches) {
    const version = lineVersion(name, settings);
    if (version === undefined || isBurned(version, settings)) continue;
    if (released !== undefined && semver.lte(version, released.version)) continue;
    if (kind.kind === "line" && semver.gte(version, kind.version)) continue;
    if (remote !== undefined || !lines.has(version)) lines.set(version, commit);
  }
  const found: { version: string; commit: string }[] = [];
  for (const [version, line] of lines) {
    const commit = await history.parted({ base: line, head });
    if (commit === undefined) continue;
    // What parted from it before the last release, as a hotfix does, does not come after it.
    const isBefore =
      released !== undefined && (await history.mergeBase({ base: commit, head: released.commit })) === commit;
    if (!isBefore) found.push({ version, commit });
  }
  return found;
}

/**
 * What the branch is called in the copy: semantic-release takes a branch `5.x` for one of maintenance, which
 * it holds against all others, and those are not there.
 */
export const RELEASED = "holdfast-released";

/** The branch that it wants beside one of pre-releases. */
export const STABLE_BESIDE = "holdfast-stable";

/**
 * The branches and tags that a release is calculated from: of releases only those that decide. Tags say
 * nothing of channels, and the notes that semantic-release writes beside its own are often not fetched, so
 * each is on the channel that its version names.
 */
export function refsFor({ branch, head, reachable, linesOnTheWay }: ReleaseBasis): CopyOfRefs {
  const identifier = identifierOf(branch);
  const stable = reachable.filter(({ channel }) => channel === undefined);
  const own = reachable.filter((tag) => tag.channel === identifier && isOfLine(tag, branch));
  const any = branch.kind === "line" ? own : reachable;
  const virtual = linesOnTheWay.map(({ version, commit }) => ({
    name: `v${version}`,
    version,
    commit,
    object: commit,
    channel: undefined,
  }));
  const deciding =
    identifier === undefined
      ? [highest([...stable, ...virtual])]
      : [highest([...stable, ...virtual]), highest(own), highest([...any, ...stable, ...virtual])];
  const tags = deciding.filter((tag) => tag !== undefined);
  const channels = Map.groupBy(
    tags.filter(({ channel }) => channel !== undefined),
    ({ commit }) => commit,
  );
  return {
    branches: new Map([
      [RELEASED, head],
      ...(identifier === undefined ? [] : [[STABLE_BESIDE, head] as const]),
    ]),
    head: RELEASED,
    tags: new Map(tags.map(({ name, commit }) => [name, commit])),
    notes: new Map([
      [
        "semantic-release",
        new Map(
          [...channels].map(([commit, on]) => [
            commit,
            JSON.stringify({ channels: [...new Set(on.map(({ channel }) => channel))] }),
          ]),
        ),
      ],
    ]),
  };
}

/** What stands in the versions of a branch's pre-releases; undefined where it releases stable ones. */
export function identifierOf(branch: ReleaseBranch): string | undefined {
  return branch.kind === "channel" || branch.kind === "line" ? branch.identifier : undefined;
}

function isOfLine({ version }: VersionTag, branch: ReleaseBranch): boolean {
  return branch.kind !== "line" || version.startsWith(`${branch.version}-`);
}

function highest(tags: readonly VersionTag[]): VersionTag | undefined {
  return tags.reduce<VersionTag | undefined>(
    (best, tag) => (best === undefined || semver.gt(tag.version, best.version) ? tag : best),
    undefined,
  );
}
