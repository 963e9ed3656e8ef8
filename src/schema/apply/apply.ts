import { HoldfastError } from "../../kernel/errors.ts";
import { formatDuration } from "../../kernel/duration.ts";
import type { DatabaseSession } from "../../ports/database.ts";
import { leaseCondition, takeLease, type Lease } from "../lease/lease.ts";
import { makeHistory } from "../history/table.ts";
import { scriptSha256 } from "../history/standing.ts";
import { schemaFingerprint } from "../proof/schema-fingerprint.ts";
import { readState } from "../proof/state.ts";
import { lineAt } from "../script/script.ts";
import { codeUnits } from "../script/parse-script.ts";
import { planMigrate, type MigratePlan, type PlannedMigration } from "./plan.ts";
import type { MigratePorts, MigrateRequest } from "./request.ts";
import { carryOut, type Ledger, type Refused } from "../steps/carry-out.ts";

/** What became of one migration. */
export interface AppliedMigration {
  readonly step: PlannedMigration;
  readonly ms: number;
  readonly attempts: number;
}

/** What became of all. */
export interface Applied {
  readonly applied: readonly AppliedMigration[];
  /** Where it stopped. */
  readonly failed:
    | {
        readonly step: PlannedMigration;
        readonly refused: Refused;
        readonly attempts: number;
        readonly line: number;
      }
    | undefined;
}

/** A lock that somebody holds, and a deadlock: a moment later it may go through. */
const PASSING = new Set(["55P03", "40P01"]);
const BACKOFF_MS = 1_000;

/**
 * Applies the plan under the lease. The history may have moved on since the plan was made, so it is made
 * again once the lease is held; nothing is carried out that was not shown.
 */
export async function applyMigrations(shown: MigratePlan, ports: MigratePorts): Promise<Applied> {
  const { request } = shown;
  {
    await using session = await request.database.connect({ purpose: "migrate" });
    await makeHistory(session);
  }
  await using lease = await takeLease({
    ...ports,
    database: request.database,
    doing: "migrate",
    waitMs: request.waitMs,
  });
  const plan = await planMigrate(request, ports);
  requireShown(shown, plan);
  const applied: AppliedMigration[] = [];
  for (const step of plan.steps) {
    ports.cancelled.throwIfAborted();
    const began = ports.clock.elapsed();
    ports.log.stage(`applying ${step.migration.forward.file}`);
    const { refused, attempts } = await applyOne(step, request, lease, ports);
    if (refused !== undefined) {
      return { applied, failed: { step, refused, attempts, line: lineOf(step, refused) } };
    }
    applied.push({ step, ms: ports.clock.elapsed() - began, attempts });
  }
  return { applied, failed: undefined };
}

/** Another run may have done some of it meanwhile; what is left is then still a part of what was shown. */
function requireShown(shown: MigratePlan, now: MigratePlan): void {
  const known = new Set(shown.steps.map(({ migration }) => `${migration.version} ${migration.forward.text}`));
  const other = now.steps.find(
    ({ migration }) => !known.has(`${migration.version} ${migration.forward.text}`),
  );
  if (other === undefined) return;
  throw new HoldfastError(
    "refused.unsafe",
    `${other.migration.forward.file} was not in the plan that was shown: ` +
      "the database's history has moved on since",
    {
      hint: "Run again, and read the new plan.",
    },
  );
}

async function applyOne(
  step: PlannedMigration,
  request: MigrateRequest,
  lease: Lease,
  ports: MigratePorts,
): Promise<{ readonly refused: Refused | undefined; readonly attempts: number }> {
  for (let attempts = 1; ; attempts += 1) {
    // A session of its own: nothing that a script sets reaches the next one.
    await using session = await request.database.connect({ purpose: "migrate", bare: true });
    const stop = AbortSignal.any([lease.lost, ports.cancelled]);
    const cancel = (): void => void session.cancel().catch(() => undefined);
    stop.addEventListener("abort", cancel, { once: true });
    try {
      const refused = await carryOut(
        session,
        step.forward,
        await begin(session, step, ports),
        request.timeouts,
        await ledgerOf(session, step, lease, ports),
      );
      if (stop.aborted && refused !== undefined) throw stop.reason;
      if (refused === undefined || !PASSING.has(refused.refusal.state) || attempts > request.retries) {
        return { refused, attempts };
      }
      const pause = BACKOFF_MS * 2 ** (attempts - 1) * (0.5 + ports.random.fraction());
      ports.log.info(
        `${step.migration.forward.file} met a lock (${refused.refusal.message}); ` +
          `trying again in ${formatDuration(pause)}, ${request.retries - attempts + 1} more`,
      );
      await ports.clock.sleep(pause, stop);
      step =
        refused.steps === 0 ? step : { ...step, begun: { ...(step.begun ?? NEVER), steps: refused.steps } };
    } finally {
      stop.removeEventListener("abort", cancel);
    }
  }
}

