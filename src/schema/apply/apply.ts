import { HoldfastError, isHoldfastError, withHint } from "../../kernel/errors.ts";
import type { DatabaseSession } from "../../ports/database.ts";
import { requireLease, takeLease, type Lease } from "../lease/lease.ts";
import { otherSchemas } from "../history/other-schemas.ts";
import { finish, insert, type Permitted } from "./write-down.ts";
import { supabaseBooks } from "../books/supabase-books.ts";
import { stateAfterLoss } from "../history/after-loss.ts";
import { cameBeforeOthers } from "../history/late.ts";
import { liveFingerprint } from "../live/live-schema.ts";
import { lineAt } from "../script/script.ts";
import { codeUnits } from "../script/parse-script.ts";
import { requireApprovedPlan } from "./hash.ts";
import { planMigrate, type MigratePlan } from "./plan.ts";
import type { PlannedMigration } from "./planned-migration.ts";
import type { Permit } from "./guard/guard.ts";
import type { MigratePorts, MigrateRequest } from "./request.ts";
import { carryOut, type Beginning, type Ledger, type Refused } from "../steps/carry-out.ts";
import { ScriptSessions } from "../steps/script-sessions.ts";
import { untilThrough, type Through } from "../steps/through.ts";

/** What became of one migration. */
export interface AppliedMigration {
  readonly step: PlannedMigration;
  readonly ms: number;
  readonly attempts: number;
}

/** What became of all. */
export interface Applied {
  /** What was carried out: made under the lease, so it may be less than what was shown. */
  readonly plan: MigratePlan;
  readonly applied: readonly AppliedMigration[];
  /** Where it stopped. */
  readonly failed: ApplyFailure | undefined;
}

/** What ended a run before its plan was done: a file that was refused, or what came between. */
export type ApplyFailure =
  | {
      readonly step: PlannedMigration;
      readonly refused: Refused;
      readonly attempts: number;
      readonly line: number;
    }
  | { readonly step: PlannedMigration; readonly error: HoldfastError };

/**
 * Applies the plan under the lease. The history may have moved on since the plan was made, so it is made
 * again once the lease is held; nothing is carried out that was not shown.
 *
 * @param permits by version: why data may be destroyed, to be written down
 */
export async function applyMigrations(
  shown: MigratePlan,
  permits: ReadonlyMap<string, Permit>,
  ports: MigratePorts,
): Promise<Applied> {
  const { request } = shown;
  await using lease = await takeLease({
    ...ports,
    database: request.database,
    doing: "migrate",
    waitMs: request.waitMs,
  });
  const plan = await planMigrate(request, ports);
  requireApprovedPlan(plan);
  requireShown(shown, plan);
  await using sessions = new ScriptSessions(request.database, "migrate");
  const run = runOf(request, lease, sessions);
  const applied: AppliedMigration[] = [];
  for (const planned of plan.steps) {
    const step: Permitted = { ...planned, permit: permits.get(planned.migration.version) };
    const began = ports.clock.elapsed();
    const { failed, attempts } = await toTheEnd(step, run, ports);
    if (failed !== undefined) return { plan, applied, failed };
    applied.push({ step, ms: ports.clock.elapsed() - began, attempts });
  }
  return { plan, applied, failed: undefined };
}

/** One file; where its end was not heard of, the history says whether it is done. */
async function toTheEnd(
  step: Permitted,
  run: Run,
  ports: MigratePorts,
): Promise<{ readonly failed: ApplyFailure | undefined; readonly attempts: number }> {
  try {
    ports.cancelled.throwIfAborted();
    ports.log.stage(`applying ${step.migration.forward.file}`);
    const { refused, attempts } = await applyOne(step, run, ports);
    const failed = refused && { step, refused, attempts, line: lineOf(step, refused) };
    return { failed, attempts };
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    const state = await stateAfterLoss(run.request.database, step.migration.version, error);
    if (state === "applied") return { failed: undefined, attempts: 1 };
    const told = withHint(error, unspeakable(error));
    return { failed: { step, error: told }, attempts: 1 };
  }
}

