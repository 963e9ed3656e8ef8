import { HoldfastError } from "../../kernel/errors.ts";
import type { Json } from "../../kernel/outcome.ts";
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
  if (now !== undefined && wentBackUnrecorded(records, now)) throw alreadyBack(now, records.at(-1)!, target);
  const record = lastKnownGood(records, now);
  if (record === undefined) throw noSuchRecord("a good release before this one", target);
  return record;
}
