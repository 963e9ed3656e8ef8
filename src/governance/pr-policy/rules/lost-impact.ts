import { lostImpact as lost } from "../../commits/lost-impact.ts";
import { isRevert } from "../pull-request.ts";
import type { Rule } from "./rule.ts";

const WORDS = { major: "a breaking change", minor: "a feature", patch: "a fix" } as const;

export const lostImpact: Rule = {
  name: "lost-impact",
  severity: "error",
  problem:
    "A squash keeps the title and forgets the headers of its commits: a breaking change or a feature under " +
    "a lesser title gets too small a version, and nobody is warned.",
  solution: "Give the title the type, and the `!`, of the weightiest commit.",
  find({ pull, policy }) {
    const { methods } = policy.merge;
    if ((methods !== undefined && !methods.includes("squash")) || isRevert(pull)) return [];
    const kept =
      policy.merge["squash-body"] === "commits"
        ? `${pull.title}\n\n${pull.commits.map(({ message }) => message).join("\n\n")}`
        : pull.title;
    const found = lost(kept, pull.description.paragraphs.join("\n\n"), pull.commits);
    if (found === undefined) return [];
    const isWorth = found.impact !== "patch";
    return isWorth
      ? [
          {
            message:
              `${found.by}, is ${WORDS[found.impact]}, ` +
              `and the title ${JSON.stringify(pull.title)} hides it`,
            fix: `Make the title ${JSON.stringify(found.title)}.`,
          },
        ]
      : [];
  },
};
