import semver from "semver";
import type { SourceTag } from "../../ports/source-refs.ts";

/** A tag that is a release: `v` and a whole version, https://semver.org. */
export interface VersionTag {
  readonly name: string;
  readonly version: string;
  readonly commit: string;
  /** Hash of the tag itself, which is the commit's where it is not annotated. */
  readonly object: string;
  /** `beta` of `1.0.0-beta.2`; undefined of a stable version. */
  readonly channel: string | undefined;
}

/** Tags, and which of them are releases. */
export interface VersionTags {
  readonly counting: readonly VersionTag[];
  /**
   * Names of tags that look like versions and are none that counts: without `v`, of two or four numbers, with
   * build metadata, which no tag has here.
   */
  readonly ignored: readonly string[];
}

/** A tag that moves, such as `v1` and `v1.2`: it names a release and is none. */
const FLOATING = /^v\d+(?:\.\d+)?$/;

export function versionTags(tags: readonly SourceTag[]): VersionTags {
  const counting: VersionTag[] = [];
  const ignored: string[] = [];
  for (const { name, commit, object } of tags) {
    const version = name.startsWith("v") ? name.slice(1) : "";
    const parsed = semver.parse(version);
    // `semver` reads more than one spelling of a version; a tag has to have the one.
    if (parsed !== null && parsed.version === version) {
      counting.push({ name, version, commit, object, channel: channelOf(version) });
    } else if (/^[vV]?\d+(?:\.\d+)+/.test(name) && !FLOATING.test(name)) {
      ignored.push(name);
    }
  }
  return { counting, ignored };
}

/** The channel that a version names; undefined of a stable one. */
export function channelOf(version: string): string | undefined {
  const prerelease = semver.prerelease(version) ?? [];
  const named = prerelease.find((part) => typeof part === "string");
  return prerelease.length === 0 ? undefined : (named ?? String(prerelease[0]));
}
