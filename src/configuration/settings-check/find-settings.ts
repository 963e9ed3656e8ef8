import { basename, dirname, join, relative, resolve } from "node:path";
import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { DEFAULT_SETTINGS } from "../../nouns/settings/section.ts";
import type { Ports } from "../../ports/ports.ts";
import type { SourceTree } from "../../ports/source-tree.ts";

/** The settings file, and where it is. */
export interface FoundSettings {
  /** Undefined where there is none, and none was named. */
  readonly text: string | undefined;
  /** Its path as people are told it, from the folder that this runs in. */
  readonly shown: string;
  /** The folder that paths in it are meant from. */
  readonly root: string;
}

/**
 * Looks for the file that is named, or else for the one of the checkout.
 *
 * @throws source.missing where a file is named and not there; input.malformed where the default is a link
 */
export async function findSettings(
  named: string | undefined,
  ports: Pick<Ports, "sourceTree" | "sourceHistory">,
): Promise<FoundSettings> {
  const tree = await ports.sourceTree();
  if (named !== undefined) {
    const text = (await readNamed(tree, named)).toString("utf8");
    const folder = dirname(named);
    const isUsual = basename(resolve(folder)) === ".github";
    return { text, shown: named, root: isUsual ? dirname(resolve(folder)) : await rootOf(ports) };
  }
  const root = await rootOf(ports);
  const path = join(root, DEFAULT_SETTINGS);
  const shown = relative(".", path);
  try {
    const { files, links } = await tree.files(dirname(path), (each) => each === basename(path));
    if (links.length > 0) {
      throw new HoldfastError("input.malformed", `${shown} is a symbolic link, and no command follows it`, {
        hint: "Put the file itself there: a pull request could point a link anywhere.",
      });
    }
    return { text: files[0]?.bytes.toString("utf8"), shown, root };
  } catch (error) {
    if (isHoldfastError(error, "source.missing")) return { text: undefined, shown, root };
    throw error;
  }
}

async function readNamed(tree: Pick<SourceTree, "file">, named: string): Promise<Buffer> {
  try {
    return await tree.file(named);
  } catch (error) {
    if (!isHoldfastError(error, "source.missing")) throw error;
    throw new HoldfastError("source.missing", `there is no settings file ${named}`, {
      hint: "Give its path with --settings, from the folder that you are in.",
      cause: error,
    });
  }
}

/** The checkout's; outside of one, the folder that this runs in. */
async function rootOf(ports: Pick<Ports, "sourceHistory">): Promise<string> {
  try {
    return await (await ports.sourceHistory(".")).root();
  } catch (error) {
    if (isHoldfastError(error, "source.history", "source.missing")) return ".";
    throw error;
  }
}
