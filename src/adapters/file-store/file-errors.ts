import { HoldfastError, type ErrorCode } from "../../kernel/errors.ts";

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
 * The `code` of a Node system error (`ENOENT` …), or `undefined` for anything else. Looked at, not asked for
 * its class: realms differ.
 */
export function errnoOf(error: unknown): string | undefined {
  const code =
    typeof error === "object" && error !== null && "syscall" in error
      ? (error as NodeJS.ErrnoException).code
      : undefined;
  return typeof code === "string" ? code : undefined;
}

/**
 * Turns a system error into one of the port's. What is not in the table (EIO, ESTALE, ETIMEDOUT, EMFILE …)
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

/** Runs file system calls and turns their errors with {@link fileError}. */
export async function asking<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fileError(error, doing);
  }
}
