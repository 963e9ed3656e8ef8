import type { Json } from "../../kernel/outcome.ts";
import type { ClassicProtection } from "../../ports/forge.ts";
import {
  CLASSIC_FLAGS,
  needsSignatures,
  stateOfAnswer,
  type ClassicActors,
  type ClassicState,
} from "./classic-state.ts";
import { cannotSee, drift, equal, same, type DriftKind, type Item } from "./item.ts";

/** What shows, and what writes, classic protection. */
export const SEES_CLASSIC = "Administration: read";

/** Classic protection of a branch held against the declaration, both ways. */
export function compareClassic(branch: string, wanted: ClassicState, answer: ClassicProtection): Item[] {
  const subject = `branch ${branch}`;
  const live = stateOfAnswer(answer);
  const one = (about: string, mine: Json, theirs: Json, kind: DriftKind, message: string): Item =>
    same(mine, theirs)
      ? equal({ subject, about }, mine)
      : drift({ subject, about }, kind, { wanted: mine, live: theirs }, message);
  const other = "it has another value than declared";
  return [
    ...compareChecks(subject, wanted, live),
    one("enforce_admins", wanted.enforceAdmins, live.enforceAdmins, "other-value", other),
    ...compareReviews(subject, wanted, live),
    one(
      "restrictions",
      actors(wanted.restrictions),
      actors(live.restrictions),
      live.restrictions === null ? "missing-rule" : "extra-rule",
      "who may push is limited otherwise than declared",
    ),
    ...CLASSIC_FLAGS.map((flag) => one(flag, wanted.flags[flag], live.flags[flag], "other-value", other)),
    ...(needsSignatures(answer)
      ? [
          drift(
            { subject, about: "required_signatures" },
            "extra-rule",
            { live: true },
            "signed commits are required, which is not declared; that is set by a call of its own",
            false,
          ),
        ]
      : []),
  ];
}

function compareChecks(subject: string, { checks: wanted }: ClassicState, live: ClassicState): Item[] {
  const about = "required_status_checks";
  const [mine, theirs] = [plainJson(wanted), plainJson(live.checks)];
  if (wanted === null || live.checks === null) {
    if (wanted === null && live.checks === null) return [equal({ subject, about }, null)];
    return [
      wanted === null
        ? drift(
            { subject, about },
            "extra-rule",
            { live: theirs },
            "checks are required, and none is declared",
          )
        : drift({ subject, about }, "missing-rule", { wanted: mine }, "no check is required"),
    ];
  }
  return (["strict", "checks"] as const).map((key) => {
    const place = { subject, about: `${about}.${key}` };
    const values = { wanted: wanted[key] as Json, live: live.checks![key] as Json };
    return same(values.wanted, values.live)
      ? equal(place, values.wanted)
      : drift(place, "other-value", values, "it has another value than declared");
  });
}

function compareReviews(subject: string, { reviews: wanted }: ClassicState, live: ClassicState): Item[] {
  const about = "required_pull_request_reviews";
  const theirs = live.reviews;
  if (wanted === null || theirs === null) {
    const values = { wanted: wanted as unknown as Json, live: theirs as unknown as Json };
    return [
      wanted === null && theirs === null
        ? equal({ subject, about }, null)
        : drift({ subject, about }, "missing-rule", values, "no pull request is required"),
    ];
  }
  const place = (key: string): { subject: string; about: string } => ({ subject, about: `${about}.${key}` });
  const value = (key: string, mine: Json, there: Json): Item =>
    same(mine, there)
      ? equal(place(key), mine)
      : drift(place(key), "other-value", { wanted: mine, live: there }, "it has another value than declared");
  const count = "required_approving_review_count";
  return [
    theirs.approvals === undefined
      ? cannotSee(place(count), wanted.approvals ?? null, {
          why: "the answer leaves it out for this token",
          permission: SEES_CLASSIC,
        })
      : value(count, wanted.approvals ?? null, theirs.approvals),
    value("dismiss_stale_reviews", wanted.dismissStale, theirs.dismissStale),
    value("require_code_owner_reviews", wanted.codeOwners, theirs.codeOwners),
    value("require_last_push_approval", wanted.lastPush, theirs.lastPush),
    value("dismissal_restrictions", actors(wanted.dismissal), actors(theirs.dismissal)),
    ...compareBypass(subject, wanted.bypass, theirs.bypass),
  ];
}

function compareBypass(subject: string, wanted: ClassicActors, live: ClassicActors): Item[] {
  const about = "bypass_pull_request_allowances";
  const items = (["users", "teams", "apps"] as const).flatMap((kind): Item[] => {
    const [mine, theirs] = [wanted[kind], live[kind]];
    const place = (name: string): { subject: string; about: string } => ({
      subject,
      about: `${about} ${kind} ${name}`,
    });
    return [
      ...mine.map((name) =>
        theirs.includes(name)
          ? equal(place(name), name)
          : drift(
              place(name),
              "missing-bypass",
              { wanted: name },
              "an actor that is declared may not pass by the rules",
            ),
      ),
      ...theirs
        .filter((name) => !mine.includes(name))
        .map((name) =>
          drift(
            place(name),
            "extra-bypass",
            { live: name },
            "an actor that is not declared may pass by the rules",
          ),
        ),
    ];
  });
  return items.length === 0 ? [equal({ subject, about }, [])] : items;
}

/** Interfaces have no index, which JSON's own type asks for. */
function plainJson(checks: ClassicState["checks"]): Json {
  return checks === null ? null : { strict: checks.strict, checks: checks.checks };
}

function actors(value: ClassicActors | null): Json {
  return value === null ? null : { ...value };
}
