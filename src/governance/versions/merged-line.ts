import type { Forge } from "../../ports/forge.ts";
import { told } from "../../nouns/forge/told.ts";
import { freeVersion } from "./burned.ts";
import { lineVersion } from "./release-branch.ts";
import type { NextRelease } from "./next-release.ts";
import type { ReleaseSettings } from "./settings.ts";

/** A release branch of this repository that was merged by a pull request. */
export interface MergedLine {
  /** What its name says, or what comes instead of that. */
  readonly version: string;
  readonly name: string;
  readonly number: number;
  /** The newest commit that the branch had. */
  readonly tip: string;
}

/** A squash is named after its pull request, whose title says the version; more are not looked at. */
const LOOKED_AT = 10;

/**
 * The release branch whose pull request brought one of the commits that are not released yet: the newest, or
 * one that says a version.
 *
 * @param head the newest commit
 * @param commits since the last release, the newest first
 * @throws forge.untold and what asking a forge throws
 */
export async function mergedLine(
  { head, commits }: { readonly head: string; readonly commits: NextRelease["commits"] },
  branch: string,
  { settings, forge }: { readonly settings: ReleaseSettings; readonly forge: Forge },
): Promise<MergedLine | undefined> {
  for (const commit of new Set([head, ...mentioning(commits)])) {
    for (const number of told(await forge.pulls.ofCommit(commit), `the pull requests of ${commit}`)) {
      const pull = told(await forge.pulls.pull(number), `pull request #${number}`);
      const isOwn = pull.head.repository === forge.repository.toLowerCase();
      const version = lineVersion(pull.head.branch, settings);
      if (pull.isMerged && isOwn && pull.base.branch === branch && version !== undefined) {
        return {
          version: freeVersion(version, settings),
          name: pull.head.branch,
          number,
          tip: pull.head.commit,
        };
      }
    }
  }
  return undefined;
}

/** Commits that may be a squash, or the merge, of a release branch. */
function mentioning(commits: NextRelease["commits"]): readonly string[] {
  return commits
    .filter(({ header }) => /\d\.\d+\.\d/.test(header))
    .slice(0, LOOKED_AT)
    .map(({ id }) => id);
}
