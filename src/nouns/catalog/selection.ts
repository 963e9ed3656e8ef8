import { HoldfastError } from "../../kernel/errors.ts";
import { BACKUP_ID, type CatalogTier } from "./manifest.ts";
import { byNewest, type BackupKey } from "./paths.ts";

/** Which backups are meant. Parsed from text once, then applied to the keys of a store. */
export type Selection =
  | { readonly by: "id"; readonly id: string }
  | { readonly by: "latest" }
  | { readonly by: "latest-per-tier" }
  /** With an instant, the newest of those whose snapshot is not later. */
  | { readonly by: "latest-verified"; readonly before?: Date }
  /** Begun on this day, UTC. */
  | { readonly by: "day"; readonly day: string }
  | { readonly by: "since"; readonly since: Date }
  /** Begun at or before this instant; of these `chooseOne` takes the newest whose snapshot is not later. */
  | { readonly by: "before"; readonly before: Date };

/**
 * Reads `latest`, `latest-per-tier` (also with spaces), `latest-verified`, a day or a backup id.
 *
 * @throws input.malformed
 */
export function parseSelection(text: string, allowed: readonly Selection["by"][]): Selection {
  const word = text.trim().toLowerCase().replace(/[ _]+/g, "-");
  const selection = recognise(text.trim(), word);
  if (selection && allowed.includes(selection.by)) return selection;
  const forms = { id: "a backup id (20261122T020000Z-1a2b3c)", day: "a day (2026-11-22)" } as Record<
    string,
    string
  >;
  throw new HoldfastError("input.malformed", `backup is '${text}', which selects nothing`, {
    hint: `Use ${allowed
      .filter((by) => by !== "since" && by !== "before")
      .map((by) => forms[by] ?? by)
      .join(", ")}.`,
  });
}

function recognise(text: string, word: string): Selection | undefined {
  if (BACKUP_ID.test(text)) return { by: "id", id: text };
  if (word === "latest" || word === "latest-per-tier" || word === "latest-verified") return { by: word };
  if (/^\d{4}-\d{2}-\d{2}$/.test(word)) {
    const day = new Date(`${word}T00:00:00.000Z`);
    if (!Number.isNaN(day.getTime()) && day.toISOString().startsWith(word)) return { by: "day", day: word };
  }
  return undefined;
}

/**
 * Picks from `keys` (any order); the result is newest first. Pure; `latest-verified` keeps all candidates
 * newest first, because only receipts can tell which is verified.
 *
 * Safety backups, taken before a restore and possibly of a broken database, are only ever selected by id or
 * by naming their tier.
 */
export function selectKeys(
  selection: Selection,
  keys: readonly BackupKey[],
  tier?: CatalogTier,
): BackupKey[] {
  const newestFirst = [...keys].sort(byNewest);
  if (selection.by === "id") return newestFirst.filter((key) => key.id === selection.id);
  const candidates = newestFirst.filter((key) => (tier ? key.tier === tier : key.tier !== "safety"));
  switch (selection.by) {
    case "latest":
      return firstPer(candidates, (key) => key.source);
    case "latest-per-tier":
      return firstPer(candidates, (key) => `${key.source}/${key.tier}`);
    case "latest-verified":
      return candidates;
    case "day":
      return candidates.filter((key) => key.time.toISOString().startsWith(selection.day));
    case "since":
      return candidates.filter((key) => key.time >= selection.since);
    case "before":
      return candidates.filter((key) => key.time <= selection.before);
  }
}

function firstPer(keys: readonly BackupKey[], group: (key: BackupKey) => string): BackupKey[] {
  const seen = new Set<string>();
  return keys.filter((key) => !seen.has(group(key)) && seen.add(group(key)));
}
