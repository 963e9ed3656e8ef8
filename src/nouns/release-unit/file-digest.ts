import { createHash } from "node:crypto";

/** A file of a set, with the SHA-256 of its content in hex. */
export interface HashedFile {
  /** From the repository's root. */
  readonly path: string;
  readonly sha256: string;
}

/**
 * One digest of a set of files, `files-1`: the SHA-256 of what `sha256sum --zero` prints of them in the byte
 * order of their paths, `<sha256>  <path>` and a NUL for each. No path holds a NUL, so no two sets are
 * written alike, whatever else their names hold. `docs/formats.md` has it as a line of shell.
 */
export function digestOfFiles(files: readonly HashedFile[]): string {
  const hash = createHash("sha256");
  for (const { path, sha256 } of [...files].sort((a, b) => byBytes(a.path, b.path))) {
    hash.update(`${sha256}  ${path}\0`);
  }
  return hash.digest("hex");
}

/** The order of bytes in UTF-8, as git and `LC_ALL=C sort` have it; that of JavaScript is another. */
export function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