/** 22P05: the history keeps every file whole, and this database cannot hold one of its characters. */
function unspeakable(error: unknown): string {
  return isHoldfastError(error, "database.query") && error.message.includes("(SQLSTATE 22P05)")
    ? "The history keeps every file whole, and the database's encoding lacks one of its characters: take " +
        "it out, of comments too. "
    : "";
}

/** What the migrations of one run share. */
interface Run {
  readonly request: MigrateRequest;
  readonly lease: Lease;
  readonly sessions: ScriptSessions;
  /** Fingerprint of the schema that the last of them left; before the first, nobody knows. */
  left: string | undefined;
  /** That of the schema as it is now. */
  readonly fingerprint: (session: DatabaseSession) => Promise<string>;
}

/** Which schemas are another application's is written under the lease, so it is asked once. */
function runOf(request: MigrateRequest, lease: Lease, sessions: ScriptSessions): Run {
  let others: readonly string[] | undefined;
  return {
    request,
    lease,
    sessions,
    left: undefined,
    fingerprint: async (session) => {
      others ??= await otherSchemas(session);
      return await liveFingerprint(session, others);
    },
  };
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

async function applyOne(step: Permitted, run: Run, ports: MigratePorts): Promise<Through> {
  const { request, lease, sessions } = run;
  let isOnRecord = step.begun !== undefined;
  let at: Beginning = { from: step.begun?.steps ?? 0, attempted: step.begun?.attempting ?? null };
  const trying = {
    sessions,
    file: step.migration.forward.file,
    retries: request.retries,
    stop: AbortSignal.any([lease.lost, ports.cancelled]),
    statements: step.forward.script.statements,
    async attempt(session: DatabaseSession, stop: AbortSignal) {
      // What the schema was before the first statement is only known before it.
      const before = isOnRecord ? undefined : (run.left ?? (await run.fingerprint(session)));
      // A script that is no single transaction says that it has begun before it does anything.
      if (step.forward.execution.mode !== "one-transaction" && before !== undefined) {
        await insert(session, step, { before }, lease, ports);
        isOnRecord = true;
      }
      const ledger = await ledgerOf(session, { step, before: isOnRecord ? undefined : before }, run, ports);
      const refused = await carryOut(session, step.forward, at, request.timeouts, ledger, stop);
      if (refused !== undefined) {
        at = { from: refused.steps, attempted: refused.attempted };
        run.left = undefined;
      }
      return refused;
    },
  };
  return await untilThrough(trying, ports);
}

async function ledgerOf(
  session: DatabaseSession,
  { step, before }: { readonly step: Permitted; readonly before: string | undefined },
  run: Run,
  ports: MigratePorts,
): Promise<Ledger> {
  const supabase = await supabaseBooks(session, run.request.adopt);
  const began = ports.clock.elapsed();
  const { version } = step.migration;
  return {
    async begins(own, statement) {
      await requireLease(own, run.lease);
      await own.query("UPDATE holdfast.migrations SET attempting = $2 WHERE version = $1", [
        version,
        statement,
      ]);
    },
    async done(inside, steps, whole) {
      if (!whole) {
        await requireLease(inside, run.lease);
        await inside.query(
          "UPDATE holdfast.migrations SET steps = $2, attempting = NULL WHERE version = $1",
          [version, steps],
        );
        return;
      }
      const after = await run.fingerprint(inside);
      const end = { steps, after, ms: Math.round(ports.clock.elapsed() - began) };
      // Of one that is begun it is on record already.
      const isLate =
        before === undefined
          ? await finish(inside, step, end, run.lease)
          : await insert(inside, step, { before, ...end }, run.lease, ports);
      if (isLate) await cameBeforeOthers(inside, version, after);
      await supabase.applied(
        inside,
        step.migration,
        step.forward.script.statements.map(({ text }) => text),
      );
      run.left = after;
    },
  };
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
