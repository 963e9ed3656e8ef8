import { fits } from "../../../kernel/path-pattern.ts";
import type { Rule } from "./rule.ts";

export const branchBase: Rule = {
  name: "branch-base",
  severity: "error",
  problem: "A branch that is merged where it does not belong carries along what nobody wanted there yet.",
  solution: "Change the base of the pull request, or name the branch after what it is.",
  find({ pull, policy }) {
    const { allowed } = policy.branches;
    const { head, base } = pull;
    if (allowed.length === 0) return [];
    if (head === undefined) {
      return [
        {
          message: `no branch is checked out, so that nobody can tell whether it may be merged into ${base}`,
          fix: "Give the branch's name with --branch.",
        },
      ];
    }
    const mine = allowed.filter((each) => fits(each.head, head));
    if (mine.length === 0) {
      const known = allowed.map((each) => each.head).join(", ");
      return [{ message: `the branch ${JSON.stringify(head)} is of no kind that may be merged: ${known}` }];
    }
    const bases = mine.flatMap((each) => each.bases);
    return bases.some((each) => fits(each, base))
      ? []
      : [{ message: `${JSON.stringify(head)} may be merged into ${bases.join(", ")}, and not into ${base}` }];
  },
};