const NEVER = {} as NonNullable<PlannedMigration["begun"]>;

/**
 * Says that a script which is no single transaction has begun; one that is needs no such word. @returns
 * statements that are done already
 */
async function begin(session: DatabaseSession, step: PlannedMigration, ports: MigratePorts): Promise<number> {
  if (step.forward.execution.mode === "one-transaction" || step.begun !== undefined) {
    return step.begun?.steps ?? 0;
  }
  await insert(session, step, ports, "applying");
  return 0;
}

async function ledgerOf(
  session: DatabaseSession,
  step: PlannedMigration,
  lease: Lease,
  ports: MigratePorts,
): Promise<Ledger> {
  const before = await fingerprint(session);
  const began = ports.clock.elapsed();
  const isOne = step.forward.execution.mode === "one-transaction" && step.begun === undefined;
  return {
    async done(inside, steps, whole) {
      const [fence] = await inside.query<{ held: boolean }>(`SELECT ${leaseCondition(lease.token)} AS held`);
      if (!fence!.held) {
        throw new HoldfastError(
          "lock.lost",
          "another run has taken the lease over, so nothing of this transaction is kept",
          { hint: "Look at what both have done with migrate-status, and run again." },
        );
      }
      if (isOne) await insert(inside, step, ports, "applying");
      await inside.query("UPDATE holdfast.migrations SET steps = $2 WHERE version = $1", [
        step.migration.version,
        steps,
      ]);
      if (!whole) return;
      await inside.query(
        `
          UPDATE holdfast.migrations
            SET state = 'applied', applied_at = pg_catalog.clock_timestamp(), duration_ms = $2,
                fingerprint_before = coalesce(fingerprint_before, $3), fingerprint_after = $4
          WHERE version = $1
        `,
        [
          step.migration.version,
          Math.round(ports.clock.elapsed() - began),
          before,
          await fingerprint(inside),
        ],
      );
    },
  };
}

async function insert(
  session: DatabaseSession,
  { migration }: PlannedMigration,
  { run, version }: MigratePorts,
  state: "applying",
): Promise<void> {
  const { forward, rollback, key } = migration;
  await session.query(
    `
      INSERT INTO holdfast.migrations (
        version, name, position, sha256, forward, rollback, rollback_sha256, state, applied_by, run_url,
        holdfast_version)
        VALUES ($1, $2, $3::pg_catalog.numeric, $4, $5, $6, $7, $8, $9, $10, $11)
    `,
    [
      migration.version,
      forward.file,
      positionOf(key),
      scriptSha256(forward.text),
      forward.text,
      rollback?.text ?? null,
      rollback === undefined ? null : scriptSha256(rollback.text),
      state,
      run.actor,
      run.url,
      version,
    ],
  );
}

/** One number by which the history is ordered; of versions with several parts each has six digits. */
function positionOf(key: readonly bigint[]): string {
  return key.length === 1 ? String(key[0]) : key.map((part) => String(part).padStart(6, "0")).join("");
}

async function fingerprint(session: DatabaseSession): Promise<string> {
  return schemaFingerprint(await readState(session)).hash;
}

function lineOf({ forward, migration }: PlannedMigration, { statement, refusal }: Refused): number {
  if (statement === undefined) return migration.forward.firstLine;
  if (refusal.position === undefined) return statement.line;
  return (
    lineAt(forward.script.text, statement.start + codeUnits(statement.text, refusal.position - 1)) +
    migration.forward.firstLine -
    1
  );
}
