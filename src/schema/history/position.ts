import type { DatabaseSession } from "../../ports/database.ts";
import type { Migration } from "../folder/migration.ts";
import { compareKeys, isUnusual, versionKey } from "../../nouns/migration-files/version.ts";
import type { HistoryEntry } from "./entry.ts";

/**
 * One number by which the history is ordered as versions are: the first part before the point, every other
 * one in eighteen digits behind it, so that `1.9`, `1.10` and `2` come in this order.
 */
export function positionOf([first = 0n, ...more]: readonly bigint[]): string {
  // One more than the part, because `1` comes before `1.0`.
  const digits = more.map((part) => String(part + 1n).padStart(18, "0")).join("");
  return digits === "" ? String(first) : `${first}.${digits}`;
}

/** The middle between two is exact with any number of digits, as a quotient is not. */
const BETWEEN = `
  SELECT (CASE WHEN lowest < highest AND NOT (place > lowest AND place < highest)
               THEN (lowest + highest) * 0.5 ELSE place END)::pg_catalog.text AS place
    FROM (SELECT $1::pg_catalog.numeric AS place,
                 coalesce(pg_catalog.max(position) FILTER (WHERE version = ANY ($2)), -1) AS lowest,
                 pg_catalog.min(position) FILTER (WHERE version <> ALL ($2)) AS highest
            FROM holdfast.migrations) AS around
`;

/**
 * Where a migration comes in this history. Versions that look like a time and are none had other places once,
 * and what is in a history stays where it was: the next one comes between its neighbours there.
 */
export async function positionIn(
  session: DatabaseSession,
  { version, key }: Pick<Migration, "version" | "key">,
): Promise<string> {
  const place = positionOf(key);
  if (!isUnusual(version)) return place;
  const known = await session.query<{ version: string }>("SELECT version FROM holdfast.migrations");
  const older = known.map((each) => each.version).filter((other) => compareKeys(versionKey(other), key) < 0);
  const [row] = await session.query<{ place: string }>(BETWEEN, [place, older]);
  return row!.place;
}

/**
 * A history with what would be written down besides, each behind the last entry that it comes after; what is
 * there keeps its order.
 */
export function withEntries(
  history: readonly HistoryEntry[],
  more: readonly HistoryEntry[],
): readonly HistoryEntry[] {
  const all = [...history];
  for (const entry of more) {
    const key = versionKey(entry.version);
    const after = all.findLastIndex((each) => compareKeys(versionKey(each.version), key) < 0);
    all.splice(after + 1, 0, entry);
  }
  return all;
}
