import { basename, dirname } from "node:path";
import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { readSettings } from "../../nouns/settings/read-settings.ts";
import type { SourceFile, SourceTree } from "../../ports/source-tree.ts";
import { protection, type Protection } from "./settings.ts";

/**
 * The section `protection` of a settings file.
 *
 * @throws input.malformed; source.unreadable
 */
export async function readProtection(tree: Pick<SourceTree, "files">, path: string): Promise<Protection> {
  const [file] = await filesOf(tree, path);
  if (file === undefined) {
    throw new HoldfastError("input.malformed", `there is no settings file ${path}`, {
      hint: "Give its path with --settings, from the folder you are in; a link is not followed.",
    });
  }
  const settings = readSettings(file.bytes.toString("utf8"), path, { protection });
  return settings.protection ?? protection.parse({});
}

/** Without its folder there is no file either. */
async function filesOf(tree: Pick<SourceTree, "files">, path: string): Promise<readonly SourceFile[]> {
  try {
    return (await tree.files(dirname(path), (each) => each === basename(path))).files;
  } catch (error) {
    if (isHoldfastError(error, "source.missing")) return [];
    throw error;
  }
}
