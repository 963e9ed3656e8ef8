import { HoldfastError } from "../../../kernel/errors.ts";
import { isLfsPointer, LFS_POINTER_BYTES_MAX } from "../../../kernel/lfs-pointer.ts";
import { listed } from "../../../kernel/listed.ts";
import { printableLine } from "../../../kernel/printable.ts";
import type { WantedFunction } from "./function-sources.ts";

/** Whether a path below the folder belongs to a function: its own, or what all of them share. */
export function belongsTo(path: string, folder: string, name: string): boolean {
  if (!path.startsWith(`${folder}/`)) return false;
  const [first = "", ...rest] = path.slice(folder.length + 1).split("/");
  return first === name || rest.length === 0 || /^[_.]/.test(first);
}

/**
 * Refuses sources that are not what they stand for: links, whose ends nobody would upload, and what Git LFS
 * commits instead of a file. A function that reads such a file would be deployed, and find something else.
 *
 * @param links paths of the commit's links and submodules
 * @throws source.unreadable
 */
export async function requireWholeSources(
  functions: readonly Pick<WantedFunction, "slug" | "files" | "load">[],
  folder: string,
  links: readonly string[],
): Promise<void> {
  const found = new Map<string, string>();
  for (const { slug, files, load } of functions) {
    for (const path of links) if (belongsTo(path, folder, slug)) found.set(path, "a link");
    if (!files.some(({ size }) => size <= LFS_POINTER_BYTES_MAX)) continue;
    for (const { path, bytes } of await load()) {
      if (isLfsPointer(bytes)) found.set(path, "a pointer of Git LFS");
    }
  }
  if (found.size === 0) return;
  const told = [...found].map(([path, what]) => `${printableLine(path)} is ${what}`);
  throw new HoldfastError("source.unreadable", `${listed(told)}: what is behind it is not uploaded`, {
    hint: "Commit the file itself, or leave it out of the functions' folder.",
  });
}
