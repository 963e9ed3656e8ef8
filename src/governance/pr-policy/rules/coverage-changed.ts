import { isBelow, toldShare, type CoverageRule } from "./coverage-rule.ts";

export const coverageChanged: CoverageRule = {
  name: "coverage-changed",
  severity: "error",
  problem: "Less of what is changed is run by tests than is asked for: the total hides it.",
  solution: "Test the lines that are named.",
  find({ found, wanted }) {
    if (found === undefined || !isBelow(found.changed, wanted.changed)) return [];
    const { changed } = found;
    return [
      { message: `tests run ${toldShare(changed)} of what is changed, and ${wanted.changed} % is asked for` },
    ];
  },
};
