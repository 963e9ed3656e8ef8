import type { CoverageRule } from "./coverage-rule.ts";
import type { Hit } from "./rule.ts";

/** Annotations of one run: GitHub shows no more. */
const TOLD = 50;

export const uncovered: CoverageRule = {
  name: "uncovered",
  severity: "note",
  problem: "A changed line that no test runs.",
  solution: "Test it.",
  find({ found }) {
    const all = found?.uncovered ?? [];
    const told = all.slice(0, TOLD).map(({ file, first, last }): Hit => {
      const which = first === last ? `line ${first} is` : `lines ${first} to ${last} are`;
      const message = `${which} changed, and no test runs ${first === last ? "it" : "them"}`;
      return { file, line: first, message };
    });
    const more = all.length - TOLD;
    const rest = { message: `${more} more places that no test runs`, fix: "Test them." };
    return more > 0 ? [...told, rest] : told;
  },
};
