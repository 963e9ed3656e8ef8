import { HoldfastError } from "../kernel/errors.ts";

const HINT =
  "Do not use this path; if it came out of a manifest, the manifest was made by hand or to do harm.";

/**
 * What is wrong with `path` as the path of a blob, or `undefined` when it is fine.
 *
 * A path is `/`-separated, relative, well-formed text without empty, `.` or `..` segments, control characters
 * or backslashes (Azure turns those into `/`), at most 1,024 characters long. So a path out of a hostile
 * manifest can never leave the store.
 */
export function blobPathFault(path: string): string | undefined {
  if (path === "") return "it is empty";
  if (path.length > 1024) return "it is longer than 1,024 characters";
  if (!path.isWellFormed()) return "it is not well-formed Unicode";
  if (/[\u0000-\u001f\u007f\\]/.test(path)) return "it holds a control character or a backslash";
  for (const segment of path.split("/")) {
    if (segment === "") return "it starts or ends with '/', or has an empty segment";
    if (segment === "." || segment === "..") return "it has a '.' or '..' segment";
  }
  return undefined;
}

/**
 * Every adapter calls this before anything else.
 *
 * @throws input.malformed
 */
export function assertBlobPath(path: string): void {
  const fault = blobPathFault(path);
  if (fault !== undefined) {
    throw new HoldfastError(
      "input.malformed",
      `'${JSON.stringify(path).slice(1, -1)}' cannot be a blob's path: ${fault}`,
      { hint: HINT },
    );
  }
}

/**
 * A prefix is a path that may be empty, and may end anywhere, also in `/`.
 *
 * @throws input.malformed
 */
export function assertBlobPrefix(prefix: string): void {
  if (prefix === "") return;
  assertBlobPath(prefix.endsWith("/") ? prefix.slice(0, -1) : prefix);
}

/**
 * Lexicographic order of paths: by their UTF-8 bytes, as object stores sort. (UTF-16 order differs
 * beyond U+FFFF.)
 */
export function compareBlobPaths(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
