import semver from "semver";
import type { CalculateRelease } from "../../ports/release-calculation.ts";
import type { Forge } from "../../ports/forge.ts";
import type { SourceHistory } from "../../ports/source-history.ts";
import type { SourceRefs } from "../../ports/source-refs.ts";
import { told, toldOrAbsent } from "../../nouns/forge/told.ts";
import { beginningAnew } from "../versions/beginning-anew.ts";
import { isOurs } from "../versions/made-by.ts";
import { readBasis, type ReleaseBasis } from "../versions/basis.ts";
import { nextRelease, type NextRelease } from "../versions/next-release.ts";
import type { ReleaseBranch } from "../versions/release-branch.ts";
import type { ReleaseSettings } from "../versions/settings.ts";
import { tagsAfter } from "../versions/tags-after.ts";
import type { TagsOfForge } from "../versions/tags-of-forge.ts";
import type { VersionTag } from "../versions/version-tags.ts";
import { bareNotes, notesInChangelog } from "./notes.ts";
import type { Release } from "./release.ts";
import { declaredVersion } from "./declared-version.ts";

/** What choosing needs. */
export interface ChoosingFrom {
  readonly branch: string;
  readonly settings: ReleaseSettings;
  readonly refs: SourceRefs;
  readonly history: SourceHistory;
  readonly calculate: CalculateRelease;
  readonly forge: Forge;
  readonly tags: TagsOfForge;
  /** Where links of notes lead to. */
  readonly url: string | undefined;
}

