import type { Severity } from "../../findings/finding.ts";
import type { AuditAnswer } from "../advisories.ts";
import type { LockDifference } from "../difference.ts";
import type { Lock, LockedPackage } from "../lock.ts";
import type { Manifest } from "../manifest.ts";
import type { Trouble } from "../placed.ts";
import type { DeclaredRegistry, UnreadConfiguration } from "../registries.ts";
import type { DependencySettings } from "../settings.ts";
import type { AnyRuleName } from "./names.ts";

/** A file of the pull request that was read. */
export interface Seen<T> {
  readonly file: string;
  /** Undefined where nothing of it can be relied on. */
  readonly read: T | undefined;
  readonly troubles: readonly Trouble[];
}

/** A package.json with the lock file that pins what it asks for. */
export interface Pinned {
  readonly manifest: Manifest;
  /** Undefined where there is none; with `read` undefined where there is one that nobody can read. */
  readonly lock: Seen<Lock> | undefined;
  /** Folder of the manifest below that of the lock file, `""` for the same. */
  readonly project: string;
  /** Lock files in its own folder that nobody reads, because it is a workspace of another. */
  readonly strays?: readonly string[];
}

/** What rules look at. */
export interface Scene {
  readonly manifests: readonly Seen<Manifest>[];
  readonly locks: readonly Seen<Lock>[];
  /** The lock files as the base branch has them. */
  readonly locksBefore: readonly Seen<Lock>[];
  readonly pinned: readonly Pinned[];
  readonly differences: readonly LockDifference[];
  /** Where the package managers' configurations say that packages come from. */
  readonly registries: readonly (DeclaredRegistry | UnreadConfiguration)[];
  /** Null where nobody was to ask. */
  readonly audit: AuditAnswer | null;
  readonly settings: DependencySettings;
}

/** What a rule found. */
export interface Hit {
  /** Name of the package, or the path of a file: what an exception names. */
  readonly subject: string;
  /** Identifier of a known vulnerability. */
  readonly advisory?: string;
  /** Where it weighs other than the rule says. */
  readonly severity?: Severity;
  readonly file: string | null;
  readonly line: number | null;
  readonly message: string;
  readonly fix: string;
}

/** One thing that may be wrong with dependencies. */
export interface Rule {
  readonly name: AnyRuleName;
  readonly severity: Severity;
  /**
   * What it looks at. One about a change finds nothing more once that is merged, so that an exception from it
   * need not be used.
   */
  readonly about: "state" | "change";
  /** What goes wrong, for the documents. */
  readonly problem: string;
  /** What to do. */
  readonly solution: string;
  find(scene: Scene): readonly Hit[];
}

/** The lock files that could be read. */
export function readable(seen: readonly Seen<Lock>[]): readonly Lock[] {
  return seen.flatMap(({ read }) => (read === undefined ? [] : [read]));
}

/** Every package of the lock files; one that lies at several places of a tree in the same way, once. */
export function eachVersion(
  seen: readonly Seen<Lock>[],
): readonly { readonly locked: LockedPackage; readonly lock: Lock }[] {
  return readable(seen).flatMap((lock) => {
    const known = new Set<string>();
    return lock.packages.flatMap((locked) => {
      const { name, version, resolved, integrity, installScript, withoutChecksum } = locked;
      const key = [name, version, resolved, integrity, installScript, withoutChecksum].join("\0");
      if (known.has(key)) return [];
      known.add(key);
      return [{ locked, lock }];
    });
  });
}

/** Troubles told before "and n more". */
const TROUBLES_MAX = 5;

/**
 * What is wrong with a file as findings about it; a damaged file has hundreds, of which the first tell
 * enough.
 */
export function troubleHits({ file, troubles }: Seen<unknown>): readonly Hit[] {
  const more = troubles.length - TROUBLES_MAX;
  return troubles.slice(0, TROUBLES_MAX).map((trouble, index) => ({
    subject: file,
    file,
    line: trouble.line,
    message:
      trouble.message +
      (more > 0 && index === TROUBLES_MAX - 1 ? ` (and ${more} more troubles in this file)` : ""),
    fix: trouble.fix,
  }));
}
