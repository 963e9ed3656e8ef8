import { HoldfastError } from "./errors.ts";

/** The disk, or the part of it this user may take, has no room left. */
const FULL: ReadonlySet<string | undefined> = new Set(["ENOSPC", "EDQUOT"]);

/**
 * What the operating system said about a local temporary file, as an operating failure: `disk.full` or
 * `disk.unusable`. Everything that is no word of the operating system about a file is given back as it is.
 *
 * @param doing what was going on, such as `writing full.dump`
 * @param facts appended to the message, such as how much is free
 */
export function diskTrouble(error: unknown, doing: string, facts = ""): unknown {
  if (typeof error !== "object" || error === null || error instanceof HoldfastError) return error;
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (FULL.has(code)) {
    return new HoldfastError("disk.full", `no room left in the temporary folder while ${doing}${facts}`, {
      hint: "Free space in the temporary folder, or point TMPDIR at a larger disk.",
      cause: error,
    });
  }
  // A failing stream that is being written may carry a code of its own; only a system call speaks
  // of the disk.
  if (code === undefined || syscall === undefined || !FILE_CALLS.has(syscall)) return error;
  return new HoldfastError("disk.unusable", `the temporary folder cannot be used while ${doing} (${code})`, {
    hint: "Look at the temporary folder: it must exist and be writable; TMPDIR names another one.",
    cause: error,
  });
}

/**
 * The calls Node makes for a file of ours; a socket's are others (`connect`, `read` on a pipe has no path).
 */
const FILE_CALLS: ReadonlySet<string> = new Set([
  "open",
  "write",
  "close",
  "fsync",
  "mkdtemp",
  "mkdir",
  "statfs",
  "chown",
  "rename",
  "copyfile",
]);
