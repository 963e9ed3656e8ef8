import { fits } from "../../kernel/path-pattern.ts";
import { folderOf, type Lock } from "./lock.ts";
import type { Manifest } from "./manifest.ts";
import type { Pinned, Seen } from "./rules/rule.ts";

/**
 * Finds the lock files that pin what each package.json asks for: those of the folder whose workspace it is,
 * else of its own folder, or of the nearest folder above whose lock counts it among its packages. Two in one
 * folder both have to be in step.
 */
export function pin(manifests: readonly Manifest[], locks: readonly Seen<Lock>[]): readonly Pinned[] {
  return manifests.flatMap((manifest): Pinned[] => {
    const rooted = rootOf(manifest, manifests, locks);
    if (rooted.length > 0) return rooted;
    for (let folder = manifest.folder; ; folder = folderOf(folder)) {
      const project = manifest.folder.slice(folder === "" ? 0 : folder.length + 1);
      const here = locks.filter(
        ({ file, read }) => folderOf(file) === folder && belongs(project, read, folder, manifests),
      );
      if (here.length > 0) return here.map((lock) => ({ manifest, lock, project }));
      if (folder === "") return [{ manifest, lock: undefined, project: "" }];
    }
  });
}

/** Package managers read the lock of the root alone, whatever lies in the folder of a workspace. */
function rootOf(manifest: Manifest, manifests: readonly Manifest[], locks: readonly Seen<Lock>[]): Pinned[] {
  for (let folder = manifest.folder; folder !== "";) {
    folder = folderOf(folder);
    const project = manifest.folder.slice(folder === "" ? 0 : folder.length + 1);
    const root = manifests.find((each) => each.folder === folder);
    const here = locks.filter(
      ({ file, read }) => folderOf(file) === folder && read !== undefined && isMember(project, read, root),
    );
    const strays = locks.map(({ file }) => file).filter((file) => folderOf(file) === manifest.folder);
    if (here.length > 0) return here.map((lock) => ({ manifest, lock, project, strays }));
  }
  return [];
}

/** As npm and yarn find them; pnpm has its list in a file of its own, and what it found in the lock. */
function isMember(project: string, { format, projects }: Lock, root: Manifest | undefined): boolean {
  if (format === "pnpm") return projects?.has(project) === true;
  const patterns = root?.workspaces ?? [];
  const isTakenOut = patterns.some((each) => each.startsWith("!") && fits(each.slice(1), project));
  return !isTakenOut && patterns.some((each) => fits(each, project));
}

/** Nobody can say of a lock that cannot be read, which is told elsewhere. */
function belongs(
  project: string,
  lock: Lock | undefined,
  folder: string,
  manifests: readonly Manifest[],
): boolean {
  if (project === "" || lock === undefined) return true;
  if (lock.projects !== null) return lock.projects.has(project);
  const root = manifests.find((each) => each.folder === folder);
  return (root?.workspaces ?? []).some((pattern) => fits(pattern, project));
}
