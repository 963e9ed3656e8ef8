import type { ServerPackage } from "./packages.ts";

/** A package that is served in a newer version than any that is pinned. */
export interface Newer {
  readonly name: string;
  readonly pinned: string;
  readonly served: string;
}

/**
 * What a registry serves that is newer than what is pinned. npm's versions begin with PostgreSQL's own major,
 * and each pinned major is looked at for itself; so does Debian's, whose name of the package says the major
 * as well. A wheel's version need not say anything of PostgreSQL's.
 *
 * @param packages pinned packages of one registry
 * @param served every version that the registry serves, by name of the package
 */
export function newerThanPinned(
  packages: readonly ServerPackage[],
  served: ReadonlyMap<string, readonly string[]>,
): Newer[] {
  const pins = packages.flatMap(({ registry, files }) =>
    files.map(({ name, version }) => ({ name, version, line: registry === "npm" ? majorOf(version) : name })),
  );
  return [...Map.groupBy(pins, ({ name, line }) => `${name} ${line}`).values()].flatMap((line) => {
    const { name } = line[0]!;
    const pinned = newest(line.map(({ version }) => version));
    const sameLine = (served.get(name) ?? []).filter(
      (version) => line[0]!.line === name || majorOf(version) === majorOf(pinned),
    );
    const top = newest([pinned, ...sameLine]);
    return top === pinned ? [] : [{ name, pinned, served: top }];
  });
}

/** A major version above every pinned one, or undefined. */
export function newMajor(packages: readonly ServerPackage[], served: readonly string[]): number | undefined {
  const known = Math.max(...packages.map(({ version }) => Number(majorOf(version))));
  const found = Math.max(...served.map((version) => Number(majorOf(version))));
  return found > known ? found : undefined;
}

function majorOf(version: string): string {
  return version.split(".")[0] ?? "";
}

/** By the numbers in it: `15.9` is older than `15.10`, `0-beta.9` than `0-beta.10`. */
function newest(versions: readonly string[]): string {
  return versions.toSorted((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1)!;
}
