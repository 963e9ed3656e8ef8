import type { Answer } from "./answer.ts";

/** A tag as the forge has it. */
export interface ForgeTag {
  /** Without `refs/tags/`. */
  readonly name: string;
  /** Hash of what it names: a commit, or the tag's own object where it is annotated. */
  readonly object: string;
}

/** A tag, and what it names in the end. */
export interface TagAtForge extends ForgeTag {
  /** Hash of the commit; undefined where it names none. */
  readonly commit: string | undefined;
  /** Whole; undefined of a tag that is not annotated, which has none. */
  readonly message: string | undefined;
}

/** What an annotated tag is made with. */
export interface Annotation {
  readonly name: string;
  readonly commit: string;
  readonly message: string;
}

/** Tags of a repository: the laws are those of `Forge`. */
export interface ForgeTags {
  /** All whose names begin so. */
  beginningWith(prefix: string): Promise<Answer<readonly ForgeTag[]>>;
  /**
   * The commits that tags of {@link beginningWith} name in the end, by the tags' names; those that name
   * none, or are gone since, are left out. In few calls, however many they are.
   */
  commits(tags: readonly ForgeTag[]): Promise<Answer<ReadonlyMap<string, string>>>;
  /** The one of that name; absent where the forge lists its tags and has no such one. */
  tag(name: string): Promise<Answer<TagAtForge>>;
  /**
   * Makes an annotated tag, by whoever the token is. One of that name is never overwritten.
   *
   * @throws forge.refused where there is one, or a rule forbids it
   */
  annotate(tag: Annotation): Promise<void>;
  /** Makes a tag that is not annotated. @throws forge.refused where there is one of that name */
  create(name: string, commit: string): Promise<void>;
  /**
   * Moves a tag.
   *
   * @param onlyForward refuses, at the forge itself, where the new commit does not have the old one
   * @throws forge.refused
   */
  move(name: string, commit: string, how: { readonly onlyForward: boolean }): Promise<void>;
}
