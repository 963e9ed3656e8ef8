import type { Found, WorkTree } from "../../ports/work-tree.ts";
import { isSame, marked, ownerOf } from "./mark.ts";

/** One file, and what becomes of it. */
export interface Item {
  readonly path: string;
  /** `leave`: it is somebody else's, or what is there is no file. `same`: nothing is to be done. */
  readonly action: "make" | "update" | "join" | "same" | "leave";
  /** Why it is left. */
  readonly message?: string;
  /** As it is; undefined where there is none. */
  readonly before?: string;
  /** Whether it may be run, as it is. */
  readonly wasExecutable?: boolean;
  /** As it is to be; undefined where it stays. */
  readonly after?: string;
  readonly executable: boolean;
}

/**
 * A file that a person begins with: made where there is none, and theirs from then on.
 *
 * @param elsewhere Other paths that count in its place.
 */
export async function start(
  tree: WorkTree,
  path: string,
  text: string,
  elsewhere: readonly string[] = [],
): Promise<Item> {
  for (const other of elsewhere) {
    if ((await tree.look(other)).kind !== "absent") {
      return { path, action: "leave", message: `${other} is there, and counts`, executable: false };
    }
  }
  const found = await tree.look(path);
  if (found.kind === "absent") return { path, action: "make", after: text, executable: false };
  if (found.kind !== "file") return left(path, found);
  return { path, action: "same", message: "it is there, and yours", executable: false };
}

/** A file that is kept up to date, as long as it has our mark and nobody has changed it. */
export async function kept(tree: WorkTree, path: string, text: string, executable: boolean): Promise<Item> {
  const wanted = marked(text);
  const found = await tree.look(path);
  if (found.kind === "absent") return { path, action: "make", after: wanted, executable };
  if (found.kind !== "file") return left(path, found);
  const owner = ownerOf(found.text);
  const isRunnable = found.executable || !executable;
  if (isSame(found.text, text) && isRunnable) {
    // Copied from the documents; or somebody took the line away.
    const message = "it is the same, and yours: without the line of init it is not kept up to date";
    return { path, action: "same", message, executable };
  }
  if (owner !== "ours") {
    const whose = owner === "other" ? "it is somebody else's" : "it was changed by hand";
    const message = `${whose}: to have that of init, rename or delete it and run again`;
    return { path, action: "leave", message, executable };
  }
  if (isSame(found.text, wanted) && isRunnable) return { path, action: "same", executable };
  const was = { before: found.text, wasExecutable: found.executable };
  return { path, action: "update", ...was, after: wanted, executable };
}

/** What is no file is never written at. */
export function left(path: string, found: Found): Item {
  const message =
    found.kind === "link"
      ? "it is a symbolic link, or lies behind one"
      : found.kind === "folder"
        ? "it is a folder"
        : "it is no file of text";
  return { path, action: "leave", message, executable: false };
}
