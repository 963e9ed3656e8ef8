import { basename, dirname } from "node:path";
import { isHoldfastError } from "../../kernel/errors.ts";
import type { SourceTree } from "../../ports/source-tree.ts";

/**
 * The text of a settings file of the checkout; undefined where there is none, or a link, which is not
 * followed.
 *
 * @throws source.unreadable
 */
export async function settingsText(
  tree: Pick<SourceTree, "files">,
  path: string,
): Promise<string | undefined> {
  try {
    const { files } = await tree.files(dirname(path), (each) => each === basename(path));
    return files[0]?.bytes.toString("utf8");
  } catch (error) {
    // Without its folder there is no file either.
    if (isHoldfastError(error, "source.missing")) return undefined;
    throw error;
  }
}
