import type { Json } from "../../kernel/outcome.ts";
import { Redactor } from "../../kernel/redact.ts";
import { newBackupId } from "../../nouns/catalog/backup-id.ts";
import { beginRun, resumeRun, type Ran } from "../../nouns/runbook/execute.ts";
import { Journal } from "../../nouns/runbook/journal.ts";
import { hindrances, planRunbook, requireApproved, type Plan } from "../../nouns/runbook/plan.ts";
import { standingOf } from "../../nouns/runbook/standing.ts";
import { acquireLock, type HeldLock } from "../../nouns/store/lock.ts";
import type { BlobStore } from "../../ports/blob-store.ts";
import { PRODUCTION_SLOT, type SlotHost } from "../../ports/slot-host.ts";
import { REMEMBERED } from "../../ports/remembered.ts";
import { appRunbook, type AppRollout } from "./app-runbook.ts";
import { preflight, type Preflight } from "./preflight.ts";
import { RolloutRecords, type RolloutRecord } from "./records.ts";
import { markAt, markOf, type Build } from "./release-mark.ts";
import type { AppInputs, AppPorts, AppSettings } from "./request.ts";
import { callOf, MINUTE_MS, type OnApp } from "./steps/on-app.ts";
import { recordStep } from "./steps/record.ts";

/** What shall come to production, and why. */
export interface Wanted {
  readonly kind: "deploy" | "rollback";
  readonly build: Build;
  readonly packagePath: string | undefined;
  readonly reason: string;
}

/** What came of it. */
export interface CarriedOut {
  readonly kind: "dry" | "idle" | "hindered" | "ran";
  readonly plan: Plan;
  readonly checked: Preflight;
  /** Of the run; empty where nothing ran. */
  readonly id: string;
  readonly ran: Ran | undefined;
  /** The mark of production now; null where it holds nothing of ours, undefined where nobody could say. */
  readonly production: string | null | undefined;
}

/** A lock of the whole environment: a deployment, a rollback and migrations keep out of each other's way. */
export const ENVIRONMENT_LOCK = "environment";

const LOOK_MS = 2 * MINUTE_MS;

/**
 * Plans, and carries out what was planned under the environment's lock.
 *
 * @throws lock.held; refused.unconfirmed; input.*; what store and host throw while nothing was begun
 */
export async function carryOutOnApp(
  wanted: Wanted,
  { target, settings }: AppSettings,
  opened: { readonly host: SlotHost; readonly store: BlobStore },
  inputs: AppInputs,
  ports: AppPorts,
): Promise<CarriedOut> {
  const { clock, random, log, run } = ports;
  const { host, store } = opened;
  const id = inputs.resume ?? newBackupId(clock.now(), random);
  await using lock = inputs.dryRun ? undefined : await locked(wanted, inputs, store, ports);
  const cancelled = lock === undefined ? ports.cancelled : AbortSignal.any([ports.cancelled, lock.lost]);
  log.stage(`looking at ${target.address.site}`);
  const checked = await preflight(host, target, settings, callOf(cancelled, LOOK_MS));
  const on: OnApp = {
    host,
    web: ports.web,
    programs: ports.programs,
    clock,
    log,
    settings,
    slot: target.slot,
    build: wanted.build,
  };
  const records = new RolloutRecords(store, target);
  const writing: { journal?: Journal } = {};
  const record = (): Promise<RolloutRecord> =>
    made(wanted, { target, id, journal: writing.journal!, on, ports });
  const rollout: AppRollout = {
    kind: wanted.kind,
    target,
    reason: wanted.reason,
    packagePath: wanted.packagePath,
    hasPreview: !checked.facts.hasSignIn,
    record: recordStep(id, records, record),
  };
  const runbook = appRunbook(on, rollout);
  const plan = await planRunbook(runbook, { clock, cancelled });
  const told = { plan, checked, id: "", ran: undefined, production: before(plan) };
  if (inputs.dryRun) return { kind: "dry", ...told };
  requireApproved(inputs.planHash, plan);
  if (inputs.resume === undefined) {
    if (await isDone(plan, wanted.build, records)) return { kind: "idle", ...told };
    if (checked.problems.length > 0 || hindrances(plan).length > 0) return { kind: "hindered", ...told };
  }
  const around = { store, clock, random, redact: redaction(inputs), warn: (text: string) => log.warn(text) };
  const journal = inputs.resume === undefined ? Journal.begin(id, around) : await Journal.reopen(id, around);
  writing.journal = journal;
  const doing = { clock, cancelled, random, log, run, journal };
  const ran = await (inputs.resume === undefined
    ? beginRun(runbook, plan, doing)
    : resumeRun(runbook, doing));
  return { kind: "ran", plan, checked, id, ran, production: await productionNow(host, cancelled) };
}

