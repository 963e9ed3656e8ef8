import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { compareKeys, isVersion, versionKey } from "../../nouns/migration-files/version.ts";
import type { Database, DatabaseSession } from "../../ports/database.ts";
import { findBooks } from "../books/find-books.ts";
import { lackedColumns } from "../history/columns.ts";
import { readHistory } from "../history/table.ts";
import { readLiveSchema } from "../live/live-schema.ts";
import { schemaFingerprint } from "../proof/schema-fingerprint.ts";

/** Which migrations a database has, for whoever has to know whether an application runs on it. */
export interface AppliedNow {
  /** Applied, or begun, in the order in which they were. */
  readonly versions: readonly string[];
  /** Whether that is Holdfast's own history, where every migration is an entry. */
  readonly isOwn: boolean;
  /** A file that is half applied, or half taken back. */
  readonly half: string | undefined;
  /** Whether the schema is what the newest of them has left; null where the history does not tell. */
  readonly isAsLeft: boolean | null;
  /** What was taken back, or restored, by those who keep a record of it in the database. */
  readonly rollbacks: readonly TakenBack[];
}

/** One record of `holdfast.rollbacks`. */
export interface TakenBack {
  /** As it was given. */
  readonly reason: string;
  /** The backup that was restored; null where scripts took back. */
  readonly fromBackup: string | null;
  readonly hasEnded: boolean;
  /** The safety backup that was made before; null where there was none. */
  readonly backup: string | null;
}

const LOCK_MS = 30_000;
const STATEMENT_MS = 120_000;

/** A restore was stopped in it: there is no history that could be believed. */
const NOTHING: AppliedNow = {
  versions: [],
  isOwn: false,
  half: undefined,
  isAsLeft: null,
  rollbacks: [],
};

const ROLLBACKS = `
  SELECT reason, from_backup AS "fromBackup", ended_at IS NOT NULL AS "hasEnded", backup_id AS backup
    FROM holdfast.rollbacks
   ORDER BY begun_at
`;

/**
 * Looks at a database in one snapshot. Where Holdfast has no history of it, another tool's is read.
 *
 * @throws what asking throws; database.unsupported where another tool's history is not clear
 */
export async function appliedNow(database: Database): Promise<AppliedNow> {
  await using session = await database.connect({ purpose: "applied migrations" });
  await session.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  // Whoever has locked a table must not hold up a rollback for ever.
  await session.query(`SET LOCAL lock_timeout = ${LOCK_MS}`);
  await session.query(`SET LOCAL statement_timeout = ${STATEMENT_MS}`);
  try {
    const history = await readHistory(session);
    if (history.length === 0) return { ...NOTHING, versions: await writtenElsewhere(session) };
    const last = history.findLast(({ state }) => state === "applied");
    const half = history.find(({ state }) => state !== "applied")?.file;
    const left = half !== undefined ? null : (last?.fingerprintAfter ?? null);
    const live = left === null ? null : schemaFingerprint(await readLiveSchema(session)).hash;
    const isOlder = (await lackedColumns(session)).has("rollbacks.from_backup");
    const rollbacks = isOlder ? [] : await session.query<TakenBack & Record<string, unknown>>(ROLLBACKS);
    return {
      versions: history.map(({ version }) => version),
      isOwn: true,
      half,
      isAsLeft: left === null ? null : left === live,
      rollbacks: rollbacks.map(({ reason, fromBackup, hasEnded, backup }) => ({
        reason,
        fromBackup,
        hasEnded,
        backup,
      })),
    };
  } catch (error) {
    if (isHoldfastError(error, "database.half-restored")) return NOTHING;
    throw error;
  }
}

async function writtenElsewhere(session: DatabaseSession): Promise<readonly string[]> {
  const books = await findBooks(session);
  const unclear = books.find((each) => each.unclear !== undefined);
  if (unclear !== undefined) {
    throw new HoldfastError(
      "database.unsupported",
      `${unclear.table} of ${unclear.tool} is not clear: ${unclear.unclear!.message}`,
      { hint: unclear.unclear!.hint },
    );
  }
  if (books.length > 1) {
    throw new HoldfastError(
      "database.unsupported",
      `${books.map(({ tool, table }) => `${tool} (${table})`).join(" and ")} have each written ` +
        "down migrations, " +
        "and whose the application's are nobody can tell",
      { hint: "Take the application's over with migrate --adopt, or decide yourself, with --schema keep." },
    );
  }
  const all = books.flatMap(({ applied, through }) => [
    ...applied.map(({ version }) => version),
    ...(through === undefined ? [] : [through.version]),
  ]);
  return [...new Set(all.filter(isVersion))].sort(byVersion);
}

function byVersion(a: string, b: string): number {
  return compareKeys(versionKey(a), versionKey(b));
}
