import { HoldfastError } from "../../kernel/errors.ts";
import type { BlobStore } from "../../ports/blob-store.ts";
import { PRODUCTION_SLOT, type SlotHost } from "../../ports/slot-host.ts";
import { lookAtApp, type AppPart } from "../app/app-part.ts";
import { askedOf, chosenRecord, newestBefore, resumedRecord } from "../app/choose-record.ts";
import { packageOfRecord } from "../app/package-of.ts";
import { PackageShelf, type PackageSource } from "../app/package-shelf.ts";
import { newestOf, RolloutRecords, unreadLines, type RolloutRecord } from "../app/records.ts";
import { markAt, type Build } from "../app/release-mark.ts";
import type { AppSettings } from "../app/request.ts";
import { schemaOfRelease, type KnownRange } from "../app/schema-range.ts";
import { callOf, MINUTE_MS } from "../app/steps/on-app.ts";
import { nameOf } from "../app/target.ts";
import { way, type DatabaseRoad } from "./database-road.ts";
import { functionsAlong, type FunctionsAlong, type OpenedProject } from "./functions-along.ts";
import type { RollbackInputs, RollbackPorts } from "./request.ts";
import { passSchemaGate, type Passed } from "./schema-gate.ts";

/** Everything that a rollback reaches. */
export interface Opened {
  readonly app: AppSettings;
  readonly store: BlobStore;
  readonly host: SlotHost;
  /** Undefined where no functions go along. */
  readonly project: OpenedProject | undefined;
  /** Undefined where no database was given. */
  readonly road: DatabaseRoad | undefined;
}

/** What is gone back to, and from where. */
export interface Chosen {
  readonly record: RolloutRecord;
  readonly build: Build;
  readonly range: KnownRange;
  readonly source: PackageSource | undefined;
  readonly newest: RolloutRecord | undefined;
  /** Id of the newest record before this run. */
  readonly after: string | null;
  readonly notes: readonly string[];
}

/** What is gone back to, and how each part stands to it. */
export interface Looked {
  readonly chosen: Chosen;
  readonly part: AppPart;
  readonly passed: Passed;
  readonly functions: FunctionsAlong | undefined;
}

/** Looks at app, database and functions; changes nothing. @throws refused.schema; input.*; what they throw */
export async function lookAtWhole(
  opened: Opened,
  id: string,
  inputs: RollbackInputs,
  ports: RollbackPorts,
): Promise<Looked> {
  const { app, host, store, project, road } = opened;
  const chosen = await choose(inputs, opened, ports);
  const part = await lookAtApp(chosen.build, "back", app, host, ports, ports.cancelled);
  const passed = await pass(inputs, chosen, { store, road }, ports.cancelled);
  const { version } = chosen.record;
  const functions = project && (await functionsAlong(project, version, { id, store }, inputs, ports));
  return { chosen, part, passed, functions };
}

/** @throws input.*; refused where what is good cannot be told */
async function choose(
  inputs: RollbackInputs,
  { app, store, host }: Opened,
  ports: RollbackPorts,
): Promise<Chosen> {
  const name = nameOf(app.target);
  ports.log.stage(`looking for ${inputs.to} of ${name}`);
  const call = callOf(ports.cancelled, 2 * MINUTE_MS);
  const now = await markAt(host, PRODUCTION_SLOT, call);
  const read = await new RolloutRecords(store, app.target).all();
  const record =
    inputs.resume === undefined
      ? chosenRecord(inputs.to, read, now, name)
      : await resumedRecord(inputs.resume, store, read, name);
  const { version, digest } = record;
  const build = { version, build: record.build ?? undefined, digest };
  const range =
    inputs.unit === undefined && record.schema !== undefined
      ? record.schema
      : await schemaOfRelease(version, inputs, ports);
  const shelf = new PackageShelf(store, ports.disk);
  const packed = callOf(ports.cancelled, 30 * MINUTE_MS);
  const source = await packageOfRecord(record, inputs.package, { host, shelf }, packed);
  const after = await newestBefore(read, inputs.resume, store, now);
  return { record, build, range, source, newest: newestOf(read), after, notes: unreadLines(read) };
}

/** What becomes of the database: by what is there now, or as it was decided when the run began. */
async function pass(
  inputs: RollbackInputs,
  { record, range }: Chosen,
  { store, road }: Pick<Opened, "store" | "road">,
  cancelled: AbortSignal,
): Promise<Passed> {
  requireBackup(inputs);
  const { schema: choice, fromBackup, resume } = inputs;
  const judge = async (): Promise<Passed> => {
    const live = road && (await road.now(cancelled));
    return passSchemaGate({ version: record.version, range, live, choice, fromBackup });
  };
  if (resume === undefined) return await judge();
  const { database } = await askedOf(resume, store);
  const decided = {
    way: way.nullish().parse(database) ?? undefined,
    what: "as it was decided when the run began",
  };
  // What was decided to stay may have moved since.
  if (decided.way !== undefined || (await judge()).way === undefined) return decided;
  throw new HoldfastError("input.conflict", `the database has moved on since the run ${resume} began`, {
    hint: "Begin a new run, which looks at what is there now.",
  });
}

/** Scripts take back a schema; rows that are wrong only a backup has right. */
function requireBackup({ trigger, fromBackup, resume }: RollbackInputs): void {
  if (trigger !== "database-corruption" || fromBackup !== undefined || resume !== undefined) return;
  throw new HoldfastError(
    "input.missing",
    "the database is corrupt, and no backup was named to be restored",
    {
      hint:
        "Name one with --from-backup: holdfast list shows which are proved. For the app alone: " +
        "--trigger manual.",
    },
  );
}
