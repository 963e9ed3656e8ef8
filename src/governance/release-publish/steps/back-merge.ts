import type { Step } from "../../steps/step.ts";
import { observePull, type PullSurroundings } from "../../steps/pull-request.ts";
import { told, toldOrAbsent } from "../../../nouns/forge/told.ts";
import type { Release } from "../release.ts";

/** What branches begin with that bring a release back; the version's tag follows. */
export const MERGE_BACK = "merge-back/";

/**
 * That the branch which others begin from has the release in its history: without it the next release there
 * is counted from the one before. On a branch of its own, so that conflicts can be solved there.
 */
export function backMergeStep({ tag, commit }: Release, develop: string, around: PullSurroundings): Step {
  const { forge } = around;
  const pull = { head: `${MERGE_BACK}${tag}`, base: develop };
  const developAt = async (): Promise<string | undefined> =>
    toldOrAbsent(await forge.branches.commit(develop), `the branch ${develop}`);
  return {
    name: "back-merge",
    carriesTheRest: false,
    async observe() {
      if ((await developAt()) === undefined) {
        return { kind: "true", what: `there is no branch ${develop} to merge ${tag} back into` };
      }
      const branch = toldOrAbsent(await forge.branches.commit(pull.head), `the branch ${pull.head}`);
      if (branch !== undefined && !(await isThere()) && !(await has(branch))) {
        return {
          kind: "wrong",
          what: `${pull.head} is there, and does not have ${tag}`,
          hint:
            "Somebody made it for something else, and it is not proposed. Delete or rename it, and " +
            "run again.",
        };
      }
      return await observePull(
        pull,
        {
          what: tag,
          unproved: {
            what:
              `the pull request of ${pull.head} was merged, and ${develop} does not have ${tag} in ` +
              "its history",
            hint:
              `It was squashed or rebased, so its commits count again. Merge ${tag} into ${develop} by a ` +
              "merge commit, and allow no other way for it.",
          },
        },
        isThere,
        around,
      );
    },
    async act() {
      const there = toldOrAbsent(await forge.branches.commit(pull.head), `the branch ${pull.head}`);
      if (there === undefined) await forge.branches.create(pull.head, commit);
      await forge.pulls.open({ ...pull, ...textOf(tag, develop) });
    },
  };

  async function isThere(): Promise<boolean> {
    const at = await developAt();
    return at !== undefined && (await has(at));
  }

  async function has(at: string): Promise<boolean> {
    const standing = told(await forge.branches.standing(commit, at), `who has ${tag}`);
    return standing === "ahead" || standing === "identical";
  }
}

/** In the sections that `pr-policy` asks for. */
function textOf(tag: string, develop: string): { readonly title: string; readonly body: string } {
  return {
    title: `chore(release): merge ${tag} back into ${develop}`,
    body: [
      `## What`,
      `${tag} as it was released, and nothing else.`,
      `## Why`,
      `Until ${develop} has it in its history, the next version there is counted from the release before.`,
      `## How`,
      `By a merge commit. Squashed or rebased it would not be ${tag}, and its commits would count again.`,
      `## Testing`,
      `These commits were tested and released as ${tag}.`,
      `## Documentation`,
      `None is needed: it came with the release.`,
      "",
    ].join("\n\n"),
  };
}
