import { HoldfastError } from "../../kernel/errors.ts";
import type { Outcome } from "../../kernel/outcome.ts";
import type { Journal } from "../../nouns/runbook/journal.ts";
import type { Plan } from "../../nouns/runbook/plan.ts";
import { runId, runPlanned } from "../../nouns/runbook/run-planned.ts";
import type { BlobStore } from "../../ports/blob-store.ts";
import { PRODUCTION_SLOT, type SlotHost } from "../../ports/slot-host.ts";
import { lookAtApp } from "../app/app-part.ts";
import { isVerified, redaction } from "../app/carry-out.ts";
import { askedOf, chosenRecord, resumedRecord } from "../app/choose-record.ts";
import { lockEnvironment } from "../app/environment-lock.ts";
import { makeRecord } from "../app/make-record.ts";
import { packageOfRecord } from "../app/package-of.ts";
import { PackageShelf, type PackageSource } from "../app/package-shelf.ts";
import { RolloutRecords, type RolloutRecord } from "../app/records.ts";
import { markAt, type Build } from "../app/release-mark.ts";
import { readAppSettings, type AppSettings } from "../app/request.ts";
import { schemaOfRelease, type KnownRange } from "../app/schema-range.ts";
import { callOf, MINUTE_MS } from "../app/steps/on-app.ts";
import { recordStep } from "../app/steps/record.ts";
import { nameOf } from "../app/target.ts";
import { FUNCTIONS, isIdle } from "../functions/carry/steps.ts";
import { DATABASE } from "./database-step.ts";
import { way, type DatabaseRoad, type Way } from "./database-road.ts";
import { functionsAlong, lockFunctions, openProject, type FunctionsAlong } from "./functions-along.ts";
import { rollbackOutcome } from "./report.ts";
import type { RollbackInputs, RollbackPorts } from "./request.ts";
import { rollbackRunbook, type Parts } from "./rollback-runbook.ts";
import { passSchemaGate, type Passed } from "./schema-gate.ts";
import { standsNow } from "./stands.ts";

/** Opens the road to the database; undefined where none was given. The command makes it of other wings. */
export type OpenRoad = () => Promise<DatabaseRoad | undefined>;

/** What is gone back to, and from where. */
interface Chosen {
  readonly record: RolloutRecord;
  readonly build: Build;
  readonly range: KnownRange;
  readonly source: PackageSource | undefined;
  readonly notes: readonly string[];
}

/**
 * `holdfast rollback`: inputs → what was last good → locks → how app, database and functions stand → schema
 * gate → one plan → one journal → outcome.
 */
export async function runRollback(
  inputs: RollbackInputs,
  ports: RollbackPorts,
  openRoad: OpenRoad,
): Promise<Outcome> {
  const app = await readAppSettings(inputs, ports);
  const store = await ports.openStore(inputs.store, inputs.storeSecret);
  await store.check(!inputs.dryRun);
  const host = await ports.openSlotHost(app.target.address);
  const project = await openProject(inputs, ports);
  const road = await openRoad();
  const id = runId(inputs, ports);
  await using lock = inputs.dryRun
    ? undefined
    : await lockEnvironment(inputs.environment, "rollback", store, ports);
  await using functionsLock =
    inputs.dryRun || project === undefined ? undefined : await lockFunctions(project, store, ports);
  const cancelled = AbortSignal.any(
    [ports.cancelled, lock?.lost, functionsLock?.lost].filter((signal) => signal !== undefined),
  );
  const bound = { ...ports, cancelled };
  const chosen = await choose(inputs, { app, store, host }, bound);
  const { record, build, range } = chosen;
  const part = await lookAtApp(build, app, host, bound, cancelled);
  const passed = await pass(inputs, chosen, { store, road }, cancelled);
  const functions = project && (await functionsAlong(project, record.version, { id, store }, inputs, bound));
  const writing: { journal?: Journal } = {};
  const records = new RolloutRecords(store, app.target);
  const back =
    road === undefined || passed.way === undefined
      ? undefined
      : { road, way: passed.way, range, id, reason: inputs.reason };
  const parts: Parts = {
    app: {
      on: part.on,
      target: app.target,
      source: chosen.source,
      hasPreview: !part.checked.facts.hasSignIn,
    },
    range,
    road,
    back,
    functions,
    record: recordStep(id, records, async () => {
      const recorded = {
        kind: "rollback" as const,
        target: app.target,
        reason: inputs.reason,
        id,
        schema: range,
      };
      const along = await partsOf({ road, way: passed.way, functions, id }, cancelled);
      return await makeRecord({ ...recorded, parts: along }, part.on, writing.journal!, bound);
    }),
  };
  const came = await runPlanned(
    {
      runbook: rollbackRunbook(parts, inputs),
      isIdle: async (plan) => (await isVerified(plan, build, records)) && isAllTrue(plan),
      problems: part.checked.problems,
    },
    inputs,
    {
      id,
      store,
      cancelled,
      redact: redaction([inputs.storeSecret, inputs.accessToken, inputs.functionsKey]),
      journal: (journal) => (writing.journal = journal),
    },
    ports,
  );
  const stands = await standsNow({ came, part, road, functions }, cancelled);
  return rollbackOutcome({ came, stands, passed, parts, part, notes: chosen.notes, inputs });
}

