import { HoldfastError } from "../../../kernel/errors.ts";
import { listed } from "../../../kernel/listed.ts";
import { Redactor } from "../../../kernel/redact.ts";
import { newBackupId } from "../../../nouns/catalog/backup-id.ts";
import { beginRun, resumeRun, type Ran } from "../../../nouns/runbook/execute.ts";
import { Journal } from "../../../nouns/runbook/journal.ts";
import { hindrances, planRunbook, requireApproved, type Plan } from "../../../nouns/runbook/plan.ts";
import { acquireLock, type HeldLock } from "../../../nouns/store/lock.ts";
import { REMEMBERED } from "../../../ports/remembered.ts";
import { FunctionArchive } from "../archive/archive.ts";
import { LiveView, type Live } from "./live-view.ts";
import type { Opened, RolloutInputs, RolloutPorts } from "./request.ts";
import type { Reached, Rollout } from "./reached.ts";
import { isIdle, needKey, runbookOf } from "./steps.ts";
import { Uploads } from "./uploads.ts";

/** What came of it. */
export type RolledOut =
  | { readonly kind: "dry"; readonly plan: Plan; readonly served: Live }
  /** Everything is served as wanted already. */
  | { readonly kind: "idle"; readonly plan: Plan; readonly served: Live }
  /** A step found what is not ours to change. */
  | { readonly kind: "hindered"; readonly plan: Plan; readonly served: Live }
  | {
      readonly kind: "ran";
      readonly plan: Plan;
      readonly ran: Ran;
      readonly id: string;
      readonly served: Live;
    };

/** What locks a project's functions: the same for deployments, rollbacks and snapshots. */
export const LOCK_TIER = "functions";

/**
 * Plans, and carries out what was planned under the project's lock.
 *
 * @throws lock.held; refused.unconfirmed; input.missing, input.conflict, input.no-such-run; what store and
 * host throw while nothing was begun
 */
export async function rollOut(
  rollout: Rollout,
  { host, store }: Opened,
  inputs: RolloutInputs,
  ports: RolloutPorts,
): Promise<RolledOut> {
  const { clock, random, log, run } = ports;
  const id = inputs.resume ?? newBackupId(clock.now(), random);
  const plan = async (signal: AbortSignal): Promise<[Plan, Reached, Live]> => {
    const archive = await FunctionArchive.open(store, rollout.project);
    const live = new LiveView(host, clock, signal);
    const uploads = new Uploads(archive, id);
    const reached: Reached = { id, host, archive, live, uploads, clock, run };
    log.stage(`looking at the functions of ${rollout.project}`);
    const served = await live.now(signal);
    requireKey(rollout, served, inputs);
    return [await planRunbook(runbookOf(rollout, reached), { clock, cancelled: signal }), reached, served];
  };
  if (inputs.dryRun) {
    const [planned, , served] = await plan(ports.cancelled);
    return { kind: "dry", plan: planned, served };
  }
  await using lock = await locked(rollout, store, ports);
  const cancelled = AbortSignal.any([ports.cancelled, lock.lost]);
  const [planned, reached, served] = await plan(cancelled);
  requireApproved(inputs.planHash, planned);
  if (inputs.resume === undefined) {
    if (isIdle(planned.steps)) return { kind: "idle", plan: planned, served };
    if (hindrances(planned).length > 0) return { kind: "hindered", plan: planned, served };
  }
  const around = { store, clock, random, redact: redaction(inputs), warn: (text: string) => log.warn(text) };
  const runbook = runbookOf(rollout, reached);
  const doing = { clock, cancelled, random, log, run };
  const ran =
    inputs.resume === undefined
      ? await beginRun(runbook, planned, { ...doing, journal: Journal.begin(id, around) })
      : await resumeRun(runbook, { ...doing, journal: await Journal.reopen(id, around) });
  reached.live.forget();
  return { kind: "ran", plan: planned, ran, id, served };
}

/** The project's lock: two who deploy at once would each put back what the other has just brought. */
export async function locked(
  { kind, project }: { readonly kind: Rollout["kind"] | "snapshot"; readonly project: string },
  store: Opened["store"],
  ports: Pick<RolloutPorts, "clock" | "random" | "run" | "log" | "remember">,
): Promise<HeldLock> {
  const { clock, random, run, log } = ports;
  const warn = (text: string): void => log.warn(text);
  const doing = `functions ${kind}`;
  const lock = await acquireLock({
    store,
    source: project,
    tier: LOCK_TIER,
    doing,
    run,
    clock,
    random,
    warn,
  });
  // A cancelled job ends before it has given the lock back; its post step does.
  ports.remember?.(REMEMBERED.lockPath, lock.path);
  ports.remember?.(REMEMBERED.lockToken, lock.token);
  return lock;
}

function requireKey({ levels }: Rollout, served: Live, { functionsKey }: RolloutInputs): void {
  if (functionsKey !== undefined) return;
  const names = needKey(levels.flat(), served);
  if (names.length === 0) return;
  throw new HoldfastError(
    "input.missing",
    `${listed(names)} ask for a token, and no key was given with which their declared requests get through`,
    { hint: "Give the project's anon or publishable key with --functions-key-file, or declare OPTIONS." },
  );
}

function redaction({ accessToken, functionsKey, storeSecret }: RolloutInputs): (text: string) => string {
  const redactor = new Redactor();
  for (const secret of [accessToken, functionsKey, storeSecret]) {
    if (secret !== undefined) redactor.add(secret.reveal());
  }
  return (text) => redactor.redact(text);
}
