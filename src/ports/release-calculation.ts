import type { RepositoryCopy, SourceMessage } from "./source-refs.ts";

/** How much a release changes: https://semver.org */
export type ReleaseType = "major" | "minor" | "patch";

/** The convention that commit messages are read by. */
export const PRESETS = ["conventionalcommits", "angular"] as const;
export type Preset = (typeof PRESETS)[number];

/** What a release is calculated from. */
export interface CalculationRequest {
  /**
   * A repository whose tags are `v` and a version, all of which count; tags of pre-releases are on the
   * channel that notes in `refs/notes/semantic-release` name.
   */
  readonly repository: RepositoryCopy;
  /**
   * The commits since a version, the newest first; without one all of them. The library's own reading takes
   * its log apart by marks that a message may hold too.
   */
  readonly commitsSince: (version: string | undefined) => Promise<readonly SourceMessage[]>;
  /** The branch that is checked out there. */
  readonly branch: string;
  /** For a pre-release, such as `beta`; then another branch of the repository is the stable one. */
  readonly prerelease: { readonly identifier: string; readonly stable: string } | undefined;
  readonly preset: Preset;
  /** The version that is released instead of one that the commits ask for, where that may not be used. */
  readonly instead: (version: string) => string;
  /** Where links of the notes lead to; without, they name a place that is none. */
  readonly url: string | undefined;
}

/** The release that the commits since the last one ask for. */
export interface CalculatedRelease {
  readonly version: string;
  readonly type: ReleaseType;
  /** Hash of the commit that asks for as much; of several the first that did. */
  readonly because: string;
  /** Markdown, with the version as its heading. */
  readonly notes: string;
}

/** What came of it. */
export interface ReleaseCalculation {
  /** The version that the commits are counted from; undefined before the first. */
  readonly previous: string | undefined;
  /** Hashes and headers of the commits since, the newest first. */
  readonly commits: readonly { readonly id: string; readonly header: string }[];
  /** Undefined where nothing asks for a release. */
  readonly next: CalculatedRelease | undefined;
}

/**
 * Calculates which version comes next and what it is told by. Laws: nothing is written but in the repository
 * that was given, nothing is fetched, and no file of the project that is released is read or executed.
 *
 * @throws release.uncalculated
 */
export type CalculateRelease = (request: CalculationRequest) => Promise<ReleaseCalculation>;
