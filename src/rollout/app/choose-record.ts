import { HoldfastError } from "../../kernel/errors.ts";
import type { Json } from "../../kernel/outcome.ts";
import { standingOf } from "../../nouns/runbook/standing.ts";
import { readJournal } from "../../nouns/runbook/journal.ts";
import type { BlobStore } from "../../ports/blob-store.ts";
import {
  lastKnownGood,
  noSuchRecord,
  recordOfVersion,
  wentBackUnrecorded,
  type RolloutRecord,
} from "./records.ts";
import { versionIn } from "./release-mark.ts";

/** The word for the newest release that was good. */
export const LAST_KNOWN_GOOD = "last-known-good";

/** What was asked of a run that is gone on with. @throws input.malformed; as reading a journal */
export async function askedOf(run: string, store: BlobStore): Promise<Readonly<Record<string, Json>>> {
  const [opened] = await readJournal(run, store);
  const inputs = opened!.event.kind === "opened" ? opened!.event.inputs : undefined;
  return inputs !== null && typeof inputs === "object" && !Array.isArray(inputs)
    ? (inputs as Readonly<Record<string, Json>>)
    : {};
}

/**
 * What a run that is gone on with was going back to: by now production may be it, and what is good before
 * that is another.
 *
 * @throws input.malformed; as reading a journal
 */
export async function resumedRecord(
  run: string,
  store: BlobStore,
  records: readonly RolloutRecord[],
  target: string,
): Promise<RolloutRecord> {
  const { build } = await askedOf(run, store);
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

/**
 * The record of what is gone back to.
 *
 * @param to a version, or {@link LAST_KNOWN_GOOD}
 * @param now the mark of production; undefined where it is nothing of ours
 * @throws input.malformed; input.conflict where it cannot be told which is meant
 */
export function chosenRecord(
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
  // Somebody left what was ours, as by a swap in the portal: whoever did may have fled from the newest one.
  if (now === undefined && records.length > 0) throw leftOurs(records.at(-1)!, target);
  if (now !== undefined && wentBackUnrecorded(records, now)) throw alreadyBack(now, records.at(-1)!, target);
  const record = lastKnownGood(records, now);
  if (record === undefined) throw noSuchRecord("a good release before this one", target);
  return record;
}

/**
 * The newest record before a run. A run that is gone on with must find no newer one, and production where it
 * brought it: what somebody has brought there since is not taken for this run's own.
 *
 * @param now the mark of production
 * @throws input.conflict
 */
export async function newestBefore(
  records: readonly RolloutRecord[],
  run: string | undefined,
  store: BlobStore,
  now: string | undefined,
): Promise<string | null> {
  const newest = records.at(-1);
  if (run === undefined) return newest?.id ?? null;
  const { after, build } = await askedOf(run, store);
  const { state } = standingOf(await readJournal(run, store)).steps.get("swap") ?? { state: "open" };
  const wasSwapped = state === "found" || state === "confirmed";
  if (wasSwapped && now !== build) throw exchanged(run, now);
  const isOvertaken = newest !== undefined && newest.id !== run && newest.id !== after;
  if (!isOvertaken) return typeof after === "string" ? after : null;
  throw new HoldfastError(
    "input.conflict",
    `since the run ${run} began ${newest.version} was ` +
      `${newest.kind === "deploy" ? "deployed" : "gone back to"} ` +
      `(run ${newest.id}): going on with it would undo that`,
    { hint: "Begin a new run, which looks at what is there now." },
  );
}

function leftOurs({ version }: RolloutRecord, target: string): HoldfastError {
  return new HoldfastError(
    "input.conflict",
    `${target} is nothing of ours by now, and the newest record is of ${version}: which is good nobody ` +
      `can tell`,
    { hint: "Name the version that is gone back to with --to." },
  );
}

function exchanged(run: string, now: string | undefined): HoldfastError {
  return new HoldfastError(
    "input.conflict",
    `the run ${run} has swapped, and production is ` +
      `${now === undefined ? "something else" : versionIn(now)} by now`,
    { hint: "Begin a new run, which looks at what is there now." },
  );
}
