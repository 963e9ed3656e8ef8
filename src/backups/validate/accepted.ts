import { HoldfastError } from "../../kernel/errors.ts";
import { quantity } from "../../kernel/quantity.ts";
import type { Difference } from "../../nouns/content/compare/difference.ts";
import { displayName } from "../../postgres/display-name.ts";
import type { ContentRecord } from "../../nouns/content/record.ts";

/** Gaps that are accepted: what a finding is about, and its name, or `*` for every name. */
export interface AcceptedName {
  readonly about: string;
  readonly name: string;
}

/** Stands for every name; only as the whole of one. */
const EVERY = "*";

/**
 * What holds rows, or stands for many things at once, as a publication does for its tables: each of
 * them is named.
 */
const NAMED_ALONE: ReadonlySet<string> = new Set([
  "table",
  "sequence",
  "large-objects",
  "extension-rows",
  "incomplete",
  "database",
  "archive",
  "pg_restore",
  "object",
  "publication",
]);

/** Arguments and quoted names may hold commas. */
const INNER = /\([^()]*\)|"(?:[^"]|"")*"/g;

/**
 * Reads `about name`, as findings print them.
 *
 * @throws input.malformed
 */
export function parseAcceptedName(text: string): AcceptedName {
  const [, about = "", name = ""] = /^([a-z][a-z_-]*) +(\S.*)$/s.exec(text) ?? [];
  if (about === "") {
    throw malformed(
      text,
      "which is not what a gap is about and its name",
      "Write both as the finding prints them, such as 'extension pg_net'.",
    );
  }
  if (/, *[a-z_-]+ +\S/.test(name.replace(INNER, ""))) {
    throw malformed(
      text,
      "which is more than one name",
      "Give one a line, or repeat --accept-gaps: names may hold commas.",
    );
  }
  if (name === EVERY && NAMED_ALONE.has(about)) {
    throw malformed(
      text,
      `and gaps about ${about} are accepted by name only`,
      "One may hold rows, or hide another: name each as the finding prints it.",
    );
  }
  return { about, name };
}

function malformed(text: string, why: string, hint: string): HoldfastError {
  return new HoldfastError("input.malformed", `accept-gaps has '${text}', ${why}`, { hint });
}

/** What is left of a proof's findings, and what is accepted of them. */
export interface Accounted {
  /** What counts. */
  readonly findings: readonly Difference[];
  /** Accepted by its own name first, then what cannot be without an accepted extension. */
  readonly accepted: readonly Difference[];
  /** What was named and is no finding, as `about name`. */
  readonly unmatched: readonly string[];
  readonly notes: readonly string[];
}

/**
 * Takes accepted gaps out of the findings. A difference is never accepted, and beside one nothing is: a
 * failure counts with all that was found. With an extension goes what its finding says cannot be without it,
 * but no table of which the source held rows: such a one is named.
 *
 * @param content what the source held
 */
export function accountFor(
  findings: readonly Difference[],
  names: readonly AcceptedName[],
  content: ContentRecord,
): Accounted {
  const matches = (name: AcceptedName, found: Difference): boolean =>
    found.about === name.about && (name.name === EVERY || found.name === name.name);
  const unmatched = names
    .filter((name) => !findings.some((found) => matches(name, found)))
    .map(({ about, name }) => `${about} ${name}`);
  const direct = findings.filter(
    (found) => found.severity === "gap" && names.some((name) => matches(name, found)),
  );
  const extensions = new Set(direct.filter(({ about }) => about === "extension").map(({ name }) => name));
  const hanging = findings.filter((found) => isForLackOf(found, extensions) && !direct.includes(found));
  const withRows = hanging.filter((found) => heldRows(found, content));
  const accepted = [...direct, ...hanging.filter((found) => !withRows.includes(found))];
  if (findings.some(({ severity }) => severity === "difference")) {
    return { findings, accepted: [], unmatched, notes: [] };
  }
  return {
    findings: findings.filter((found) => !accepted.includes(found)),
    accepted,
    unmatched,
    notes: withRows.map(
      ({ name, needs = [] }) =>
        `table ${name} needs ${needs.join(", ")}, which is accepted as a gap; ` +
        `it held rows, so it is accepted only by its own name (table ${name})`,
    ),
  };
}

function isForLackOf({ severity, needs = [] }: Difference, extensions: ReadonlySet<string>): boolean {
  return severity === "gap" && needs.length > 0 && needs.every((name) => extensions.has(name));
}

/** Where it is not known, it may have held some. */
function heldRows({ about, name }: Difference, { tables }: ContentRecord): boolean {
  if (about !== "table") return false;
  const table = tables.find((one) => displayName(one) === name);
  return table === undefined || (table.kind === "table" && table.rows !== 0);
}

/** Names told in a headline; the table below it and the receipt have all. */
const TOLD_MAX = 5;

/** `, with 3 accepted gaps: extension pg_net, …`; nothing without any. */
export function acceptedSentence(accepted: readonly Difference[]): string {
  if (accepted.length === 0) return "";
  const names = [
    ...new Set(
      accepted
        .filter(({ needs }) => needs === undefined)
        .concat(accepted)
        .map(titleOf),
    ),
  ];
  const told = names.slice(0, TOLD_MAX).join(", ") + (names.length > TOLD_MAX ? " and more" : "");
  return `, with ${quantity(accepted.length, "accepted gap")}: ${told}`;
}

function titleOf({ about, name }: Difference): string {
  return name === "" ? about : `${about} ${name}`;
}
