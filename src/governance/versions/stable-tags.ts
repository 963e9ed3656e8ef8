import semver from "semver";
import type { Forge } from "../../ports/forge.ts";
import { told } from "../../nouns/forge/told.ts";
import { versionTags, type VersionTag } from "./version-tags.ts";

/**
 * Tags of stable releases that the forge has, the highest first. Of an annotated one `commit` is the
 * tag's own object: which commit it names is asked of the one that is wanted.
 */
export async function stableTags(forge: Forge): Promise<readonly VersionTag[]> {
  const all = told(await forge.tags.beginningWith("v"), "its tags");
  return versionTags(all.map(({ name, object }) => ({ name, object, commit: object })))
    .counting.filter(({ channel }) => channel === undefined)
    .sort((a, b) => semver.rcompare(a.version, b.version));
}
