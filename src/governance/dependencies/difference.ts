import semver from "semver";
import type { Lock, LockedPackage } from "./lock.ts";

/** What became of one package between two states of a lock file. */
export interface Change {
  readonly name: string;
  /**
   * `changed` is a version that is no number (a commit), so that nobody can say which is newer; `swapped` the
   * same version with other bytes.
   */
  readonly kind: "added" | "removed" | "upgraded" | "downgraded" | "changed" | "swapped";
  /** Versions; of a git dependency its address. Null where it was not there. */
  readonly from: string | null;
  readonly to: string | null;
  /** Whether semantic versioning lets it break its users: another first number that is not 0. */
  readonly major: boolean;
  /** Null where the lock does not tell, or the package is not there. */
  readonly licenceFrom: string | null;
  readonly licenceTo: string | null;
}

/** Two states of one lock file compared. */
export interface LockDifference {
  readonly file: string;
  /**
   * Why there is nothing to compare with: it is new, it is gone, the base branch's or this one cannot be
   * read.
   */
  readonly state: "compared" | "new" | "deleted" | "unreadable";
  /** Sorted by name. */
  readonly changes: readonly Change[];
}

/** What identifies a package beside its name, and what is known of it. */
interface Version {
  readonly label: string;
  readonly licence: string | null;
  readonly integrity: readonly string[];
}

/** Compares two states of a lock file; `undefined` is a file that was not there. */
export function changesBetween(before: Lock | undefined, after: Lock | undefined): readonly Change[] {
  const old = versionsOf(before);
  const young = versionsOf(after);
  const names = [...new Set([...old.keys(), ...young.keys()])].sort();
  return names.flatMap((name) => changesOf(name, old.get(name) ?? new Map(), young.get(name) ?? new Map()));
}

function changesOf(
  name: string,
  old: ReadonlyMap<string, Version>,
  young: ReadonlyMap<string, Version>,
): Change[] {
  const gone = sorted([...old.values()].filter(({ label }) => !young.has(label)));
  const come = sorted([...young.values()].filter(({ label }) => !old.has(label)));
  const changes = [...young.values()].flatMap((now) => {
    const was = old.get(now.label);
    return was !== undefined && otherBytes(was, now) ? [change(name, was, now, "swapped")] : [];
  });
  // Two that may replace each other belong together; the rest is paired from the oldest on.
  const alike = Map.groupBy(gone, ({ label }) => lineOf(label));
  const pairs = new Map<Version, Version>();
  for (const now of come) {
    const was = alike.get(lineOf(now.label))?.shift();
    if (was !== undefined) pairs.set(now, was);
  }
  const taken = new Set(pairs.values());
  const left = gone.filter((was) => !taken.has(was));
  for (const now of come) {
    const was = pairs.has(now) ? undefined : left.shift();
    if (was !== undefined) pairs.set(now, was);
  }
  for (const [now, was] of pairs) changes.push(change(name, was, now, direction(was.label, now.label)));
  return [
    ...changes,
    ...come.filter((now) => !pairs.has(now)).map((now) => change(name, undefined, now, "added")),
    ...left.map((was) => change(name, was, undefined, "removed")),
  ];
}

function change(
  name: string,
  was: Version | undefined,
  now: Version | undefined,
  kind: Change["kind"],
): Change {
  return {
    name,
    kind,
    from: was?.label ?? null,
    to: now?.label ?? null,
    major: was !== undefined && now !== undefined && isMajor(was.label, now.label),
    licenceFrom: was?.licence ?? null,
    licenceTo: now?.licence ?? null,
  };
}

function versionsOf(lock: Lock | undefined): Map<string, Map<string, Version>> {
  const names = new Map<string, Map<string, Version>>();
  for (const locked of lock?.packages ?? []) {
    const label = labelOf(locked);
    if (label === undefined) continue;
    const versions = names.get(locked.name) ?? new Map<string, Version>();
    names.set(locked.name, versions);
    const known = versions.get(label);
    // What yarn has patched has a checksum of its own, which changes with the patch.
    const integrity = locked.key.includes("@patch:") ? null : locked.integrity;
    versions.set(label, {
      label,
      licence: known?.licence ?? locked.licence,
      // More than one where it lies at several places, and not all of them tell.
      integrity: [...(known?.integrity ?? []), ...(integrity === null ? [] : [integrity])],
    });
  }
  return names;
}

/** How a version is named in what is told; undefined for what is not installed from anywhere. */
export function labelOf({ version, resolved, origin }: LockedPackage): string | undefined {
  if (origin === "local") return undefined;
  if (origin === "git") return resolved ?? version ?? undefined;
  return version ?? resolved ?? undefined;
}

/** Only hashes made in the same way can be held against each other. */
function otherBytes(was: Version, now: Version): boolean {
  const olds = hashes(was.integrity);
  const news = hashes(now.integrity);
  return [...news].some(([way, values]) => {
    const before = olds.get(way);
    return before !== undefined && [...values].some((value) => !before.has(value));
  });
}

/** `sha512-… sha1-…` of npm and pnpm, `10c0/…` of yarn: way → values. */
function hashes(integrity: readonly string[]): Map<string, Set<string>> {
  const ways = new Map<string, Set<string>>();
  for (const one of integrity.flatMap((each) => each.trim().split(/\s+/))) {
    const way = /^(?:[a-z0-9]+[-:]|[^/]*\/)/.exec(one)?.[0] ?? "";
    ways.set(way, (ways.get(way) ?? new Set()).add(one.slice(way.length)));
  }
  return ways;
}

const isMajor = (from: string, to: string): boolean => lineOf(from) !== lineOf(to);

/** What a version has in common with those that semantic versioning lets replace it: `1`, `0.2`, `0.0.3`. */
function lineOf(label: string): string {
  const version = semver.parse(label, { loose: true });
  if (version === null) return label;
  const { major, minor, patch } = version;
  if (major > 0) return String(major);
  return minor > 0 ? `0.${minor}` : `0.0.${patch}`;
}

function direction(from: string, to: string): Change["kind"] {
  if (semver.valid(from, { loose: true }) === null || semver.valid(to, { loose: true }) === null) {
    return "changed";
  }
  return semver.lt(from, to, { loose: true }) ? "upgraded" : "downgraded";
}

function sorted(versions: readonly Version[]): Version[] {
  return [...versions].sort((a, b) => {
    const [one, two] = [semver.parse(a.label, { loose: true }), semver.parse(b.label, { loose: true })];
    if (one === null || two === null) return a.label < b.label ? -1 : 1;
    return one.compare(two);
  });
}
