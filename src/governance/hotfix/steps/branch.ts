import type { Forge } from "../../../ports/forge.ts";
import type { Step } from "../../steps/step.ts";
import { told, toldOrAbsent } from "../../../nouns/forge/told.ts";
import type { HotfixStart } from "../start-plan.ts";

/** The hotfix's branch, with the release that it fixes in its history. */
export function branchStep({ branch, release }: HotfixStart, forge: Forge): Step {
  const { tag, commit } = release;
  return {
    name: "branch",
    carriesTheRest: true,
    async observe() {
      const there = toldOrAbsent(await forge.branches.commit(branch), `the branch ${branch}`);
      if (there === undefined) {
        return { kind: "missing", what: `make ${branch} from ${tag} (${commit.slice(0, 7)})` };
      }
      const standing = told(await forge.branches.standing(commit, there), `how ${branch} stands to ${tag}`);
      if (standing === "identical") return { kind: "true", what: `${branch} begins at ${tag}` };
      if (standing === "ahead") return { kind: "true", what: `${branch} has ${tag}, and commits since` };
      return {
        kind: "wrong",
        what: `${branch} is there, on ${there.slice(0, 7)}, and does not have ${tag}`,
        hint: `Take another name; or, where it is this hotfix, \`git rebase\` it onto ${tag} and push it.`,
      };
    },
    act: () => forge.branches.create(branch, commit),
  };
}
