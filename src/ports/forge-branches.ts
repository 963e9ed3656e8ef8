import type { Answer } from "./answer.ts";

/**
 * How one commit stands to another: the words of
 * https://docs.github.com/rest/commits/commits#compare-two-commits
 */
export type Standing = "identical" | "ahead" | "behind" | "diverged";

/** A commit that is made at the forge itself, on top of another. */
export interface NewCommit {
  readonly parent: string;
  readonly message: string;
  /** Path from the root → its whole text; other files stay as the parent has them. */
  readonly files: ReadonlyMap<string, string>;
  /** Paths of those that may be executed. */
  readonly executables: ReadonlySet<string>;
}

/** A commit as the forge has it. */
export interface CommitAtForge {
  readonly message: string;
  /** Hash of all of its files. */
  readonly tree: string;
  readonly parents: readonly string[];
}

/** Branches of a repository: the laws are those of `Forge`. */
export interface ForgeBranches {
  /**
   * Hash of the commit that a branch is on; absent where the forge lists its branches and has no such one.
   *
   */
  commit(name: string): Promise<Answer<string>>;
  /** All whose names begin so, with their commits. */
  beginningWith(
    prefix: string,
  ): Promise<Answer<readonly { readonly name: string; readonly commit: string }[]>>;
  /** Makes a branch. @throws forge.refused where there is one of that name, or a rule forbids it */
  create(name: string, commit: string): Promise<void>;
  /** Moves a branch to a commit that has the one it is on. @throws forge.refused where it has not */
  advance(name: string, commit: string): Promise<void>;
  /**
   * Makes a commit that no branch has yet, signed by the forge where it signs for the token's owner.
   * @returns its hash
   */
  write(commit: NewCommit): Promise<string>;
  /** What a commit says of itself, which the checkout need not have. */
  details(commit: string): Promise<Answer<CommitAtForge>>;
  /** How `head` stands to `base`: `ahead` has all of it, and more. */
  standing(base: string, head: string): Promise<Answer<Standing>>;
}
