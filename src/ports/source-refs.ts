/** A tag of the repository. */
export interface SourceTag {
  /** Without `refs/tags/`. */
  readonly name: string;
  /** Hash of the commit that it names. */
  readonly commit: string;
  /** Hash of what it names itself: the commit, or an object of its own where it is annotated. */
  readonly object: string;
}

/** A branch that the checkout knows, of its own or of a remote. */
export interface SourceBranch {
  /** Without `refs/heads/` or `refs/remotes/<remote>/`. */
  readonly name: string;
  /** The remote it is of; undefined for the checkout's own. */
  readonly remote: string | undefined;
  readonly commit: string;
}

/** A commit, as far as releases look at it. */
export interface SourceMessage {
  readonly id: string;
  readonly message: string;
}

/** Refs and notes that a copy is made with. */
export interface CopyOfRefs {
  /** Branch name → hash of its commit. */
  readonly branches: ReadonlyMap<string, string>;
  /** Which of them is checked out. */
  readonly head: string;
  /** Tag name → hash of its commit. */
  readonly tags: ReadonlyMap<string, string>;
  /** Notes ref below `refs/notes/` → commit hash → text. */
  readonly notes: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/** A repository of our own beside the checkout: without files, with its objects. Disposing removes it. */
export interface RepositoryCopy extends AsyncDisposable {
  /** A folder of this machine. */
  readonly folder: string;
}

/**
 * Branches and tags of the checkout this runs in, as they are here: nothing is fetched. Laws: the checkout is
 * never written; "could not ask git" is an error and never "there is no tag".
 */
export interface SourceRefs {
  /** In the order of their names; tags of anything but commits are left out. */
  tags(): Promise<readonly SourceTag[]>;
  /** In the order of their names, the checkout's own first. */
  branches(): Promise<readonly SourceBranch[]>;
  /** Names of the tags whose commits `commit` has in its history, itself included. */
  tagsIn(commit: string): Promise<ReadonlySet<string>>;
  /** Names of the tags that have `commit` in their history, or name it. */
  tagsWith(commit: string): Promise<ReadonlySet<string>>;
  /** Which of these commits `head` has in its history; one that the checkout lacks is none of them. */
  within(head: string, commits: readonly string[]): Promise<ReadonlySet<string>>;
  /**
   * Commits that `head` has and `base` has not, the newest first; without a base all of its history. Messages
   * without the blanks around them.
   */
  messages(base: string | undefined, head: string): Promise<readonly SourceMessage[]>;
  /** When a commit was made, as it says itself. @throws source.history */
  committedAt(commit: string): Promise<Date>;
  /** Whether history ends somewhere because it was not fetched whole. */
  isShallow(): Promise<boolean>;
  /** Where a remote is, without user and password; undefined where there is no such remote. */
  remoteUrl(remote: string): Promise<string | undefined>;
  /**
   * Hash of the tree that a commit made on this one with these files would have; nothing is written to the
   * checkout.
   *
   * @param files path from the root → whole text
   * @param executables paths of those that may be executed
   */
  treeWith(
    commit: string,
    files: ReadonlyMap<string, string>,
    executables: ReadonlySet<string>,
  ): Promise<string>;
  /** Makes a copy with these refs and no others. */
  copy(refs: CopyOfRefs): Promise<RepositoryCopy>;
}
