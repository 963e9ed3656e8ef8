import { join, relative } from "node:path";
import { HoldfastError } from "../../kernel/errors.ts";
import { readSettings } from "../../nouns/settings/read-settings.ts";
import { DEFAULT_SETTINGS } from "../../nouns/settings/section.ts";
import { settingsText } from "../../nouns/settings/settings-file.ts";
import type { SourceHistory } from "../../ports/source-history.ts";
import type { SourceTree } from "../../ports/source-tree.ts";
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
  const text = await settingsText(tree, path);
  if (text === undefined && given !== DEFAULT_SETTINGS) {
    throw new HoldfastError("input.malformed", `there is no settings file ${path}`, {
      hint: "Give its path with --settings, from the folder you are in; a link is not followed.",
    });
  }
  return readSettings(text ?? "", path, { release }).release ?? release.parse({});
}
