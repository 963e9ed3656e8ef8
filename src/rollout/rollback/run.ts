import { isHoldfastError, type ErrorKind } from "../../kernel/errors.ts";
import { redaction } from "../../kernel/redact.ts";
import type { Outcome } from "../../kernel/outcome.ts";
import type { Journal } from "../../nouns/runbook/journal.ts";
import type { Plan } from "../../nouns/runbook/plan.ts";
import { standingOf } from "../../nouns/runbook/standing.ts";
import { runId, runPlanned } from "../../nouns/runbook/run-planned.ts";
import { PRODUCTION_SLOT } from "../../ports/slot-host.ts";
import type { Notifications } from "../../ports/notifications.ts";
import { lockApp } from "../app/environment-lock.ts";
import { isVerified, makeRecord } from "../app/make-record.ts";
import { RolloutRecords, type RolloutRecord } from "../app/records.ts";
import { markAt, markOf, versionOf } from "../app/release-mark.ts";
import { readAppSettings } from "../app/request.ts";
import { withTimeline } from "../app/timeline-file.ts";
import { callOf, MINUTE_MS } from "../app/steps/on-app.ts";
import { recordStep } from "../app/steps/record.ts";
import { nameOf } from "../app/target.ts";
import { FUNCTIONS, isIdle } from "../functions/carry/steps.ts";
import { DATABASE } from "./database-step.ts";
import type { DatabaseRoad } from "./database-road.ts";
import { lockFunctions, openProject } from "./functions-along.ts";
import { lookAtWhole, type Looked, type Opened } from "./look.ts";
import { backNotice, tellOfFailure, tellOfRefusal, type Told } from "./notices.ts";
import { notifyStep } from "./notify-step.ts";
import { rollbackOutcome } from "./report.ts";
import type { RollbackInputs, RollbackPorts } from "./request.ts";
import { rollbackRunbook, type Parts } from "./rollback-runbook.ts";
import { newestOf } from "./schema-gate.ts";
import { standsNow } from "./stands.ts";

/** Opens the road to the database; undefined where none was given. The command makes it of other wings. */
export type OpenRoad = () => Promise<DatabaseRoad | undefined>;

/**
 * `holdfast rollback`: inputs → locks → what was last good, and how app, database and functions stand to it →
 * schema gate → one plan → one journal → outcome. Where somebody is to be told, they are told of a refusal
 * too: nobody may be looking at what a watch has started.
 */
export async function runRollback(
  inputs: RollbackInputs,
  ports: RollbackPorts,
  openRoad: OpenRoad,
): Promise<Outcome> {
  const notifications =
    inputs.notify === "none" ? undefined : await ports.openNotifications(inputs.repository, inputs.token);
  const id = runId(inputs, ports);
  try {
    return await rolledBack({ id, notifications }, inputs, ports, openRoad);
  } catch (error) {
    if (notifications !== undefined && !inputs.dryRun && isHoldfastError(error) && TOLD.has(error.kind)) {
      ports.log.warn(await tellOfRefusal(id, inputs, error, notifications, ports.run));
    }
    throw error;
  }
}

/** Of a mistyped input, or of another run at work, whoever starts it is told. */
const TOLD: ReadonlySet<ErrorKind> = new Set(["refused", "outside", "integrity"]);

async function rolledBack(
  { id, notifications }: { readonly id: string; readonly notifications: Notifications | undefined },
  inputs: RollbackInputs,
  ports: RollbackPorts,
  openRoad: OpenRoad,
): Promise<Outcome> {
  const opened = await open(inputs, ports, openRoad);
  const { store, project, road } = opened;
  const secrets = road?.secrets ?? [];
  await using lock = inputs.dryRun ? undefined : await lockApp(opened.app.target, "rollback", store, ports);
  await using functionsLock =
    inputs.dryRun || project === undefined ? undefined : await lockFunctions(project, store, ports);
  const cancelled = AbortSignal.any(
    [ports.cancelled, lock?.lost, functionsLock?.lost].filter((signal) => signal !== undefined),
  );
  const bound = { ...ports, cancelled };
  const looked = await lookAtWhole(opened, id, inputs, bound);
  const { chosen, part, passed, functions } = looked;
  const writing: Writing = { id, journal: undefined };
  const told = {
    version: versionOf(chosen.build),
    app: nameOf(opened.app.target),
    id,
    inputs,
    run: ports.run,
  };
  const parts = partsOf(opened, looked, { writing, told, notifications }, inputs, bound);
  const came = await runPlanned(
    {
      runbook: rollbackRunbook(parts, inputs),
      isIdle: (plan) => isVerified(plan, chosen.build, chosen.newest) && isAllTrue(plan),
      problems: part.checked.problems,
    },
    inputs,
    {
      id,
      store,
      cancelled,
      redact: redaction([
        inputs.storeSecret,
        inputs.accessToken,
        inputs.functionsKey,
        inputs.token,
        ...secrets,
      ]),
      journal: (journal) => (writing.journal = journal),
    },
    ports,
  );
  const stands = await standsNow({ came, part, road, functions }, cancelled);
  const plain = rollbackOutcome({ came, stands, passed, parts, part, notes: chosen.notes, inputs });
  const outcome = await withTimeline(plain, came, inputs.timeline, ports.disk);
  const isOpen = came.kind === "hindered" || (came.kind === "ran" && came.ran.outcome !== "done");
  if (!isOpen || notifications === undefined) return outcome;
  const { report } = outcome;
  const word = await tellOfFailure(told, outcome, notifications);
  return { ...outcome, report: { ...report, notes: [...report.notes, word] } };
}

