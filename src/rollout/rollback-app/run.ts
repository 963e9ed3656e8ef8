import type { Outcome } from "../../kernel/outcome.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import { readJournal } from "../../nouns/runbook/journal.ts";
import type { BlobStore } from "../../ports/blob-store.ts";
import { PRODUCTION_SLOT } from "../../ports/slot-host.ts";
import { carryOutOnApp, type Wanted } from "../app/carry-out.ts";
import {
  lastKnownGood,
  noSuchRecord,
  recordOfVersion,
  RolloutRecords,
  wentBackUnrecorded,
  type RolloutRecord,
} from "../app/records.ts";
import { markAt, versionIn } from "../app/release-mark.ts";
import { appOutcome } from "../app/report.ts";
import { readAppSettings, type AppInputs, type AppPorts } from "../app/request.ts";
import { nameOf } from "../app/target.ts";

/** The word for the newest release that was good. */
export const LAST_KNOWN_GOOD = "last-known-good";

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
      ? chosen(inputs.to, records, now, nameOf(app.target))
      : await resumed(inputs.resume, store, records, nameOf(app.target));
  if (inputs.package !== undefined) {
    const digest = await host.digest(inputs.package, { ...call, withinMs: READ_MS });
    if (digest !== record.digest) throw otherPackage(inputs.package, record, digest);
  }
  const holds = await standby(host, app.target.slot, call);
  const wanted: Wanted = {
    kind: "rollback",
    build: { version: record.version, build: record.build ?? undefined, digest: record.digest },
    packagePath: inputs.package,
    reason: inputs.reason,
  };
  const done = await carryOutOnApp(wanted, app, { host, store }, inputs, ports);
  const way =
    holds === record.mark && done.kind !== "idle"
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

/**
 * What a run that is gone on with was going back to: by now production may be it, and what is good before
 * that is another.
 *
 * @throws input.malformed; as reading a journal
 */
async function resumed(
  run: string,
  store: BlobStore,
  records: readonly RolloutRecord[],
  target: string,
): Promise<RolloutRecord> {
  const [opened] = await readJournal(run, store);
  const inputs = opened!.event.kind === "opened" ? opened!.event.inputs : undefined;
  const { build } = (inputs ?? {}) as { readonly build?: unknown };
  const record = records.findLast(({ mark }) => mark === build);
  if (record === undefined) throw noSuchRecord(`what the run ${run} went back to`, target);
  return record;
}

function alreadyBack(now: string, { version }: RolloutRecord, target: string): HoldfastError {
  return new HoldfastError(
    "input.conflict",
    `${target} is ${versionIn(now)}, and the newest record is of ${version}: somebody went back already, ` +
      "by hand or by a run that was killed",
    { hint: "Go on with that run by --resume; or name the version that is gone back to with --to." },
  );
}

/** @throws input.malformed; input.conflict where it cannot be told which is meant */
function chosen(
  to: string,
  records: readonly RolloutRecord[],
  now: string | undefined,
  target: string,
): RolloutRecord {
  if (to !== LAST_KNOWN_GOOD) {
    const record = recordOfVersion(records, to);
    if (record === undefined) throw noSuchRecord(to, target);
    return record;
  }
  if (now !== undefined && wentBackUnrecorded(records, now)) throw alreadyBack(now, records.at(-1)!, target);
  const record = lastKnownGood(records, now);
  if (record === undefined) throw noSuchRecord("a good release before this one", target);
  return record;
}

function otherPackage(path: string, { version, digest }: RolloutRecord, found: string): HoldfastError {
  return new HoldfastError(
    "input.conflict",
    `${path} is not the package that was deployed as ${version}: its SHA-256 is ${found}, and not ${digest}`,
    {
      hint: "Give the package that the release was published with; or deploy this one under its own version.",
    },
  );
}
