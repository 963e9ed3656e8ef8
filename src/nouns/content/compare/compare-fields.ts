import { fieldOf } from "../read/objects/all.ts";
import { HIDDEN, readDigests } from "../read/objects/field-digests.ts";
import type { ObjectKind } from "../record.ts";

/** What a comparison of one object's fields found, by their names. */
export interface FieldComparison {
  readonly differing: readonly string[];
  /** Not readable by the role at the source or here. */
  readonly hidden: readonly string[];
  /** Set, and not comparable between these servers. */
  readonly left: readonly string[];
  /** Recorded by a newer version. */
  readonly unknown: readonly string[];
}

/** @param majors of the source's server and of the copy's */
export function compareFields(
  kind: ObjectKind,
  before: string,
  now: string,
  majors: readonly [source: number, copy: number],
): FieldComparison {
  const result = {
    differing: [] as string[],
    hidden: [] as string[],
    left: [] as string[],
    unknown: [] as string[],
  };
  if (before === now && majors[0] === majors[1] && !before.includes(HIDDEN)) return result;
  const [source, copy] = [readDigests(before), readDigests(now)];
  for (const name of new Set([...source.keys(), ...copy.keys()])) {
    const [was, is] = [source.get(name), copy.get(name)];
    const way = wayToCompare(kind, name, majors);
    if (way === "not" || (was === undefined && fieldOf(kind, name)?.whenSet === true)) continue;
    if (way === "unknown") result.unknown.push(name);
    else if (was === HIDDEN || is === HIDDEN) result.hidden.push(name);
    else if (way === "cannot") {
      // What the source's server does not have was not lost.
      if (was !== undefined || existsOn(kind, name, majors[0])) result.left.push(name);
    } else if (was !== is) result.differing.push(name);
  }
  return result;
}

function wayToCompare(
  kind: ObjectKind,
  name: string,
  [source, copy]: readonly [number, number],
): "compare" | "not" | "cannot" | "unknown" {
  const field = fieldOf(kind, name);
  if (field === undefined) return "unknown";
  if (source === copy) return field.compared === "other-major" ? "not" : "compare";
  const onBoth = (field.since ?? 0) <= Math.min(source, copy);
  return field.compared === "same-major" || !onBoth ? "cannot" : "compare";
}

function existsOn(kind: ObjectKind, name: string, major: number): boolean {
  return (fieldOf(kind, name)?.since ?? 0) <= major;
}
