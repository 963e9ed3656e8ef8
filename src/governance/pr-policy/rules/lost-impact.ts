import { lostImpact as lost } from "../../commits/lost-impact.ts";
import { isReleasing, isRevert } from "../pull-request.ts";
import { squashMessages } from "../squash.ts";
import type { Hit, Rule } from "./rule.ts";

const WORDS = { major: "a breaking change", minor: "a feature", patch: "a fix" } as const;

export const lostImpact: Rule = {
  name: "lost-impact",
  severity: "error",
  problem:
    "A squash keeps one header, the title or that of the only commit, and forgets the others: a breaking " +
    "change or a feature under a lesser one gets too small a version, and nobody is warned.",
  solution: "Give the header that stays the type, and the `!`, of the weightiest commit.",
  find(scene) {
    const { pull } = scene;
    if (isRevert(pull)) return [];
    const { title, commits } = pull;
    const asking = { title, commits, body: pull.description.paragraphs.join("\n\n") };
    return squashMessages(scene).flatMap(({ from, isSure, header, text }): Hit[] => {
      const short = header.slice(0, 120);
      const found = lost(text, asking);
      if (found === undefined || found.impact === "patch") return [];
      if (isReleasing(pull)) return [squashedRelease(found.by)];
      const what = `${found.by}, is ${WORDS[found.impact]}, `;
      return from === "title"
        ? [
            {
              message: `${what}and the title ${JSON.stringify(title)} hides it`,
              fix: `Make the title ${JSON.stringify(found.title)}.`,
            },
          ]
        : [
            {
              ...(isSure ? {} : { severity: "warning" }),
              message:
                `${what}and a squash of a single commit has its header` +
                `${isSure ? "" : ", unless the repository says otherwise"}, ${JSON.stringify(short)}`,
              fix:
                `Reword the commit (\`git commit --amend\`) as ${JSON.stringify(found.title)}; or have ` +
                "GitHub call squashes by the title, and say so with `policy.merge.squash-title: pr-title`.",
            },
          ];
    });
  },
};

/** Its version is in the branch's name; but squashed, its commits count once more where they were made. */
function squashedRelease(by: string): Hit {
  return {
    severity: "warning",
    message:
      `${by}, is of a release, and a squash of it hides that: the next release would count it ` + "once more",
    fix:
      "Merge it by a merge commit; squashes of releases can be forbidden by `policy.merge.methods: " +
      "[merge]`.",
  };
}