/** What is to be published, or why nothing is. */
export interface Chosen {
  /**
   * A release of before that a run of Holdfast has begun, and that is looked at again; what was built from
   * the checkout does not belong to it.
   */
  readonly before: Release | undefined;
  /** What the commit that is checked out is, or is to become. */
  readonly here: Release | undefined;
  /**
   * Why nothing of the commit is published, each with what to do; empty where there is just nothing to
   * release.
   */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Which releases are to be true: the one that the commit has already, which a run that was killed may have
 * left half done, or the next one; and the one before it, if it is the branch's newest and Holdfast made it.
 *
 * @throws release.uncalculated, source.history; forge.untold and what asking a forge throws
 */
export async function chooseReleases(from: ChoosingFrom): Promise<Chosen> {
  const { branch, settings, tags } = from;
  const basis = await readBasis(branch, settings, from, { tags });
  if (basis.branch.kind === "other") return nothing([notReleasing(branch, settings)]);
  const tip = toldOrAbsent(await from.forge.branches.commit(branch), `the branch ${branch}`);
  const absent = await notAtForge(basis, tip, from);
  if (absent !== undefined) return nothing([absent]);
  const own = basis.reachable.filter((tag) => isOf(basis.branch, tag));
  const here = newest(own.filter(({ commit }) => commit === basis.head));
  if (here !== undefined) {
    const warnings = leftBehind(basis, tip, from);
    return { before: undefined, here: made(here, basis.branch, from), problems: [], warnings };
  }
  const later = await releasedLater(basis, tip, from);
  if (later !== undefined) return { ...nothing([]), warnings: [later] };
  const before = await begun(newest(own), basis.branch, from);
  const planned = await nextRelease(basis, settings, from, from.url);
  const anew =
    planned.previous === undefined && planned.next !== undefined
      ? beginningAnew(basis, planned.next.version)
      : undefined;
  if (anew !== undefined) return { ...nothing([anew]), warnings: planned.warnings };
  const declared = await declaredVersion(planned, from);
  if (declared.kind === "wrong") return { ...nothing([declared.why]), before };
  if (declared.kind === "version") {
    const release = declaredRelease(declared.version, planned, declared.notes);
    return { before, here: release, problems: [], warnings: [declared.why, ...planned.warnings] };
  }
  if (planned.problems.length > 0) {
    return { ...nothing(planned.problems), before, warnings: planned.warnings };
  }
  const warnings = [...planned.warnings, ...(planned.next === undefined ? leftBehind(basis, tip, from) : [])];
  return { before, here: plannedRelease(planned), problems: [], warnings };
}

/** The release of a tag that was named, whatever is checked out. @throws forge.untold */
export async function releaseOfTag(tag: VersionTag, from: ChoosingFrom): Promise<Release> {
  const release = made(tag, branchOf(tag, from), from);
  return { ...release, mergesBack: release.mergesBack && (await isInStable(tag, from)) };
}

/** The fix of an older line is not in the stable branch, and does not come from there into others. */
async function isInStable({ commit }: VersionTag, { settings, forge }: ChoosingFrom): Promise<boolean> {
  for (const name of settings.stable) {
    const at = toldOrAbsent(await forge.branches.commit(name), `the branch ${name}`);
    if (at === undefined) continue;
    const standing = told(await forge.branches.standing(commit, at), `how ${name} stands to the release`);
    return standing === "ahead" || standing === "identical";
  }
  return false;
}

/** A tag of a commit that is not in the branch would be released from nowhere. */
async function notAtForge(
  { head }: ReleaseBasis,
  at: string | undefined,
  { branch, forge }: ChoosingFrom,
): Promise<string | undefined> {
  if (at === undefined) return `${forge.repository} has no branch ${branch}. Push it first`;
  if (at === head) return undefined;
  const standing = await forge.branches.standing(head, at);
  if (standing.kind === "found" && (standing.value === "ahead" || standing.value === "identical")) {
    return undefined;
  }
  return (
    `${head.slice(0, 7)}, which is checked out, is not in ${branch} as ${forge.repository} has it. Check ` +
    "it out as it is there, or push this first"
  );
}

/** Whoever finds nothing to do in an old checkout must not take it for what the branch has since. */
function leftBehind(
  { head }: ReleaseBasis,
  tip: string | undefined,
  { branch, forge }: ChoosingFrom,
): readonly string[] {
  if (tip === undefined || tip === head) return [];
  return [
    `${branch} of ${forge.repository} is on ${tip.slice(0, 7)}, and ${head.slice(0, 7)} is checked out: ` +
      "what came after it was not looked at. Run `git pull --ff-only`, and again, to release that",
  ];
}

/**
 * That the branch was released since from a commit which came after this one: a run that was started again,
 * or whose turn came late, has nothing to do any more. Its own version would come after a higher one, or be
 * that one, on another commit.
 */
async function releasedLater(
  { branch: kind, head, elsewhere }: ReleaseBasis,
  tip: string | undefined,
  from: ChoosingFrom,
): Promise<string | undefined> {
  if (tip === undefined || tip === head) return undefined;
  const own = elsewhere.filter((tag) => isOf(kind, tag));
  const after = [...(await tagsAfter(head, own, from))].sort((a, b) => semver.rcompare(a.version, b.version));
  for (const { name, commit } of after) {
    const standing = told(
      await from.forge.branches.standing(commit, tip),
      `how ${from.branch} stands to ${name}`,
    );
    if (standing === "ahead" || standing === "identical") {
      return `${head.slice(0, 7)} is released already: ${name}, which ${from.branch} got since, has it`;
    }
  }
  return undefined;
}

function nothing(problems: readonly string[]): Chosen {
  return { before: undefined, here: undefined, problems, warnings: [] };
}

function notReleasing(branch: string, { stable, lines }: ReleaseSettings): string {
  return (
    `nothing is released from ${branch}. Releases are made from ${stable.join(" or ")}, from ` +
    `${lines.prefix}… and from channels; which these are is said in the section release of the settings`
  );
}

/** Whether a tag is a release of this branch's kind. */
function isOf(branch: ReleaseBranch, { channel, version }: VersionTag): boolean {
  switch (branch.kind) {
    case "stable":
      return channel === undefined;
    case "maintenance":
      return channel === undefined && semver.satisfies(version, branch.range);
    case "channel":
      return channel === branch.identifier;
    case "line":
      return channel === branch.identifier && version.startsWith(`${branch.version}-`);
    case "other":
      return false;
  }
}

function newest(tags: readonly VersionTag[]): VersionTag | undefined {
  return [...tags].sort((a, b) => semver.rcompare(a.version, b.version))[0];
}

/** Only what Holdfast made is looked at again: whoever begins to use it has tags without any release. */
async function begun(
  tag: VersionTag | undefined,
  branch: ReleaseBranch,
  from: ChoosingFrom,
): Promise<Release | undefined> {
  if (tag === undefined) return undefined;
  const there = toldOrAbsent(await from.forge.tags.tag(tag.name), `the tag ${tag.name}`);
  return isOurs(there?.message) ? made(tag, branch, from) : undefined;
}

/** The branch that a release must have come from, by its version alone. */
function branchOf({ channel, version }: VersionTag, { settings }: ChoosingFrom): ReleaseBranch {
  const [name = "main"] = settings.stable;
  if (channel === undefined) return { kind: "stable", name };
  const { major, minor, patch } = semver.parse(version)!;
  if (channel !== settings.lines.identifier) return { kind: "channel", name: channel, identifier: channel };
  const base = `${major}.${minor}.${patch}`;
  return { kind: "line", name: `${settings.lines.prefix}v${base}`, version: base, identifier: channel };
}

/** A release whose tag is there. Its notes are those that it would have been made with. */
function made(tag: VersionTag, branch: ReleaseBranch, from: ChoosingFrom): Release {
  const again = async (): Promise<NextRelease> => {
    const basis = await readBasis(branch.name, from.settings, from, {
      head: tag.commit,
      without: tag.name,
      tags: { tags: from.tags.tags, within: await from.refs.tagsIn(tag.commit) },
    });
    return await nextRelease(basis, from.settings, from, from.url);
  };
  return {
    version: tag.version,
    tag: tag.name,
    commit: tag.commit,
    isPrerelease: tag.channel !== undefined,
    mergesBack: branch.kind === "stable",
    because: undefined,
    async story() {
      const { next, previous } = await again();
      const isSame = next?.version === tag.version;
      const told = isSame ? next.notes : await notesInChangelog(tag.version, tag.commit, from);
      return { notes: told ?? bareNotes(tag.version), previous: previous?.version };
    },
  };
}

function plannedRelease({ next, previous, basis }: NextRelease): Release | undefined {
  if (next === undefined) return undefined;
  return {
    version: next.version,
    tag: next.tag,
    commit: basis.head,
    isPrerelease: semver.prerelease(next.version) !== null,
    mergesBack: basis.branch.kind === "stable",
    because: next.because.id,
    story: () => Promise.resolve({ notes: next.notes, previous: previous?.version }),
  };
}

function declaredRelease(version: string, { basis, previous }: NextRelease, notes: string): Release {
  return {
    version,
    tag: `v${version}`,
    commit: basis.head,
    isPrerelease: false,
    mergesBack: true,
    because: undefined,
    story: () => Promise.resolve({ notes, previous: previous?.version }),
  };
}
