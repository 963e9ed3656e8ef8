import type { Forge } from "../../ports/forge.ts";
import { toldOrAbsent } from "../../nouns/forge/told.ts";
import type { ReleaseSettings } from "./settings.ts";

/** A branch as the forge has it. */
export interface BranchAtForge {
  readonly name: string;
  readonly commit: string;
}

/**
 * The branch that stable versions are released from: the first of the declared names that the forge has.
 *
 * @throws forge.untold and what asking a forge throws
 */
export async function stableBranch(
  forge: Forge,
  { stable }: Pick<ReleaseSettings, "stable">,
): Promise<BranchAtForge | undefined> {
  for (const name of stable) {
    const commit = toldOrAbsent(await forge.branches.commit(name), `the branch ${name}`);
    if (commit !== undefined) return { name, commit };
  }
  return undefined;
}
