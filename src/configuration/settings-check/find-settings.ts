import { basename, dirname, join, relative, resolve } from "node:path";
import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { DEFAULT_SETTINGS, MISTAKEN_SETTINGS } from "../../nouns/settings/section.ts";
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
  /** Whether the file was looked for in the folder that this runs in, because no checkout of git is here. */
  readonly isOutside: boolean;
}

const NAMES = [DEFAULT_SETTINGS, MISTAKEN_SETTINGS].map((path) => basename(path));

/**
 * Looks for the file that is named, or else for the one of the checkout.
 *
 * @throws source.missing where a file is named and not there; input.malformed where the default is a link, or
 * has the other ending
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
    const root = isUsual ? dirname(resolve(folder)) : (await rootOf(ports)).root;
    return { text, shown: named, root, isOutside: false };
  }
  const { root, isOutside } = await rootOf(ports);
  const path = join(root, DEFAULT_SETTINGS);
  const shown = relative(".", path);
  try {
    const { files, links } = await tree.files(dirname(path), (each) => NAMES.includes(each));
    if (links.includes(NAMES[0]!)) {
      throw new HoldfastError("input.malformed", `${shown} is a symbolic link, and no command follows it`, {
        hint: "Put the file itself there: a pull request could point a link anywhere.",
      });
    }
    const own = files.find(({ path: each }) => each === NAMES[0]);
    if (own === undefined && files.length + links.length > 0) {
      const other = relative(".", join(root, MISTAKEN_SETTINGS));
      throw new HoldfastError("input.malformed", `${other} is read by no command: its name ends with .yml`, {
        hint: `Rename it to ${shown}.`,
      });
    }
    return { text: own?.bytes.toString("utf8"), shown, root, isOutside };
  } catch (error) {
    if (isHoldfastError(error, "source.missing")) return { text: undefined, shown, root, isOutside };
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
async function rootOf(ports: Pick<Ports, "sourceHistory">): Promise<{ root: string; isOutside: boolean }> {
  try {
    return { root: await (await ports.sourceHistory(".")).root(), isOutside: false };
  } catch (error) {
    if (isHoldfastError(error, "source.history", "source.missing")) return { root: ".", isOutside: true };
    throw error;
  }
}
