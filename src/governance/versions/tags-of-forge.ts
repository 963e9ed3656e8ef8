import type { Forge } from "../../ports/forge.ts";
import type { SourceHistory } from "../../ports/source-history.ts";
import type { SourceRefs, SourceTag } from "../../ports/source-refs.ts";
import { told, toldOrAbsent } from "../steps/told.ts";
import { hasCommit } from "./local-commit.ts";

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
  { refs, history }: { readonly refs: SourceRefs; readonly history: SourceHistory },
): Promise<TagsOfForge> {
  const there = told(await forge.tags.beginningWith("v"), "its tags");
  const local = await refs.tags();
  const here = new Map(local.map((tag) => [tag.name, tag]));
  const known = await refs.tagsIn(head);
  const tags: SourceTag[] = local.filter(({ name }) => !name.startsWith("v"));
  const within = new Set<string>();
  for (const { name, object } of there) {
    const same = here.get(name);
    if (same?.object === object) {
      tags.push(same);
      if (known.has(name)) within.add(name);
      continue;
    }
    const tag = toldOrAbsent(await forge.tags.tag(name), `the tag ${name}`);
    if (tag?.commit === undefined) continue;
    tags.push({ name, object: tag.object, commit: tag.commit });
    if (await hasCommit(head, tag.commit, history)) within.add(name);
  }
  return { tags, within };
}
