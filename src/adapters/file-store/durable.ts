import { constants } from "node:fs";
import { mkdir, open, type FileHandle } from "node:fs/promises";
import { dirname, relative, sep } from "node:path";
import { giveBack } from "../../kernel/lent-chunks.ts";
import type { ByteStream } from "../../kernel/streams.ts";
import { errnoOf, fileError } from "./file-errors.ts";

/**
 * Makes a folder's entries durable: a new name survives a power cut only once its folder is fsynced
 * (open(2), fsync(2)).
 */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } catch (error) {
    // Some network and FUSE file systems cannot fsync folders and say EINVAL; there is nothing more to be
    // had from them.
    if (errnoOf(error) !== "EINVAL") throw error;
  } finally {
    await handle.close();
  }
}

/** Every folder from `folder` up to and including `root`. */
export function foldersUpTo(root: string, folder: string): string[] {
  const between = relative(root, folder);
  const depth = between === "" ? 0 : between.split(sep).length;
  const folders = [folder];
  for (let level = 0; level < depth; level += 1) folders.push(dirname(folders.at(-1) ?? root));
  return folders;
}

/** Makes the folders between `root` (which must exist) and `folder`, readable by this user alone. */
export async function makeFolders(root: string, folder: string): Promise<void> {
  for (const path of foldersUpTo(root, folder).reverse().slice(1)) {
    try {
      await mkdir(path, { mode: 0o700 });
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
    }
  }
}

async function writeWhole(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let done = 0; done < chunk.byteLength;) {
    done += (await handle.write(chunk, done, chunk.byteLength - done)).bytesWritten;
  }
}

async function openNew(path: string): Promise<FileHandle> {
  try {
    return await open(path, "wx", 0o600);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
    // Another process's check made the temporary folder and took it away again just now.
    await mkdir(dirname(path), { mode: 0o700 }).catch((again: unknown) => {
      if (errnoOf(again) !== "EEXIST") throw again;
    });
    return await open(path, "wx", 0o600);
  }
}

/**
 * What was written and not yet handed to the disk is at most twice as much: whoever watches sees a slow disk
 * move, and the end does not wait for all the memory of the machine to be written.
 */
const UNSYNCED_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Writes a stream to a new file and fsyncs it. An error of `content` is rethrown as it is; errors of the disk
 * are turned into the port's. The caller removes the file in either case.
 *
 * @returns bytes written
 */
export async function writeDurably(path: string, content: ByteStream, doing: string): Promise<number> {
  const disk = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw fileError(error, doing);
    }
  };
  const handle = await disk(openNew(path));
  let size = 0;
  let unsynced = 0;
  let syncing: Promise<void> = Promise.resolve();
  try {
    for await (const chunk of content) {
      await disk(writeWhole(handle, chunk));
      size += chunk.byteLength;
      unsynced += chunk.byteLength;
      giveBack(chunk);
      if (unsynced < UNSYNCED_BYTES_MAX) continue;
      await disk(syncing);
      syncing = handle.datasync();
      // Its error is met by whoever waits for it.
      syncing.catch(() => undefined);
      unsynced = 0;
    }
    await disk(syncing);
    await disk(handle.sync());
  } finally {
    await syncing.catch(() => undefined);
    await disk(handle.close());
  }
  return size;
}
