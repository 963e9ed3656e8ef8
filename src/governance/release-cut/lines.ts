import type { Forge } from "../../ports/forge.ts";
import type { SourceHistory } from "../../ports/source-history.ts";
import type { SourceBranch } from "../../ports/source-refs.ts";
import { told } from "../../nouns/forge/told.ts";
import { isHere } from "../versions/local-commit.ts";
import type { LiveLine } from "../versions/live-lines.ts";

/** A release branch whose place in the history can be told. */
export interface PlacedLine extends LiveLine {
  /** Where it left what it is held against; undefined where they began apart. */
  readonly parted: string | undefined;
}

/**
 * Where a release branch left a commit. The forge is asked of one that the checkout has not, such as one that
 * was made by a run that was killed: then it is told where it is made of a commit that is here.
 *
 * @returns `unknown` where neither knows
 */
export async function placed(
  line: LiveLine,
  head: string,
  { forge, history }: { readonly forge: Forge; readonly history: SourceHistory },
): Promise<PlacedLine | "unknown"> {
  const from = async (commit: string): Promise<PlacedLine> => ({
    ...line,
    parted: await history.parted({ base: commit, head }),
  });
  if (await isHere(line.commit, history)) return await from(line.commit);
  const standing = told(await forge.branches.standing(head, line.commit), `the branch ${line.name}`);
  if (standing === "ahead") return { ...line, parted: head };
  const { parents } = told(await forge.branches.details(line.commit), `the commit of ${line.name}`);
  const [parent] = parents;
  return parent !== undefined && (await isHere(parent, history)) ? await from(parent) : "unknown";
}

/** As versions are counted from it: what left the history there comes before what came since. */
export function asBranch({ name, parted }: PlacedLine): SourceBranch[] {
  return parted === undefined ? [] : [{ name, remote: "origin", commit: parted }];
}
