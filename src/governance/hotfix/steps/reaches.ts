import type { Hotfix } from "../finish-plan.ts";
import type { HotfixSurroundings } from "./surroundings.ts";
import { isHere } from "../../versions/local-commit.ts";
import { told } from "../../../nouns/forge/told.ts";

/** How a branch stands to a hotfix. */
export type Reach =
  /** Its history has the commits. */
  | "has"
  /** It has their changes, as other commits. */
  | "has-changes"
  | "lacks"
  /** Its history has not the commits, and whether it has the changes nobody here can say. */
  | "lacks-commits";

/**
 * What a squash or a rebase has made of the commits is found by what they change, where git is here to be
 * asked.
 */
export async function reach(
  at: string,
  { commit, fixes }: Hotfix,
  { forge, history }: Pick<HotfixSurroundings, "forge" | "history">,
): Promise<Reach> {
  const standing = told(
    await forge.branches.standing(commit, at),
    `how ${at.slice(0, 7)} stands to the hotfix`,
  );
  if (standing === "ahead" || standing === "identical") return "has";
  if (!(await isHere(at, history))) return "lacks-commits";
  const lacking = await history.lacking({ base: fixes.commit, head: commit }, at);
  return lacking.length === 0 ? "has-changes" : "lacks";
}
