import { fits } from "../patterns/path-pattern.ts";
import { folderOf, type Lock } from "./lock.ts";
import type { Manifest } from "./manifest.ts";
import type { Pinned, Seen } from "./rules/rule.ts";

/**
 * Finds the lock files that pin what each package.json asks for: those of its own folder, or of the nearest
 * folder above whose lock counts it among its packages. Two in one folder both have to be in step.
 */
export function pin(manifests: readonly Manifest[], locks: readonly Seen<Lock>[]): readonly Pinned[] {
  return manifests.flatMap((manifest): Pinned[] => {
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
