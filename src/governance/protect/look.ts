import type { Json } from "../../kernel/outcome.ts";
import type {
  Answer,
  ClassicProtection,
  Forge,
  Hidden,
  RepositoryFacts,
  Ruleset,
  RulesetBody,
  RulesetHead,
} from "../../ports/forge.ts";
import { wantedClassic, type ClassicState } from "./classic-state.ts";
import { compareClassic } from "./compare-classic.ts";
import { compareRuleset } from "./compare-ruleset.ts";
import { compareForeign, compareInForce, type DeclaredRefs } from "./foreign.ts";
import type { DeclaredSquash } from "../merging/squash-settings.ts";
import { compareSquash } from "./compare-squash.ts";
import { cannotSee, drift, equal, type Item } from "./item.ts";
import { shortName } from "../patterns/ref-pattern.ts";
import { wantedRulesets } from "./ruleset.ts";
import { isPattern, type Protection } from "./settings.ts";

/** A ruleset that is declared, and what is there of it. */
export interface SeenRuleset {
  readonly wanted: RulesetBody;
  /** Undefined where there is none; `hidden` where nobody can tell. */
  readonly live: Ruleset | undefined | "hidden";
}

/** A branch that classic protection is declared for. */
export interface SeenBranch {
  readonly branch: string;
  readonly wanted: ClassicState;
  readonly live: ClassicProtection | undefined | "hidden";
}

/** The repository as this token sees it, held against the declaration. */
export interface Look {
  readonly items: readonly Item[];
  readonly rulesets: readonly SeenRuleset[];
  readonly branches: readonly SeenBranch[];
  /** Undefined where it cannot be seen whose the repository is. */
  readonly owner: RepositoryFacts["owner"] | undefined;
  /** What is declared of squashes, which was looked at as well. */
  readonly squash: DeclaredSquash;
}

/** Asks the forge for everything that is declared, and for what is beside it. Changes nothing. */
export async function look(forge: Forge, declared: Protection, squash: DeclaredSquash): Promise<Look> {
  const facts = await forge.facts();
  const owner = facts.kind === "found" ? facts.value.owner : undefined;
  const defaultBranch = facts.kind === "found" ? facts.value.defaultBranch : "main";
  const rulesets = await lookAtRulesets(forge, declared, defaultBranch);
  const branches =
    declared.mechanism === "classic"
      ? await lookAtBranches(forge, declared)
      : { items: await lookForClassic(forge, declared), seen: [] };
  return {
    items: [
      ...(facts.kind === "found" ? [] : [cannotSee(placeOfAll(forge), null, unseen(forge, hiddenOf(facts)))]),
      ...compareSquash(forge.repository, squash, facts),
      ...rulesets.items,
      ...branches.items,
    ],
    rulesets: rulesets.seen,
    branches: branches.seen,
    owner,
    squash,
  };
}

function placeOfAll({ repository }: Forge): Pick<Item, "subject" | "about"> {
  return { subject: `repository ${repository}`, about: "facts" };
}

/** GitHub says the same of a name that is mistyped. */
function unseen({ repository }: Forge, hidden: Omit<Hidden, "kind">): Omit<Hidden, "kind"> {
  if (!hidden.why.startsWith("404")) return hidden;
  return { ...hidden, why: `${hidden.why}: there is no ${repository}, or this token is not shown it` };
}

interface Seen<T> {
  readonly items: readonly Item[];
  readonly seen: readonly T[];
}

async function lookAtRulesets(
  forge: Forge,
  declared: Protection,
  defaultBranch: string,
): Promise<Seen<SeenRuleset>> {
  const wanted = wantedRulesets(declared);
  const heads = await forge.rulesets();
  if (heads.kind !== "found") {
    const hidden = hiddenOf(heads);
    return {
      items: wanted.map((body) => cannotSee(placeOf(body), body as unknown as Json, hidden)),
      seen: wanted.map((body) => ({ wanted: body, live: "hidden" })),
    };
  }
  const items: Item[] = [];
  const seen: SeenRuleset[] = [];
  for (const body of wanted) {
    const one = await lookAtRuleset(forge, body, heads.value);
    items.push(...one.items);
    seen.push(...one.seen);
  }
  const ours = new Set(wanted.flatMap((body) => headsOf(body, heads.value).map(({ id }) => id)));
  const refs = declaredRefs(declared);
  for (const head of heads.value.filter(({ id }) => !ours.has(id))) {
    if (declared["known-rulesets"].includes(head.name) || head.enforcement !== "active") continue;
    const live = await forge.ruleset(head.id);
    items.push(
      ...(live.kind === "found"
        ? compareForeign(live.value, refs, defaultBranch)
        : [cannotSee({ subject: `ruleset '${head.name}'`, about: "ruleset" }, null, hiddenOf(live))]),
    );
  }
  return { items, seen };
}

