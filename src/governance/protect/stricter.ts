import type { Json } from "../../kernel/outcome.ts";
import type { Ruleset, RulesetBody, RulesetBypass, RulesetRule } from "../../ports/forge.ts";
import type { ClassicActors, ClassicChecks, ClassicReviews, ClassicState } from "./classic-state.ts";
import { withoutUnset } from "./compare-ruleset.ts";
import { canonical } from "./item.ts";
import { actorKey } from "./ruleset.ts";

/**
 * What is at least as strict as each of two. It is written first where a declaration is stricter in one thing
 * and looser in another, so that whatever ends a run in the middle leaves no branch less protected than it
 * was before and than it is to be.
 */

/** As it is, in the shape of what it would be overwritten with; only where all of it is seen. */
export function bodyOfLive(live: Ruleset): RulesetBody | undefined {
  const { bypassActors, refs, rules } = live;
  if (bypassActors === undefined || refs === undefined || rules === undefined) return undefined;
  return {
    name: live.name,
    target: live.target === "tag" ? "tag" : "branch",
    enforcement: live.enforcement as RulesetBody["enforcement"],
    bypass_actors: bypassActors,
    conditions: { ref_name: refs },
    rules: rules.map(withoutUnset),
  };
}

export function stricterRuleset(live: RulesetBody, wanted: RulesetBody): RulesetBody {
  // What keeps nobody from anything adds nothing: there the declaration is the stricter one as a whole.
  if (live.enforcement !== "active") return wanted;
  const [a, b] = [live.conditions.ref_name, wanted.conditions.ref_name];
  const types = union(
    live.rules.map(({ type }) => type),
    wanted.rules.map(({ type }) => type),
  );
  const ruleOf = (body: RulesetBody, type: string): RulesetRule | undefined =>
    body.rules.find((rule) => rule.type === type);
  return {
    ...wanted,
    enforcement: "active",
    bypass_actors: bothLetPass(live.bypass_actors, wanted.bypass_actors),
    conditions: {
      ref_name: {
        include: union(a.include, b.include),
        exclude: a.exclude.filter((each) => b.exclude.includes(each)),
      },
    },
    rules: types.map((type) => stricterRule(ruleOf(live, type), ruleOf(wanted, type))),
  };
}

/** From least to most. */
const PASSES = ["pull_request", "always", "exempt"];

function bothLetPass(live: readonly RulesetBypass[], wanted: readonly RulesetBypass[]): RulesetBypass[] {
  return wanted.flatMap((actor) => {
    const there = live.find((each) => actorKey(each) === actorKey(actor));
    if (there === undefined) return [];
    const modes = [there.bypass_mode, actor.bypass_mode];
    // As it is there, because numbers that mean nothing are not kept as they were sent.
    return [{ ...there, bypass_mode: PASSES.find((mode) => modes.includes(mode)) ?? actor.bypass_mode }];
  });
}

function stricterRule(live: RulesetRule | undefined, wanted: RulesetRule | undefined): RulesetRule {
  if (live === undefined || wanted === undefined) return (live ?? wanted)!;
  if (wanted.parameters === undefined) return live;
  const [a, b] = [live.parameters ?? {}, wanted.parameters];
  const keys = union(Object.keys(a), Object.keys(b));
  const parameters = Object.fromEntries(keys.map((key) => [key, stricterValue(key, a[key], b[key])]));
  return { type: wanted.type, parameters };
}

/** Booleans and numbers of rules demand more the more they are; the one that allows is named. */
function stricterValue(key: string, live: Json | undefined, wanted: Json | undefined): Json {
  if (live === undefined || wanted === undefined) return (live ?? wanted)!;
  if (key === "allowed_merge_methods") {
    const both = (wanted as readonly string[]).filter((each) => (live as readonly string[]).includes(each));
    return both.length > 0 ? both : wanted;
  }
  if (key === "required_status_checks") {
    return everyCheck(live as Checks, wanted as Checks);
  }
  if (typeof live === "boolean" && typeof wanted === "boolean") {
    const allows = key === "do_not_enforce_on_create" || key === "update_allows_fetch_and_merge";
    return allows ? live && wanted : live || wanted;
  }
  if (typeof live === "number" && typeof wanted === "number") return Math.max(live, wanted);
  return wanted;
}

type Checks = readonly { readonly context: string; readonly integration_id?: number }[];

/** All of both; where one says by which app, that any may report adds nothing. */
function everyCheck(live: Checks, wanted: Checks): Checks {
  const all = [...new Map([...live, ...wanted].map((each) => [canonical(each), each])).values()];
  return all.filter(
    (each) =>
      each.integration_id !== undefined ||
      !all.some(({ context, integration_id: app }) => context === each.context && app !== undefined),
  );
}

export function stricterClassic(live: ClassicState, wanted: ClassicState): ClassicState {
  const [a, b] = [live.flags, wanted.flags];
  return {
    checks: stricterChecks(live.checks, wanted.checks),
    enforceAdmins: live.enforceAdmins || wanted.enforceAdmins,
    reviews: stricterReviews(live.reviews, wanted.reviews),
    restrictions: onlyBoth(live.restrictions, wanted.restrictions),
    flags: {
      required_linear_history: a.required_linear_history || b.required_linear_history,
      allow_force_pushes: a.allow_force_pushes && b.allow_force_pushes,
      allow_deletions: a.allow_deletions && b.allow_deletions,
      block_creations: a.block_creations || b.block_creations,
      required_conversation_resolution:
        a.required_conversation_resolution || b.required_conversation_resolution,
      lock_branch: a.lock_branch || b.lock_branch,
      allow_fork_syncing: a.allow_fork_syncing && b.allow_fork_syncing,
    },
  };
}

function stricterChecks(live: ClassicChecks | null, wanted: ClassicChecks | null): ClassicChecks | null {
  if (live === null || wanted === null) return live ?? wanted;
  const all = [
    ...new Map([...live.checks, ...wanted.checks].map((each) => [canonical(each), each])).values(),
  ];
  const named = (context: string): boolean =>
    all.some((each) => each.context === context && each.app_id !== null);
  return {
    strict: live.strict || wanted.strict,
    checks: all.filter(({ context, app_id: app }) => app !== null || !named(context)),
  };
}

function stricterReviews(live: ClassicReviews | null, wanted: ClassicReviews | null): ClassicReviews | null {
  if (live === null || wanted === null) return live ?? wanted;
  const both = (key: "users" | "teams" | "apps"): string[] =>
    wanted.bypass[key].filter((each) => live.bypass[key].includes(each));
  return {
    approvals: Math.max(live.approvals ?? 0, wanted.approvals ?? 0),
    dismissStale: live.dismissStale || wanted.dismissStale,
    codeOwners: live.codeOwners || wanted.codeOwners,
    lastPush: live.lastPush || wanted.lastPush,
    dismissal: onlyBoth(live.dismissal, wanted.dismissal),
    bypass: { users: both("users"), teams: both("teams"), apps: both("apps") },
  };
}

/** Who both limits let through; null is no limit. */
function onlyBoth(live: ClassicActors | null, wanted: ClassicActors | null): ClassicActors | null {
  if (live === null || wanted === null) return live ?? wanted;
  const both = (key: "users" | "teams" | "apps"): string[] =>
    wanted[key].filter((each) => live[key].includes(each));
  return { users: both("users"), teams: both("teams"), apps: both("apps") };
}

/** In the order of the second, which is the declaration's; what only the first has comes after. */
function union(live: readonly string[], wanted: readonly string[]): string[] {
  return [...new Set([...wanted, ...live])];
}
