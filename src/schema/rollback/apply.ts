import { HoldfastError, isHoldfastError, withHint } from "../../kernel/errors.ts";
import type { DatabaseSession } from "../../ports/database.ts";
import type { RollbackPorts } from "./ports.ts";
import { wordsNow } from "../books/words.ts";
import { supabaseBooks } from "../books/supabase-books.ts";
import { stateAfterLoss } from "../history/after-loss.ts";
import { scriptSha256 } from "../history/standing.ts";
import type { HistoryEntry, ScriptName } from "../history/entry.ts";
import { liveFingerprint } from "../live/live-schema.ts";
import { readHistory } from "../history/table.ts";
import type { PreparedScript } from "../script/prepare.ts";
import { requireLease, takeLease, type Lease } from "../lease/lease.ts";
import { carryOut, type Beginning, type Refused } from "../steps/carry-out.ts";
import { ScriptSessions } from "../steps/script-sessions.ts";
import { untilThrough } from "../steps/through.ts";
import { isSound } from "./prove-history.ts";
import { isStillTrue, type RollbackPlan, type RollbackStep } from "./plan.ts";

/** The backup that was made before anything was changed. */
export interface RollbackBackup {
  readonly id: string;
  readonly snapshotAt: string;
  /** `proved`, `gaps` or `failed`: what reading it back, or restoring it, came to. */
  readonly verdict: string;
  /** The same in a sentence. */
  readonly headline: string;
}

/** Makes and verifies it; handed over by the command, because backing up is another wing's work. */
export type TakeBackup = (plan: RollbackPlan) => Promise<RollbackBackup>;

/** What ended a rollback before its plan was done: a script that was refused, or what came between. */
export type RollbackFailure =
  | { readonly step: RollbackStep; readonly refused: Refused }
  /** Without a step: all are taken back, and what the schema is now could not be looked at. */
  | { readonly step: RollbackStep | undefined; readonly error: HoldfastError };

/** What became of a rollback. */
export interface RolledBack {
  readonly backup: RollbackBackup | undefined;
  readonly done: readonly RollbackStep[];
  readonly failed: RollbackFailure | undefined;
  /**
   * Whether the schema is what it was before the first of them was applied; null where the history
   * does not tell.
   */
  readonly restored: boolean | null;
  /** Id of the record in `holdfast.rollbacks`. */
  readonly record: string;
}

/**
 * Takes the plan's migrations back, the newest first, under the lease. Before the first statement the backup
 * exists and its id is on record; after each script the history has one entry less and the record one more,
 * in the same transaction; the first that does not go through ends it, with the database at a version that is
 * told.
 */
export async function applyRollback(
  plan: RollbackPlan,
  takeBackup: TakeBackup,
  ports: RollbackPorts,
): Promise<RolledBack> {
  const { database, waitMs, store } = plan.request;
  await using lease = await takeLease({ ...ports, database, doing: "migrate-rollback", waitMs });
  await requireStillTrue(plan, ports);
  const backup = store === undefined ? undefined : await safetyBackup(plan, takeBackup);
  const record = await openRecord(plan, backup, ports);
  await using sessions = new ScriptSessions(database, "migrate rollback");
  const done: RollbackStep[] = [];
  let failed: RollbackFailure | undefined;
  for (const step of plan.steps) {
    failed = await oneBack(step, plan, { lease, sessions, record }, ports);
    if (failed !== undefined) break;
    done.push(step);
  }
  return { backup, record, done, ...(await ended(plan, record, failed)) };
}

async function safetyBackup(plan: RollbackPlan, takeBackup: TakeBackup): Promise<RollbackBackup> {
  const backup = await takeBackup(plan).catch((error: unknown) => {
    throw withHint(error, "That was the safety backup: nothing was taken back.");
  });
  if (backup.verdict !== "failed") return backup;
  throw new HoldfastError(
    "artifact.damaged",
    `the safety backup ${backup.id} could not be verified: ${backup.headline}`,
    { hint: "Nothing was taken back. Look at the store, and run again." },
  );
}

/** What the scripts of one rollback share. */
interface Run {
  readonly lease: Lease;
  readonly sessions: ScriptSessions;
  readonly record: string;
}

/** One script; where its end was not heard of, the history says whether it is done. */
async function oneBack(
  step: RollbackStep,
  plan: RollbackPlan,
  run: Run,
  ports: RollbackPorts,
): Promise<RollbackFailure | undefined> {
  try {
    ports.cancelled.throwIfAborted();
    ports.log.stage(`taking back ${step.entry.file}`);
    const refused = await takeBack(step, plan, run, ports);
    return refused === undefined ? undefined : { step, refused };
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    const state = await stateAfterLoss(plan.request.database, step.entry.version, error);
    return state === "absent" ? undefined : { step, error };
  }
}

/**
 * Looks at what the schema is now, and ends the record. Where that cannot be done, what was taken back is on
 * record all the same, and the next rollback ends it.
 */
async function ended(
  plan: RollbackPlan,
  record: string,
  failed: RollbackFailure | undefined,
): Promise<Pick<RolledBack, "failed" | "restored">> {
  try {
    await using session = await plan.request.database.connect({
      purpose: "rollback record",
      whenCancelled: "finish",
    });
    const restored =
      failed === undefined ? await isRestored(session, plan, await liveFingerprint(session)) : null;
    const why = failed && ("refused" in failed ? failed.refused.refusal.message : failed.error.message);
    const failure = why === undefined ? null : `${failed?.step?.entry.version ?? ""}: ${why}`;
    await session.query(
      `
        UPDATE holdfast.rollbacks
          SET ended_at = pg_catalog.clock_timestamp(), failed = $2, restored = $3
        WHERE id = $1
      `,
      [record, failure, restored],
    );
    return { failed, restored };
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return { failed: failed ?? { step: undefined, error }, restored: null };
  }
}

