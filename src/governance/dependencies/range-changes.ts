import type { Group } from "./lock.ts";
import type { Manifest } from "./manifest.ts";

/** A range in a package.json that is new, gone, or another. */
export interface RangeChange {
  readonly file: string;
  readonly name: string;
  readonly group: Group;
  /** Null where it was not asked for. */
  readonly from: string | null;
  /** Null where it is no longer asked for. */
  readonly to: string | null;
}

/** What package.json files ask for, before and after; sorted by file as they come, group and name. */
export function rangeChanges(
  before: readonly Manifest[],
  after: readonly Manifest[],
): readonly RangeChange[] {
  const files = [...new Set([...after, ...before].map(({ file }) => file))];
  return files.flatMap((file) => {
    const old = rangesOf(before.find((each) => each.file === file));
    const young = rangesOf(after.find((each) => each.file === file));
    return [...new Set([...young.keys(), ...old.keys()])].sort().flatMap((key): RangeChange[] => {
      const [group, name] = key.split("\0") as [Group, string];
      const [from = null, to = null] = [old.get(key), young.get(key)];
      return from === to ? [] : [{ file, name, group, from, to }];
    });
  });
}

function rangesOf(manifest: Manifest | undefined): Map<string, string> {
  return new Map((manifest?.asked ?? []).map(({ group, name, range }) => [`${group}\0${name}`, range]));
}
