/**
 * Names of branches and tags as rulesets match them: Ruby's File.fnmatch with FNM_PATHNAME, where `*` and `?`
 * stop at `/` and `**` followed by `/` does not.
 * https://docs.github.com/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets
 */
export function fits(pattern: string, name: string): boolean {
  return new RegExp(`^${sourceOf(pattern)}$`).test(name);
}

function sourceOf(pattern: string): string {
  let source = "";
  for (let at = 0; at < pattern.length; at += 1) {
    const rest = pattern.slice(at);
    const set = /^\[(!|\^)?([^\]/]+)\]/.exec(rest);
    if (rest.startsWith("**/")) {
      source += "(?:[^/]+/)*";
      at += 2;
    } else if (set !== null) {
      source += `[${set[1] === undefined ? "" : "^"}${(set[2] ?? "").replace(/[\\[\]^]/g, "\\$&")}]`;
      at += set[0].length - 1;
    } else if (rest.startsWith("*")) {
      source += "[^/]*";
    } else if (rest.startsWith("?")) {
      source += "[^/]";
    } else source += rest[0]!.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  }
  return source;
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