async function open(inputs: RollbackInputs, ports: RollbackPorts, openRoad: OpenRoad): Promise<Opened> {
  const app = await readAppSettings(inputs, ports);
  const store = await ports.openStore(inputs.store, inputs.storeSecret);
  await store.check(!inputs.dryRun);
  const host = await ports.openSlotHost(app.target.address);
  return { app, store, host, project: await openProject(inputs, ports), road: await openRoad() };
}

/** The run's id, and its journal from the moment it is written. */
interface Writing {
  readonly id: string;
  journal: Journal | undefined;
}

/** Who is told what, and by whom. */
interface Telling {
  readonly writing: Writing;
  readonly told: Told;
  readonly notifications: Notifications | undefined;
}

function partsOf(
  { app, store, road }: Opened,
  { chosen, part, passed, functions }: Looked,
  { writing, told, notifications }: Telling,
  inputs: RollbackInputs,
  ports: RollbackPorts,
): Parts {
  const { id } = writing;
  const { range, source } = chosen;
  const { reason } = inputs;
  const { target } = app;
  const { host, build } = part.on;
  // Where that cannot be asked it is thrown: it is not that somebody has deployed.
  const isProduction = async (signal: AbortSignal): Promise<boolean> =>
    (await markAt(host, PRODUCTION_SLOT, callOf(signal, MINUTE_MS))) === markOf(build);
  const isBack = road !== undefined && passed.way !== undefined;
  return {
    app: { on: part.on, target, source, hasPreview: !part.checked.facts.hasSignIn },
    range,
    after: chosen.after,
    road,
    back: isBack ? { road, way: passed.way, range, id, reason, isProduction } : undefined,
    functions,
    record: recordStep(id, new RolloutRecords(store, target), async () => {
      const along = await alongOf({ road, passed, functions }, id, ports.cancelled);
      const recorded = { kind: "rollback" as const, target, reason, id, schema: range, parts: along };
      return await makeRecord(recorded, part.on, writing.journal!, ports);
    }),
    notify:
      notifications &&
      notifyStep({ kind: "rollback", key: id }, notifications, () =>
        Promise.resolve(backNotice(told, seenIn(writing.journal!))),
      ),
  };
}

/** What was seen of each step, for people. */
function seenIn({ entries }: Journal): readonly string[] {
  return [...standingOf(entries).steps.values()].map(({ what }) => what).filter((what) => what !== "");
}

/** What the record says of the other parts. */
async function alongOf(
  { road, passed: { way }, functions }: Pick<Looked, "passed" | "functions"> & Pick<Opened, "road">,
  id: string,
  cancelled: AbortSignal,
): Promise<Pick<RolloutRecord, "database" | "functions">> {
  const version = road && way && (newestOf((await road.now(cancelled)).versions) ?? "");
  const backup = way?.kind === "backup" ? way.backup : null;
  return {
    ...(version === undefined ? {} : { database: { name: road!.name, version, backup } }),
    ...(functions === undefined ? {} : { functions: { project: functions.rollout.project, snapshot: id } }),
  };
}

function isAllTrue({ steps }: Plan): boolean {
  const of = (component: string): Plan["steps"] => steps.filter((each) => each.component === component);
  const isBack = of(DATABASE).every(({ id, observed }) => id === "schema" || observed.kind === "true");
  return isBack && isIdle(of(FUNCTIONS));
}
