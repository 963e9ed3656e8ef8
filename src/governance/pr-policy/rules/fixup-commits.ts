import { isFixup, readMessage } from "../../commits/message.ts";
import type { Rule } from "./rule.ts";

export const fixupCommits: Rule = {
  name: "fixup-commits",
  severity: "error",
  problem:
    "`fixup!` and `squash!` commits are meant to be gone before the merge; a merge or rebase keeps them.",
  solution: "Run `git rebase -i --autosquash` against the base.",
  find({ pull, policy }) {
    // A squash writes none of them; but of a single commit the header, where GitHub has its usual title.
    const isSquashed = policy.merge.methods?.every((method) => method === "squash") === true;
    if (isSquashed && pull.commits.length > 1) return [];
    const left = pull.commits.filter(({ message }) => isFixup(readMessage(message)));
    return left.map(({ id, message }) => ({
      message:
        `commit ${id.slice(0, 7)} ${JSON.stringify(message.split("\n")[0]!.slice(0, 120))} ` + "is left over",
    }));
  },
};
