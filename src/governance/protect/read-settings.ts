import { HoldfastError } from "../../kernel/errors.ts";
import { SettingsDocument } from "../../nouns/settings/document.ts";
import { readSettings } from "../../nouns/settings/read-settings.ts";
import { settingsText } from "../../nouns/settings/settings-file.ts";
import type { SourceTree } from "../../ports/source-tree.ts";
import { declaredSquash, type DeclaredSquash } from "../merging/squash-settings.ts";
import { protection, type Protection } from "./settings.ts";

/** What is held against the repository. */
export interface Declared {
  readonly protection: Protection;
  /** What pull requests are judged by, where that is a setting of the repository. */
  readonly squash: DeclaredSquash;
}

/**
 * The section `protection` of a settings file, and of `policy` what the repository must be set to.
 *
 * @throws input.malformed; source.unreadable
 */
export async function readProtection(tree: Pick<SourceTree, "files">, path: string): Promise<Declared> {
  const text = await settingsText(tree, path);
  if (text === undefined) {
    throw new HoldfastError("input.malformed", `there is no settings file ${path}`, {
      hint:
        "Give its path with --settings, from the folder you are in; a link is not followed. " +
        "`holdfast init` begins one. Who writes takes nothing by default: `protection: {}` in it asks for " +
        "the defaults.",
    });
  }
  const settings = readSettings(text, path, { protection });
  return {
    protection: settings.protection ?? protection.parse({}),
    squash: declaredSquash(new SettingsDocument(text).content["policy"]),
  };
}
