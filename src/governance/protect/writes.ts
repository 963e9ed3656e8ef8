import type { ClassicProtection, RepositoryFacts, RulesetBody } from "../../ports/forge.ts";
import { classicBody, stateOfAnswer, type ClassicState } from "./classic-state.ts";
import { compareClassic } from "./compare-classic.ts";
import { compareRuleset } from "./compare-ruleset.ts";
import { canonical, same } from "./item.ts";
import type { Look, SeenBranch, SeenRuleset } from "./look.ts";
import { isDeclarable } from "./ruleset.ts";
import { bodyOfLive, stricterClassic, stricterRuleset } from "./stricter.ts";
import type { Json } from "../../kernel/outcome.ts";

/** One thing that `apply` sends, with its payload. */
export type Write = {
  /** `ruleset 'holdfast: main'`, `branch main`. */
  readonly subject: string;
  /** Whether something is less protected after it. These come last. */
  readonly effect: "tightens" | "loosens";
  /** What was there when this was worked out, to be the same when it is sent; null where nothing was. */
  readonly from: string | null;
} & (
  | { readonly kind: "create-ruleset"; readonly body: RulesetBody }
  | { readonly kind: "update-ruleset"; readonly id: number; readonly body: RulesetBody }
  | { readonly kind: "put-classic"; readonly branch: string; readonly body: ClassicProtection }
);

/**
 * What brings the forge to the declaration: nothing for what is equal, and nothing for what is not wholly
 * seen, because whatever is overwritten unseen is lost. First everything that tightens, then what loosens; a
 * change that does both is two writes. So a run that ends anywhere leaves no ref less protected than it was
 * before, or than it is to be.
 */
export function writesOf({ rulesets, branches, owner }: Look): Write[] {
  const all = [...rulesets.flatMap(rulesetWrites), ...branches.flatMap((seen) => classicWrites(seen, owner))];
  return [
    ...all.filter(({ effect }) => effect === "tightens"),
    ...all.filter(({ effect }) => effect === "loosens"),
  ];
}

function rulesetWrites({ wanted: declared, live }: SeenRuleset): Write[] {
  if (live === "hidden") return [];
  const subject = `ruleset '${declared.name}'`;
  if (live === undefined) {
    return [{ kind: "create-ruleset", subject, effect: "tightens", from: null, body: declared }];
  }
  const before = bodyOfLive(live);
  const items = compareRuleset(declared, live).filter(
    ({ verdict, mendable }) => mendable || verdict === "cannot-see",
  );
  if (before === undefined || !differs(items)) return [];
  const kept = before.rules.filter((rule) => !isDeclarable(rule));
  const wanted = { ...declared, rules: [...declared.rules, ...kept] };
  const write = (effect: Write["effect"], from: RulesetBody, body: RulesetBody): Write => ({
    kind: "update-ruleset",
    subject,
    id: live.id,
    effect,
    from: canonical(from),
    body,
  });
  const between = stricterRuleset(before, wanted);
  if (sameBody(between, before)) return [write("loosens", before, wanted)];
  if (sameBody(between, wanted)) return [write("tightens", before, wanted)];
  return [write("tightens", before, between), write("loosens", between, wanted)];
}

function classicWrites(
  { branch, wanted, live }: SeenBranch,
  owner: RepositoryFacts["owner"] | undefined,
): Write[] {
  if (live === "hidden" || owner === undefined) return [];
  const subject = `branch ${branch}`;
  const write = (effect: Write["effect"], from: ClassicState | null, state: ClassicState): Write => ({
    kind: "put-classic",
    subject,
    branch,
    effect,
    from: from === null ? null : canonical(from),
    body: classicBody(state, owner),
  });
  if (live === undefined) return [write("tightens", null, wanted)];
  const items = compareClassic(branch, wanted, live);
  const unseen = items.some(({ verdict }) => verdict === "cannot-see");
  if (unseen || !differs(items.filter(({ mendable }) => mendable))) return [];
  const before = stateOfAnswer(live);
  const between = stricterClassic(before, wanted);
  if (sameState(between, before)) return [write("loosens", before, wanted)];
  if (sameState(between, wanted)) return [write("tightens", before, wanted)];
  return [write("tightens", before, between), write("loosens", between, wanted)];
}

function differs(items: readonly { readonly verdict: string }[]): boolean {
  return items.some(({ verdict }) => verdict === "drift");
}

function sameBody(one: RulesetBody, other: RulesetBody): boolean {
  return same(one as unknown as Json, other as unknown as Json);
}

function sameState(one: ClassicState, other: ClassicState): boolean {
  return same(one as unknown as Json, other as unknown as Json);
}
