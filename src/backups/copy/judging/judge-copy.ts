import type { Finding, NotCompared } from "../../../nouns/catalog/manifest.ts";
import {
  compareContent,
  type CompareOptions,
  type Difference,
} from "../../../nouns/content/compare/compare-content.ts";
import { tableOf } from "../../../nouns/content/compare/missing-extensions.ts";
import { displayName, unquoted } from "../../../postgres/display-name.ts";
import type { ContentRecord } from "../../../nouns/content/record.ts";
import type { LoadProblem } from "../../../ports/dump-tools.ts";
import type { UnavailableExtension } from "../loading/extensions.ts";
import { IncompleteObjects } from "./incomplete-objects.ts";
import { adviceSentence } from "./advice.ts";
import type { ListedProblem } from "../loading/listed-problem.ts";
import type { PlatformRecord } from "../../../nouns/platform/record.ts";
import { problemGaps, warningGaps } from "./problem-gaps.ts";
import {
  isPlatformsContent,
  isPlatformsDifference,
  isPlatformsProblem,
  notCompared,
} from "./platforms-own.ts";
import { mayBe } from "../artifacts/toc-names.ts";
import { REFRESH_ENTRY } from "../loading/refresh.ts";

/** A restored copy and everything known about how it came to be. */
export interface Judgement {
  /** What the source held at the snapshot. */
  readonly expected: ContentRecord;
  /** What the copy holds. */
  readonly actual: ContentRecord;
  /** What pg_restore went past. */
  readonly problems: readonly ListedProblem[];
  /** What pg_restore warned of; none when absent. */
  readonly warnings?: readonly string[];
  /** Extensions of the source that the copy's server cannot install. */
  readonly unavailable: readonly UnavailableExtension[];
  readonly options: Omit<CompareOptions, "unavailableExtensions" | "isOthers" | "isOthersExtension">;
  /** Whose is what, where the source was a known platform's. */
  readonly platform?: PlatformRecord | undefined;
  /**
   * Of the platform's own, only what its roles give of what they make later counts for no verdict: the rest
   * was asked for.
   */
  readonly platformsDefaultsAlone?: boolean;
  /** Gaps that the backup had from the beginning. */
  readonly recorded?: readonly Finding[] | undefined;
  /** Materialized views may stay empty: then that is a gap. */
  readonly allowEmptyViews?: boolean;
}

/** What came of a comparison. */
export interface Judged {
  /** Differences first, gaps after. */
  readonly findings: readonly Difference[];
  /** What was compared less strictly, and why. */
  readonly notes: readonly string[];
  /** What differs of the platform's own. */
  readonly notCompared: readonly NotCompared[];
}

/**
 * Compares and explains. What is missing for lack of an extension is a gap: it could not be proved here. What
 * pg_restore reported always stands behind the findings, as gaps: beside differences it is their cause, and
 * without any it is still something that was not proved; never green by omission.
 */
export function judge(judgement: Judgement): Judged {
  const {
    expected,
    actual,
    warnings = [],
    unavailable,
    options,
    allowEmptyViews,
    platform,
    platformsDefaultsAlone = false,
    recorded = [],
  } = judgement;
  const names = unavailable.map((extension) => extension.name);
  const isOthers =
    platform === undefined
      ? {}
      : {
          isOthers: (found: Finding) =>
            (!platformsDefaultsAlone || found.about === "default-privilege") &&
            isPlatformsDifference(platform, found, expected),
          isOthersExtension: (extension: string, found: Finding) =>
            !platformsDefaultsAlone && isPlatformsContent(platform, extension, found),
        };
  const { differences, notes, others } = compareContent(expected, actual, {
    ...options,
    ...isOthers,
    unavailableExtensions: names,
  });
  const ofPlatform = judgement.problems.filter(
    (problem) =>
      platform !== undefined &&
      (!platformsDefaultsAlone || problem.listed?.type === "DEFAULT ACL") &&
      isPlatformsProblem(platform, problem),
  );
  const problems = judgement.problems.filter((problem) => !ofPlatform.includes(problem));
  const leftOut = leftOutObjects(recorded);
  const objects = new IncompleteObjects(recorded);
  const incomplete = new Map([...leftOut, ...objects.messages]);
  const emptyViews = new Map(
    problems.filter(isOfView).map((problem) => [unquoted(viewOf(problem)), problem]),
  );
  const explained = differences.map((found) => {
    const view = found.about === "table" ? emptyViews.get(unquoted(found.name)) : undefined;
    const needing = explainIncomplete(found, leftOut, objects);
    if (needing !== undefined) return needing;
    const refused = explainRefused(found, problems, expected);
    if (refused !== undefined) return refused;
    if (view === undefined) return explainExtension(found, unavailable);
    return explainView(found, view, allowEmptyViews === true);
  });
  const told = new Set(explained.filter(({ about }) => about === "table").map(({ name }) => unquoted(name)));
  const { findings: named, others: unnamed } = objects.told(explained, problems);
  const besides = unnamed.filter((problem) => !isOfView(problem) || !told.has(unquoted(viewOf(problem))));
  const findings = [
    ...differencesFirst(named),
    ...problemGaps(besides, incomplete),
    ...warningGaps(warnings),
  ];
  return {
    findings,
    notes: findings.some(isOfOperators) ? [...notes, OPERATORS] : notes,
    notCompared: notCompared(others, ofPlatform),
  };
}

