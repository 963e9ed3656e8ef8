/** A commit of the checkout. */
export interface SourceCommit {
  /** Its full hash, in hex. */
  readonly id: string;
  /** Hashes of its parents: two or more for a merge. */
  readonly parents: readonly string[];
  readonly author: { readonly name: string; readonly email: string };
  /** Whole and as written, in UTF-8. */
  readonly message: string;
}

/** Lines of the new version of a file, from 1; both ends belong to it. */
export interface LineRange {
  readonly first: number;
  readonly last: number;
}

/** What became of one file between two commits. */
export interface SourceChange {
  /** From the repository's root, with `/`; of a deleted file the path that it had. */
  readonly path: string;
  /** The path that it had before, where it was renamed or copied. */
  readonly before: string | undefined;
  readonly kind: "added" | "modified" | "deleted" | "renamed" | "copied" | "type-changed";
  /** A plain file; not so are links and other repositories. */
  readonly isFile: boolean;
  /** Lines that are new or other than before, in order. */
  readonly lines: readonly LineRange[];
  /** How many lines went. */
  readonly removed: number;
}

/** That a commit takes back another one, as its message says. */
export interface RevertClaim {
  readonly commit: string;
  /** The other's hash, or how it begins. */
  readonly undoes: string;
}

/** Two commits: what is to be merged (`head`), and what it is held against (`base`). */
export interface SourceRange {
  readonly base: string;
  readonly head: string;
}

/**
 * The history of the checkout this runs in. Laws: nothing is ever written or fetched; "could not ask git" and
 * "the commit is not in this checkout" are errors, never "nothing changed".
 */
export interface SourceHistory {
  /**
   * The hash of a revision's commit.
   *
   * @throws source.history
   */
  commit(revision: string): Promise<string>;
  /** Where the two parted; undefined where they began apart. */
  parted(range: SourceRange): Promise<string | undefined>;
  /**
   * The same, where they must have begun together.
   *
   * @throws source.history
   */
  mergeBase(range: SourceRange): Promise<string>;
  /** What `head` has and `base` has not, the oldest first. */
  commits(range: SourceRange): Promise<readonly SourceCommit[]>;
  /**
   * Commits of `head` that neither `base` nor `other` has, merges left out. `other` has one also as another
   * commit that makes the same change, and all of them as one that makes all their changes; what it has taken
   * back since it has not.
   */
  lacking(range: SourceRange, other: string): Promise<readonly SourceCommit[]>;
  /** Those of the claims that are true, with whole hashes: one's change is the other's, backwards. */
  proved(claims: readonly RevertClaim[]): Promise<readonly RevertClaim[]>;
  /** What `head` changes since it parted from `base`; renames are followed. In the order of paths. */
  changes(range: SourceRange): Promise<readonly SourceChange[]>;
  /** A plain file of a commit; undefined where the commit has none of that path. */
  file(commit: string, path: string): Promise<Buffer | undefined>;
  /**
   * What a commit has at a path, itself and not what it may lead to; undefined where it has nothing. Links
   * and other repositories are `other`.
   */
  kindOf(commit: string, path: string): Promise<"file" | "executable" | "folder" | "other" | undefined>;
  /** The plain files of a commit whose paths are wanted, all in one question. */
  files(commit: string, wanted: (path: string) => boolean): Promise<ReadonlyMap<string, Buffer>>;
  /**
   * How many lines plain files of a commit have, all in one question; those that it has not are left out.
   * What follows the last newline is a line too.
   */
  lengths(commit: string, paths: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Paths of the commit's plain files. */
  paths(commit: string): Promise<readonly string[]>;
  /** Paths of a commit's symbolic links and of other repositories in it. */
  links(commit: string): Promise<readonly string[]>;
  /** The branch that is checked out; undefined where none is. */
  branch(): Promise<string | undefined>;
  /** Whether files that git knows are other than in the commit that is checked out. */
  isDirty(): Promise<boolean>;
  /** The repository's root, as a path of this machine. */
  root(): Promise<string>;
}
