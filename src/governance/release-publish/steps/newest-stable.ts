import semver from "semver";
import type { Forge } from "../../../ports/forge.ts";
import { told } from "../../steps/told.ts";
import { versionTags } from "../../versions/version-tags.ts";

/** The highest stable version that the forge has a tag of, of those that are wanted. */
export async function newestStable(
  forge: Forge,
  isWanted: (version: string) => boolean,
): Promise<string | undefined> {
  const tags = told(await forge.tags.beginningWith("v"), "its tags");
  const { counting } = versionTags(tags.map(({ name, object }) => ({ name, object, commit: object })));
  return counting
    .filter(({ channel, version }) => channel === undefined && isWanted(version))
    .map(({ version }) => version)
    .sort(semver.rcompare)[0];
}
