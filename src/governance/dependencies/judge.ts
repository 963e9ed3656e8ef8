import type { Finding, Severity } from "../findings/finding.ts";
import type { AuditAnswer } from "./advisories.ts";
import { changesBetween, type LockDifference } from "./difference.ts";
import { applyExceptions, type Judged, type PlaceOf, type Waived } from "./exceptions.ts";
import { fits } from "../../kernel/path-pattern.ts";
import type { Lock } from "./lock.ts";
import { readManifest, type Manifest } from "./manifest.ts";
import { pin } from "./pin.ts";
import { rangeChanges, type RangeChange } from "./range-changes.ts";
import { readLock } from "./read-lock.ts";
import { declaredRegistries } from "./registries.ts";
import { RULES } from "./rules/all.ts";
import { FIXED_RULE_NAMES, type AnyRuleName, type RuleName } from "./rules/names.ts";
import type { Hit, Rule, Scene, Seen } from "./rules/rule.ts";
import type { DependencySettings } from "./settings.ts";

/** A file of the repository. */
export interface RepositoryFile {
  /** Path from the root, with `/`. */
  readonly file: string;
  readonly text: string;
}

/** Files about dependencies in one state of the repository: all of them, not only the changed ones. */
export interface DependencyFiles {
  /** Every `package.json`. */
  readonly manifests: readonly RepositoryFile[];
  /** Every file by a name of `LOCK_FILES` and `FOREIGN_LOCK_FILES`. */
  readonly locks: readonly RepositoryFile[];
  /** Every file by a name of `CONFIGURATIONS`; none where nobody has looked. */
  readonly configurations?: readonly RepositoryFile[];
}

/** What to judge. */
export interface DependencyQuestion {
  /** As the base branch has it. */
  readonly before: DependencyFiles;
  /** As the pull request leaves it. */
  readonly after: DependencyFiles;
  readonly settings: DependencySettings;
  /** `YYYY-MM-DD`. */
  readonly today: string;
  /** Null where vulnerabilities are not asked about. */
  readonly audit: AuditAnswer | null;
  /** Where the exceptions are written. */
  readonly placeOf?: PlaceOf;
}

/** The verdict: it is refused where a finding is an error. */
export interface DependencyVerdict {
  readonly findings: readonly Finding[];
  /** What an exception takes out. */
  readonly waived: readonly Waived[];
  readonly difference: {
    readonly locks: readonly LockDifference[];
    readonly ranges: readonly RangeChange[];
  };
}

/** Findings of one rule about one file, before the others are only counted. */
const FINDINGS_MAX = 50;

/**
 * Judges what a pull request does to dependencies. The whole state is judged, not only what changed: a lock
 * file is right or it is not. What cannot be read is an error, never nothing.
 */
export function judgeDependencies(question: DependencyQuestion): DependencyVerdict {
  const { settings, today, placeOf } = question;
  const scene = sceneOf(question);
  const judged = RULES.flatMap((rule): Judged[] => {
    const severity = severityOf(rule, settings);
    if (severity === "off") return [];
    return rule.find(scene).map((hit) => ({ hit, finding: findingOf(rule, severity, hit, settings) }));
  });
  const { counts, waived, told } = applyExceptions(
    judged,
    settings.exceptions,
    today,
    idleIn(question),
    placeOf,
  );
  return {
    findings: [...shortened(counts.map(({ finding }) => finding)), ...told],
    waived,
    difference: { locks: scene.differences, ranges: rangesOf(question, scene) },
  };
}

