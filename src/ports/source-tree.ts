/** A file of the checkout. */
export interface SourceFile {
  /** Path below the folder that was asked for, with `/` between its parts. */
  readonly path: string;
  readonly bytes: Buffer;
}

/** What a folder holds. */
export interface SourceFolder {
  /** In code point order of their paths. */
  readonly files: readonly SourceFile[];
  /**
   * Symbolic links that would have been wanted: they are never followed, because a pull request could
   * point one anywhere.
   */
  readonly links: readonly string[];
}

/** Which files are wanted, by their path below the folder. */
export type Wanted = (path: string) => boolean;

/**
 * Files of the checkout this runs in. Laws: nothing is ever written; a link inside the folder is told and not
 * followed; a folder that is not there is an error, an empty one is empty; "could not ask git" is never "the
 * base has no such file".
 */
export interface SourceTree {
  /**
   * @param folder a path of this machine
   * @throws source.missing, source.unreadable
   */
  files(folder: string, wanted: Wanted): Promise<SourceFolder>;
  /**
   * One file of this machine; a link is followed, since whoever names it means it. Not so below `checkout`,
   * where code of a pull request may have made it: there it has to lead to a plain file of the checkout.
   *
   * @param checkout its root
   * @throws source.missing, source.unreadable
   */
  file(path: string, checkout?: string): Promise<Buffer>;
  /**
   * The same folder as it was where HEAD and `base` parted (`git merge-base`); a folder that did not exist
   * there is empty.
   *
   * @throws source.history
   */
  filesAtBase(folder: string, base: string, wanted: Wanted): Promise<SourceFolder>;
  /**
   * The branch that a pull request is to be merged into, or else the one that the remote calls its main one,
   * such as `origin/main`; undefined where neither is said.
   */
  defaultBase(folder: string): Promise<string | undefined>;
}
