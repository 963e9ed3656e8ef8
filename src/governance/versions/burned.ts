import semver from "semver";
import type { ReleaseSettings } from "./settings.ts";

/**
 * The version that comes instead of one which may never be used again: the next patch, and of a pre-release
 * the next number. So a release branch or a maintenance branch of the same minor version keeps what is its
 * own, and no other release on its way is run into. What would become a burned version in the end is none
 * to begin either: instead of 1.3.0-rc.1 comes 1.3.1-rc.1 where 1.3.0 is burned.
 */
export function freeVersion(version: string, { burned }: Pick<ReleaseSettings, "burned">): string {
  const { major, minor, patch, prerelease } = semver.parse(version)!;
  const base = nextFree(`${major}.${minor}.${patch}`, burned, "patch");
  if (prerelease.length === 0) return base;
  const isMoved = base !== `${major}.${minor}.${patch}`;
  const parts = isMoved ? prerelease.map((part) => (typeof part === "number" ? 1 : part)) : prerelease;
  return nextFree(`${base}-${parts.join(".")}`, burned, "prerelease");
}

/** Whether a version may never be used, or leads to one that may not. */
export function isBurned(version: string, settings: Pick<ReleaseSettings, "burned">): boolean {
  return freeVersion(version, settings) !== version;
}

function nextFree(version: string, burned: readonly string[], step: "patch" | "prerelease"): string {
  return burned.includes(version) ? nextFree(semver.inc(version, step)!, burned, step) : version;
}
