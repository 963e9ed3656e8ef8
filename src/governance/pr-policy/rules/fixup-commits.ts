import { isFixup, readMessage } from "../../commits/message.ts";
import { squashMessages } from "../squash.ts";
import type { Rule } from "./rule.ts";

export const fixupCommits: Rule = {
  name: "fixup-commits",
  severity: "error",
  problem:
    "`fixup!` and `squash!` commits are meant to be gone before the merge; a merge or rebase keeps them.",
  solution: "Run `git rebase -i --autosquash` against the base.",
  find(scene) {
    const { pull, policy } = scene;
    const isSquashed = policy.merge.methods?.every((method) => method === "squash") === true;
    // A squash writes none of them, unless it has the header of the only commit.
    const headers = squashMessages(scene).filter(({ from }) => from === "commit");
    if (isSquashed && headers.length === 0) return [];
    const isGuess = isSquashed && headers.every(({ isSure }) => !isSure);
    const left = pull.commits.filter(({ message }) => isFixup(readMessage(message)));
    return left.map(({ id, message }) => ({
      message:
        `commit ${id.slice(0, 7)} ${JSON.stringify(message.split("\n")[0]!.slice(0, 120))} ` + "is left over",
      ...(isGuess ? { severity: "warning" as const } : {}),
    }));
  },
};
