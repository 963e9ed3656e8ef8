import type { Answer } from "./answer.ts";

/** A tag as the forge has it. */
export interface ForgeTag {
  /** Without `refs/tags/`. */
  readonly name: string;
  /** Hash of what it names: a commit, or the tag's own object where it is annotated. */
  readonly object: string;
}

/** Tags of a repository: the laws are those of `Forge`. */
export interface ForgeTags {
  /** All whose names begin so. */
  beginningWith(prefix: string): Promise<Answer<readonly ForgeTag[]>>;
}
