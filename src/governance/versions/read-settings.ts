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

/**
 * The same as a commit has it, for what is recorded of that commit: a promise of today is none of that day's.
 * A file that was named is read as it is now, for it need not be of the repository.
 *
 * @throws input.malformed; source.history
 */
export async function releaseSettingsOf(
  commit: string,
  given: string,
  history: Pick<SourceHistory, "file">,
): Promise<ReleaseSettings | undefined> {
  if (given !== DEFAULT_SETTINGS) return undefined;
  const bytes = await history.file(commit, given);
  const text = bytes?.toString("utf8") ?? "";
  return readSettings(text, `${given} of ${commit.slice(0, 7)}`, { release }).release ?? release.parse({});
}
