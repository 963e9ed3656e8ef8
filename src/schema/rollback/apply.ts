import { formatDuration } from "../../kernel/duration.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import type { DatabaseSession } from "../../ports/database.ts";
import type { Ports } from "../../ports/ports.ts";
import { leaseCondition, takeLease, type Lease } from "../lease/lease.ts";
import { schemaFingerprint } from "../proof/schema-fingerprint.ts";
import { readState } from "../proof/state.ts";
import { carryOut, type Refused } from "../steps/carry-out.ts";
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

const PASSING = new Set(["55P03", "40P01"]);
const BACKOFF_MS = 1_000;

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
  const done: RollbackStep[] = [];
  let failed: RolledBack["failed"];
  for (const step of plan.steps) {
    ports.cancelled.throwIfAborted();
    ports.log.stage(`taking back ${step.entry.file}`);
    const refused = await takeBack(step, plan, lease, ports);
    if (refused !== undefined) {
      failed = { step, refused };
      break;
    }
    done.push(step);
  }
  const after = schemaFingerprint(await readState(books)).hash;
  const restored = failed !== undefined || plan.target === null ? null : after === plan.target;
  await closeRecord(books, record, { done, failed, restored, backup, record });
  return { backup, done, failed, restored, record };
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
  step: RollbackStep,
  { request }: RollbackPlan,
  lease: Lease,
  ports: Ports,
): Promise<Refused | undefined> {
  let from = step.entry.state === "rolling-back" ? step.entry.steps : 0;
  for (let attempts = 1; ; attempts += 1) {
    await using session = await request.database.connect({ purpose: "migrate rollback", bare: true });
    const stop = AbortSignal.any([lease.lost, ports.cancelled]);
    const cancel = (): void => void session.cancel().catch(() => undefined);
    stop.addEventListener("abort", cancel, { once: true });
    try {
      if (step.rollback.execution.mode !== "one-transaction" && from === 0) {
        await session.query(
          "UPDATE holdfast.migrations SET state = 'rolling-back', steps = 0 WHERE version = $1",
          [step.entry.version],
        );
      }
      const refused = await carryOut(session, step.rollback, from, request.timeouts, {
        async done(inside, steps, whole) {
          const [fence] = await inside.query<{ held: boolean }>(
            `SELECT ${leaseCondition(lease.token)} AS held`,
          );
          if (!fence!.held) {
            throw new HoldfastError(
              "lock.lost",
              "another run has taken the lease over, so nothing of this transaction is kept",
              { hint: "Look at what both have done with migrate-status, and run again." },
            );
          }
          if (whole) {
            await inside.query("DELETE FROM holdfast.migrations WHERE version = $1", [step.entry.version]);
          } else {
            await inside.query("UPDATE holdfast.migrations SET steps = $2 WHERE version = $1", [
              step.entry.version,
              steps,
            ]);
          }
        },
      });
      if (stop.aborted && refused !== undefined) throw stop.reason;
      if (refused === undefined || !PASSING.has(refused.refusal.state) || attempts > request.retries) {
        return refused;
      }
      from = refused.steps;
      const pause = BACKOFF_MS * 2 ** (attempts - 1) * (0.5 + ports.random.fraction());
      ports.log.info(
        `${step.entry.file} met a lock (${refused.refusal.message}); ` +
          `trying again in ${formatDuration(pause)}`,
      );
      await ports.clock.sleep(pause, stop);
    } finally {
      stop.removeEventListener("abort", cancel);
    }
  }
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
  { done, failed, restored }: RolledBack,
): Promise<void> {
  await session.query(
    `
      UPDATE holdfast.rollbacks
        SET ended_at = pg_catalog.clock_timestamp(), done = $2, failed = $3, restored = $4
      WHERE id = $1
    `,
    [
      id,
      done.map(({ entry }) => entry.version),
      failed === undefined ? null : `${failed.step.entry.version}: ${failed.refused.refusal.message}`,
      restored,
    ],
  );
}
