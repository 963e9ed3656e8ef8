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
  /** Whether the schema is what the newest of them has left; null where the history does not tell. */
  readonly isAsLeft: boolean | null;
  /** What was taken back, or restored, by those who keep a record of it in the database. */
  readonly rollbacks: readonly TakenBack[];
}

/** One record of `holdfast.rollbacks`. */
export interface TakenBack {
  /** As it was given. */
  readonly reason: string;
  /** By a restore; else by scripts. */
  readonly isRestore: boolean;
  readonly hasEnded: boolean;
  /** The safety backup that was made before; null where there was none. */
  readonly backup: string | null;
}

/** A restore was stopped in it: there is no history that could be believed. */
const NOTHING: AppliedNow = { versions: [], isAsLeft: null, rollbacks: [] };

const ROLLBACKS = `
  SELECT reason, from_backup IS NOT NULL AS "isRestore", ended_at IS NOT NULL AS "hasEnded", backup_id AS backup
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
  try {
    const history = await readHistory(session);
    if (history.length === 0) return { ...NOTHING, versions: await writtenElsewhere(session) };
    const last = history.findLast(({ state }) => state === "applied");
    const isHalf = history.some(({ state }) => state !== "applied");
    const left = isHalf ? null : (last?.fingerprintAfter ?? null);
    const live = left === null ? null : schemaFingerprint(await readLiveSchema(session)).hash;
    const isOlder = (await lackedColumns(session)).has("rollbacks.from_backup");
    const rollbacks = isOlder ? [] : await session.query<TakenBack & Record<string, unknown>>(ROLLBACKS);
    return {
      versions: history.map(({ version }) => version),
      isAsLeft: left === null ? null : left === live,
      rollbacks: rollbacks.map(({ reason, isRestore, hasEnded, backup }) => ({
        reason,
        isRestore,
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
  const all = books.flatMap(({ applied, through }) => [
    ...applied.map(({ version }) => version),
    ...(through === undefined ? [] : [through.version]),
  ]);
  return [...new Set(all.filter(isVersion))].sort(byVersion);
}

function byVersion(a: string, b: string): number {
  return compareKeys(versionKey(a), versionKey(b));
}
