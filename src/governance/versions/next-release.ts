import semver from "semver";
import type { CalculateRelease, ReleaseType } from "../../ports/release-calculation.ts";
import type { SourceRefs } from "../../ports/source-refs.ts";
import { beginningAnew } from "./beginning-anew.ts";
import { identifierOf, refsFor, RELEASED, STABLE_BESIDE, type ReleaseBasis } from "./basis.ts";
import { freeVersion } from "./burned.ts";
import type { ReleaseSettings } from "./settings.ts";
import type { VersionTag } from "./version-tags.ts";

/** The release that would come next from a branch. */
export interface NextRelease {
  readonly basis: ReleaseBasis;
  /** The release that commits are counted from; undefined before the first. */
  readonly previous: { readonly version: string; readonly tag: string } | undefined;
  /** Hashes and headers of the commits since, the newest first. */
  readonly commits: readonly { readonly id: string; readonly header: string }[];
  /** Undefined where nothing asks for a release. */
  readonly next:
    | {
        readonly version: string;
        readonly tag: string;
        readonly type: ReleaseType;
        /** The first commit that asks for as much. */
        readonly because: { readonly id: string; readonly header: string };
        readonly notes: string;
      }
    | undefined;
  /** Why it may not be released, each with what to do. */
  readonly problems: readonly string[];
  /** What else is worth knowing. */
  readonly warnings: readonly string[];
}

/**
 * Works out the release that the commits of a branch ask for, and whether anything is in its way.
 *
 * @param url where links of the notes lead to
 * @throws release.uncalculated, source.history
 */
export async function nextRelease(
  basis: ReleaseBasis,
  settings: ReleaseSettings,
  { refs, calculate }: { readonly refs: SourceRefs; readonly calculate: CalculateRelease },
  url: string | undefined,
): Promise<NextRelease> {
  const { branch } = basis;
  const identifier = identifierOf(branch);
  const deciding = refsFor(basis);
  await using repository = await refs.copy(deciding);
  const { previous, commits, next } = await calculate({
    repository,
    commitsSince: (version) =>
      refs.messages(version === undefined ? undefined : deciding.tags.get(`v${version}`), basis.head),
    branch: RELEASED,
    prerelease: identifier === undefined ? undefined : { identifier, stable: STABLE_BESIDE },
    preset: settings.preset,
    instead: (version) => freeVersion(version, settings),
    url,
  });
  // A checkout of an old commit is no branch that lacks something.
  const later = basis.elsewhere.length === 0 ? new Set<string>() : await refs.tagsWith(basis.head);
  const missing = basis.elsewhere.filter(({ name }) => !later.has(name));
  return {
    basis,
    previous: previous === undefined ? undefined : { version: previous, tag: `v${previous}` },
    commits,
    next:
      next === undefined
        ? undefined
        : {
            version: next.version,
            tag: `v${next.version}`,
            type: next.type,
            because: commits.find(({ id }) => id === next.because)!,
            notes: next.notes,
          },
    problems: next === undefined ? [] : problemsOf(next.version, basis, missing, settings),
    warnings: warningsOf(basis, next?.version, { later, missing }),
  };
}

function problemsOf(
  version: string,
  basis: ReleaseBasis,
  missing: readonly VersionTag[],
  { develop }: ReleaseSettings,
): string[] {
  const { branch } = basis;
  const anew = beginningAnew(basis, version);
  const problems = anew === undefined ? [] : [anew];
  const base = baseOf(version);
  if (branch.kind === "line" && base !== branch.version) {
    problems.push(
      `${branch.name} says ${branch.version}, and its commits ask for ${base}. ` +
        `Take back what asks for another version, or cut ${branch.name.replace(branch.version, base)}.`,
    );
  }
  if (branch.kind === "maintenance" && !semver.satisfies(version, branch.range)) {
    problems.push(
      `${branch.name} takes versions ${branch.range} alone, and its commits ask for ${version}. ` +
        "Take back what asks for more than that.",
    );
  }
  const taken = missing.find((tag) => tag.version === version);
  if (taken !== undefined) {
    problems.push(
      `${taken.name} is there already, on commit ${taken.commit.slice(0, 7)}, which ${branch.name} does ` +
        "not have. Merge that release into it first.",
    );
  }
  if (branch.kind === "stable" || branch.kind === "maintenance") return problems;
  const ahead = missing
    .filter(
      ({ channel, version: there }) => channel === undefined && there !== version && semver.gte(there, base),
    )
    .sort((a, b) => semver.rcompare(a.version, b.version))[0];
  if (ahead !== undefined) {
    problems.push(
      `${ahead.name} is released, and ${branch.name} does not have it: ${version} would come before it. ` +
        `Merge ${ahead.name} back into ${develop}, and from there.`,
    );
  }
  return problems;
}

function warningsOf(
  basis: ReleaseBasis,
  version: string | undefined,
  { later, missing }: { readonly later: ReadonlySet<string>; readonly missing: readonly VersionTag[] },
): string[] {
  const { head } = basis;
  const counting = new Set([...basis.reachable, ...basis.elsewhere].map((tag) => tag.version));
  // Tagged once more with its v, it is no riddle any more.
  const ignored = basis.ignored.filter((name) => !counting.has(name));
  const warnings: string[] = [];
  if (ignored.length > 0) {
    warnings.push(
      `${ignored.length === 1 ? "a tag counts" : `${ignored.length} tags count`} for nothing, such as ` +
        `${ignored[0]!}: a release is tagged \`v\` and three numbers, as v1.2.3`,
    );
  }
  if (version === undefined) return warnings;
  if (later.has(`v${version}`)) {
    warnings.push(`v${version} is there already, on a commit that came after ${head.slice(0, 7)}`);
  }
  return [...warnings, ...outOfOrder(basis, version, missing)];
}

/** Releases after which this one comes, though its version is lower. */
function outOfOrder(
  { branch, reachable }: ReleaseBasis,
  version: string,
  missing: readonly VersionTag[],
): string[] {
  const identifier = identifierOf(branch);
  const higher = (tags: readonly VersionTag[]): VersionTag | undefined =>
    tags
      .filter((tag) => semver.gt(tag.version, version))
      .sort((a, b) => semver.rcompare(a.version, b.version))[0];
  if (identifier === undefined) {
    const stable =
      branch.kind === "stable" ? higher(missing.filter(({ channel }) => channel === undefined)) : undefined;
    if (stable === undefined) return [];
    return [
      `${stable.name} is released, and ${branch.name} does not have it: ${version} comes before it, and is ` +
        "not made the latest",
    ];
  }
  // What is one word is a channel of its own, whose name is compared as one.
  const glued = higher(
    [...reachable, ...missing].filter(
      ({ channel, version: there }) =>
        channel?.startsWith(identifier) === true &&
        /^\d+$/.test(channel.slice(identifier.length)) &&
        baseOf(there) === baseOf(version),
    ),
  );
  if (glued === undefined) return [];
  return [
    `${glued.name} is higher than ${version}: without a dot before its number it is another word than ` +
      `'${identifier}', and what compares versions takes it for the newer one`,
  ];
}

/** `1.3.0` of `1.3.0-rc.1`. */
function baseOf(version: string): string {
  const { major, minor, patch } = semver.parse(version)!;
  return `${major}.${minor}.${patch}`;
}
