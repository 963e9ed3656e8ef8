import { formatBytes, MiB } from "../../kernel/bytes.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import { printableLine } from "../../kernel/printable.ts";
import { quantity } from "../../kernel/quantity.ts";
import { sha256 } from "../../kernel/streams.ts";
import type { SourceHistory } from "../../ports/source-history.ts";
import type { HashedFile } from "./file-digest.ts";

/** Beyond these it is no folder of scripts or settings, and was declared by mistake. */
export const LIMITS = { files: 20_000, bytes: 256 * MiB } as const;

/** So many are in memory at once. */
const AT_ONCE = 200;

/** Plain files of one commit. Links and other repositories are none: what they lead to is not in it. */
export class CommitFiles {
  readonly #history: Pick<SourceHistory, "files">;
  readonly #commit: string;
  readonly paths: readonly string[];

  private constructor(history: Pick<SourceHistory, "files">, commit: string, paths: readonly string[]) {
    this.#history = history;
    this.#commit = commit;
    this.paths = paths;
  }

  static async of(history: Pick<SourceHistory, "files" | "paths">, commit: string): Promise<CommitFiles> {
    return new CommitFiles(history, commit, await history.paths(commit));
  }

  /** Paths in the folder, which ends in no `/`. */
  below(folder: string): readonly string[] {
    return this.paths.filter((path) => path.startsWith(`${folder}/`));
  }

  /**
   * Hashes the files, few at a time.
   *
   * @param what they are, for errors
   * @param look is shown each
   * @throws source.unreadable where there are more than anybody has, or one is too large
   */
  async hashed(
    what: string,
    paths: readonly string[],
    look: (path: string, bytes: Buffer) => void = () => undefined,
  ): Promise<HashedFile[]> {
    refuseTooMany(what, paths);
    paths.forEach(refuseUnreadable);
    const hashed: HashedFile[] = [];
    for (let at = 0; at < paths.length; at += AT_ONCE) {
      const some = new Set(paths.slice(at, at + AT_ONCE));
      for (const [path, bytes] of await this.#history.files(this.#commit, (each) => some.has(each))) {
        refuseTooLarge(path, bytes);
        look(path, bytes);
        hashed.push({ path, sha256: sha256(bytes) });
      }
    }
    return hashed;
  }
}

function refuseTooMany(what: string, paths: readonly string[]): void {
  if (paths.length <= LIMITS.files) return;
  throw new HoldfastError(
    "source.unreadable",
    `${what} has ${quantity(paths.length, "file")}, and a release unit records ` +
      `${quantity(LIMITS.files, "file")} at most`,
    { hint: "Name a smaller folder, or narrower patterns, in the settings under release.unit." },
  );
}

function refuseTooLarge(path: string, { length }: Buffer): void {
  if (length <= LIMITS.bytes) return;
  throw new HoldfastError(
    "source.unreadable",
    `${printableLine(path)} has ${formatBytes(length)}, and a release unit records files of ` +
      `${formatBytes(LIMITS.bytes)} at most`,
    { hint: "Keep it elsewhere, or leave it out of what the settings name under release.unit." },
  );
}

/** Names that are no UTF-8 all look alike here, and a digest of them would be of no name in particular. */
function refuseUnreadable(path: string): void {
  if (!path.includes("\uFFFD")) return;
  throw new HoldfastError(
    "source.unreadable",
    `the name of the file ${printableLine(path)} is not UTF-8, or holds the mark for what is not`,
    { hint: "Rename it: a release unit has names in UTF-8." },
  );
}