function sceneOf({ before, after, settings, audit }: DependencyQuestion): Scene {
  const wanted = ({ file }: RepositoryFile): boolean =>
    !settings.ignore.some((pattern) => fits(pattern, file));
  const manifests = after.manifests.filter(wanted).map(seenManifest);
  const locksBefore = before.locks.filter(wanted).map(seenLock);
  const locks = after.locks.filter(wanted).map((each) => {
    // Most pull requests leave them as they are, and one of 5,000 packages takes its time.
    const same = before.locks.findIndex(({ file, text }) => file === each.file && text === each.text);
    const read = same === -1 ? undefined : locksBefore.find(({ file }) => file === each.file);
    return read ?? seenLock(each);
  });
  return {
    manifests,
    locks,
    locksBefore,
    pinned: pin(
      manifests.flatMap(({ read }) => read ?? []),
      locks,
    ),
    differences: differencesOf(locksBefore, locks),
    registries: (after.configurations ?? [])
      .filter(wanted)
      .flatMap(({ file, text }) => declaredRegistries(file, text)),
    audit,
    settings,
  };
}

function seenManifest({ file, text }: RepositoryFile): Seen<Manifest> {
  const { manifest, troubles } = readManifest(file, text);
  return { file, read: manifest, troubles };
}

function seenLock({ file, text }: RepositoryFile): Seen<Lock> {
  const { lock, troubles } = readLock(file, text);
  return { file, read: lock, troubles };
}

function differencesOf(before: readonly Seen<Lock>[], after: readonly Seen<Lock>[]): LockDifference[] {
  const files = [...new Set([...after, ...before].map(({ file }) => file))];
  return files.map((file) => {
    const was = before.find((each) => each.file === file);
    const is = after.find((each) => each.file === file);
    const unreadable = [was, is].some((each) => each !== undefined && each.read === undefined);
    if (unreadable) return { file, state: "unreadable", changes: [] };
    const state = was === undefined ? "new" : is === undefined ? "deleted" : "compared";
    const changes = was?.read === is?.read ? [] : changesBetween(was?.read, is?.read);
    return { file, state, changes };
  });
}

function rangesOf({ before }: DependencyQuestion, { manifests }: Scene): readonly RangeChange[] {
  const old = before.manifests.flatMap(({ file, text }) => readManifest(file, text).manifest ?? []);
  return rangeChanges(
    old,
    manifests.flatMap(({ read }) => read ?? []),
  );
}

function isFixed(name: AnyRuleName): name is (typeof FIXED_RULE_NAMES)[number] {
  return (FIXED_RULE_NAMES as readonly string[]).includes(name);
}

function severityOf({ name, severity }: Rule, { rules }: DependencySettings): Severity | "off" {
  return isFixed(name) ? severity : (rules[name] ?? severity);
}

/** What a rule finds milder than usual stays so, unless the settings say how much the rule weighs. */
function findingOf({ name }: Rule, severity: Severity, hit: Hit, { rules }: DependencySettings): Finding {
  const own = rules[name as RuleName] === undefined ? hit.severity : undefined;
  const { file, line, message, fix } = hit;
  return { rule: name, severity: own ?? severity, file, line, message, fix };
}

/** Rules whose exceptions may find nothing to except. */
function idleIn({ audit, settings }: DependencyQuestion): ReadonlySet<AnyRuleName> {
  const names = RULES.filter(
    ({ about, name }) => about === "change" || severityOfName(name, settings) === "off",
  );
  const asked: AnyRuleName[] = audit === null ? ["advisory", "audit-unknown"] : ["audit-unknown"];
  return new Set([...names.map(({ name }) => name), ...asked]);
}

const severityOfName = (name: AnyRuleName, { rules }: DependencySettings): string | undefined =>
  isFixed(name) ? undefined : rules[name];

/** Thousands of the same kind say no more than the first ones and their number. */
function shortened(findings: readonly Finding[]): Finding[] {
  const groups = Map.groupBy(findings, ({ rule, severity, file }) => [rule, severity, file].join("\0"));
  return [...groups.values()].flatMap((group) => {
    const more = group.length - FINDINGS_MAX;
    const [first] = group;
    if (more <= 0 || first === undefined) return group;
    const message = `${more} more findings of this rule in this file`;
    return [...group.slice(0, FINDINGS_MAX), { ...first, line: null, message, fix: "Solve the first ones." }];
  });
}
