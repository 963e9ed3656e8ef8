import type { Forge } from "../../ports/forge.ts";

/**
 * Why what is checked out is not what the forge's branch is on, with what to do; undefined where it is.
 *
 * @param here the commit that is checked out
 * @param there the commit that the branch is on
 */
export async function outOfStep(
  branch: string,
  { here, there }: { readonly here: string; readonly there: string },
  forge: Forge,
): Promise<string | undefined> {
  if (here === there) return undefined;
  const standing = await forge.branches.standing(there, here);
  const what =
    `${here.slice(0, 7)} is checked out, and ${branch} is on ${there.slice(0, 7)} at ` + forge.repository;
  if (standing.kind === "found" && standing.value === "behind") {
    return `${what}, which came after it. Run \`git pull --ff-only\`, and again.`;
  }
  if (standing.kind === "found" && standing.value === "ahead") {
    return `${what}, which came before it. Bring it there first, by a push or a pull request.`;
  }
  if (standing.kind === "hidden") {
    return `${what}, which does not know it. Push it first, or check ${branch} out as it is there.`;
  }
  return `${what}. Check ${branch} out as it is there: \`git fetch origin\`, and \`git switch ${branch}\`.`;
}
