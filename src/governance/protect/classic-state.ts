import type { Json } from "../../kernel/outcome.ts";
import type { ClassicProtection, RepositoryFacts } from "../../ports/forge.ts";
import { appOf } from "./ruleset.ts";
import type { BranchRules } from "./settings.ts";

/**
 * Classic protection of a branch. GitHub's answer and what it is overwritten with have two shapes (flags
 * wrapped in `{enabled}` and addresses on one side, names alone on the other); here is one, which both can
 * be held against.
 */
export interface ClassicState {
  /** Null where no check is required. */
  readonly checks: ClassicChecks | null;
  readonly enforceAdmins: boolean;
  /** Null where no pull request is required. */
  readonly reviews: ClassicReviews | null;
  /** Who alone may push; null where everybody who may write. */
  readonly restrictions: ClassicActors | null;
  readonly flags: Readonly<Record<ClassicFlag, boolean>>;
}

export interface ClassicChecks {
  readonly strict: boolean;
  readonly checks: readonly { readonly context: string; readonly app_id: number | null }[];
}

export interface ClassicReviews {
  /** Undefined where the answer leaves it out. */
  readonly approvals: number | undefined;
  readonly dismissStale: boolean;
  readonly codeOwners: boolean;
  readonly lastPush: boolean;
  /** Who alone may dismiss reviews; null where everybody who may write. */
  readonly dismissal: ClassicActors | null;
  /** Who may merge without a pull request. */
  readonly bypass: ClassicActors;
}

/** By login or slug. */
export interface ClassicActors {
  readonly users: readonly string[];
  readonly teams: readonly string[];
  readonly apps: readonly string[];
}

/** The flags with which GitHub knows them. */
export const CLASSIC_FLAGS = [
  "required_linear_history",
  "allow_force_pushes",
  "allow_deletions",
  "block_creations",
  "required_conversation_resolution",
  "lock_branch",
  "allow_fork_syncing",
] as const;
export type ClassicFlag = (typeof CLASSIC_FLAGS)[number];

const NOBODY: ClassicActors = { users: [], teams: [], apps: [] };

/** What a declaration asks for. */
export function wantedClassic(rules: BranchRules): ClassicState {
  const named = (type: string): string[] =>
    rules.bypass.flatMap((actor) => (actor.type === type && actor.name !== undefined ? [actor.name] : []));
  return {
    checks:
      rules.checks.length === 0
        ? null
        : {
            strict: rules["up-to-date"],
            checks: rules.checks.map((check) => ({ context: check.name, app_id: appOf(check) ?? null })),
          },
    enforceAdmins: rules["enforce-admins"],
    reviews: {
      approvals: rules.approvals,
      dismissStale: rules["dismiss-stale"],
      codeOwners: rules["code-owners"],
      lastPush: rules["last-push-approval"],
      dismissal: null,
      bypass: { users: named("User"), teams: named("Team"), apps: named("Integration") },
    },
    restrictions: null,
    flags: {
      required_linear_history: rules["linear-history"],
      allow_force_pushes: rules["force-push"],
      allow_deletions: rules.deletion,
      block_creations: false,
      required_conversation_resolution: rules.conversations,
      lock_branch: false,
      allow_fork_syncing: false,
    },
  };
}

type Fields = Readonly<Record<string, Json>>;

/** GitHub's answer: https://docs.github.com/rest/branches/branch-protection#get-branch-protection */
export function stateOfAnswer(answer: ClassicProtection): ClassicState {
  const checks = fields(answer["required_status_checks"]);
  const reviews = fields(answer["required_pull_request_reviews"]);
  const enabled = (key: string): boolean => fields(answer[key])?.["enabled"] === true;
  const flags = CLASSIC_FLAGS.map((flag) => [flag, enabled(flag)] as const);
  return {
    checks: checks === undefined ? null : { strict: checks["strict"] === true, checks: checksOf(checks) },
    enforceAdmins: enabled("enforce_admins"),
    reviews: reviews === undefined ? null : reviewsOf(reviews),
    restrictions: actorsOf(answer["restrictions"]),
    flags: Object.fromEntries(flags) as ClassicState["flags"],
  };
}

