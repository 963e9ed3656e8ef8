import { basename, dirname } from "node:path";
import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { SettingsDocument } from "../../nouns/settings/document.ts";
import { readSettings } from "../../nouns/settings/read-settings.ts";
import type { SourceFile, SourceTree } from "../../ports/source-tree.ts";
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
  const [file] = await filesOf(tree, path);
  if (file === undefined) {
    throw new HoldfastError("input.malformed", `there is no settings file ${path}`, {
      hint: "Give its path with --settings, from the folder you are in; a link is not followed.",
    });
  }
  const text = file.bytes.toString("utf8");
  const settings = readSettings(text, path, { protection });
  return {
    protection: settings.protection ?? protection.parse({}),
    squash: declaredSquash(new SettingsDocument(text).content["policy"]),
  };
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
