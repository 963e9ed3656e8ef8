import { anyButSlash, fitsSteps, oneOf, type Step } from "./steps.ts";

/**
 * Whether a branch fits a filter of a workflow as GitHub reads it: `*` stops at `/`, `**` does not; `?`, `+`
 * and `[…]` are those of regular expressions. What is no filter fits nothing but itself.
 * https://docs.github.com/actions/reference/workflow-syntax-for-github-actions#filter-pattern-cheat-sheet
 */
export function fitsFilter(pattern: string, branch: string): boolean {
  if (pattern === branch) return true;
  const steps = stepsOf(pattern);
  return steps !== undefined && fitsSteps(steps, branch);
}

function stepsOf(pattern: string): Step[] | undefined {
  const steps: Step[] = [];
  const signs = Array.from(pattern);
  for (let at = 0; at < signs.length; at += 1) {
    const sign = signs[at]!;
    let [optional, repeated] = [false, false];
    let fits: ((character: string) => boolean) | undefined = (character) => character === sign;
    if (sign === "?" || sign === "+") return undefined;
    if (sign === "*") {
      [optional, repeated] = [true, true];
      fits = anyButSlash;
      if (signs[at + 1] === "*") {
        fits = () => true;
        at += 1;
      }
      // `*?` is the same as `*`, only that it would look for less first.
      if (signs[at + 1] === "?") at += 1;
    } else {
      if (sign === "[") {
        const close = signs.indexOf("]", at);
        if (close === -1) return undefined;
        fits = oneOf(signs.slice(at + 1, close).join(""), false);
        at = close;
      }
      if (signs[at + 1] === "?" || signs[at + 1] === "+") {
        at += 1;
        [optional, repeated] = [signs[at] === "?", signs[at] === "+"];
        if (signs[at + 1] === "?") at += 1;
      }
    }
    if (fits === undefined) return undefined;
    steps.push({ kind: "character", fits, optional, repeated });
  }
  return steps;
}
