import { HoldfastError } from "../../kernel/errors.ts";
import { listed } from "../../kernel/listed.ts";
import type { Json } from "../../kernel/outcome.ts";
import { standingOf } from "../../nouns/runbook/standing.ts";
import { readJournal } from "../../nouns/runbook/journal.ts";
import type { BlobStore } from "../../ports/blob-store.ts";
import {
  lastKnownGood,
  newestOf,
  noSuchRecord,
  recordOfVersion,
  wentBackUnrecorded,
  type RecordsRead,
  type RolloutRecord,
  type UnreadRecord,
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
  { records, unread }: RecordsRead,
  target: string,
): Promise<RolloutRecord> {
  const { build } = await askedOf(run, store);
  const record = records.findLast(({ mark }) => mark === build);
  if (record === undefined) throw notFound(`what the run ${run} went back to`, unread, target);
  return record;
}

/** It is none of those that can be read; where there are others, it may be one of them. */
function notFound(what: string, unread: readonly UnreadRecord[], target: string): HoldfastError {
  const last = unread.at(-1);
  if (last === undefined) return noSuchRecord(what, target);
  return new HoldfastError(
    "input.malformed",
    `the store has no record of ${what} at ${target} that can be read, and may have it in ` +
      `${namesOf(unread)}: ${last.error.message}`,
    {
      hint:
        "Name another version with --to <release>, whose record can be read; or deploy this one again. " +
        (last.error.hint ?? ""),
      cause: last.error,
    },
  );
}

/** What cannot be read may say that another release was the last good one, or that this one was fled from. */
function cannotTell(unread: readonly UnreadRecord[], target: string): HoldfastError {
  const { error } = unread.at(-1)!;
  return new HoldfastError(
    "input.conflict",
    `which release of ${target} was good last nobody can tell: what ${namesOf(unread)} says could be ` +
      `another one, or that somebody went back from it: ${error.message}`,
    {
      hint:
        "Name the version that is gone back to with --to <release>, such as --to v1.2.0. " +
        (error.hint ?? ""),
      cause: error,
    },
  );
}

/** The newest first. */
function namesOf(unread: readonly UnreadRecord[]): string {
  return listed(
    unread.toReversed().map(({ path }) => path),
    3,
  );
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
 * @throws input.malformed; input.conflict where it cannot be told which is meant, also because a record that
 *   cannot be read could say otherwise
 */
export function chosenRecord(
  to: string,
  read: RecordsRead,
  now: string | undefined,
  target: string,
): RolloutRecord {
  const { records, unread } = read;
  if (to !== LAST_KNOWN_GOOD) {
    const record = recordOfVersion(records, to);
    if (record === undefined) throw notFound(to, unread, target);
    return record;
  }
  const last = records.at(-1);
  const newer = unread.filter(({ after }) => after === records.length);
  if (newer.length > 0) throw cannotTell(newer, target);
  // Somebody left what was ours, as by a swap in the portal: whoever did may have fled from the newest one.
  if (now === undefined && last !== undefined) throw leftOurs(last, target);
  if (now !== undefined && wentBackUnrecorded(records, now)) throw alreadyBack(now, last!, target);
  // It may have been gone back to by other means: only an old record would say that it is an old release.
  if (unread.length > 0 && !records.some(({ mark }) => mark === now)) throw cannotTell(unread, target);
  const record = lastKnownGood(records, now);
  if (record === undefined) throw notFound("a good release before this one", unread, target);
  const since = unread.filter(({ after }) => after > records.indexOf(record));
  if (since.length > 0) throw cannotTell(since, target);
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
  read: RecordsRead,
  run: string | undefined,
  store: BlobStore,
  now: string | undefined,
): Promise<string | null> {
  // Its name is enough: that somebody was here since is told by a record that cannot be read as well.
  const { newestId } = read;
  if (run === undefined) return newestId;
  const { after, build } = await askedOf(run, store);
  const { state } = standingOf(await readJournal(run, store)).steps.get("swap") ?? { state: "open" };
  const wasSwapped = state === "found" || state === "confirmed";
  if (wasSwapped && now !== build) throw exchanged(run, now);
  const isOvertaken = newestId !== null && newestId !== run && newestId !== after;
  if (!isOvertaken) return typeof after === "string" ? after : null;
  const newest = newestOf(read);
  const what =
    newest === undefined
      ? "another release was brought there"
      : `${newest.version} was ${newest.kind === "deploy" ? "deployed" : "gone back to"}`;
  throw new HoldfastError(
    "input.conflict",
    `since the run ${run} began ${what} (run ${newestId}): going on with it would undo that`,
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
