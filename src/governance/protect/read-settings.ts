import { basename, dirname } from "node:path";
import { HoldfastError } from "../../kernel/errors.ts";
import { readSettings } from "../../nouns/settings/read-settings.ts";
import type { SourceTree } from "../../ports/source-tree.ts";
import { protection, type Protection } from "./settings.ts";

/**
 * The section `protection` of a settings file.
 *
 * @throws input.malformed; source.missing, source.unreadable
 */
export async function readProtection(tree: Pick<SourceTree, "files">, path: string): Promise<Protection> {
  const { files } = await tree.files(dirname(path), (each) => each === basename(path));
  const [file] = files;
  if (file === undefined) {
    throw new HoldfastError("input.malformed", `there is no settings file ${path}`, {
      hint: "Give its path with --settings, from the folder you are in; a link is not followed.",
    });
  }
  const settings = readSettings(file.bytes.toString("utf8"), path, { protection });
  return settings.protection ?? protection.parse({});
}
