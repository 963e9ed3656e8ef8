import { isBelow, toldShare, type CoverageRule } from "./coverage-rule.ts";

export const coverageTotal: CoverageRule = {
  name: "coverage-total",
  severity: "error",
  problem: "Less of the code is run by tests than is asked for.",
  solution: "Test more of what is there.",
  find({ found, wanted: { total } }) {
    // Reports without a line that can be run say nothing at all.
    if (found === undefined || !(isBelow(found, total) || (found.total === 0 && total > 0))) return [];
    return [{ message: `tests run ${toldShare(found)}, and ${total} % is asked for` }];
  },
};
