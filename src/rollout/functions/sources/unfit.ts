import { HoldfastError } from "../../../kernel/errors.ts";
import { isLfsPointer } from "../../../kernel/lfs-pointer.ts";
import { listed } from "../../../kernel/listed.ts";
import { printableLine } from "../../../kernel/printable.ts";
import type { FunctionSet } from "./function-set.ts";
import { prefixOf } from "./start-of.ts";
import { strayImports } from "./stray-imports.ts";

/**
 * Sources of a function that are not what they stand for: links, whose ends nobody would upload, and what
 * Git LFS commits instead of a file. A function that reads one would be deployed, and find something else.
 *
 * @param links whole paths of the commit's links and submodules
 * @returns for people, a line each
 */
export function straySources(
  set: Pick<FunctionSet, "folder" | "pathsOf" | "bytesOf">,
  name: string,
  links: readonly string[],
): readonly string[] {
  const isCode = (path: string): boolean => isCodeOf(path, set.folder, name);
  return [
    ...links.filter(isCode).map((path) => `${printableLine(path)} is a link`),
    ...set
      .pathsOf(name)
      .filter((path) => isCode(path) && isLfsPointer(set.bytesOf(path)))
      .map((path) => `${printableLine(path)} is a pointer of Git LFS`),
  ];
}

/**
 * Whether code may lie there: in the function's own folder, or in one that is shared by its name. Nobody runs
 * a README beside the folders, or the settings of an editor.
 */
function isCodeOf(path: string, folder: string, name: string): boolean {
  const own = path.startsWith(prefixOf(folder)) ? path.slice(prefixOf(folder).length).split("/") : [];
  return own.length > 1 && (own[0] === name || own[0]!.startsWith("_"));
}

/** For whoever deploys them. */
export function notWhole(strays: readonly string[]): HoldfastError {
  return new HoldfastError("source.unreadable", `${listed(strays)}: what is behind it is not uploaded`, {
    hint: "Commit the file itself, or leave it out of the functions' folder.",
  });
}

/** What may be a mistake in what is uploaded or said of these functions and stops nobody, for people. */
export function doubtsOf(set: FunctionSet, names: readonly string[]): readonly string[] {
  return [
    ...set.leftOut.map(
      (path) =>
        `${printableLine(path)} is not uploaded: give secrets to functions with \`supabase secrets set\`, ` +
        "and keep them out of the repository",
    ),
    ...set.config.doubts,
    ...set.config.names
      .filter((name) => !set.names.has(name) && set.config.get(name)?.isEnabled !== false)
      .map(
        (name) => `config.toml speaks of ${printableLine(name)}, which is no function here: it has no folder`,
      ),
    ...names.flatMap((name) => set.startOf(name).doubts),
    ...strayImports(set, names),
  ];
}