/** Whether commits must be signed: it is shown with the rest, and written by a call of its own. */
export function needsSignatures(answer: ClassicProtection): boolean {
  return fields(answer["required_signatures"])?.["enabled"] === true;
}

function reviewsOf(reviews: Fields): ClassicReviews {
  const approvals = reviews["required_approving_review_count"];
  return {
    approvals: typeof approvals === "number" ? approvals : undefined,
    dismissStale: reviews["dismiss_stale_reviews"] === true,
    codeOwners: reviews["require_code_owner_reviews"] === true,
    lastPush: reviews["require_last_push_approval"] === true,
    dismissal: actorsOf(reviews["dismissal_restrictions"]),
    bypass: actorsOf(reviews["bypass_pull_request_allowances"]) ?? NOBODY,
  };
}

/** `contexts` is the older list of the same, without apps; an app of -1 is any. */
function checksOf(checks: Fields): ClassicChecks["checks"] {
  const listed = checks["checks"];
  if (!Array.isArray(listed)) {
    return list(checks["contexts"]).map((context) => ({ context: word(context), app_id: null }));
  }
  return list(listed).map((each) => {
    const app = fields(each)?.["app_id"];
    return {
      context: word(fields(each)?.["context"]),
      app_id: typeof app === "number" && app >= 0 ? app : null,
    };
  });
}

/** Null where there is no such restriction: one with nobody in it is another thing. */
function actorsOf(value: Json | undefined): ClassicActors | null {
  const actors = fields(value);
  if (actors === undefined) return null;
  const names = (key: string, by: string): string[] =>
    list(actors[key]).flatMap((each) => {
      const name = fields(each)?.[by];
      return typeof name === "string" ? [name] : [];
    });
  return { users: names("users", "login"), teams: names("teams", "slug"), apps: names("apps", "slug") };
}

/**
 * What GitHub is overwritten with. `contexts` is demanded and given empty: only one of the two lists may
 * hold something. https://docs.github.com/rest/branches/branch-protection#update-branch-protection
 *
 * @param owner of the repository: a personal one refuses lists of actors, even empty ones
 */
export function classicBody(state: ClassicState, owner: RepositoryFacts["owner"]): ClassicProtection {
  const { checks, reviews } = state;
  return {
    required_status_checks:
      checks === null
        ? null
        : {
            strict: checks.strict,
            contexts: [],
            checks: checks.checks.map(({ context, app_id: app }) => ({ context, app_id: app ?? -1 })),
          },
    enforce_admins: state.enforceAdmins,
    required_pull_request_reviews: reviews === null ? null : reviewsBody(reviews, owner),
    restrictions: state.restrictions === null ? null : { ...state.restrictions },
    ...state.flags,
  };
}

/** An empty object lifts the limit on dismissals; one with empty lists would let nobody dismiss. */
function reviewsBody(reviews: ClassicReviews, owner: RepositoryFacts["owner"]): Json {
  const { approvals, dismissal, bypass } = reviews;
  return {
    ...(approvals === undefined ? {} : { required_approving_review_count: approvals }),
    dismiss_stale_reviews: reviews.dismissStale,
    require_code_owner_reviews: reviews.codeOwners,
    require_last_push_approval: reviews.lastPush,
    ...(owner === "User" && dismissal === null ? {} : { dismissal_restrictions: { ...dismissal } }),
    ...(owner === "User" && isNobody(bypass) ? {} : { bypass_pull_request_allowances: { ...bypass } }),
  };
}

export function isNobody({ users, teams, apps }: ClassicActors): boolean {
  return users.length + teams.length + apps.length === 0;
}

function fields(value: Json | undefined): Fields | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

function word(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}
