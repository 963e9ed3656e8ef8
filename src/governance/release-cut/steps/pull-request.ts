import { declined, mergeability, type PullSurroundings } from "../../steps/pull-request.ts";
import type { Step } from "../../steps/step.ts";
import { told, toldOrAbsent } from "../../../nouns/forge/told.ts";
import type { PullBetween } from "../../../ports/forge-pulls.ts";
import { headerOf, type Cut } from "../cut.ts";
import { descriptionOf } from "../description.ts";
import { isHere } from "../../versions/local-commit.ts";
import { branchOf, type Around } from "./branch.ts";

/** The release's pull request into the stable branch, open or merged. */
export function pullRequestStep(cut: Cut, around: Around & PullSurroundings): Step {
  const { forge, history, settings } = around;
  const { version, stable } = cut;
  const base = stable.name;
  return {
    name: "pull-request",
    carriesTheRest: false,
    async observe() {
      const branch = await branchOf(cut, forge);
      if (branch === undefined) {
        return { kind: "missing", what: `open a pull request of ${version} into ${base}` };
      }
      const { name: head, commit } = branch;
      const all = await pullsOf(cut, around);
      const open = all.find(({ isOpen }) => isOpen);
      if (open !== undefined) {
        const pull = await mergeability(open.number, around);
        if (pull.conflicts !== true) return { kind: "true", what: `#${open.number} is open: ${open.url}` };
        return {
          kind: "wrong",
          what: `#${open.number} of ${head} conflicts with ${base}: ${open.url}`,
          hint: `Merge ${base} into ${head}, solve the conflicts there, and push ${head}.`,
        };
      }
      const merged = all.find((each) => each.isMerged && each.commit === commit);
      if (merged !== undefined) return { kind: "true", what: `#${merged.number} was merged: ${merged.url}` };
      if (await isIn(commit)) return { kind: "true", what: `${base} has all of ${head}` };
      const closed = await declined(all, commit, forge);
      if (closed === undefined) {
        return { kind: "missing", what: `open a pull request of ${head} into ${base}` };
      }
      return {
        kind: "wrong",
        what: `#${closed.number} of ${head} into ${base} was closed and not merged: ${closed.url}`,
        hint: `Open it again where ${version} is to be released; else delete ${head}.`,
      };
    },
    async act() {
      const branch = await branchOf(cut, forge);
      if (branch === undefined) return;
      // Of what a run has just made the checkout has what it was made from.
      const at = (await isHere(branch.commit, history)) ? branch.commit : cut.from.commit;
      const found = await cut.notesAt(at);
      const notes = found.kind === "notes" ? found.notes : "";
      const body = descriptionOf(cut, { head: branch.name, notes, changelog: settings.changelog });
      await forge.pulls.open({ head: branch.name, base, title: headerOf(version), body });
    },
  };

  async function isIn(commit: string): Promise<boolean> {
    const at = toldOrAbsent(await forge.branches.commit(base), `the branch ${base}`);
    if (at === undefined) return false;
    const standing = told(await forge.branches.standing(commit, at), `how ${base} stands to it`);
    return standing === "ahead" || standing === "identical";
  }
}

/** Pull requests of the release's branch into the stable one, the newest first. */
export async function pullsOf(
  cut: Cut,
  { forge }: Pick<PullSurroundings, "forge">,
): Promise<readonly PullBetween[]> {
  const branch = await branchOf(cut, forge);
  if (branch === undefined) return [];
  const between = await forge.pulls.between({ head: branch.name, base: cut.stable.name });
  return told(between, `pull requests of ${branch.name}`);
}
