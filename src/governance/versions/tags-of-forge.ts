import type { Forge } from "../../ports/forge.ts";
import type { ForgeTag } from "../../ports/forge-tags.ts";
import type { SourceRefs, SourceTag } from "../../ports/source-refs.ts";
import { told } from "../../nouns/forge/told.ts";

/** The forge's version tags, and which of them a commit has in its history. */
export interface TagsOfForge {
  readonly tags: readonly SourceTag[];
  /** Names; of a commit that the checkout does not hold it is taken that it has it not. */
  readonly within: ReadonlySet<string>;
}

/**
 * The tags that begin with `v` as the forge has them, whatever the checkout knows of them: it may have been
 * made before a tag was, or keep one that was moved or deleted since. Of the others, none of which is a
 * release, the checkout's are enough to say that they are there.
 *
 * @throws forge.untold and what asking a forge throws; source.history
 */
export async function tagsOfForge(
  head: string,
  forge: Forge,
  { refs }: { readonly refs: SourceRefs },
): Promise<TagsOfForge> {
  const there = told(await forge.tags.beginningWith("v"), "its tags");
  const local = await refs.tags();
  const here = new Map(local.map((tag) => [tag.name, tag]));
  const known = await refs.tagsIn(head);
  const tags: SourceTag[] = local.filter(({ name }) => !name.startsWith("v"));
  const isSame = ({ name, object }: ForgeTag): boolean => here.get(name)?.object === object;
  const lacked = there.filter((tag) => !isSame(tag));
  const commits = told(await forge.tags.commits(lacked), "the commits of its tags");
  const had = await refs.within(head, [...new Set(commits.values())]);
  const within = new Set<string>();
  for (const tag of there) {
    const { name, object } = tag;
    const commit = isSame(tag) ? here.get(name)?.commit : commits.get(name);
    if (commit === undefined) continue;
    tags.push({ name, object, commit });
    if (isSame(tag) ? known.has(name) : had.has(commit)) within.add(name);
  }
  return { tags, within };
}
