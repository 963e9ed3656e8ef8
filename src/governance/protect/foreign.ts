import type { Json } from "../../kernel/outcome.ts";
import type { EffectiveRule, Ruleset, RulesetBody, RulesetRule } from "../../ports/forge.ts";
import { cannotSee, drift, equal, type Item } from "./item.ts";
import { meet, shortName } from "../patterns/ref-pattern.ts";
import { OUR_PREFIX } from "./settings.ts";

/** What is declared for branches, or for tags, whichever way it is kept. */
export interface DeclaredRefs {
  readonly target: "branch" | "tag";
  /** Names and patterns without `refs/…`. */
  readonly names: readonly string[];
  readonly methods: readonly string[];
}

/**
 * A ruleset that the declaration does not know. Rules of several rulesets add up, so that it cannot take a
 * rule away; but it can stop what is declared (every merge, the declared way of merging), and then people
 * look for a way around both. Which are in order is said in `known-rulesets`.
 *
 * @returns nothing where it is not in force, or for other refs
 */
export function compareForeign(
  live: Ruleset,
  declared: readonly DeclaredRefs[],
  defaultBranch: string,
): Item[] {
  const subject = `ruleset '${live.name}'`;
  if (live.enforcement !== "active") return [];
  const mine = declared.filter(({ target }) => target === live.target);
  if (mine.length === 0) return [];
  if (live.refs === undefined || live.rules === undefined) {
    const why = "the answer leaves out what it is for, or its rules";
    return [cannotSee({ subject, about: "ruleset" }, null, { why, permission: "Administration: write" })];
  }
  const kind = live.target === "tag" ? "tags" : "heads";
  const { include, exclude } = live.refs;
  const met = mine.filter(
    ({ names }) =>
      meet(include, names, kind, defaultBranch) &&
      !names.every((name) => exclude.some((each) => each === "~ALL" || shortName(each) === name)),
  );
  if (met.length === 0) return [];
  const ways = met.flatMap(({ target, methods }) => contradictions(live.rules!, target, methods));
  const refs = live.target === "tag" ? "tags" : "branches";
  const message = [
    `it is ${live.own ? "" : `of ${live.source} and `}not declared, and in force on declared ${refs}`,
    ...(live.own && live.name.startsWith(OUR_PREFIX)
      ? ["by its name it is of an earlier declaration: delete it once the new one is in force"]
      : []),
    ...new Set(ways),
  ].join("; ");
  const rules = live.rules.map(({ type }) => type);
  return [drift({ subject, about: "ruleset" }, "foreign-ruleset", { live: rules }, message, false)];
}

function contradictions(
  rules: readonly RulesetRule[],
  target: DeclaredRefs["target"],
  methods: readonly string[],
): string[] {
  return rules.flatMap(({ type, parameters }): string[] => {
    if (target === "tag") return [];
    if (type === "update") return ["its rule update refuses merges too"];
    if (type === "required_linear_history" && !methods.some((each) => each !== "merge")) {
      return ["its linear history refuses the one declared way to merge"];
    }
    const allowed = type === "pull_request" ? parameters?.["allowed_merge_methods"] : undefined;
    const none = Array.isArray(allowed) && !methods.some((each) => allowed.includes(each));
    return none
      ? [`it allows to merge by ${(allowed as string[]).join(", ")} only, which is not declared`]
      : [];
  });
}

/**
 * Whether the rules that a ruleset of ours holds are in force on a branch: asked of the other end, because a
 * ruleset may look right and be for something else.
 */
export function compareInForce(
  branch: string,
  wanted: RulesetBody,
  id: number,
  effective: readonly EffectiveRule[],
): Item[] {
  const subject = `branch ${branch}`;
  const about = `rules of '${wanted.name}' in force`;
  const there = new Set(effective.filter(({ rulesetId }) => rulesetId === id).map(({ type }) => type));
  const missing = wanted.rules.map(({ type }) => type).filter((type) => !there.has(type));
  const all: Json = wanted.rules.map(({ type }) => type);
  if (missing.length === 0) return [equal({ subject, about }, all)];
  return [
    drift(
      { subject, about },
      "not-in-force",
      { wanted: all, live: [...there] },
      `not in force on it, though the ruleset is there: ${missing.join(", ")}`,
      false,
    ),
  ];
}
