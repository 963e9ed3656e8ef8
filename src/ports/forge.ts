import type { Json } from "../kernel/outcome.ts";
import type { Answer, Hidden } from "./answer.ts";
import type { ForgeBranches } from "./forge-branches.ts";
import type { ForgeClaims } from "./forge-claims.ts";
import type { ForgeIssues } from "./forge-issues.ts";
import type { ForgePulls } from "./forge-pulls.ts";
import type { ForgeReleases } from "./forge-releases.ts";
import type { ForgeTags } from "./forge-tags.ts";
import type { ForgeWorkflows } from "./forge-workflows.ts";
import type { MergeMethods } from "./merges.ts";

export type { Answer, Hidden };

/** What is known of the repository itself. */
export interface RepositoryFacts {
  /** `owner/name`, as the forge spells it today; another than asked for where the repository moved. */
  readonly fullName: string;
  readonly defaultBranch: string;
  readonly owner: "User" | "Organization";
  /** Undefined where this token is not told. */
  readonly merges: MergeMethods | undefined;
}

/**
 * Rulesets and protections are in the words of GitHub's description, so that what is shown to people before
 * it is written is what is written. https://docs.github.com/rest/repos/rules
 */
export interface RulesetRule {
  readonly type: string;
  readonly parameters?: Readonly<Record<string, Json>>;
}

export interface RulesetBypass {
  readonly actor_type: string;
  /** Null for deploy keys. */
  readonly actor_id: number | null;
  readonly bypass_mode: string;
}

/** What a ruleset is made, or overwritten, with. */
export interface RulesetBody {
  readonly name: string;
  readonly target: "branch" | "tag";
  readonly enforcement: "active" | "evaluate" | "disabled";
  readonly bypass_actors: readonly RulesetBypass[];
  readonly conditions: {
    readonly ref_name: { readonly include: readonly string[]; readonly exclude: readonly string[] };
  };
  readonly rules: readonly RulesetRule[];
}

/** A ruleset in the list of them: not yet what it holds. */
export interface RulesetHead {
  readonly id: number;
  readonly name: string;
  /** `branch`, `tag`, `push`, `repository`. */
  readonly target: string;
  /** `active`, `evaluate`, `disabled`. */
  readonly enforcement: string;
  /** Whose it is: the repository's full name, or the name of the organisation or enterprise. */
  readonly source: string;
  /** Whether it is the repository's own; others can only be changed where they are made. */
  readonly own: boolean;
}

/** What this token is shown of a ruleset. A key that was not in the answer is undefined and never empty. */
export interface Ruleset extends RulesetHead {
  /** Only shown to who may write the ruleset. */
  readonly bypassActors: readonly RulesetBypass[] | undefined;
  /** Empty lists where the answer says that it has no conditions on names. */
  readonly refs: { readonly include: readonly string[]; readonly exclude: readonly string[] } | undefined;
  readonly rules: readonly RulesetRule[] | undefined;
}

/** A rule that is in force on a branch, and the ruleset that it comes from. */
export interface EffectiveRule extends RulesetRule {
  readonly rulesetId: number | undefined;
  readonly source: string | undefined;
}

/** An answer's object as it came; read by `governance/protect/classic-state.ts`. */
export type ClassicProtection = Readonly<Record<string, Json>>;

/**
 * The rules that a forge such as GitHub keeps a repository's branches and tags by. Laws:
 *
 * 1. **Not seeing is an answer of its own.** 403, and 404 in general, are `hidden`, with the permission that
 *    is missing; `absent` only by the forge's own words for it. A field that was left out is undefined.
 * 2. **Lists are whole or an error**: every page is read.
 * 3. **No wait without an end.** Every request has a deadline; waits for a rate limit are as long as the
 *    forge asks and bounded in all (`forge.rate-limited`).
 * 4. **A write is repeated only where that cannot do harm**: overwriting is; making a ruleset is not, once
 *    the request may have arrived. Who makes one looks again afterwards.
 * 5. **The token is in no error and no log**, and goes to no other host.
 *
 * Reading throws forge.unreachable, forge.rate-limited, forge.denied (the token itself is refused). Writing
 * throws these and forge.refused (understood, and not taken, with the forge's own reason).
 */
export interface Forge {
  /** `owner/name`, as asked for. */
  readonly repository: string;
  readonly pulls: ForgePulls;
  readonly issues: ForgeIssues;
  readonly tags: ForgeTags;
  readonly branches: ForgeBranches;
  readonly releases: ForgeReleases;
  readonly workflows: ForgeWorkflows;
  readonly claims: ForgeClaims;
  facts(): Promise<Answer<RepositoryFacts>>;
  /** Those of the repository and those that it inherits. */
  rulesets(): Promise<Answer<readonly RulesetHead[]>>;
  ruleset(id: number): Promise<Answer<Ruleset>>;
  createRuleset(body: RulesetBody): Promise<number>;
  /** Overwrites all of it. */
  updateRuleset(id: number, body: RulesetBody): Promise<void>;
  /** Classic protection; absent where the branch has none, or is not there itself. */
  classic(branch: string): Promise<Answer<ClassicProtection>>;
  /** Overwrites all of it, but for signatures, which have a call of their own. */
  putClassic(branch: string, body: ClassicProtection): Promise<void>;
  /** Active rules from all rulesets, also of a branch that is not there yet; nothing of bypass actors. */
  effectiveRules(branch: string): Promise<Answer<readonly EffectiveRule[]>>;
}
