import { posix } from "node:path";
import * as z from "zod";
import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { formatBytes, MiB } from "../../kernel/bytes.ts";
import { quantity } from "../../kernel/quantity.ts";
import { collect, once } from "../../kernel/streams.ts";
import { BACKUP_ID } from "../../nouns/catalog/manifest.ts";
import { concernsOneDocument } from "../../nouns/store/one-document.ts";
import { ROLLOUTS } from "../../nouns/store/layout.ts";
import { runRecord } from "../../nouns/store/run-record.ts";
import { compareBlobPaths } from "../../ports/blob-path.ts";
import type { BlobFacts, BlobStore } from "../../ports/blob-store.ts";
import { folderOf, type AppTarget } from "./target.ts";

/**
 * What was brought to production, verified: written when a deployment or a rollback has ended well, and never
 * changed. By these a rollback finds the last good one. `docs/formats.md` explains every field.
 */
export const rolloutRecord = z.strictObject({
  format: z.literal("holdfast.rollout/1"),
  /** Of the run, whose journal has the details. */
  id: z.string(),
  kind: z.enum(["deploy", "rollback"]),
  app: z.strictObject({ subscription: z.string(), group: z.string(), site: z.string(), slot: z.string() }),
  environment: z.string(),
  /** Without `v`. */
  version: z.string(),
  build: z.string().nullable(),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  /** As the slot's setting `HOLDFAST_RELEASE` has it. */
  mark: z.string(),
  /** What production was before; null where it was nothing of ours. */
  before: z.string().nullable(),
  reason: z.string(),
  /**
   * The schemas that the build runs on, of its release unit; null where it has no migrations, absent where
   * nobody told.
   */
  schema: z
    .strictObject({ from: z.string(), to: z.string(), count: z.int().positive() })
    .nullable()
    .optional(),
  /** What the database was taken back to, where it was: a version, and by which backup if by one. */
  database: z
    .strictObject({ name: z.string(), version: z.string(), backup: z.string().nullable() })
    .optional(),
  /** The project whose functions went along, and the snapshot of what was served before. */
  functions: z.strictObject({ project: z.string(), snapshot: z.string() }).optional(),
  /** What was seen, by the step's id. */
  seen: z.record(z.string(), z.string()),
  address: z.string(),
  began: z.iso.datetime(),
  ended: z.iso.datetime(),
  run: runRecord,
});
export type RolloutRecord = z.infer<typeof rolloutRecord>;

const RECORD_SIZE_MAX = MiB;

/** One that could not be read: of what release it is nobody knows, only of which run, and what is older. */
export interface UnreadRecord {
  readonly path: string;
  /** How many of those that were read are older. */
  readonly after: number;
  readonly error: HoldfastError;
}

/** What a store has of an app, each oldest first. */
export interface RecordsRead {
  readonly records: readonly RolloutRecord[];
  readonly unread: readonly UnreadRecord[];
  /** Of the newest, whether it could be read or not: it is called after its run. */
  readonly newestId: string | null;
}

type RecordStore = Pick<BlobStore, "put" | "get" | "list" | "url">;

/** The records of one app. */
export class RolloutRecords {
  readonly #store: RecordStore;
  readonly #folder: string;

  constructor(store: RecordStore, target: AppTarget) {
    this.#store = store;
    this.#folder = `${ROLLOUTS}${folderOf(target)}/`;
  }

