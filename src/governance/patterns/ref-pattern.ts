import { anyButSlash, fitsSteps, oneOf, type Step } from "./steps.ts";

/**
 * Names of branches and tags as rulesets match them: Ruby's File.fnmatch with FNM_PATHNAME, where `*` and `?`
 * stop at `/` and `**` followed by `/` does not.
 * https://docs.github.com/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets
 */
export function fits(pattern: string, name: string): boolean {
  return fitsSteps(stepsOf(pattern), name);
}

function stepsOf(pattern: string): Step[] {
  const steps: Step[] = [];
  const signs = Array.from(pattern);
  const one = { kind: "character", optional: false, repeated: false } as const;
  // Where the next of these stands that ends a set, or makes it none.
  let stop = 0;
  for (let at = 0; at < signs.length; at += 1) {
    const sign = signs[at]!;
    if (sign === "*" && signs[at + 1] === "*" && signs[at + 2] === "/") {
      steps.push({ kind: "folders" });
      at += 2;
      continue;
    }
    const isNegated = signs[at + 1] === "!" || signs[at + 1] === "^";
    const from = at + (isNegated ? 2 : 1);
    if (sign === "[") {
      stop = Math.max(stop, from);
      while (stop < signs.length && signs[stop] !== "]" && signs[stop] !== "/") stop += 1;
      const set = signs[stop] === "]" && stop > from ? signs.slice(from, stop).join("") : undefined;
      const fits = set === undefined ? undefined : oneOf(set, isNegated);
      if (fits !== undefined) {
        steps.push({ ...one, fits });
        at = stop;
        continue;
      }
    }
    if (sign === "*") steps.push({ ...one, fits: anyButSlash, optional: true, repeated: true });
    else if (sign === "?") steps.push({ ...one, fits: anyButSlash });
    else steps.push({ ...one, fits: (character) => character === sign });
  }
  return steps;
}

/** `refs/heads/main` → `main`. */
export function shortName(ref: string): string {
  return ref.replace(/^refs\/(heads|tags)\//, "");
}

/**
 * Whether a ruleset for these refs may be for some of those that are declared. Two patterns are taken to meet
 * where one fits the other's text: what they have in common is not worked out, only what is plain.
 */
export function meet(
  refs: readonly string[],
  declared: readonly string[],
  kind: "heads" | "tags",
  defaultBranch: string,
): boolean {
  return refs.some((ref) => {
    if (ref === "~ALL") return true;
    const name = ref === "~DEFAULT_BRANCH" ? defaultBranch : shortName(ref);
    if (kind === "tags" && ref === "~DEFAULT_BRANCH") return false;
    return declared.some((each) => each === name || fits(name, each) || fits(each, name));
  });
}
