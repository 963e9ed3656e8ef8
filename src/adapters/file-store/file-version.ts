import { constants, type BigIntStats } from "node:fs";
import { lstat, open } from "node:fs/promises";
import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import type { ByteStream } from "../../kernel/streams.ts";
import type { BlobFacts } from "../../ports/blob-store.ts";
import { errnoOf, fileReadError, linked } from "./file-errors.ts";

const READ_BYTES = 256 * 1024;

/**
 * Inode, time and size: a replaced file is always another inode, because the old one still exists while the
 * new one is made.
 */
function etagOf(found: BigIntStats): string {
  return `${found.ino.toString(36)}-${found.mtimeNs.toString(36)}-${found.size.toString(36)}`;
}

/**
 * Facts of the file at `target`, or `null` when there is no regular file there (folders are no blobs).
 *
 * @throws store.unreadable where it is a link
 */
export async function readFacts(path: string, target: string): Promise<BlobFacts | null> {
  let found: BigIntStats;
  try {
    found = await lstat(target, { bigint: true });
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return null;
    throw fileReadError(error, path);
  }
  if (found.isSymbolicLink()) throw linked(path);
  return found.isFile()
    ? { path, size: Number(found.size), modifiedAt: found.mtime, etag: etagOf(found) }
    : null;
}

/** Of a file whose facts its file system cannot give: it has a name, and whoever reads it learns the rest. */
export function unreadFacts(path: string): BlobFacts {
  return { path, size: 0, modifiedAt: new Date(0), etag: "" };
}

/**
 * The bytes from `start` to `end` of the version `seen`. Opens only when read, so that an answer nobody reads
 * leaves no file open.
 *
 * @throws store.changed when the file is another one, or shorter, than it was
 */
export async function* readVersion(seen: BlobFacts, target: string, start: number, end: number): ByteStream {
  const changed = (): HoldfastError =>
    new HoldfastError("store.changed", `${seen.path} was changed or cut while it was being read`);
  try {
    await using handle = await open(target, constants.O_RDONLY | constants.O_NOFOLLOW);
    if (etagOf(await handle.stat({ bigint: true })) !== seen.etag) throw changed();
    for (let position = start; position < end;) {
      // A new buffer each time: whoever reads may keep the chunk.
      const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, end - position));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
      if (bytesRead === 0) throw changed();
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } catch (error) {
    if (isHoldfastError(error)) throw error;
    throw errnoOf(error) === "ENOENT" ? changed() : fileReadError(error, seen.path);
  }
}
