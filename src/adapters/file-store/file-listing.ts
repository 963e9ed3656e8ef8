import { opendir } from "node:fs/promises";
import { join } from "node:path";
import { compareBlobPaths } from "../../ports/blob-path.ts";
import { errnoOf } from "./file-errors.ts";

/** The store's own folder for files in the making; never listed, and no blob may live there. */
export const TEMPORARY = ".holdfast-tmp";

/**
 * Yields every file below `root` whose path starts with `prefix`, in lexicographic order of the whole path,
 * holding one folder's names at a time for each level. A folder sorts as its name with `/` behind it, because
 * that is what its contents' paths start with: `a-b` comes before `a/x`.
 */
export async function* walkFiles(root: string, prefix: string): AsyncIterable<string> {
  const slash = prefix.lastIndexOf("/");
  yield* walkFolder(root, slash < 0 ? "" : prefix.slice(0, slash + 1), prefix);
}

/** @param base path of the folder below root, empty or ending in `/` */
async function* walkFolder(root: string, base: string, prefix: string): AsyncIterable<string> {
  if (base.startsWith(`${TEMPORARY}/`)) return;
  const entries: string[] = [];
  try {
    for await (const entry of await opendir(join(root, base))) {
      if (base === "" && entry.name === TEMPORARY) continue;
      // Links, sockets and devices are not ours and are no blobs.
      if (entry.isDirectory()) entries.push(`${base}${entry.name}/`);
      else if (entry.isFile()) entries.push(base + entry.name);
    }
  } catch (error) {
    // Not there: the prefix names no folder, or somebody removed the folder while we were on the way to it.
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return;
    throw error;
  }
  for (const path of entries.sort(compareBlobPaths)) {
    if (!path.endsWith("/")) {
      if (path.startsWith(prefix)) yield path;
    } else if (path.startsWith(prefix) || prefix.startsWith(path)) {
      yield* walkFolder(root, path, prefix);
    }
  }
}
