import type { Json } from "../../kernel/outcome.ts";
import type { Ruleset, RulesetBody, RulesetBypass, RulesetRule } from "../../ports/forge.ts";
import { cannotSee, drift, equal, same, type Item } from "./item.ts";
import { actorKey, isDeclarable } from "./ruleset.ts";

/** What shows a ruleset's bypass actors. */
export const SEES_BYPASS = "Administration: write";

const NOT_SHOWN = { why: "the answer leaves it out for this token", permission: SEES_BYPASS };

/**
 * What a parameter is where an answer leaves it out, or where it was never set: with these a live rule has
 * nothing more than a declared one that does not name them.
 */
const UNSET: Readonly<Record<string, Json>> = {
  do_not_enforce_on_create: false,
  required_reviewers: [],
  dismissal_restriction: { enabled: false },
  update_allows_fetch_and_merge: false,
};

/** What GitHub shows of parameters that nobody set, also of those that it has got since this was written. */
function isOff(value: Json): boolean {
  return value === null || value === false || same(value, []) || same(value, {});
}

/** Without parameters that say what would be so without them: GitHub fills them in as it likes. */
export function withoutUnset({ type, parameters }: RulesetRule): RulesetRule {
  if (parameters === undefined) return { type };
  const said = Object.entries(parameters).filter(([key, value]) => !same(value, UNSET[key]));
  return said.length === 0 ? { type } : { type, parameters: Object.fromEntries(said) };
}

/**
 * A ruleset held against the declaration, both ways: what is missing, what is there beyond it, what has
 * another value, and what this token is not shown.
 */
export function compareRuleset(wanted: RulesetBody, live: Ruleset): Item[] {
  const subject = `ruleset '${wanted.name}'`;
  return [
    compareEnforcement(subject, wanted, live),
    ...compareRefs(subject, wanted, live),
    ...(live.rules === undefined
      ? [cannotSee({ subject, about: "rules" }, wanted.rules as unknown as Json, NOT_SHOWN)]
      : compareRules(subject, wanted.rules, live.rules)),
    ...(live.bypassActors === undefined
      ? [cannotSee({ subject, about: "bypass_actors" }, wanted.bypass_actors as unknown as Json, NOT_SHOWN)]
      : compareBypass(subject, wanted.bypass_actors, live.bypassActors)),
  ];
}

function compareEnforcement(subject: string, wanted: RulesetBody, live: Ruleset): Item {
  const place = { subject, about: "enforcement" };
  if (live.enforcement === wanted.enforcement) return equal(place, live.enforcement);
  return drift(
    place,
    "not-enforced",
    { wanted: wanted.enforcement, live: live.enforcement },
    `it is ${live.enforcement}: its rules keep nobody from anything`,
  );
}

function compareRefs(subject: string, wanted: RulesetBody, live: Ruleset): Item[] {
  const { include, exclude } = wanted.conditions.ref_name;
  return (["include", "exclude"] as const).map((key) => {
    const place = { subject, about: `ref_name.${key}` };
    const names = key === "include" ? include : exclude;
    if (live.refs === undefined) return cannotSee(place, names, NOT_SHOWN);
    if (same(names, live.refs[key])) return equal(place, names);
    return drift(
      place,
      "other-refs",
      { wanted: names, live: live.refs[key] },
      key === "include" ? "it is for other refs than declared" : "it leaves out other refs than declared",
    );
  });
}

function compareRules(subject: string, wanted: readonly RulesetRule[], live: readonly RulesetRule[]): Item[] {
  const items: Item[] = [];
  for (const rule of wanted) {
    const there = live.find(({ type }) => type === rule.type);
    if (there === undefined) {
      const place = { subject, about: rule.type };
      items.push(
        drift(place, "missing-rule", { wanted: rule.parameters ?? true }, `the rule ${rule.type} is missing`),
      );
    } else items.push(...compareParameters(subject, rule, there));
  }
  const declared = new Set(wanted.map(({ type }) => type));
  const extra = live.filter(({ type }) => !declared.has(type));
  return [
    ...items,
    ...extra.map((rule) =>
      drift(
        { subject, about: rule.type },
        "extra-rule",
        { live: rule.parameters ?? true },
        isDeclarable(rule)
          ? `it has the rule ${rule.type}, which is not declared`
          : `it has the rule ${rule.type}, which cannot be declared and is left: move it to a ruleset of ` +
              "its own, and name that in known-rulesets",
        isDeclarable(rule),
      ),
    ),
  ];
}

function compareParameters(subject: string, wanted: RulesetRule, live: RulesetRule): Item[] {
  const [mine, theirs] = [wanted.parameters ?? {}, live.parameters ?? {}];
  const keys = [...new Set([...Object.keys(mine), ...Object.keys(theirs)])];
  if (keys.length === 0) return [equal({ subject, about: wanted.type }, true)];
  return keys.flatMap((key): Item[] => {
    const place = { subject, about: `${wanted.type}.${key}` };
    const value = mine[key];
    if (value === undefined) {
      const there = theirs[key] ?? null;
      if (isOff(there) || same(there, UNSET[key])) return [];
      return [drift(place, "extra-value", { live: there }, "it has a value that is not declared")];
    }
    const there = theirs[key];
    if (there !== undefined && same(value, there)) return [equal(place, value)];
    return [
      drift(
        place,
        "other-value",
        { wanted: value, live: there ?? null },
        there === undefined ? "it is not set" : "it has another value than declared",
      ),
    ];
  });
}

function compareBypass(
  subject: string,
  wanted: readonly RulesetBypass[],
  live: readonly RulesetBypass[],
): Item[] {
  const about = "bypass_actors";
  const items: Item[] = [];
  const shown = (actor: RulesetBypass): Json => ({ ...actor });
  for (const actor of wanted) {
    const there = live.find((each) => actorKey(each) === actorKey(actor));
    const place = { subject, about: `${about} ${actorKey(actor)}` };
    if (there === undefined) {
      const message = "an actor that is declared may not pass by the rules";
      items.push(drift(place, "missing-bypass", { wanted: shown(actor) }, message));
    } else if (there.bypass_mode !== actor.bypass_mode) {
      const values = { wanted: actor.bypass_mode, live: there.bypass_mode };
      items.push(
        drift(place, "other-value", values, "it may pass by the rules in another way than declared"),
      );
    } else items.push(equal(place, shown(actor)));
  }
  const declared = new Set(wanted.map(actorKey));
  const extra = live.filter((actor) => !declared.has(actorKey(actor)));
  for (const actor of extra) {
    const place = { subject, about: `${about} ${actorKey(actor)}` };
    const message = "an actor that is not declared may pass by the rules";
    items.push(drift(place, "extra-bypass", { live: shown(actor) }, message));
  }
  return items.length === 0 ? [equal({ subject, about }, [])] : items;
}
