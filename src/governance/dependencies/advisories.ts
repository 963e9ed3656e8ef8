import semver from "semver";
import type { Advisory } from "../../ports/advisory-source.ts";
import { labelOf } from "./difference.ts";
import type { Lock, LockedPackage } from "./lock.ts";

/** What became of the question. A registry that did not answer is not one that knows of nothing. */
export type AuditAnswer =
  | { readonly asked: true; readonly advisories: readonly Advisory[] }
  /** `why`: what failed, without a full stop: "registry.npmjs.org answered 503". */
  | { readonly asked: false; readonly why: string };

/** A locked package that a vulnerability is known of. */
export interface Affected {
  readonly advisory: Advisory;
  readonly lock: Lock;
  readonly locked: LockedPackage;
  /** Whether the range or version can be read at all; if not, it counts as affected. */
  readonly certain: boolean;
}

/** What to ask about: every package that comes from a registry, name → versions, sorted. */
export function packagesToAsk(locks: readonly Lock[]): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, Set<string>>();
  for (const { name, version } of locks.flatMap(({ packages }) => packages.filter(isPublished))) {
    if (version !== null) names.set(name, (names.get(name) ?? new Set()).add(version));
  }
  return new Map(
    [...names].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, set]) => [name, [...set].sort()]),
  );
}

/** Each package of the locks with each vulnerability that its version has, one version once a lock. */
export function affectedBy(advisories: readonly Advisory[], locks: readonly Lock[]): readonly Affected[] {
  return locks.flatMap((lock) => {
    const seen = new Set<string>();
    const byName = Map.groupBy(lock.packages.filter(isPublished), ({ name }) => name);
    return advisories.flatMap((advisory) =>
      (byName.get(advisory.package) ?? []).flatMap((locked): Affected[] => {
        const has = isVulnerable(locked, advisory.vulnerable);
        const key = `${advisory.id}\0${labelOf(locked) ?? ""}`;
        if (has === false || seen.has(key)) return [];
        seen.add(key);
        return [{ advisory, lock, locked, certain: has === true }];
      }),
    );
  });
}

const isPublished = ({ origin, version }: LockedPackage): boolean =>
  origin === "registry" && version !== null;

/** Undefined where the range or the version cannot be read. */
function isVulnerable({ version }: LockedPackage, range: string): boolean | undefined {
  if (version === null || semver.valid(version, { loose: true }) === null) return undefined;
  if (semver.validRange(range, { loose: true }) === null) return undefined;
  return semver.satisfies(version, range, { loose: true, includePrerelease: true });
}