/** What a difference in the field of that name means. */
const OPERATORS =
  "what differs in operators compares by another operator than at the source, in a place " +
  "where none is printed (USING, IS DISTINCT FROM, NULLIF, CASE x WHEN, (a, b) IN); " +
  "made by hand under a search_path with the schema of the operator, it is the source's again; " +
  "at the source, write that comparison with an operator (a = b), and back up again";

function isOfOperators({ severity, message }: Finding): boolean {
  return (
    severity === "difference" && /^differs from the source in (?:[a-z -]+, )*operators(?:,|$)/.test(message)
  );
}

function differencesFirst(findings: readonly Difference[]): Difference[] {
  return ["difference", "gap"].flatMap((wanted) => findings.filter(({ severity }) => severity === wanted));
}

/** The server's own words say what to install, preload or allow. */
function explainExtension(found: Difference, unavailable: readonly UnavailableExtension[]): Difference {
  if (found.about !== "extension" || found.severity !== "gap") return found;
  const reason = unavailable.find(({ name }) => name === found.name)?.reason;
  if (reason === undefined) return found;
  return {
    ...found,
    message: `could not be created here, so what depends on it could not be proved: ${reason}`,
  };
}

/**
 * What pg_dump left out without failing is named from the beginning: the identity column's sequence of a
 * table that an extension has taken for its own.
 */
function leftOutObjects(recorded: readonly Finding[]): ReadonlyMap<string, string> {
  const named = recorded.filter(({ message }) => message.startsWith("is not in this backup: "));
  return new Map(named.map(({ about, name, message }) => [unquoted(`${about} ${name}`), message]));
}

/**
 * What a backup of a part of a database cannot bring back alone is no fault of its bytes, and keeps the name
 * it had when the backup was made.
 */
function explainIncomplete(
  found: Finding,
  leftOut: ReadonlyMap<string, string>,
  incomplete: IncompleteObjects,
): Finding | undefined {
  const unowned = found.about === "sequence" && found.message === "differs from the source in owned by";
  if (found.severity !== "difference" || !(unowned || found.message.startsWith("is missing"))) {
    return undefined;
  }
  const gap = incomplete.why(namesOf(found));
  if (gap !== undefined) {
    return {
      ...gap,
      message:
        `${unowned ? "is here without the column that owns it" : "is missing here"}: ` + `it ${gap.message}`,
    };
  }
  if (unowned) return undefined;
  const why = namesOf(found)
    .map((name) => leftOut.get(unquoted(name)))
    .find((each) => each !== undefined);
  return why === undefined ? undefined : { ...found, severity: "gap", message: `is missing: it ${why}` };
}

/**
 * Rows that an extension keeps in tables of its own belong to who made it, which is another role than the one
 * that restores where it is no superuser: that it may not write them says nothing of the backup.
 */
function explainRefused(
  found: Finding,
  problems: readonly ListedProblem[],
  { tables, objects }: ContentRecord,
): Finding | undefined {
  if (found.severity !== "difference" || (found.about !== "table" && found.about !== "sequence")) {
    return undefined;
  }
  const type = found.about === "table" ? "TABLE DATA" : "SEQUENCE SET";
  const [problem] = problems.filter(
    ({ listed, message }) =>
      listed?.type === type && /^permission denied for /.test(message) && mayBe(listed, found.name),
  );
  // An extension's own sequences are not among the objects.
  const isExtensions =
    found.about === "sequence"
      ? !Object.keys(objects.sequence ?? {}).some((name) => unquoted(name) === unquoted(found.name))
      : tables.some(
          (table) => table.ofExtension === true && unquoted(displayName(table)) === unquoted(found.name),
        );
  if (problem === undefined || !isExtensions) return undefined;
  return {
    ...found,
    severity: "gap",
    message:
      "could not be proved: it belongs to an extension, and the role that restores may not write it here " +
      `(${problem.message})`,
  };
}

/**
 * As what an object may have been recorded: what is said of an object goes with it, and rights name every
 * relation a table.
 */
function namesOf({ about, name }: Finding): string[] {
  if (about !== "owner" && about !== "comment" && about !== "grant" && about !== "table") {
    return [`${about} ${name}`];
  }
  const [, kind = "table", of = name] = about === "table" ? [] : (/^([a-z-]+) (.*)$/s.exec(name) ?? []);
  const relation = kind === "column" ? tableOf(of) : of;
  return kind === "table" || kind === "column"
    ? ["table", "view", "materialized-view"].map((each) => `${each} ${relation}`)
    : [`${kind} ${of}`];
}

function isOfView({ entry }: LoadProblem): boolean {
  return entry.startsWith(REFRESH_ENTRY);
}

function viewOf({ entry }: LoadProblem): string {
  return entry.slice(REFRESH_ENTRY.length);
}

function explainView(found: Finding, problem: ListedProblem, allowed: boolean): Finding {
  const message = `${found.message}: ${problem.message}${adviceSentence(problem)}`;
  if (allowed) return { ...found, severity: "gap", message };
  return {
    ...found,
    message: `${message}. If nothing but views is empty, restore --allow-empty-views takes the copy as it is`,
  };
}

/**
 * Findings with the gaps that the backup had from the beginning. What the comparison can only say less well
 * of the same thing (that it could not be read here) is left out.
 */
export function withRecordedGaps(findings: readonly Difference[], gaps: readonly Finding[]): Difference[] {
  const recorded = new Set(gaps.map(({ about, name }) => `${about} ${name}`));
  const others = findings.filter(
    ({ severity, about, name }) => severity === "difference" || !recorded.has(`${about} ${name}`),
  );
  return [...others, ...gaps];
}
