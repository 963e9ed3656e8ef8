import { basename, dirname, join, relative } from "node:path";
import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { readSettings } from "../../nouns/settings/read-settings.ts";
import { DEFAULT_SETTINGS } from "../../nouns/settings/section.ts";
import type { SourceHistory } from "../../ports/source-history.ts";
import type { SourceFile, SourceTree } from "../../ports/source-tree.ts";
import { release, type ReleaseSettings } from "./settings.ts";

/**
 * The section `release` of the settings file, with its defaults. The usual file need not be there; it is
 * looked for from the root of the checkout, whatever folder of it this runs in.
 *
 * @throws input.malformed; source.unreadable
 */
export async function readReleaseSettings(
  tree: Pick<SourceTree, "files">,
  given: string,
  history: Pick<SourceHistory, "root">,
): Promise<ReleaseSettings> {
  const path = given === DEFAULT_SETTINGS ? relative(".", join(await history.root(), given)) : given;
  const [file] = await filesOf(tree, path);
  if (file === undefined && given !== DEFAULT_SETTINGS) {
    throw new HoldfastError("input.malformed", `there is no settings file ${path}`, {
      hint: "Give its path with --settings, from the folder you are in; a link is not followed.",
    });
  }
  const text = file?.bytes.toString("utf8") ?? "";
  return readSettings(text, path, { release }).release ?? release.parse({});
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
