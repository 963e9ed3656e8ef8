import semver from "semver";
import { HoldfastError } from "../../kernel/errors.ts";
import type { Forge } from "../../ports/forge.ts";
import { told, toldOrAbsent } from "../../nouns/forge/told.ts";
import { releaseBranch } from "../versions/release-branch.ts";
import type { ReleaseSettings } from "../versions/settings.ts";
import { stableBranch, type BranchAtForge } from "../versions/stable-branch.ts";
import { stableTags } from "../versions/stable-tags.ts";

/** Where a hotfix begins. */
export interface HotfixStart {
  readonly branch: string;
  /** The release that is to be fixed. */
  readonly release: { readonly version: string; readonly tag: string; readonly commit: string };
  /** What it will be released as. */
  readonly version: string;
  /** The branch that it is merged into first. */
  readonly into: BranchAtForge;
  readonly warnings: readonly string[];
}

export type StartPlan =
  | { readonly kind: "start"; readonly start: HotfixStart }
  /** With what to do. */
  | { readonly kind: "problem"; readonly why: string };

/**
 * The release that a hotfix is begun from: the highest stable version, or that of a maintenance branch.
 *
 * @param from the maintenance branch, such as `5.x`
 * @throws input.malformed; forge.untold and what asking a forge throws
 */
export async function planStart(
  branch: string,
  from: string | undefined,
  settings: ReleaseSettings,
  forge: Forge,
): Promise<StartPlan> {
  const range = from === undefined ? undefined : rangeOf(from, settings);
  const into = await intoBranch(from, settings, forge);
  if (typeof into === "string") return { kind: "problem", why: into };
  const released = (await stableTags(forge)).find(
    ({ version }) =>
      !settings.burned.includes(version) && (range === undefined || semver.satisfies(version, range)),
  );
  if (released === undefined) return { kind: "problem", why: nothingReleased(from, forge) };
  const { name: tag, version } = released;
  const { commit } = told(await forge.tags.tag(tag), `the tag ${tag}`);
  if (commit === undefined) {
    return { kind: "problem", why: `${tag} names no commit. Tag the release's commit.` };
  }
  const standing = told(
    await forge.branches.standing(commit, into.commit),
    `how ${into.name} stands to ${tag}`,
  );
  if (standing === "behind" || standing === "diverged") {
    return {
      kind: "problem",
      why:
        `${tag} is the newest release, and ${into.name} does not have it in its history: a fix of it ` +
        `could not be merged there alone. Merge ${tag} into ${into.name} first, by a merge commit.`,
    };
  }
  return {
    kind: "start",
    start: {
      branch,
      release: { version, tag, commit },
      version: semver.inc(version, "patch")!,
      into,
      warnings: standing === "ahead" ? [unreleased(into.name, tag)] : [],
    },
  };
}

/** The commits of the branch would come along, and nobody decides so in a hurry unasked. */
function unreleased(into: string, tag: string): string {
  return (
    `${into} has commits after ${tag} that are not released: the hotfix begins without them, and is ` +
    "released together with them once it is merged, as the version that all of them ask for. Release them " +
    `first (\`holdfast release publish\` on ${into}) where they are ready; where they must not go out, ` +
    "take them back there"
  );
}

function rangeOf(from: string, settings: ReleaseSettings): string {
  const kind = releaseBranch(from, settings, []);
  if (kind.kind === "maintenance") return kind.range;
  throw new HoldfastError("input.malformed", `${from} is no maintenance branch`, {
    hint: "Give one such as 5.x or 5.2.x with --from; without it the newest release is fixed.",
  });
}

async function intoBranch(
  from: string | undefined,
  settings: ReleaseSettings,
  forge: Forge,
): Promise<BranchAtForge | string> {
  if (from === undefined) {
    const found = await stableBranch(forge, settings);
    return (
      found ??
      `${forge.repository} has no branch ${settings.stable.join(" or ")}. Say in release.stable of the ` +
        "settings which branch releases are made from."
    );
  }
  const commit = toldOrAbsent(await forge.branches.commit(from), `the branch ${from}`);
  if (commit !== undefined) return { name: from, commit };
  return `${forge.repository} has no branch ${from}. Make it from the newest tag of its versions.`;
}

function nothingReleased(from: string | undefined, { repository }: Forge): string {
  const what = from === undefined ? "stable release" : `release of ${from}`;
  return `${repository} has no tag of a ${what}, so there is nothing to fix in a hurry. Release it first.`;
}
