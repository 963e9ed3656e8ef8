import { isAbsolute, join } from "node:path";
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
  return read.map(({ path, bytes }) => {
    const called = `.github/workflows/${path}`;
    return readWorkflow(called, bytes.toString("utf8"), shown(join(folder, path), called));
  });
}

/** Of a checkout that is elsewhere as its repository calls it, which is what annotations go by. */
function shown(file: string, called: string): string {
  const isElsewhere = isAbsolute(file) || file.startsWith("../");
  return isElsewhere && file.endsWith(`/${called}`) ? called : file;
}

async function filesOf(tree: Pick<SourceTree, "files">, folder: string): Promise<readonly SourceFile[]> {
  try {
    return (await tree.files(folder, (path) => /^[^/]+\.ya?ml$/.test(path))).files;
  } catch (error) {
    if (isHoldfastError(error, "source.missing")) return [];
    throw error;
  }
}