/**
 * Whether the schema is what it was at the version that stays. Nobody can put a column back in its place, so
 * where a proof has shown that columns end up in another order the fingerprint is another one, and that is
 * what the version has from then on: no drift is made of it.
 */
async function isRestored(
  books: DatabaseSession,
  { target, steps, drifted }: RollbackPlan,
  after: string,
): Promise<boolean | null> {
  if (target === null || after === target) return target === null ? null : true;
  const isProved = steps.every(({ proof }) => proof !== undefined && isSound(proof));
  if (drifted || !isProved || !steps.some(({ proof }) => proof?.reorders)) return false;
  const newest = (await readHistory(books)).findLast(({ state }) => state === "applied");
  if (newest !== undefined) {
    await books.query("UPDATE holdfast.migrations SET fingerprint_after = $2 WHERE version = $1", [
      newest.version,
      after,
    ]);
  }
  return null;
}

/** What is carried out is what was shown, or nothing. */
async function requireStillTrue(plan: RollbackPlan, ports: RollbackPorts): Promise<void> {
  if (await isStillTrue(plan, ports)) return;
  throw new HoldfastError(
    "refused.unsafe",
    "the database's history or its schema has moved on since the plan was made, so what was shown " +
      "is not what would be done",
    { hint: "Run again, and read the new plan." },
  );
}

async function takeBack(
  { entry, rollback }: RollbackStep,
  { request }: RollbackPlan,
  { lease, sessions, record }: Run,
  ports: RollbackPorts,
): Promise<Refused | undefined> {
  const isBegun = entry.state === "rolling-back";
  let isOnRecord = isBegun;
  let at: Beginning = isBegun
    ? { from: entry.steps, attempted: entry.attempting }
    : { from: 0, attempted: null };
  const trying = {
    sessions,
    file: entry.file,
    retries: request.retries,
    stop: AbortSignal.any([lease.lost, ports.cancelled]),
    statements: rollback.script.statements,
    async attempt(session: DatabaseSession, stop: AbortSignal) {
      // Whoever goes on with it has to know which script was begun.
      if (rollback.execution.mode !== "one-transaction" && !isOnRecord) {
        await session.query(
          `
            UPDATE holdfast.migrations
              SET state = 'rolling-back', steps = 0, attempting = NULL, rollback = $2, rollback_sha256 = $3,
                  without_transaction = $4
            WHERE version = $1
          `,
          [entry.version, rollback.source.text, scriptSha256(rollback.source.text), marksOf(entry, rollback)],
        );
        isOnRecord = true;
      }
      const supabase = await supabaseBooks(session);
      const refused = await carryOut(
        session,
        rollback,
        at,
        request.timeouts,
        {
          async begins(own, statement) {
            await requireLease(own, lease);
            await own.query("UPDATE holdfast.migrations SET attempting = $2 WHERE version = $1", [
              entry.version,
              statement,
            ]);
          },
          async done(inside, steps, whole) {
            await requireLease(inside, lease);
            if (whole) {
              await inside.query("UPDATE holdfast.rollbacks SET done = done || $2::text WHERE id = $1", [
                record,
                entry.version,
              ]);
            }
            await inside.query(
              whole
                ? "DELETE FROM holdfast.migrations WHERE version = $1"
                : "UPDATE holdfast.migrations SET steps = $2, attempting = NULL WHERE version = $1",
              whole ? [entry.version] : [entry.version, steps],
            );
            if (whole) await supabase.takenBack(inside, entry.version);
          },
        },
        stop,
      );
      if (refused !== undefined) at = { from: refused.steps, attempted: refused.attempted };
      return refused;
    },
  };
  return (await untilThrough(trying, ports)).refused;
}

/** Marks against transactions: the forward script's as it was, the rollback's as it is carried out. */
function marksOf({ withoutTransaction }: HistoryEntry, { source }: PreparedScript): readonly ScriptName[] {
  const forward = withoutTransaction.filter((name) => name === "forward");
  return source.transaction ? forward : [...forward, "rollback"];
}

/** Under the lease nobody else is at work, so a record that is open is of a run that ended without a word. */
const LEFT_OPEN = `
  UPDATE holdfast.rollbacks
    SET ended_at = pg_catalog.clock_timestamp(), done = coalesce(done, '{}'),
        failed = 'the run ended before it could say how'
  WHERE ended_at IS NULL
`;

async function openRecord(
  plan: RollbackPlan,
  backup: RollbackBackup | undefined,
  { run, version, random }: RollbackPorts,
): Promise<string> {
  const id = random.hex(8);
  await using session = await plan.request.database.connect({
    purpose: "rollback record",
    whenCancelled: "finish",
  });
  await session.query(LEFT_OPEN);
  const elsewhere = await wordsNow(session);
  await session.query(
    `
      INSERT INTO holdfast.rollbacks (
        id, from_version, to_version, versions, done, backup_id, reason, losses, done_by, run_url,
        holdfast_version, elsewhere)
        VALUES ($1, $2, $3, $4, '{}', $5, $6, $7, $8, $9, $10, $11)
    `,
    [
      id,
      plan.steps[0]?.entry.version ?? "",
      plan.request.to?.version ?? "nothing",
      plan.steps.map(({ entry }) => entry.version),
      backup?.id ?? null,
      plan.request.reason,
      JSON.stringify(plan.losses),
      run.actor,
      run.url,
      version,
      elsewhere === null ? null : JSON.stringify(elsewhere),
    ],
  );
  return id;
}