/** @throws input.*; refused where what is good cannot be told */
async function choose(
  inputs: RollbackInputs,
  { app, store, host }: { readonly app: AppSettings; readonly store: BlobStore; readonly host: SlotHost },
  ports: RollbackPorts,
): Promise<Chosen> {
  const name = nameOf(app.target);
  ports.log.stage(`looking for ${inputs.to} of ${name}`);
  const call = callOf(ports.cancelled, 2 * MINUTE_MS);
  const now = await markAt(host, PRODUCTION_SLOT, call);
  const notes: string[] = [];
  const records = await new RolloutRecords(store, app.target).all((path, why) => {
    notes.push(`${path} could not be read, and does not count: ${why}`);
  });
  const record =
    inputs.resume === undefined
      ? chosenRecord(inputs.to, records, now, name)
      : await resumedRecord(inputs.resume, store, records, name);
  const { version, digest } = record;
  const build = { version, build: record.build ?? undefined, digest };
  const range =
    inputs.unit === undefined && record.schema !== undefined
      ? record.schema
      : await schemaOfRelease(version, inputs, ports);
  const shelf = new PackageShelf(store, ports.disk);
  const read = callOf(ports.cancelled, 30 * MINUTE_MS);
  const source = await packageOfRecord(record, inputs.package, { host, shelf }, read);
  return { record, build, range, source, notes };
}

/** What becomes of the database: as it was decided when the run began, or by what is there now. */
async function pass(
  inputs: RollbackInputs,
  { record, range }: Chosen,
  { store, road }: { readonly store: BlobStore; readonly road: DatabaseRoad | undefined },
  cancelled: AbortSignal,
): Promise<Passed> {
  requireBackup(inputs);
  if (inputs.resume !== undefined) {
    const { database } = await askedOf(inputs.resume, store);
    return { way: way.nullish().parse(database) ?? undefined, what: "as it was decided when the run began" };
  }
  const live = road && (await road.now(cancelled));
  const { schema: choice, fromBackup } = inputs;
  return passSchemaGate({ version: record.version, range, live, choice, fromBackup });
}

/** Scripts take back a schema; rows that are wrong only a backup has right. */
function requireBackup({ trigger, fromBackup, resume }: RollbackInputs): void {
  if (trigger !== "database-corruption" || fromBackup !== undefined || resume !== undefined) return;
  throw new HoldfastError(
    "input.missing",
    "the database is corrupt, and no backup was named to be restored",
    {
      hint: "Name one with --from-backup: holdfast list shows which are proved. For the app alone: --trigger manual.",
    },
  );
}

/** What the record says of the other parts. */
async function partsOf(
  {
    road,
    way,
    functions,
    id,
  }: {
    readonly road: DatabaseRoad | undefined;
    readonly way: Way | undefined;
    readonly functions: FunctionsAlong | undefined;
    readonly id: string;
  },
  cancelled: AbortSignal,
): Promise<Pick<RolloutRecord, "database" | "functions">> {
  const version = road && way && ((await road.now(cancelled)).versions.at(-1) ?? "");
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
