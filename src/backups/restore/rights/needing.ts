import { entryKey, entryPlace, entryTitle } from "../../copy/artifacts/toc-names.ts";
import type { TocEntry } from "../../../ports/dump-tools.ts";
import type { NotAllowed } from "./not-allowed.ts";

/** A table is kept in another way then, and that is told by itself. */
const NOT_TAKEN_ALONG = "ACCESS METHOD";

/**
 * What may not be made takes along what needs it: a policy calls a function, a table has columns of a type.
 *
 * @param entries what is to be made, in the archive's order, in which everything comes after what it needs
 * @returns those that were found, and everything that needs one of them
 */
export function withNeeding(
  entries: readonly TocEntry[],
  found: readonly NotAllowed[],
): readonly NotAllowed[] {
  const ids = new Set(found.map(({ id }) => id));
  const without = new Map(
    found.filter(({ title }) => !title.startsWith(`${NOT_TAKEN_ALONG} `)).map(({ id, title }) => [id, title]),
  );
  const needing: NotAllowed[] = [];
  for (const entry of entries) {
    const { id, needs } = entry;
    const first = needs.find((one) => without.has(one));
    if (first === undefined || ids.has(id)) continue;
    const cause = without.get(first)!;
    without.set(id, cause);
    needing.push({
      id,
      title: entryTitle(entry),
      key: entryKey(entry),
      place: entryPlace(entry),
      why: `it needs ${cause}`,
    });
  }
  return [...found, ...needing];
}
