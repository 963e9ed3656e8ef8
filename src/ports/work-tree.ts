/** What is at a path. */
export type Found =
  | { readonly kind: "absent" }
  | { readonly kind: "file"; readonly text: string; readonly executable: boolean }
  | { readonly kind: "folder" }
  /** A symbolic link, or a path that leads through one: it may end anywhere. */
  | { readonly kind: "link" }
  /** A device, a socket, or a file that is no UTF-8 or too large to be text. */
  | { readonly kind: "other" };

/** Where git looks for hooks. */
export interface HookFolder {
  /** As the setting `core.hooksPath` has it; undefined where it is not set. */
  readonly configured: string | undefined;
  /**
   * Path of the folder for {@link WorkTree.look}; undefined where it is neither in the checkout nor git's
   * own.
   */
  readonly path: string | undefined;
}

/**
 * A git checkout whose files are read and written. Laws: a path is from the checkout's root, with `/` between
 * its parts, or begins with {@link GIT_FOLDER} for what is in git's own folder; nothing is written outside of
 * these two, nor through a symbolic link; a file is whole or as it was, whenever the process ends; a write of
 * what is there already is none.
 */
export interface WorkTree {
  /** Of this machine. */
  readonly root: string;
  /** @throws source.unreadable */
  look(path: string): Promise<Found>;
  /** Names in a folder, in code point order; empty where there is none. @throws source.unreadable */
  names(folder: string): Promise<readonly string[]>;
  hooks(): Promise<HookFolder>;
  /** Names of the branches that are here, and of those that were seen at `origin`. */
  branches(): Promise<ReadonlySet<string>>;
  /**
   * Puts a text in the place of whatever file is there; folders on the way are made.
   *
   * @throws source.unwritable
   */
  write(path: string, text: string, mode: { readonly executable: boolean }): Promise<void>;
}

/** Git's own folder, which a linked work tree shares with the others. */
export const GIT_FOLDER = ".git";