  /** Whether the run has its record. */
  async has(id: string): Promise<boolean> {
    for await (const { path } of this.#store.list(this.#path(id))) if (path === this.#path(id)) return true;
    return false;
  }

  /** Creates it; one that is there stays. */
  async write(record: RolloutRecord): Promise<void> {
    const bytes = Buffer.from(`${JSON.stringify(rolloutRecord.parse(record), null, 2)}\n`);
    try {
      await this.#store.put(this.#path(record.id), once(bytes), { contentType: "application/json" });
    } catch (error) {
      if (!isHoldfastError(error, "store.exists")) throw error;
    }
  }

  /**
   * All of them, oldest first by the store's clock: that of a runner may be wrong, and counts only where the
   * store cannot tell. One that cannot be read is never the end of the others.
   *
   * @throws what the store throws: where it does not answer, a record is not one that is not there
   */
  async all(): Promise<RecordsRead> {
    const found: Found[] = [];
    for await (const blob of this.#store.list(this.#folder)) {
      // What is called after no run is none of ours, and no reason to doubt the others.
      if (!BACKUP_ID.test(idIn(blob.path))) continue;
      found.push({ blob, read: await this.#readOr(blob) });
    }
    const ordered = inOrder(found);
    const records: RolloutRecord[] = [];
    const unread: UnreadRecord[] = [];
    for (const {
      blob: { path },
      read,
    } of ordered) {
      if (read instanceof HoldfastError) unread.push({ path, after: records.length, error: read });
      else records.push(read);
    }
    const newest = ordered.at(-1);
    return { records, unread, newestId: newest === undefined ? null : idIn(newest.blob.path) };
  }

  /** @returns why it cannot be read, where that concerns it alone */
  async #readOr({ path, size }: BlobFacts): Promise<RolloutRecord | HoldfastError> {
    try {
      if (size > RECORD_SIZE_MAX) throw damaged(path, `has ${formatBytes(size)}, which no record has`);
      return recordIn(path, await collect((await this.#store.get(path)).content, RECORD_SIZE_MAX));
    } catch (error) {
      if (!concernsOneDocument(error)) throw error;
      return error;
    }
  }

  #path(id: string): string {
    return `${this.#folder}${id}.json`;
  }
}

interface Found {
  readonly blob: BlobFacts;
  readonly read: RolloutRecord | HoldfastError;
}

/** Oldest first; one that cannot be read behind others of its moment, since it may have ended after them. */
function inOrder(found: readonly Found[]): readonly Found[] {
  const endOf = ({ read }: Found): string => (read instanceof HoldfastError ? "~" : read.ended);
  return found
    .map((one) => ({ one, at: knownMoment(one) ?? momentByRun(one, found) }))
    .sort((a, b) => (a.at === b.at ? compareBlobPaths(endOf(a.one), endOf(b.one)) : a.at - b.at))
    .map(({ one }) => one);
}

/** When it was written, by the store; of one with a bad inode, which has no date, what it says itself. */
function knownMoment({ blob, read }: Found): number | undefined {
  if (blob.modifiedAt.getTime() > 0) return blob.modifiedAt.getTime();
  return read instanceof HoldfastError ? undefined : Date.parse(read.ended);
}

/** Runs of an app take turns, so that it ended after all that had begun before it, and before all others. */
function momentByRun({ blob }: Found, found: readonly Found[]): number {
  const before = found.filter((other) => idIn(other.blob.path) < idIn(blob.path));
  return Math.max(0, ...before.map((other) => knownMoment(other) ?? 0));
}

function idIn(path: string): string {
  return posix.basename(path, ".json");
}

function recordIn(path: string, bytes: Buffer): RolloutRecord {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw damaged(path, "is no JSON", error);
  }
  const format = (value as { format?: unknown } | null)?.format;
  if (typeof format === "string" && /^holdfast\.rollout\/(?!1$)\d+$/.test(format)) {
    throw new HoldfastError("catalog.unknown-format", `${path} has the format '${format}'`, {
      hint: "Use the version of Holdfast that wrote it, or a newer one.",
    });
  }
  const read = rolloutRecord.safeParse(value);
  if (read.success) return read.data;
  throw damaged(path, "is no record of a rollout", read.error);
}

function damaged(path: string, why: string, cause?: unknown): HoldfastError {
  return new HoldfastError("catalog.damaged", `${path} ${why}`, {
    hint: "It was changed or damaged after it was written.",
    cause,
  });
}

/** Named one by one: a rule of the store's that archives what is old has soon archived a hundred. */
const NAMED_MAX = 5;

/** A line for each that cannot be read, the newest first. */
export function unreadLines({ unread }: Pick<RecordsRead, "unread">): readonly string[] {
  const lines = unread
    .toReversed()
    .slice(0, NAMED_MAX)
    .map(({ path, error }) => `${path} could not be read, and does not count: ${error.message}`);
  const more = unread.length - lines.length;
  if (more > 0) lines.push(`${quantity(more, "older record")} could not be read either`);
  return lines;
}

/** The newest; undefined where there is none, and where it could not be read. */
export function newestOf({ records, newestId }: RecordsRead): RolloutRecord | undefined {
  const newest = records.at(-1);
  return newest?.id === newestId ? newest : undefined;
}

/**
 * The newest that was good: verified, and not taken back since. What production is now is none, because
 * it is what somebody wants to leave; unless it is what production was taken back to last: a button that is
 * pressed twice must not take back two releases.
 *
 * @param records oldest first
 * @param now the mark of production; undefined where it is nothing of ours
 */
export function lastKnownGood(
  records: readonly RolloutRecord[],
  now: string | undefined,
): RolloutRecord | undefined {
  const newest = records.at(-1);
  if (newest?.kind === "rollback" && newest.mark === now) return newest;
  const left = new Set<string>(now === undefined ? [] : [now]);
  for (const record of records.toReversed()) {
    if (!left.has(record.mark)) return record;
    // A rollback says that what it came from was not good.
    if (record.kind === "rollback" && record.before !== null) left.add(record.before);
  }
  return undefined;
}

/**
 * Whether production is a release from before the newest record: somebody went back without one, by hand or
 * by a run that was killed. What is good before it is then not what anybody means.
 *
 * @param records oldest first
 */
export function wentBackUnrecorded(records: readonly RolloutRecord[], now: string | undefined): boolean {
  return records.at(-1)?.mark !== now && records.some(({ mark }) => mark === now);
}

/** The newest record of a version, with its build or without. */
export function recordOfVersion(
  records: readonly RolloutRecord[],
  version: string,
): RolloutRecord | undefined {
  const plain = version.replace(/^v/, "");
  return records.findLast(
    ({ version: of, build }) => of === plain || (build !== null && `${of}+${build}` === plain),
  );
}

/** @throws input.malformed */
export function noSuchRecord(what: string, target: string): HoldfastError {
  return new HoldfastError("input.malformed", `the store has no record of ${what} at ${target}`, {
    hint: "Give a version that was deployed by Holdfast and verified, with the store of its record.",
  });
}
