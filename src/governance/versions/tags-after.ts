import type { Forge } from "../../ports/forge.ts";
import type { SourceHistory } from "../../ports/source-history.ts";
import type { SourceRefs } from "../../ports/source-refs.ts";
import { told, toldOrAbsent } from "../../nouns/forge/told.ts";
import { isHere } from "./local-commit.ts";
import type { VersionTag } from "./version-tags.ts";

/**
 * Which of these tags of the forge have a commit in their history. Of those that the checkout has as well git
 * is asked; of the others, or where it lacks the commit, the forge.
 *
 * @param tags their `commit` may be empty where nobody has looked yet
 * @throws forge.untold and what asking a forge throws; source.history
 */
export async function tagsAfter(
  commit: string,
  tags: readonly VersionTag[],
  {
    forge,
    refs,
    history,
  }: { readonly forge: Forge; readonly refs: SourceRefs; readonly history: SourceHistory },
): Promise<readonly VersionTag[]> {
  if (tags.length === 0) return [];
  const isKnown = await isHere(commit, history);
  const here = new Map(isKnown ? (await refs.tags()).map(({ name, object }) => [name, object]) : []);
  const after = isKnown ? await refs.tagsWith(commit) : new Set<string>();
  const found: VersionTag[] = [];
  for (const tag of tags) {
    const has =
      here.get(tag.name) === tag.object ? after.has(tag.name) : await hasAtForge(tag, commit, forge);
    if (has) found.push(tag);
  }
  return found;
}

async function hasAtForge(tag: VersionTag, commit: string, forge: Forge): Promise<boolean> {
  const at =
    tag.commit === ""
      ? toldOrAbsent(await forge.tags.tag(tag.name), `the tag ${tag.name}`)?.commit
      : tag.commit;
  if (at === undefined) return false;
  const standing = told(await forge.branches.standing(commit, at), `how ${tag.name} stands to ${commit}`);
  return standing === "ahead" || standing === "identical";
}
