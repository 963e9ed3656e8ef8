import { opendir, stat } from "node:fs/promises";
import { join } from "node:path";
import { compareBlobPaths } from "../../ports/blob-path.ts";
import { errnoOf, linked } from "./file-errors.ts";

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

/** One that leads nowhere is none. */
async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** @param base path of the folder below root, empty or ending in `/` */
async function* walkFolder(root: string, base: string, prefix: string): AsyncIterable<string> {
  if (base.startsWith(`${TEMPORARY}/`)) return;
  const entries: string[] = [];
  try {
    for await (const entry of await opendir(join(root, base))) {
      if (base === "" && entry.name === TEMPORARY) continue;
      // Sockets and devices are not ours and are no blobs. A link is none either, but what it stands for may
      // be missed: one to a file is named, and reading it says what it is; behind one to a folder, unless it
      // lies beside all that is ours, are names that nobody would hear of.
      const path = base + entry.name;
      if (entry.isDirectory()) entries.push(`${path}/`);
      else if (entry.isFile()) entries.push(path);
      else if (entry.isSymbolicLink()) {
        const isAsked = `${path}/`.startsWith(prefix);
        if (base !== "" && isAsked && (await isFolder(join(root, path)))) throw linked(path);
        entries.push(path);
      }
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