/** Production is it, and a record says that this was seen to be good. */
async function isDone(plan: Plan, build: Build, records: RolloutRecords): Promise<boolean> {
  if (plan.steps.find(({ id }) => id === "swap")?.observed.kind !== "true") return false;
  const all = await records.all(() => undefined);
  return all.at(-1)?.mark === markOf(build);
}

function before({ steps }: Plan): string | null {
  const { observed } = steps.find(({ id }) => id === "swap")!;
  const evidence = "evidence" in observed ? observed.evidence : undefined;
  return productionIn(evidence);
}

function productionIn(evidence: Json | undefined): string | null {
  const found = (evidence as { readonly production?: unknown } | null | undefined)?.production;
  return typeof found === "string" ? found : null;
}

async function productionNow(host: SlotHost, signal: AbortSignal): Promise<string | null | undefined> {
  try {
    return (await markAt(host, PRODUCTION_SLOT, callOf(signal, LOOK_MS))) ?? null;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

interface Making {
  readonly target: AppSettings["target"];
  readonly id: string;
  readonly journal: Journal;
  readonly on: OnApp;
  readonly ports: AppPorts;
}

async function made(
  { kind, build, reason }: Wanted,
  { target, id, journal, on, ports }: Making,
): Promise<RolloutRecord> {
  const { steps } = standingOf(journal.entries);
  const facts = await on.host.slot(PRODUCTION_SLOT, callOf(ports.cancelled, LOOK_MS));
  return {
    format: "holdfast.rollout/1",
    id,
    kind,
    app: { ...target.address, slot: target.slot },
    environment: target.environment,
    version: build.version,
    build: build.build ?? null,
    digest: build.digest,
    mark: markOf(build),
    before: productionIn(steps.get("swap")?.actedOn?.evidence),
    reason,
    seen: Object.fromEntries(
      [...steps].filter(([step]) => step !== "record").map(([step, { what }]) => [step, what]),
    ),
    address: facts?.address ?? "",
    began: journal.entries[0]!.at,
    ended: ports.clock.now().toISOString(),
    run: { ...ports.run },
  };
}

async function locked(
  { kind }: Pick<Wanted, "kind">,
  { environment }: Pick<AppInputs, "environment">,
  store: BlobStore,
  { clock, random, run, log, remember }: AppPorts,
): Promise<HeldLock> {
  const lock = await acquireLock({
    store,
    source: ENVIRONMENT_LOCK,
    tier: environment,
    doing: kind,
    run,
    clock,
    random,
    warn: (text) => log.warn(text),
  });
  // A cancelled job ends before it has given the lock back; its post step does.
  remember?.(REMEMBERED.lockPath, lock.path);
  remember?.(REMEMBERED.lockToken, lock.token);
  return lock;
}

function redaction({ storeSecret }: AppInputs): (text: string) => string {
  const redactor = new Redactor();
  if (storeSecret !== undefined) redactor.add(storeSecret.reveal());
  return (text) => redactor.redact(text);
}
