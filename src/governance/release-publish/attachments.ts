import { createHash } from "node:crypto";
import { HoldfastError } from "../../kernel/errors.ts";
import { RELEASE_UNIT_FILE } from "../../nouns/release-unit/record.ts";
import type { SourceTree } from "../../ports/source-tree.ts";
import { fits } from "../../kernel/path-pattern.ts";
import { NOTES_FILE } from "./notes.ts";
import type { Attachment } from "./steps/asset.ts";

/** What GitHub does not change in a file's name. */
const NAME = /^[A-Za-z0-9_-](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?$/;

/**
 * The files that are attached, from paths and patterns. Their bytes are read now, for their hashes, and once
 * more when they are sent, so that only one of them is held at a time.
 *
 * @param given paths of this machine; `*` stands for a part of a name and `**` for folders
 * @throws input.malformed; source.missing, source.unreadable, source.changed
 */
export async function readAttachments(
  given: readonly string[],
  tree: Pick<SourceTree, "file" | "files">,
): Promise<readonly Attachment[]> {
  const paths = (await Promise.all(given.map((each) => expanded(each, tree)))).flat();
  const byName = new Map<string, string>();
  const attachments: Attachment[] = [];
  for (const path of new Set(paths)) {
    const name = path.slice(path.lastIndexOf("/") + 1);
    const other = byName.get(name);
    if (other !== undefined) {
      throw unusable(
        `${other} and ${path} would both be attached as ${name}`,
        "Give one of them another name.",
      );
    }
    if (name === RELEASE_UNIT_FILE || name === NOTES_FILE || !NAME.test(name)) {
      throw unusable(
        `a file cannot be attached as '${name}'`,
        `GitHub changes names with other characters than letters, digits, '.', '_' and '-'; ` +
          `${RELEASE_UNIT_FILE} and ` +
          `${NOTES_FILE} are written by Holdfast. Give it another name.`,
      );
    }
    byName.set(name, path);
    attachments.push(await attachmentAt(path, name, tree));
  }
  return attachments;
}

async function expanded(given: string, tree: Pick<SourceTree, "files">): Promise<readonly string[]> {
  const wild = given.indexOf("*");
  if (wild === -1) return [given];
  const slash = given.lastIndexOf("/", wild);
  const folder = slash === -1 ? "." : given.slice(0, slash);
  if (folder === "") {
    throw unusable(
      `'${given}' would look through all of this machine`,
      "Name the folder before the first *.",
    );
  }
  const pattern = given.slice(slash + 1);
  const found: string[] = [];
  await tree.files(folder, (path) => {
    if (fits(pattern, path)) found.push(`${folder}/${path}`);
    // Only the names are wanted; the bytes are read one by one.
    return false;
  });
  if (found.length === 0) {
    throw unusable(
      `no file fits '${given}'`,
      "Look whether it was built, and where; paths are from the folder this runs in.",
    );
  }
  return found.sort();
}

async function attachmentAt(path: string, name: string, tree: Pick<SourceTree, "file">): Promise<Attachment> {
  const first = await tree.file(path);
  if (first.byteLength === 0) {
    throw unusable(
      `${path} is empty, and GitHub takes no empty files`,
      "Look whether it was built, or leave it out.",
    );
  }
  const sha256 = hashOf(first);
  return {
    name,
    size: first.byteLength,
    sha256,
    async bytes() {
      const bytes = await tree.file(path);
      if (hashOf(bytes) === sha256) return bytes;
      throw new HoldfastError("source.changed", `${path} is another file than it was when this run began`, {
        hint: "Let nothing write it while it is published, then run again.",
      });
    },
  };
}

function hashOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function unusable(why: string, hint: string): HoldfastError {
  return new HoldfastError("input.malformed", why, { hint });
}
