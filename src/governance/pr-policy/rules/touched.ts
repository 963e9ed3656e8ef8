import type { Rule } from "./rule.ts";

const POLICY = /^\.github\/holdfast\.ya?ml$|(?:^|\/)\.commitlintrc|(?:^|\/)CODEOWNERS$/;
const KINDS: readonly (readonly [what: string, is: RegExp])[] = [
  ["workflows", /^\.github\/workflows\//],
  ["the policy itself", POLICY],
  ["migrations", /(?:^|\/)migrations?\/.*\.sql$/s],
];

export const touched: Rule = {
  name: "touched",
  severity: "note",
  problem:
    "Some changes want another look: they decide what is checked, or cannot be taken back by a deploy.",
  solution: "See that somebody who knows these has looked.",
  find({ pull, settingsPath }) {
    return KINDS.flatMap(([what, is]) => {
      const files = pull.changes.filter(
        ({ path, before }) =>
          is.test(path) ||
          (before !== undefined && is.test(before)) ||
          (is === POLICY && [path, before].includes(settingsPath)),
      );
      return files.length === 0
        ? []
        : [{ message: `changes ${what}`, file: files[0]!.path, line: files[0]!.lines[0]?.first ?? 1 }];
    });
  },
};
