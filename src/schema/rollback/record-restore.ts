import { EXIT } from "../../kernel/errors.ts";
import type { Outcome } from "../../kernel/outcome.ts";
import type { Database, DatabaseSession } from "../../ports/database.ts";
import type { RollbackPorts } from "./ports.ts";
import { keysOf, maybeOurs } from "../books/applied-of.ts";
import { findBooks } from "../books/find-books.ts";
import { saysApplied, wordsNow } from "../books/words.ts";
import type { HistoryEntry } from "../history/entry.ts";
import { liveFingerprint } from "../live/live-schema.ts";
import { makeHistory, readHistory } from "../history/table.ts";

/** What a restore has made of the history of migrations, and where that is written down. */
export interface RestoreRecord {
  /** In `holdfast.rollbacks` of the restored database. */
  readonly id: string;
  /** The newest that is applied now; empty where none is. */
  readonly version: string;
  /** In the history before and not in the restored database, the newest first. */
  readonly undone: readonly HistoryEntry[];
  /** Taken over since the backup was made, and nobody can say whether it has them. */
  readonly unclear: readonly HistoryEntry[];
  /** In the restored history and not in the one before: taken back since the backup was made. */
  readonly broughtBack: readonly HistoryEntry[];
  /** Whether the schema is what that version had left; null where the history does not tell. */
  readonly asRecorded: boolean | null;
}

/**
 * Writes down in the restored database that it is one: what its own history says of later migrations went
 * with them. Nothing is written where the copy was not put in place.
 */
export async function recordRestore(
  { database, backup, history }: Restoring,
  reason: string,
  restored: Outcome,
  ports: Pick<RollbackPorts, "run" | "version" | "random">,
): Promise<RestoreRecord | undefined> {
  await using session = await database.connect({ purpose: "rollback record", whenCancelled: "finish" });
  const now = await readHistory(session);
  const there = new Set(now.map(lineOf));
  const before = new Set(history.map(lineOf));
  const gone = history.filter((entry) => !there.has(lineOf(entry)));
  const live = await liveFingerprint(session);
  const { undone, unclear } = await reallyGone(session, gone, history, live);
  if (restored.exit === EXIT.integrity && undone.length === 0) return undefined;
  const applied = now.filter(({ state }) => state === "applied");
  const left = applied.at(-1)?.fingerprintAfter ?? null;
  const record = {
    id: ports.random.hex(8),
    version: applied.at(-1)?.version ?? "",
    undone,
    unclear,
    // Of a database that was empty, or half restored, nobody knows what it had.
    broughtBack: history.length === 0 ? [] : now.filter((entry) => !before.has(lineOf(entry))),
    asRecorded: left === null ? null : live === left,
  };
  await makeHistory(database);
  await insert(session, record, { backup, history, reason, restored }, ports);
  return record;
}

/**
 * What was taken over after the backup may have been in the database before it. There the tool's own table
 * says so; of a baseline that nobody else has written down, the schema, where it is that of a version.
 */
async function reallyGone(
  session: DatabaseSession,
  gone: readonly HistoryEntry[],
  history: readonly HistoryEntry[],
  live: string,
): Promise<Pick<RestoreRecord, "undone" | "unclear">> {
  const found = gone.some(({ adoptedFrom }) => adoptedFrom !== null) ? await findBooks(session) : [];
  const ours = maybeOurs(found, keysOf(history));
  // Undefined where that cannot be told.
  const isThere = (entry: HistoryEntry): boolean | undefined => {
    if (entry.adoptedFrom === null) return false;
    if (entry.adoptedFrom !== "baseline") {
      return ours.some((books) => books.tool === entry.adoptedFrom && saysApplied(books, entry.version));
    }
    const at = history.findLastIndex(({ fingerprintAfter }) => fingerprintAfter === live);
    if (at >= 0) return history.indexOf(entry) <= at;
    return history[0]?.fingerprintBefore === live ? false : undefined;
  };
  return {
    undone: gone.filter((entry) => isThere(entry) === false).reverse(),
    unclear: gone.filter((entry) => isThere(entry) === undefined),
  };
}

/** What was applied whole, or as another script, is not the same. */
const lineOf = ({ version, state, sha256 }: HistoryEntry): string => `${version} ${state} ${sha256 ?? ""}`;

/** What was restored where, and the history that was there. */
interface Restoring {
  readonly database: Database;
  readonly backup: string;
  readonly history: readonly HistoryEntry[];
}

async function insert(
  session: DatabaseSession,
  { id, version, undone, asRecorded }: RestoreRecord,
  {
    backup,
    history,
    reason,
    restored,
  }: Omit<Restoring, "database"> & { readonly reason: string; readonly restored: Outcome },
  { run, version: holdfast }: Pick<RollbackPorts, "run" | "version">,
): Promise<void> {
  const safety = restored.outputs["safety-backup"];
  const versions = undone.map((entry) => entry.version);
  const elsewhere = await wordsNow(session);
  await session.query(
    `
      INSERT INTO holdfast.rollbacks (
        id, from_version, to_version, versions, done, restored, backup_id, reason, losses, done_by, run_url,
        holdfast_version, from_backup, elsewhere, ended_at)
        VALUES ($1, $2, $3, $4, $4, $5, $6, $7, '[]', $8, $9, $10, $11, $12, pg_catalog.clock_timestamp())
    `,
    [
      id,
      history.at(-1)?.version ?? "",
      version === "" ? "nothing" : version,
      versions,
      asRecorded,
      typeof safety === "string" && safety !== "" ? safety : null,
      reason,
      run.actor,
      run.url,
      holdfast,
      backup,
      elsewhere === null ? null : JSON.stringify(elsewhere),
    ],
  );
}
