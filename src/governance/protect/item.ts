import type { Json } from "../../kernel/outcome.ts";
import type { Hidden } from "../../ports/forge.ts";

/**
 * `cannot-see`: this token is not shown it. That is never "as declared" and never "empty": a bypass actor
 * that nobody sees is still one.
 */
export type Verdict = "equal" | "drift" | "cannot-see";

export type DriftKind =
  | "missing-ruleset"
  | "unprotected"
  | "missing-rule"
  | "extra-rule"
  | "other-value"
  | "extra-value"
  | "missing-bypass"
  | "extra-bypass"
  | "not-enforced"
  | "other-refs"
  | "duplicate"
  | "not-in-force"
  | "foreign-ruleset"
  | "foreign-classic";

/** One thing that was held against the declaration. */
export interface Item {
  /** What it is of: `ruleset 'holdfast: main'`, `branch main`. */
  readonly subject: string;
  /** What of it: `pull_request.required_approving_review_count`. */
  readonly about: string;
  readonly verdict: Verdict;
  /** Null where there is no drift. */
  readonly kind: DriftKind | null;
  /** As declared; null where nothing of it is. */
  readonly wanted: Json;
  /** As it is at the forge; null where there is nothing, or nothing is seen. */
  readonly live: Json;
  /** A sentence's worth: what is wrong, or why it cannot be seen. */
  readonly message: string;
  /** What this token lacks; null where it is seen. */
  readonly permission: string | null;
  /** Whether `apply` can bring it in order. */
  readonly mendable: boolean;
}

type Place = Pick<Item, "subject" | "about">;

export function equal(place: Place, value: Json): Item {
  return {
    ...place,
    verdict: "equal",
    kind: null,
    wanted: value,
    live: value,
    message: "as declared",
    permission: null,
    mendable: true,
  };
}

export function drift(
  place: Place,
  kind: DriftKind,
  { wanted = null, live = null }: { readonly wanted?: Json; readonly live?: Json },
  message: string,
  mendable = true,
): Item {
  return { ...place, verdict: "drift", kind, wanted, live, message, permission: null, mendable };
}

export function cannotSee(
  place: Place,
  wanted: Json,
  { why, permission }: Pick<Hidden, "why" | "permission">,
): Item {
  return {
    ...place,
    verdict: "cannot-see",
    kind: null,
    wanted,
    live: null,
    message: `cannot be seen: ${why}`,
    permission,
    mendable: false,
  };
}

/** JSON in which the order of keys is settled, so that two texts are equal where the values are. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === "object" && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : each,
  );
}

/**
 * Whether two values are the same: lists as sets, because which order the forge gives one in means nothing,
 * and a key that is null as one that is not there.
 */
export function same(one: Json | undefined, other: Json | undefined): boolean {
  return canonical(unordered(one ?? null)) === canonical(unordered(other ?? null));
}

function unordered(value: Json): Json {
  if (Array.isArray(value)) {
    const texts = (value as readonly Json[]).map((each) => canonical(unordered(each)));
    return [...new Set(texts)].sort();
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value as Readonly<Record<string, Json>>);
  return Object.fromEntries(
    entries.filter(([, each]) => each !== null).map(([key, each]) => [key, unordered(each)]),
  );
}
