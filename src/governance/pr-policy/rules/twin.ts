import { listed } from "../../../kernel/listed.ts";
import { quantity } from "../../../kernel/quantity.ts";
import { fits } from "../../../kernel/path-pattern.ts";
import { isDeclared } from "../../description/named-pulls.ts";
import type { Twin } from "../twins.ts";
import type { Hit, Rule } from "./rule.ts";

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
    if (pull.head !== undefined) return twins.flatMap((each) => hitsOf(each, pull.head!));
    const mine = policy.branches.twins.filter(
      ({ base, also }) => fits(base, pull.base) && also !== pull.base,
    );
    return mine.map(({ head, also }) => ({
      message:
        `no branch is checked out, so that nobody can tell whether ${also} has to get this too, as of ` +
        JSON.stringify(head),
      fix: "Give the branch's name with --branch.",
      ...(isDeclared(also, pull.description) ? { severity: "warning" } : {}),
    }));
  },
};

function hitsOf({ branch, lacking, why, named }: Twin, head: string): Hit[] {
  if (named?.verdict === "brings" || lacking?.length === 0) return [];
  if (named?.verdict === "unasked") {
    return [
      {
        severity: "warning",
        message:
          `${JSON.stringify(head)} gets to ${branch} by ${listed(named.names)}, as the description says; ` +
          "nobody was asked whether that is so",
        fix: "In a job GitHub is asked, with a token that may read pull requests.",
      },
    ];
  }
  const wrong = named === undefined ? "" : `; of those that are named for it, ${listed(named.why)}`;
  if (lacking === undefined) {
    return [
      {
        message: `whether ${branch} has these commits cannot be told: ${why ?? "git did not say"}${wrong}`,
        fix:
          `Fetch ${branch} (\`fetch-depth: 0\` in a workflow), or name the pull request to it in the ` +
          `description, in a line such as \`${branch}: #124\`.`,
      },
    ];
  }
  const header = lacking[0]!.message.split("\n")[0]!.slice(0, 120);
  const what = `commit ${lacking[0]!.id.slice(0, 7)} ${JSON.stringify(header)}`;
  const more = lacking.length === 1 ? "" : ` and ${lacking.length - 1} more`;
  return [
    {
      message:
        `${JSON.stringify(head)} has ${quantity(lacking.length, "commit")} that ${branch} has not ` +
        `(${what}${more}), and the description names no pull request that brings them there${wrong}`,
      fix:
        `Open the same change against ${branch} and name it in the description, in a line such as ` +
        `\`${branch}: #124\`; or merge or cherry-pick it there first.`,
    },
  ];
}
