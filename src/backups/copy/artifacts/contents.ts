import type { TocEntry } from "../../../ports/dump-tools.ts";

/**
 * How many entries of each type; the part of a table of contents that can be held against a later reading.
 */
export function countTypes(entries: readonly Pick<TocEntry, "type">[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { type } of entries) counts.set(type, (counts.get(type) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The number by which an archive knows an entry. */
export function dumpId(entry: TocEntry): number {
  return Number.parseInt(entry.line, 10);
}
