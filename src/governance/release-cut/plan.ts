import semver from "semver";
import { HoldfastError } from "../../kernel/errors.ts";
import { told, toldOrAbsent } from "../../nouns/forge/told.ts";
import { readBasis } from "../versions/basis.ts";
import { liveLines, type LiveLine } from "../versions/live-lines.ts";
import { nextRelease, type NextRelease } from "../versions/next-release.ts";
import { outOfStep } from "../versions/out-of-step.ts";
import { lineVersion } from "../versions/release-branch.ts";
import type { ReleaseSettings } from "../versions/settings.ts";
import { stableBranch, type BranchAtForge } from "../versions/stable-branch.ts";
import { tagsOfForge } from "../versions/tags-of-forge.ts";
import type { Cut, CutNotes } from "./cut.ts";
import type { CuttingFrom } from "./cutting-from.ts";
import { toBePublished, waitingRelease } from "./waiting-release.ts";
import { asBranch, placed, type PlacedLine } from "./lines.ts";

/** What is to be cut, or why nothing is. */
export interface CutPlan {
  /** Undefined where something is in the way, or there is nothing to release. */
  readonly cut: Cut | undefined;
  /** Notes of what is cut, as far as they could be worked out. */
  readonly notes: string;
  /** Each with what to do. */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Works out which release a branch asks for: the next of the branch that releases are cut from, or that of a
 * release branch which is there. What counts is what the forge has: its branches, its tags.
 *
 * @throws release.uncalculated, source.history; forge.untold and what asking a forge throws
 */
export async function planCut(
  branch: string,
  wanted: string | undefined,
  from: CuttingFrom,
): Promise<CutPlan> {
  const { settings, forge, history } = from;
  const line = lineVersion(branch, settings);
  if (branch !== settings.develop && line === undefined) throw noSource(branch, settings);
  const there = toldOrAbsent(await forge.branches.commit(branch), `the branch ${branch}`);
  if (there === undefined) return inTheWay([noBranch(branch, from)]);
  const here = await history.commit("HEAD");
  const step = await outOfStep(branch, { here, there }, forge);
  if (step !== undefined) return inTheWay([step]);
  const stable = await stableBranch(forge, settings);
  if (stable === undefined) return inTheWay([noStable(from)]);
  const source = { name: branch, commit: there };
  return line === undefined
    ? await planNext(source, stable, wanted, from)
    : await planLine(line, source, stable, wanted, from);
}

/** The release that comes next, or that was cut from this very commit before. */
async function planNext(
  source: BranchAtForge,
  stable: BranchAtForge,
  wanted: string | undefined,
  from: CuttingFrom,
): Promise<CutPlan> {
  const { name: branch, commit: head } = source;
  const lines = await placedLines(head, () => true, from);
  if (lines.problems.length > 0) return inTheWay(lines.problems);
  const before = lines.placed.filter(({ parted }) => parted !== head);
  const found = await releaseAt(head, before, from);
  const warnings = [...found.warnings, ...(await toldLines(lines.placed, found.next?.version, stable, from))];
  const { next } = found;
  if (next === undefined && wanted !== undefined) {
    return { ...inTheWay([nothingWanted(wanted, branch, found)]), warnings };
  }
  if (next === undefined || found.problems.length > 0) return { ...inTheWay(found.problems), warnings };
  const { version } = next;
  if (isOther(wanted, version)) {
    return { ...inTheWay([notWanted(wanted, branch, next)]), warnings };
  }
  const names = namesOf(version, lines.placed, from);
  const merged =
    (await mergedBefore(names, lines.placed, stable, from)) ??
    (await waitingRelease(head, stable, lines.placed, from));
  if (merged !== undefined) return { ...inTheWay([merged]), warnings };
  const cut = { version, from: source, names, isLine: false, stable };
  const notesAt = notesOf(version, { head, notes: next.notes }, from);
  return { cut: { ...cut, notesAt }, notes: next.notes, problems: [], warnings };
}

/** The release of a branch that is there: its name says the version, and its commits have to ask for it. */
async function planLine(
  version: string,
  source: BranchAtForge,
  stable: BranchAtForge,
  wanted: string | undefined,
  from: CuttingFrom,
): Promise<CutPlan> {
  if (isOther(wanted, version)) {
    return inTheWay([`${wanted!} was asked for, and ${source.name} is of ${version}. Check its branch out.`]);
  }
  const notesAt = notesOf(version, undefined, from);
  const found = await notesAt(source.commit);
  if (found.kind === "other") return inTheWay([found.why]);
  const cut = { version, from: source, names: [source.name], isLine: true, stable, notesAt };
  return { cut, notes: found.notes, problems: [], warnings: [] };
}

/**
 * What a stable release from a commit would be, counted from the release branches before it. Whatever the
 * settings say of the branch: candidates of a release are not what it is cut as.
 */
async function releaseAt(
  head: string,
  before: readonly PlacedLine[],
  from: CuttingFrom,
): Promise<NextRelease> {
  const { settings, forge, url } = from;
  const tags = await tagsOfForge(head, forge, from);
  const plain = { ...settings, stable: [], channels: [] };
  const asIf = { head, tags, branches: before.flatMap(asBranch) };
  const basis = await readBasis(settings.develop, plain, from, asIf);
  return await nextRelease(basis, plain, from, url);
}

/** Worked out anew for every commit but the one that is known. */
function notesOf(
  version: string,
  known: { readonly head: string; readonly notes: string } | undefined,
  from: CuttingFrom,
): (commit: string) => Promise<CutNotes> {
  const all = new Map<string, CutNotes>();
  if (known !== undefined) all.set(known.head, { kind: "notes", notes: known.notes });
  return async (commit) => {
    const found = all.get(commit) ?? (await notesFor(version, commit, from));
    all.set(commit, found);
    return found;
  };
}

async function notesFor(version: string, commit: string, from: CuttingFrom): Promise<CutNotes> {
  const lines = await placedLines(commit, (each) => semver.lt(each.version, version), from);
  const [problem] = lines.problems;
  if (problem !== undefined) return { kind: "other", why: problem };
  const { next, problems } = await releaseAt(commit, lines.placed, from);
  const [other] = problems;
  if (other !== undefined) return { kind: "other", why: other };
  if (next?.version === version) return { kind: "notes", notes: next.notes };
  const asked =
    next === undefined
      ? "nothing in it asks for a release"
      : `its commits ask for ${next.version}, because of ${next.because.id.slice(0, 7)} ` +
        `"${next.because.header}"`;
  const why =
    `the release branch of ${version} is on ${commit.slice(0, 7)}, and ${asked}. Take back what asks for ` +
    "another version, or cut that one and delete this branch.";
  return { kind: "other", why };
}

interface PlacedLines {
  readonly placed: readonly PlacedLine[];
  /** Of branches whose commits nobody here has. */
  readonly problems: readonly string[];
}

async function placedLines(
  head: string,
  isMeant: (line: LiveLine) => boolean,
  from: CuttingFrom,
): Promise<PlacedLines> {
  const { tags } = await tagsOfForge(head, from.forge, from);
  const released = new Set(tags.map(({ name }) => name));
  const live = await liveLines(from.forge, from.settings, (version) => released.has(`v${version}`));
  const all = live.filter(isMeant);
  const found: PlacedLine[] = [];
  const problems: string[] = [];
  for (const line of all) {
    const one = await placed(line, head, from);
    if (one === "unknown") {
      problems.push(
        `${line.name} is on ${line.commit.slice(0, 7)}, which this checkout does not have, and what ` +
          "comes next is counted from it. Run `git fetch origin`, and again.",
      );
    } else found.push(one);
  }
  return { placed: found, problems };
}

/** With `v` and without; what is there is taken as it is called. */
function namesOf(
  version: string,
  lines: readonly PlacedLine[],
  { settings }: CuttingFrom,
): readonly string[] {
  const { prefix } = settings.lines;
  const there = lines.find((line) => line.version === version)?.name;
  const names = [`${prefix}v${version}`, `${prefix}${version}`];
  return there === undefined ? names : [there, ...names.filter((name) => name !== there)];
}

/** A branch that was merged and deleted is not cut once more. */
async function mergedBefore(
  names: readonly string[],
  lines: readonly PlacedLine[],
  stable: BranchAtForge,
  { forge }: CuttingFrom,
): Promise<string | undefined> {
  if (lines.some(({ name }) => names.includes(name))) return undefined;
  for (const head of names) {
    const pulls = told(await forge.pulls.between({ head, base: stable.name }), `pull requests of ${head}`);
    const merged = pulls.find(({ isMerged }) => isMerged);
    if (merged !== undefined) return toBePublished(head, merged.number, stable);
  }
  return undefined;
}

/** Of as many it is asked whether they have a pull request. */
const TOLD = 10;

/** Other releases that are on their way; one without a pull request waits for nobody. */
async function toldLines(
  lines: readonly PlacedLine[],
  version: string | undefined,
  stable: BranchAtForge,
  { forge }: CuttingFrom,
): Promise<readonly string[]> {
  const warnings: string[] = [];
  for (const { name } of lines.filter((line) => line.version !== version).slice(0, TOLD)) {
    const between = await forge.pulls.between({ head: name, base: stable.name });
    const pulls = told(between, `pull requests of ${name}`);
    const [open] = pulls.filter(({ isOpen }) => isOpen);
    if (open !== undefined) warnings.push(`${name} is on its way as well: ${open.url}`);
    else if (pulls.some(({ isMerged }) => isMerged)) {
      warnings.push(
        `${name} was merged into ${stable.name} and is not released: run \`holdfast release publish\``,
      );
    } else {
      warnings.push(
        `${name} has no pull request into ${stable.name}: check it out and run \`holdfast release ` +
          "cut`, or delete it",
      );
    }
  }
  return warnings;
}

function inTheWay(problems: readonly string[]): CutPlan {
  return { cut: undefined, notes: "", problems, warnings: [] };
}

function isOther(wanted: string | undefined, version: string): boolean {
  return wanted !== undefined && wanted.replace(/^v/, "") !== version;
}

function notWanted(
  wanted: string | undefined,
  branch: string,
  { version, because }: NonNullable<NextRelease["next"]>,
): string {
  return (
    `${wanted!} was asked for, and the commits of ${branch} ask for ${version}, because of ` +
    `${because.id.slice(0, 7)} "${because.header}". Ask for that, or take back what asks for it.`
  );
}

function nothingWanted(wanted: string, branch: string, { previous }: NextRelease): string {
  const since = previous === undefined ? "" : ` since ${previous.tag}`;
  return `${wanted} was asked for, and no commit of ${branch}${since} asks for a release`;
}

function noSource(branch: string, { develop, lines }: ReleaseSettings): HoldfastError {
  return new HoldfastError("input.conflict", `releases are cut from ${develop}, and this is ${branch}`, {
    hint:
      `Check ${develop} out, or a release branch (${lines.prefix}…) to finish it; or say in ` +
      "release.develop of the settings which branch it is.",
  });
}

function noBranch(branch: string, { forge, settings }: CuttingFrom): string {
  const made =
    branch === settings.develop
      ? `Make it from ${settings.stable[0]!}, or say in release.develop of the settings which branch it is.`
      : "Push it first.";
  return `${forge.repository} has no branch ${branch}. ${made}`;
}

function noStable({ forge, settings }: CuttingFrom): string {
  return (
    `${forge.repository} has no branch ${settings.stable.join(" or ")}, which a release is merged into. ` +
    "Make it, or say in release.stable of the settings which branch it is."
  );
}