function placeOf({ name }: RulesetBody): Pick<Item, "subject" | "about"> {
  return { subject: `ruleset '${name}'`, about: "ruleset" };
}

/** Those of the repository itself with the name and kind; an inherited one of that name is another's. */
function headsOf({ name, target }: RulesetBody, heads: readonly RulesetHead[]): RulesetHead[] {
  return heads
    .filter((head) => head.own && head.name === name && head.target === target)
    .sort((a, b) => a.id - b.id);
}

async function lookAtRuleset(
  forge: Forge,
  wanted: RulesetBody,
  heads: readonly RulesetHead[],
): Promise<Seen<SeenRuleset>> {
  const [head, ...more] = headsOf(wanted, heads);
  const place = placeOf(wanted);
  if (head === undefined) {
    const missing = drift(
      place,
      "missing-ruleset",
      { wanted: wanted as unknown as Json },
      "there is no ruleset of this name",
    );
    return { items: [missing], seen: [{ wanted, live: undefined }] };
  }
  const live = await forge.ruleset(head.id);
  if (live.kind !== "found") {
    return {
      items: [cannotSee(place, wanted as unknown as Json, hiddenOf(live))],
      seen: [{ wanted, live: "hidden" }],
    };
  }
  const twice = more.map(({ id }) =>
    drift(place, "duplicate", { live: id }, `another of this name is there, number ${id}`, false),
  );
  const items = compareRuleset(wanted, live.value);
  // Where it is known to be for something else, or off, that is said already.
  const explained = items.some(
    ({ kind }) => kind !== null && ["not-enforced", "other-refs", "missing-rule"].includes(kind),
  );
  const force = explained ? [] : await lookInForce(forge, wanted, head.id);
  return { items: [...items, ...twice, ...force], seen: [{ wanted, live: live.value }] };
}

async function lookInForce(forge: Forge, wanted: RulesetBody, id: number): Promise<Item[]> {
  if (wanted.target !== "branch") return [];
  const items: Item[] = [];
  const branches = wanted.conditions.ref_name.include.map(shortName).filter((name) => !isPattern(name));
  for (const branch of branches) {
    const effective = await forge.effectiveRules(branch);
    items.push(
      ...(effective.kind === "found"
        ? compareInForce(branch, wanted, id, effective.value)
        : [cannotSee({ subject: `branch ${branch}`, about: "rules in force" }, null, hiddenOf(effective))]),
    );
  }
  return items;
}

async function lookAtBranches(forge: Forge, declared: Protection): Promise<Seen<SeenBranch>> {
  const items: Item[] = [];
  const seen: SeenBranch[] = [];
  for (const rules of declared.branches) {
    const wanted = wantedClassic(rules);
    for (const branch of rules.branches) {
      const live = await forge.classic(branch);
      const place = { subject: `branch ${branch}`, about: "protection" };
      if (live.kind === "found") {
        items.push(...compareClassic(branch, wanted, live.value));
        seen.push({ branch, wanted, live: live.value });
      } else if (live.kind === "absent") {
        const values = { wanted: wanted as unknown as Json };
        items.push(drift(place, "unprotected", values, "it has no protection, or is not there"));
        seen.push({ branch, wanted, live: undefined });
      } else {
        items.push(cannotSee(place, wanted as unknown as Json, live));
        seen.push({ branch, wanted, live: "hidden" });
      }
    }
  }
  return { items, seen };
}

/** What an earlier way of protecting has left: it adds to the rulesets, and nobody keeps it up. */
async function lookForClassic(forge: Forge, declared: Protection): Promise<Item[]> {
  if (declared["known-classic"]) return [];
  const items: Item[] = [];
  for (const branch of declared.branches.flatMap(({ branches }) => branches)) {
    if (isPattern(branch)) continue;
    const live = await forge.classic(branch);
    const place = { subject: `branch ${branch}`, about: "classic protection" };
    if (live.kind === "absent") items.push(equal(place, null));
    else if (live.kind === "hidden") items.push(cannotSee(place, null, live));
    else {
      const message = "it has classic protection as well, which is not declared";
      items.push(drift(place, "foreign-classic", { live: live.value }, message, false));
    }
  }
  return items;
}

function declaredRefs({ branches, tags }: Protection): DeclaredRefs[] {
  return [
    ...branches.map((rules) => ({
      target: "branch" as const,
      names: rules.branches,
      methods: rules["merge-methods"],
    })),
    ...tags.map((rules) => ({ target: "tag" as const, names: rules.tags, methods: [] })),
  ];
}

/** What was listed a moment ago and is absent was taken away, or is hidden: nobody can tell. */
function hiddenOf(answer: Exclude<Answer<unknown>, { kind: "found" }>): Omit<Hidden, "kind"> {
  return answer.kind === "hidden" ? answer : { why: "it is not there", permission: "Metadata: read" };
}
