import type { PullBetween } from "../../../ports/forge-pulls.ts";
import { observePull } from "../../steps/pull-request.ts";
import type { Step } from "../../steps/step.ts";
import { told, toldOrAbsent } from "../../../nouns/forge/told.ts";
import { descriptionOf, titleOf, twinText } from "../description.ts";
import type { Hotfix } from "../finish-plan.ts";
import { reach } from "./reaches.ts";
import type { HotfixSurroundings } from "./surroundings.ts";

/** A branch that a hotfix has to reach. */
export interface Aim {
  readonly base: string;
  /** The other one; undefined where there is only this. */
  readonly twin: string | undefined;
}

/** That a branch has the hotfix, by a pull request of its own. */
export function intoStep(hotfix: Hotfix, { base, twin }: Aim, around: HotfixSurroundings): Step {
  const { forge } = around;
  const { branch, commit } = hotfix;
  return {
    name: `into ${base}`,
    carriesTheRest: false,
    async observe() {
      const at = toldOrAbsent(await forge.branches.commit(base), `the branch ${base}`);
      if (at === undefined) return { kind: "true", what: `there is no branch ${base} that could lack it` };
      const found = await reach(at, hotfix, around);
      if (found === "has-changes") {
        return { kind: "true", what: `${base} has what ${branch} changes, as other commits` };
      }
      const unproved = unprovedOf(base, branch, found === "lacks-commits");
      const wanted = { head: branch, base, commit };
      const words = { what: branch, unproved, ...conflictsOf(base, hotfix) };
      return await observePull(wanted, words, () => Promise.resolve(found === "has"), around);
    },
    async act() {
      const number = twin === undefined ? undefined : (await openPull(branch, twin, around))?.number;
      const words = {
        issue: around.issue,
        twin: twin === undefined || number === undefined ? "" : twinText(twin, number),
      };
      const body = descriptionOf(hotfix, base, words);
      await forge.pulls.open({ head: branch, base, title: titleOf(hotfix), body });
    },
  };
}

/** The open pull request of a branch into another. */
export async function openPull(
  head: string,
  base: string,
  { forge }: Pick<HotfixSurroundings, "forge">,
): Promise<PullBetween | undefined> {
  const all = told(await forge.pulls.between({ head, base }), `pull requests of ${head}`);
  return all.find(({ isOpen }) => isOpen);
}

/** The branch of a hotfix is released: what is merged into it for one base comes to the other. */
function conflictsOf(base: string, { branch, into }: Hotfix): { readonly conflicting?: string } {
  if (base === into.name) return {};
  const own = `${branch}-into-${base.replaceAll("/", "-")}`;
  return {
    conflicting:
      `Not in ${branch}, which is released: \`git switch -c ${own} origin/${base}\`, \`git merge ` +
      `${branch}\`, solve the conflicts, push it, and open its pull request into ${base}; then close this ` +
      "one.",
  };
}

function unprovedOf(
  base: string,
  branch: string,
  canBeAsked: boolean,
): { readonly what: string; readonly hint: string } {
  const what =
    `the pull request of ${branch} was merged, ` + `and ${base} does not have its commits in its history`;
  return canBeAsked
    ? {
        what,
        hint: `Where it was squashed: run \`git fetch origin\` and again, and its changes are looked for.`,
      }
    : {
        what: `${what}, nor their changes`,
        hint:
          `Somebody took them back, or changed them while merging: look what ${base} has, and open ` +
          "another one.",
      };
}
