import semver from "semver";
import type { ReleaseSettings } from "./settings.ts";
import type { VersionTag } from "./version-tags.ts";

/** What a branch's releases are. */
export type ReleaseBranch =
  | { readonly kind: "stable"; readonly name: string }
  /** Fixes of what is no longer the newest: a branch `5.x` or `5.2.x` takes no other versions. */
  | { readonly kind: "maintenance"; readonly name: string; readonly range: string }
  | { readonly kind: "channel"; readonly name: string; readonly identifier: string }
  /** A release branch: candidates of one version. */
  | {
      readonly kind: "line";
      readonly name: string;
      readonly version: string;
      readonly identifier: string;
    }
  /** It releases nothing; what a stable release from here would be can still be told. */
  | { readonly kind: "other"; readonly name: string };

const MAINTENANCE = /^(\d+)(?:\.(\d+))?\.x$/;

/**
 * What a branch's releases are, by its name and the settings. A branch that is called like the channel of
 * pre-releases that there are is one of that channel, whether or not it is declared.
 *
 * @param tags releases of the whole repository
 */
export function releaseBranch(
  name: string,
  settings: ReleaseSettings,
  tags: readonly VersionTag[],
): ReleaseBranch {
  if (settings.stable.includes(name)) return { kind: "stable", name };
  const declared = settings.channels.find(({ branch }) => branch === name);
  if (declared !== undefined) return { kind: "channel", name, identifier: declared.identifier };
  const version = lineVersion(name, settings);
  if (version !== undefined) {
    return { kind: "line", name, version, identifier: settings.lines.identifier };
  }
  if (MAINTENANCE.test(name)) return { kind: "maintenance", name, range: name };
  if (name !== settings.develop && tags.some(({ channel }) => channel === name)) {
    return { kind: "channel", name, identifier: name };
  }
  return { kind: "other", name };
}

/** `1.3.0` of `release/1.3.0` and of `release/v1.3.0`; undefined of what is no release branch. */
export function lineVersion(name: string, { lines }: ReleaseSettings): string | undefined {
  if (!name.startsWith(lines.prefix)) return undefined;
  const text = name.slice(lines.prefix.length).replace(/^v/, "");
  const parsed = semver.parse(text);
  return parsed !== null && parsed.version === text && parsed.prerelease.length === 0 ? text : undefined;
}
