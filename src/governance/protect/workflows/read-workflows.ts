import { isHoldfastError } from "../../../kernel/errors.ts";
import type { SourceFile, SourceTree } from "../../../ports/source-tree.ts";
import type { Finding } from "../../findings/finding.ts";
import { readWorkflow, type Workflow } from "./read-workflow.ts";

/**
 * Every workflow of a folder, and a finding for each that cannot be read. A folder that is not there has
 * none.
 *
 * @throws source.unreadable
 */
export async function readWorkflows(
  tree: Pick<SourceTree, "files">,
  folder: string,
): Promise<(Workflow | Finding)[]> {
  const read = await filesOf(tree, folder);
  return read.map(({ path, bytes }) => readWorkflow(`.github/workflows/${path}`, bytes.toString("utf8")));
}

async function filesOf(tree: Pick<SourceTree, "files">, folder: string): Promise<readonly SourceFile[]> {
  try {
    return (await tree.files(folder, (path) => /^[^/]+\.ya?ml$/.test(path))).files;
  } catch (error) {
    if (isHoldfastError(error, "source.missing")) return [];
    throw error;
  }
}
