import * as z from "zod";
import { MiB } from "../../kernel/bytes.ts";
import { isHoldfastError } from "../../kernel/errors.ts";
import { collect } from "../../kernel/streams.ts";
import type { BlobFacts, BlobStore } from "../../ports/blob-store.ts";
import { concernsOneDocument } from "./one-document.ts";
import { runRecord } from "./run-record.ts";

/** What a lock says of its owner, and the blobs that say it (`docs/formats.md`). */
const lockDocument = z.object({
  format: z.literal("holdfast.lock/1"),
  token: z.string(),
  since: z.iso.datetime(),
  renewedAt: z.iso.datetime(),
  doing: z.string(),
  run: runRecord,
  /** Its run has ended, where the store lets a lock be changed and not removed: whoever comes next has it. */
  released: z.boolean().optional(),
});
export type LockDocument = z.infer<typeof lockDocument>;

/** One blob of a lock's folder. */
export interface Generation {
  readonly generation: number;
  readonly blob: BlobFacts;
}

/** The blobs of a lock, the newest last. */
export async function generations(store: BlobStore, folder: string): Promise<Generation[]> {
  const found: Generation[] = [];
  for await (const blob of store.list(folder)) {
    const match = /(\d{9})\.json$/.exec(blob.path);
    if (match) found.push({ generation: Number(match[1]), blob });
  }
  return found.sort((a, b) => a.generation - b.generation);
}

/** The path of a generation below its lock's folder. */
export function generationPath(folder: string, generation: number): string {
  return `${folder}${String(generation).padStart(9, "0")}.json`;
}

/** The path of the generation after one. */
export function nextGenerationPath(path: string): string {
  return generationPath(folderOf(path), Number(path.slice(-"000000000.json".length, -".json".length)) + 1);
}

export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}

/**
 * What is known of somebody's lock, for whoever would take it: one that cannot be read (it may have been
 * archived, long after its run) is somebody's whose name is not known.
 */
export async function guessLock(store: BlobStore, path: string): Promise<LockDocument | undefined> {
  try {
    return await readLock(store, path);
  } catch (error) {
    if (concernsOneDocument(error)) return UNKNOWN;
    throw error;
  }
}

/** @returns undefined where there is none; one without token and dates where it cannot be understood */
export async function readLock(store: BlobStore, path: string): Promise<LockDocument | undefined> {
  let bytes: Buffer;
  try {
    bytes = await collect((await store.get(path)).content, MiB);
  } catch (error) {
    if (isHoldfastError(error, "store.not-found")) return undefined;
    throw error;
  }
  try {
    return lockDocument.parse(JSON.parse(bytes.toString("utf8")));
  } catch {
    return UNKNOWN;
  }
}

/** A lock that cannot be read still says that somebody was here; its age alone decides. */
const UNKNOWN: LockDocument = {
  format: "holdfast.lock/1",
  token: "",
  since: "",
  renewedAt: "",
  doing: "an unknown command",
  run: { kind: "cli", id: "unknown", url: null, commit: null, actor: "somebody" },
};

export function encodeLock(document: LockDocument): Buffer {
  return Buffer.from(`${JSON.stringify(document, null, 2)}\n`);
}
