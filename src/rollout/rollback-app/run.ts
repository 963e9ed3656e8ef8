import type { Outcome } from "../../kernel/outcome.ts";
import { PRODUCTION_SLOT } from "../../ports/slot-host.ts";
import { carryOutOnApp, type Wanted } from "../app/carry-out.ts";
import { chosenRecord, resumedRecord } from "../app/choose-record.ts";
import { packageOfRecord } from "../app/package-of.ts";
import { PackageShelf } from "../app/package-shelf.ts";
import { RolloutRecords } from "../app/records.ts";
import { markAt, versionIn } from "../app/release-mark.ts";
import { appOutcome } from "../app/report.ts";
import { readAppSettings, type AppInputs, type AppPorts } from "../app/request.ts";
import { nameOf } from "../app/target.ts";

/** The parsed inputs of `holdfast rollback-app`. */
export interface RollbackAppInputs extends AppInputs {
  readonly to: string;
  readonly package: string | undefined;
  readonly reason: string;
}

/** What reading the slots and the records may take before the plan is made, in milliseconds. */
const LOOK_MS = 2 * 60_000;
const READ_MS = 30 * 60_000;

/** `holdfast rollback-app`: see src/commands/rollout/rollback-app.ts. */
export async function runRollbackApp(inputs: RollbackAppInputs, ports: AppPorts): Promise<Outcome> {
  const app = await readAppSettings(inputs, ports);
  const store = await ports.openStore(inputs.store, inputs.storeSecret);
  await store.check(!inputs.dryRun);
  const host = await ports.openSlotHost(app.target.address);
  const call = { signal: ports.cancelled, withinMs: LOOK_MS };
  ports.log.stage(`looking for ${inputs.to} of ${nameOf(app.target)}`);
  const now = await markAt(host, PRODUCTION_SLOT, call);
  const notes: string[] = [];
  const records = await new RolloutRecords(store, app.target).all((path, why) => {
    notes.push(`${path} could not be read, and does not count: ${why}`);
  });
  const record =
    inputs.resume === undefined
      ? chosenRecord(inputs.to, records, now, nameOf(app.target))
      : await resumedRecord(inputs.resume, store, records, nameOf(app.target));
  const shelf = new PackageShelf(store, ports.disk);
  const source = await packageOfRecord(
    record,
    inputs.package,
    { host, shelf },
    { ...call, withinMs: READ_MS },
  );
  const holds = await standby(host, app.target.slot, call);
  const wanted: Wanted = {
    kind: "rollback",
    build: { version: record.version, build: record.build ?? undefined, digest: record.digest },
    source,
    reason: inputs.reason,
    schema: record.schema,
  };
  const done = await carryOutOnApp(wanted, app, { host, store }, inputs, ports);
  const way =
    holds === record.mark && done.came.kind !== "idle"
      ? [`${app.target.slot} held ${versionIn(record.mark)}: nothing had to be deployed`]
      : [];
  return appOutcome(wanted, app.target, done, [...notes, ...way]);
}

async function standby(
  host: Parameters<typeof markAt>[0] & {
    slot(name: string, call: Parameters<typeof markAt>[2]): Promise<unknown>;
  },
  slot: string,
  call: Parameters<typeof markAt>[2],
): Promise<string | undefined> {
  return (await host.slot(slot, call)) === undefined ? undefined : await markAt(host, slot, call);
}
