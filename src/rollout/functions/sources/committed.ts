import { formatBytes, MiB } from "../../../kernel/bytes.ts";
import { HoldfastError } from "../../../kernel/errors.ts";
import { printableLine } from "../../../kernel/printable.ts";
import type { SourceHistory } from "../../../ports/source-history.ts";
import { besides, functionSet, type FunctionSet } from "./function-set.ts";

/** All functions of a repository, with what they share. */
const BYTES_MAX = 256 * MiB;

/**
 * Reads the functions of a commit. What is not committed, such as a file of secrets, is never uploaded.
 *
 * @param folder from the repository's root
 * @param project whose own section of `config.toml` comes first
 * @throws source.missing, source.unreadable, source.history
 */
export async function committedFunctions(
  history: Pick<SourceHistory, "files">,
  commit: string,
  folder: string,
  project: string,
): Promise<FunctionSet> {
  const beside = besides(folder);
  const files = await history.files(commit, (path) => path.startsWith(`${folder}/`) || beside.includes(path));
  const bytes = [...files].reduce((sum, [path, { length }]) => sum + (beside.includes(path) ? 0 : length), 0);
  if (bytes > BYTES_MAX) {
    throw new HoldfastError(
      "source.unreadable",
      `${folder} has ${formatBytes(bytes)}, more than functions have`,
      {
        hint: "Name the folder that holds functions alone, with --functions-folder.",
      },
    );
  }
  const set = functionSet(files, folder, project);
  if (set.names.size > 0) return set;
  throw new HoldfastError("source.missing", `commit ${commit} has no functions in ${printableLine(folder)}`, {
    hint:
      "Name their folder with --functions-folder, from the repository's root; a function is a folder with " +
      "an index.ts, or is named by function-manifest.json or config.toml.",
  });
}
