import { constants } from "node:os";
import { HoldfastError, type ErrorCode } from "../../kernel/errors.ts";
import { tryNoMore } from "../../kernel/retry.ts";

const TOO_MANY_FILES =
  "This process, or the machine, has as many files open as it may: raise the limit (ulimit -n), or run " +
  "again when less is going on.";

const BY_ERRNO: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ENOSPC: ["store.full", "Make room on the store's disk, or point --store at a larger one, and run again."],
  EDQUOT: ["store.full", "Raise the disk quota of this user, or make room, and run again."],
  EFBIG: [
    "store.full",
    "Raise the file size limit (ulimit -f) or use a file system that takes larger files.",
  ],
  EROFS: ["store.read-only", "Mount the file system writable, or point --store somewhere else."],
  EACCES: [
    "store.denied",
    "Give the user that runs this read, write and search permission on the store's folder.",
  ],
  EPERM: ["store.denied", "Give the user that runs this the right to do this on the store's folder."],
  ENAMETOOLONG: [
    "input.malformed",
    "Use shorter names: a file system takes at most 255 bytes between two slashes.",
  ],
  EMFILE: ["store.unreachable", TOO_MANY_FILES],
  ENFILE: ["store.unreachable", TOO_MANY_FILES],
  ENOENT: ["store.missing", "Check that the store's folder still exists and its disk is mounted."],
  ENOTDIR: [
    "input.conflict",
    "A part of the path is a file where a folder is needed; choose another name or move that file away.",
  ],
  EISDIR: [
    "input.conflict",
    "A folder lies where the file should be; choose another name or move that folder away.",
  ],
};

/**
 * What is wrong with one file and leaves others as they are: a bad sector, a damaged file system, a file that
 * a server of NFS has forgotten, links in a circle. https://man7.org/linux/man-pages/man3/errno.3.html
 */
const OF_ONE_FILE = ["EIO", "EUCLEAN", "EBADMSG", "EREMOTEIO", "ESTALE", "ELOOP"];

/** By number, and what neither list of Node's names: https://github.com/libuv/libuv/blob/v1.x/include/uv.h */
const NAMES = new Map<number, string>([
  ...Object.entries(constants.errno).map(([name, number]) => [number, name] as const),
  [117, "EUCLEAN"],
  [121, "EREMOTEIO"],
]);

/**
 * The `code` of a Node system error (`ENOENT` …), or `undefined` for anything else. Looked at, not asked for
 * its class: realms differ.
 */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("syscall" in error)) return undefined;
  const { code, errno } = error as NodeJS.ErrnoException;
  if (typeof code !== "string") return undefined;
  // Of those that libuv does not know Node says "Unknown system error -116".
  return code.startsWith("Unknown system error") ? (NAMES.get(Math.abs(errno ?? 0)) ?? code) : code;
}

/**
 * Turns a system error into one of the port's. What is not in the table (EIO, ESTALE, ETIMEDOUT …)
 * is a disk or network mount that did not answer: `store.unreachable`. Errors that are no system errors come
 * back unchanged: they are bugs.
 */
export function fileError(error: unknown, doing: string): unknown {
  if (error instanceof HoldfastError) return error;
  const errno = errnoOf(error);
  if (errno === undefined) return error;
  const [code, hint] = BY_ERRNO[errno] ?? [
    "store.unreachable",
    "Check the disk or network mount that holds the store, then run again.",
  ];
  return new HoldfastError(code, `${doing}: ${errno}`, { hint, cause: error });
}

/** The same where one file was to be read, which may be all that is wrong. */
export function fileReadError(error: unknown, path: string): unknown {
  const errno = errnoOf(error);
  if (errno === undefined || !OF_ONE_FILE.includes(errno)) return fileError(error, `reading ${path}`);
  return new HoldfastError("store.unreadable", `reading ${path}: ${errno}`, {
    hint:
      "Its disk, file system or mount has an error there: look at the system's log (dmesg). A network " +
      "mount may give it again once it is mounted anew; of a bad disk take another copy.",
    cause: error,
  });
}

/** Runs file system calls and turns their errors with {@link fileError}. */
export async function asking<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fileError(error, doing);
  }
}

/** What is there may be anything: nothing is read through it, and nothing passes for absent. */
export function linked(path: string): HoldfastError {
  return tryNoMore(
    new HoldfastError("store.unreadable", `${path} is a symbolic link, and none is followed in a store`, {
      hint: "Put the file or the folder itself in its place; or give what holds everything as --store.",
    }),
  );
}
