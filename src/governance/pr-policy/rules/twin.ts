import { quantity } from "../../../kernel/quantity.ts";
import { fits } from "../../dependencies/glob.ts";
import { isDeclared } from "../twins.ts";
import type { Rule } from "./rule.ts";

export const twin: Rule = {
  name: "twin",
  severity: "error",
  problem:
    "A hotfix that reaches only main is undone by the next release, which is made from a branch without " +
    "it.",
  solution:
    "Open the same change against the other branch, and name that pull request in the description, in a " +
    "line such as `develop: #124`; or merge or cherry-pick it there first.",
  find({ pull, policy, twins }) {
    if (pull.head === undefined) {
      const mine = policy.branches.twins.filter(
        ({ base, also }) => fits(base, pull.base) && also !== pull.base,
      );
      return mine
        .filter(({ also }) => !isDeclared(also, pull.description))
        .map(({ head, also }) => ({
          message:
            `no branch is checked out, so that nobody can tell whether ${also} has to get this too, as of ` +
            JSON.stringify(head),
          fix: "Give the branch's name with --branch.",
        }));
    }
    return twins.flatMap(({ branch, lacking, why }) => {
      if (lacking === undefined) {
        return [
          {
            message: `whether ${branch} has these commits cannot be told: ${why ?? "git did not say"}`,
            fix:
              `Fetch ${branch} (\`fetch-depth: 0\` in a workflow), or name the pull request to it in the ` +
              `description, in a line such as \`${branch}: #124\`.`,
          },
        ];
      }
      const [first] = lacking;
      if (first === undefined) return [];
      const header = first.message.split("\n")[0]!.slice(0, 120);
      const what = `commit ${first.id.slice(0, 7)} ${JSON.stringify(header)}`;
      const more = lacking.length === 1 ? "" : ` and ${lacking.length - 1} more`;
      return [
        {
          message:
            `${JSON.stringify(pull.head)} has ${quantity(lacking.length, "commit")} that ${branch} has not ` +
            `(${what}${more}), and the description names no pull request that brings them there`,
          fix:
            `Open the same change against ${branch} and name it in the description, in a line such as ` +
            `\`${branch}: #124\`; or merge or cherry-pick it there first.`,
        },
      ];
    });
  },
};
