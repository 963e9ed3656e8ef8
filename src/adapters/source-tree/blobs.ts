/** Asks git in the repository, or throws. */
export type Ask = (args: readonly string[], input?: string) => Promise<Buffer>;

/**
 * The contents of objects, in one question: as `git cat-file --batch` prints them, a line `<id> <type>
 * <bytes>`, the bytes, a line end.
 *
 * @param lost makes the error for an object that is not here
 */
export async function blobsOf(
  need: Ask,
  ids: readonly string[],
  lost: (id: string) => Error,
): Promise<Buffer[]> {
  if (ids.length === 0) return [];
  const out = await need(["cat-file", "--batch"], `${ids.join("\n")}\n`);
  const contents: Buffer[] = [];
  let at = 0;
  for (const id of ids) {
    const end = out.indexOf(0x0a, at);
    const [, size] = /^[0-9a-f]+ blob (\d+)$/.exec(out.subarray(at, end).toString("utf8")) ?? [];
    if (size === undefined) throw lost(id);
    contents.push(out.subarray(end + 1, end + 1 + Number(size)));
    at = end + 2 + Number(size);
  }
  return contents;
}

/** A plain file of a commit. */
export interface ListedFile {
  readonly path: string;
  /** Hash of its content. */
  readonly id: string;
}

/** The plain files of a commit, as `git ls-tree -r -z` lists them. */
export function listedFiles(listing: string): ListedFile[] {
  return listing.split("\0").flatMap((line) => {
    const [, id, path] = /^100\d+ blob ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
    return id === undefined || path === undefined ? [] : [{ path, id }];
  });
}

/** Paths of the symbolic links and other repositories in the same listing. */
export function listedLinks(listing: string): string[] {
  return listing.split("\0").flatMap((line) => /^1[26]0000 \w+ [0-9a-f]+\t(.*)$/s.exec(line)?.[1] ?? []);
}
