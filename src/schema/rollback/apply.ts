import { HoldfastError, withHint } from "../../kernel/errors.ts";
import { quantity } from "../../kernel/quantity.ts";
import type { Database, DatabaseSession } from "../../ports/database.ts";
import type { Ports } from "../../ports/ports.ts";
import { supabaseBooks } from "../books/supabase-books.ts";
import { readHistory } from "../history/table.ts";
import { requireLease, takeLease, type Lease } from "../lease/lease.ts";
import { schemaFingerprint } from "../proof/schema-fingerprint.ts";
import { readState } from "../proof/state.ts";
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

/** What became of a rollback. */
export interface RolledBack {
  readonly backup: RollbackBackup | undefined;
  readonly done: readonly RollbackStep[];
  readonly failed: { readonly step: RollbackStep; readonly refused: Refused } | undefined;
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
 * exists and its id is on record; after each script the history has one entry less, in the same transaction;
 * the first refusal ends it, with the database at a version that is told.
 */
export async function applyRollback(
  plan: RollbackPlan,
  takeBackup: TakeBackup,
  ports: Ports,
): Promise<RolledBack> {
  const { request } = plan;
  await using lease = await takeLease({
    ...ports,
    database: request.database,
    doing: "migrate-rollback",
    waitMs: request.waitMs,
  });
  await requireStillTrue(plan, ports);
  const backup = request.store === undefined ? undefined : await takeBackup(plan);
  if (backup?.verdict === "failed") {
    throw new HoldfastError(
      "artifact.damaged",
      `the safety backup ${backup.id} could not be verified: ${backup.headline}`,
      {
        hint: "Nothing was taken back. Look at the store, and run again.",
      },
    );
  }
  await using books = await request.database.connect({ purpose: "rollback record" });
  const record = await openRecord(books, plan, backup, ports);
  await using sessions = new ScriptSessions(request.database, "migrate rollback");
  const done: RollbackStep[] = [];
  let failed: RolledBack["failed"];
  for (const step of plan.steps) {
    ports.cancelled.throwIfAborted();
    ports.log.stage(`taking back ${step.entry.file}`);
    const refused = await takeBack(step, plan, { lease, sessions }, ports).catch(async (error: unknown) => {
      if (await isGone(request.database, step)) done.push(step);
      const failure = `${step.entry.version}: ${error instanceof Error ? error.message : String(error)}`;
      await closeAnew(request.database, books, record, { done, failure, restored: null });
      const safety = backup === undefined ? "" : ` What the database held before is backup ${backup.id}.`;
      throw withHint(error, `Taken back before it: ${quantity(done.length, "migration")}.${safety}`);
    });
    if (refused !== undefined) {
      failed = { step, refused };
      break;
    }
    done.push(step);
  }
  const after = schemaFingerprint(await readState(books)).hash;
  const restored = failed !== undefined ? null : await isRestored(books, plan, after);
  const failure =
    failed === undefined ? null : `${failed.step.entry.version}: ${failed.refused.refusal.message}`;
  await closeRecord(books, record, { done, failure, restored });
  return { backup, done, failed, restored, record };
}

/**
 * Whether a script whose end nobody heard of is done: its answer may have been lost after its COMMIT. Where
 * the database does not answer nobody knows, and it counts as not done.
 */
async function isGone(database: Database, { entry }: RollbackStep): Promise<boolean> {
  try {
    await using session = await database.connect({ purpose: "rollback record" });
    return !(await readHistory(session)).some(({ version }) => version === entry.version);
  } catch {
    return false;
  }
}

/**
 * Ends the record of a rollback that stopped, as far as it can be done: what took the script's session away
 * may have taken that of the books too, and then a new one is tried.
 */
async function closeAnew(
  database: Database,
  books: DatabaseSession,
  record: string,
  end: Parameters<typeof closeRecord>[2],
): Promise<void> {
  try {
    await closeRecord(books, record, end).catch(async () => {
      await using session = await database.connect({ purpose: "rollback record" });
      await closeRecord(session, record, end);
    });
  } catch {
    // The error that ended the rollback is told, and counts more.
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
async function requireStillTrue(plan: RollbackPlan, ports: Ports): Promise<void> {
  if (await isStillTrue(plan, ports)) return;
  throw new HoldfastError(
    "refused.unsafe",
    "the database's history has moved on since the plan was made, so what was shown " +
      "is not what would be done",
    { hint: "Run again, and read the new plan." },
  );
}

async function takeBack(
  { entry, rollback }: RollbackStep,
  { request }: RollbackPlan,
  { lease, sessions }: { readonly lease: Lease; readonly sessions: ScriptSessions },
  ports: Ports,
): Promise<Refused | undefined> {
  const isBegun = entry.state === "rolling-back";
  let at: Beginning = { from: isBegun ? entry.steps : 0, again: isBegun };
  const trying = {
    sessions,
    file: entry.file,
    retries: request.retries,
    stop: AbortSignal.any([lease.lost, ports.cancelled]),
    statements: rollback.script.statements,
    async attempt(session: DatabaseSession) {
      if (rollback.execution.mode !== "one-transaction" && !at.again) {
        await session.query(
          "UPDATE holdfast.migrations SET state = 'rolling-back', steps = 0 WHERE version = $1",
          [entry.version],
        );
        at = { from: 0, again: true };
      }
      const supabase = await supabaseBooks(session);
      const refused = await carryOut(session, rollback, at, request.timeouts, {
        async done(inside, steps, whole) {
          await requireLease(inside, lease);
          await inside.query(
            whole
              ? "DELETE FROM holdfast.migrations WHERE version = $1"
              : "UPDATE holdfast.migrations SET steps = $2 WHERE version = $1",
            whole ? [entry.version] : [entry.version, steps],
          );
          if (whole) await supabase.takenBack(inside, entry.version);
        },
      });
      if (refused !== undefined) at = { ...at, from: refused.steps };
      return refused;
    },
  };
  return (await untilThrough(trying, ports)).refused;
}

async function openRecord(
  session: DatabaseSession,
  plan: RollbackPlan,
  backup: RollbackBackup | undefined,
  { run, version, random }: Ports,
): Promise<string> {
  const id = random.hex(8);
  await session.query(
    `
      INSERT INTO holdfast.rollbacks (
        id, from_version, to_version, versions, backup_id, reason, losses, done_by, run_url, holdfast_version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
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
    ],
  );
  return id;
}

async function closeRecord(
  session: DatabaseSession,
  id: string,
  { done, failure, restored }: Pick<RolledBack, "done" | "restored"> & { readonly failure: string | null },
): Promise<void> {
  await session.query(
    `
      UPDATE holdfast.rollbacks
        SET ended_at = pg_catalog.clock_timestamp(), done = $2, failed = $3, restored = $4
      WHERE id = $1
    `,
    [id, done.map(({ entry }) => entry.version), failure, restored],
  );
}
