import type { Answer, RepositoryFacts } from "../../ports/forge.ts";
import type { DeclaredSquash } from "../merging/squash-settings.ts";
import { cannotSee, drift, equal, type Item } from "./item.ts";

/** https://docs.github.com/rest/repos/repos#get-a-repository */
const SHOWN_WITH = "Contents: write";

/**
 * What the repository has squashes called and written, against what pull requests are judged by. Nothing
 * where nothing is declared, or nobody squashes. It is the repository's own, which `apply` leaves alone.
 */
export function compareSquash(
  repository: string,
  declared: DeclaredSquash,
  facts: Answer<RepositoryFacts>,
): Item[] {
  if (facts.kind !== "found") return [];
  const { merges } = facts.value;
  if (merges?.squash === false) return [];
  const held = [
    ["policy.merge.squash-title", declared.title, merges?.squashTitle],
    ["policy.merge.squash-body", declared.body, merges?.squashBody],
  ] as const;
  return held.flatMap(([about, wanted, live]): Item[] => {
    const place = { subject: `repository ${repository}`, about };
    if (wanted === undefined) return [];
    if (wanted === live) return [equal(place, wanted)];
    if (live === undefined) {
      return [cannotSee(place, wanted, { why: "the answer leaves it out", permission: SHOWN_WITH })];
    }
    const message = "squashes are written otherwise: change it in the repository's settings, or here";
    return [drift(place, "other-value", { wanted, live }, message, false)];
  });
}
