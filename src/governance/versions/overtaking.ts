import semver from "semver";
import type { Forge } from "../../ports/forge.ts";
import type { SourceHistory } from "../../ports/source-history.ts";
import type { SourceRefs } from "../../ports/source-refs.ts";
import { tagsAfter } from "./tags-after.ts";
import type { VersionTag } from "./version-tags.ts";

/**
 * The newest published release that has another in its history and is higher: who deploys the older one now
 * takes the newer one back. A stable release is overtaken by stable ones alone, and the fix of an older line
 * by nothing that does not have it.
 *
 * @param tag the release that may be overtaken; its `commit` is known
 * @param tags releases that the forge has tags of
 * @param isPublished asked of as few as possible
 * @throws forge.untold and what asking a forge throws; source.history
 */
export async function overtaking(
  tag: Pick<VersionTag, "version" | "commit" | "channel">,
  tags: readonly VersionTag[],
  {
    isPublished,
    ...around
  }: {
    readonly isPublished: (name: string) => Promise<boolean>;
    readonly forge: Forge;
    readonly refs: SourceRefs;
    readonly history: SourceHistory;
  },
): Promise<VersionTag | undefined> {
  const newer = tags
    .filter(({ channel }) => channel === undefined || channel === tag.channel)
    .filter(({ version }) => semver.gt(version, tag.version))
    .sort((a, b) => semver.rcompare(a.version, b.version));
  for (const each of await tagsAfter(tag.commit, newer, around)) {
    if (await isPublished(each.name)) return each;
  }
  return undefined;
}
