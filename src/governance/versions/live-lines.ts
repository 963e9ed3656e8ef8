import type { Forge } from "../../ports/forge.ts";
import { told } from "../../nouns/forge/told.ts";
import { isBurned } from "./burned.ts";
import { lineVersion } from "./release-branch.ts";
import type { ReleaseSettings } from "./settings.ts";

/** A release branch at the forge that is not released yet. */
export interface LiveLine {
  readonly name: string;
  readonly version: string;
  /** The commit that it is on. */
  readonly commit: string;
}

/**
 * Release branches at the forge whose versions are not released.
 *
 * @throws forge.untold and what asking a forge throws
 */
export async function liveLines(
  forge: Forge,
  settings: ReleaseSettings,
  isReleased: (version: string) => boolean,
): Promise<readonly LiveLine[]> {
  const all = told(await forge.branches.beginningWith(settings.lines.prefix), "its release branches");
  return all.flatMap(({ name, commit }) => {
    const version = lineVersion(name, settings);
    // One of a version that may not be used comes to nothing.
    if (version === undefined || isBurned(version, settings)) return [];
    return isReleased(version) ? [] : [{ name, version, commit }];
  });
}
