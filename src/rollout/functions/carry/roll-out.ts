import { HoldfastError } from "../../../kernel/errors.ts";
import { listed } from "../../../kernel/listed.ts";
import { redaction } from "../../../kernel/redact.ts";
import { runId, runPlanned, type Came } from "../../../nouns/runbook/run-planned.ts";
import type { Runbook } from "../../../nouns/runbook/runbook.ts";
import { acquireLock, type HeldLock } from "../../../nouns/store/lock.ts";
import { rememberLock } from "../../../ports/remembered.ts";
import { FunctionArchive } from "../archive/archive.ts";
import { LiveView, type Live } from "./live-view.ts";
import type { Opened, RolloutInputs, RolloutPorts } from "./request.ts";
import type { Reached, Rollout } from "./reached.ts";
import { sameVersionDoubts } from "./same-version.ts";
import { isIdle, needKey, runbookOf } from "./steps.ts";
import { Uploads } from "./uploads.ts";

/** For whoever loses a lock while functions are rolled out. */
const IF_LOST =
  "The run was stopped where it was, and other functions may be served than before: go on with it by " +
  "--resume and its id, which its log names, and it looks first. Where the log names none, nothing was " +
  "begun: run again.";
const SNAPSHOT_LOST = "What is served was not touched, and no snapshot exists of this run. Run again.";

/** What came of it, and what was served before. */
export type RolledOut = Came & { readonly served: Live };

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
  const id = runId(inputs, ports);
  await using lock = inputs.dryRun ? undefined : await locked(rollout, store, ports);
  const cancelled = lock === undefined ? ports.cancelled : AbortSignal.any([ports.cancelled, lock.lost]);
  const { reached, served, runbook } = await functionsPart(rollout, { host, store }, id, inputs, {
    ...ports,
    cancelled,
  });
  const came = await runPlanned(
    { runbook, isIdle: ({ steps }) => isIdle(steps) },
    inputs,
    {
      id,
      store,
      cancelled,
      redact: redaction([inputs.accessToken, inputs.functionsKey, inputs.storeSecret]),
    },
    ports,
  );
  if (came.kind === "ran") reached.live.forget();
  return { ...came, served };
}

/** Functions as a part of a runbook: what its steps reach, and what is served before. */
export interface FunctionsPart {
  readonly reached: Reached;
  readonly served: Live;
  readonly runbook: Runbook;
}

/** @throws input.missing where a declared request needs a key; what store and host throw */
export async function functionsPart(
  rollout: Rollout,
  { host, store }: Opened,
  id: string,
  inputs: Pick<RolloutInputs, "functionsKey">,
  { clock, log, run, cancelled }: Pick<RolloutPorts, "clock" | "log" | "run" | "cancelled">,
): Promise<FunctionsPart> {
  const archive = await FunctionArchive.open(store, rollout.project, (text) => log.warn(text));
  const live = new LiveView(host, clock, cancelled);
  const reached: Reached = { id, host, archive, live, uploads: new Uploads(archive, id), clock, run };
  log.stage(`looking at the functions of ${rollout.project}`);
  const served = await live.now(cancelled);
  requireKey(rollout, served, inputs);
  if (rollout.kind === "deploy") {
    for (const doubt of await sameVersionDoubts(rollout.levels.flat(), served, archive)) log.warn(doubt);
  }
  return { reached, served, runbook: runbookOf(rollout, reached) };
}

/** The project's lock: two who deploy at once would each put back what the other has just brought. */
export async function locked(
  { kind, project }: { readonly kind: Rollout["kind"] | "snapshot"; readonly project: string },
  store: Opened["store"],
  ports: Pick<RolloutPorts, "clock" | "random" | "run" | "log" | "remember"> &
    Partial<Pick<RolloutPorts, "cancelled">>,
): Promise<HeldLock> {
  const { clock, random, run, log, cancelled } = ports;
  const warn = (text: string): void => log.warn(text);
  const doing = `functions ${kind}`;
  const lock = await acquireLock({
    store,
    source: project,
    tier: LOCK_TIER,
    doing,
    ifLost: kind === "snapshot" ? SNAPSHOT_LOST : IF_LOST,
    run,
    clock,
    random,
    warn,
    ...(cancelled === undefined ? {} : { cancelled }),
  });
  // A cancelled job ends before it has given the lock back; its post step does.
  rememberLock(ports, "functions", lock);
  return lock;
}

function requireKey(
  { levels }: Rollout,
  served: Live,
  { functionsKey }: Pick<RolloutInputs, "functionsKey">,
): void {
  if (functionsKey !== undefined) return;
  const names = needKey(levels.flat(), served);
  if (names.length === 0) return;
  throw new HoldfastError(
    "input.missing",
    `${listed(names)} ask for a token, and no key was given with which their declared requests get through`,
    { hint: "Give the project's anon key with --functions-key-file, or declare OPTIONS." },
  );
}
