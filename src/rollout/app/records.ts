import * as z from "zod";
import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { MiB } from "../../kernel/bytes.ts";
import { collect, once } from "../../kernel/streams.ts";
import { ROLLOUTS } from "../../nouns/store/layout.ts";
import { runRecord } from "../../nouns/store/run-record.ts";
import type { BlobStore } from "../../ports/blob-store.ts";
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
   * All of them, oldest first by the store's clock: that of a runner may be wrong. One that holds something
   * else is told of, and is never the end of the others.
   *
   * @throws what the store throws: a record that could not be had is not one that is not there
   */
  async all(unreadable: (path: string, why: string) => void): Promise<readonly RolloutRecord[]> {
    const found: { readonly at: number; readonly record: RolloutRecord }[] = [];
    for await (const { path, modifiedAt } of this.#store.list(this.#folder)) {
      const bytes = await collect((await this.#store.get(path)).content, RECORD_SIZE_MAX);
      try {
        found.push({ at: modifiedAt.getTime(), record: recordIn(bytes) });
      } catch (error) {
        unreadable(path, (error as Error).message);
      }
    }
    found.sort((a, b) => a.at - b.at || a.record.ended.localeCompare(b.record.ended, "en"));
    return found.map(({ record }) => record);
  }

  #path(id: string): string {
    return `${this.#folder}${id}.json`;
  }
}

function recordIn(bytes: Buffer): RolloutRecord {
  const read = rolloutRecord.safeParse(JSON.parse(bytes.toString("utf8")));
  if (read.success) return read.data;
  throw new Error("it is no record of a rollout");
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
