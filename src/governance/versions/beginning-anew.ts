import semver from "semver";
import type { ReleaseBasis } from "./basis.ts";

/**
 * Why a version may not be the first one: there were releases, tagged without the `v`. What was published as
 * a first release cannot be taken back.
 *
 * @param version what would be released
 */
export function beginningAnew(
  { elsewhere, reachable, ignored }: ReleaseBasis,
  version: string,
): string | undefined {
  if (reachable.length > 0 || elsewhere.length > 0) return undefined;
  const [last] = ignored
    .filter((name) => semver.valid(name) === name && semver.prerelease(name) === null)
    .sort(semver.rcompare);
  if (last === undefined) return undefined;
  return (
    `no tag of a release is there, and tags such as ${last} are, which lack the v: v${version} would begin ` +
    `anew. Tag the commit of the last release once more, as v${last}, and push that`
  );
}
