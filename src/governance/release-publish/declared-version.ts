import semver from "semver";
import { isHoldfastError } from "../../kernel/errors.ts";
import type { Forge } from "../../ports/forge.ts";
import type { SourceHistory } from "../../ports/source-history.ts";
import { told } from "../steps/told.ts";
import type { NextRelease } from "../versions/next-release.ts";
import { lineVersion } from "../versions/release-branch.ts";
import type { ReleaseSettings } from "../versions/settings.ts";
import { bareNotes, notesInChangelog } from "./notes.ts";

/** What the release branch that was merged last says of the version. */
export type Declared =
  | { readonly kind: "nothing" }
  | { readonly kind: "version"; readonly version: string; readonly notes: string; readonly why: string }
  | { readonly kind: "wrong"; readonly why: string };

/**
 * The version that the name of a release branch says, where its pull request was squashed: then the commits
 * that asked for the version are not in the stable branch, and what is there asks for another or for none.
 *
 * @throws forge.untold; source.history
 */
export async function declaredVersion(
  { basis, next, commits }: NextRelease,
  from: {
    readonly branch: string;
    readonly settings: ReleaseSettings;
    readonly history: SourceHistory;
    readonly forge: Forge;
  },
): Promise<Declared> {
  const { branch, settings, forge, history } = from;
  if (basis.branch.kind !== "stable") return { kind: "nothing" };
  const merged = await mergedLine([basis.head, ...mentioning(commits)], branch, settings, forge);
  if (merged === undefined || merged.version === next?.version) return { kind: "nothing" };
  const { version, name, number, tip } = merged;
  const released = basis.reachable.some((tag) => semver.gte(tag.version, version));
  if (released) return { kind: "nothing" };
  if (next !== undefined && semver.gt(next.version, version)) {
    return {
      kind: "wrong",
      why:
        `${name} was merged by #${number}, and the commits of ${branch} ask for ${next.version}: ` +
        `${next.because.id.slice(0, 7)} "${next.because.header}" came there another way. Cut a release ` +
        `branch of ${next.version}, and merge that`,
    };
  }
  if (await hasIt(tip, basis.head, history)) {
    const asked = next === undefined ? "for nothing" : `for ${next.version}`;
    return {
      kind: "wrong",
      why:
        `${name} was merged by #${number} with all its commits, and they ask ${asked}. Cut a release ` +
        "branch of what they ask for, or commit what makes it that version",
    };
  }
  return {
    kind: "version",
    version,
    notes: (await notesInChangelog(version, basis.head, from)) ?? next?.notes ?? bareNotes(version),
    why:
      `#${number} of ${name} was squashed, so the commits that asked for ${version} are not in ${branch}, ` +
      "and the branch's name is believed. They will count again where they were made: merge release " +
      "branches by merge commits",
  };
}

interface MergedLine {
  readonly version: string;
  readonly name: string;
  readonly number: number;
  /** The newest commit that the branch had. */
  readonly tip: string;
}

/** A squash is named after its pull request, whose title says the version; more are not looked at. */
const LOOKED_AT = 10;

/** Commits since the last release that may be one. */
function mentioning(commits: NextRelease["commits"]): readonly string[] {
  return commits
    .filter(({ header }) => /\d+\.\d+\.\d+/.test(header))
    .slice(0, LOOKED_AT)
    .map(({ id }) => id);
}

/** Whether the branch's own commits are in the history: then it was merged, and not squashed. */
async function hasIt(tip: string, head: string, history: SourceHistory): Promise<boolean> {
  try {
    return (await history.parted({ base: await history.commit(tip), head })) === tip;
  } catch (error) {
    // A branch that was squashed and deleted is in no checkout.
    if (isHoldfastError(error, "source.history")) return false;
    throw error;
  }
}

/** The release branch that one of the commits came from by a pull request. */
async function mergedLine(
  commits: readonly string[],
  branch: string,
  settings: ReleaseSettings,
  forge: Forge,
): Promise<MergedLine | undefined> {
  for (const commit of new Set(commits)) {
    for (const number of told(await forge.pulls.ofCommit(commit), `the pull requests of ${commit}`)) {
      const { isMerged, base, head } = told(await forge.pulls.pull(number), `pull request #${number}`);
      const isOwn = head.repository === forge.repository.toLowerCase();
      const version = lineVersion(head.branch, settings);
      if (isMerged && isOwn && base.branch === branch && version !== undefined) {
        return { version, name: head.branch, number, tip: head.commit };
      }
    }
  }
  return undefined;
}
