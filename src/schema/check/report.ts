import { EXIT } from "../../kernel/errors.ts";
import { formatDuration } from "../../kernel/duration.ts";
import type { Annotation, Json, Outcome, ReportTable } from "../../kernel/outcome.ts";
import { quantity } from "../../kernel/quantity.ts";
import type { StatementImpact } from "../proof/impact.ts";
import { toldDifference, type PairDifference, type Verdict } from "../proof/verdict.ts";
import type { Finding, Level } from "./finding.ts";
import type { CheckPlan } from "./plan.ts";
import type { Waived, WaivedPair } from "./waive.ts";

/** Verdicts that are no reason to stop: the order of columns cannot be put back by anybody. */
const GOOD: ReadonlySet<Verdict> = new Set(["proved", "column-order"]);

/** How a verdict reads. */
const WORDS: Readonly<Record<Verdict, string>> = {
  proved: "proved",
  "column-order": "proved but for the order of columns",
  "loses-data": "loses data",
  differs: "does not restore the schema",
  missing: "has no rollback",
  failed: "does not go through",
};

const SUPABASE =
  "the database had what a Supabase project has before its first migration: " +
  "roles, schemas, tables and functions of its services";

/** What people and machines are told. */
export function checkOutcome(plan: CheckPlan, checked: Waived, tookMs: number): Outcome {
  const { pairs, findings } = checked;
  const stops = pairs.filter((pair) => counts(pair));
  const heavy = findings.filter(
    ({ level, waived }) =>
      waived === undefined &&
      (level === "error" || (level === "warning" && plan.request.failOn === "warning")),
  );
  const good = stops.length === 0 && heavy.length === 0;
  return {
    exit: good ? EXIT.done : EXIT.verdict,
    outputs: {
      verdict: good ? "good" : "bad",
      pairs: pairs.map(pairJson),
      findings: findings.map((finding) => ({ ...finding })),
      counts: countsJson(pairs, findings),
      migrations: plan.migrations.length,
      judged: pairs.length,
      shadow: checked.shadow === undefined ? null : { ...checked.shadow },
      "duration-seconds": Math.round(tookMs / 100) / 10,
    },
    report: {
      good,
      headline: headline(plan, checked, stops.length, heavy.length, tookMs),
      tables: [pairTable(pairs), findingTable(findings), lockTable(pairs)].filter(
        ({ rows }) => rows.length > 0,
      ),
      notes: [
        ...pairs.flatMap(({ checked: { migration }, proof }) =>
          proof.notes.map((note) => `${migration.forward.file}: ${note}`),
        ),
        ...(checked.shadow?.platform === "supabase" ? [SUPABASE] : []),
        ...(checked.shadow !== undefined && checked.shadow.roles.length > 0
          ? [
              "roles that the scripts name and none of them makes were made on the shadow: " +
                checked.shadow.roles.join(", "),
            ]
          : []),
      ],
    },
    annotations: annotations(plan, pairs, findings),
  };
}

function counts({ proof, waived }: WaivedPair): boolean {
  return !GOOD.has(proof.verdict) && waived === undefined;
}

function headline(
  plan: CheckPlan,
  { pairs, shadow }: Waived,
  stops: number,
  heavy: number,
  tookMs: number,
): string {
  const { folder, base } = plan.request;
  if (pairs.length === 0) {
    const none =
      base === undefined
        ? `${folder} holds no migration that can be read`
        : `${folder} has no migration that ${base} has not`;
    return heavy === 0
      ? `${none}: nothing had to be tried`
      : `${none}; ${quantity(heavy, "finding")} to look at`;
  }
  const of = `${quantity(pairs.length, base === undefined ? "migration" : "new migration")} in ${folder}`;
  const where = `on ${shadow?.described ?? "a shadow"} in ${formatDuration(tookMs)}`;
  const alsoFindings = heavy === 0 ? "" : `${stops === 0 ? "" : " and "}${quantity(heavy, "finding")}`;
  const allowed = pairs.filter((pair) => pair.waived !== undefined && !GOOD.has(pair.proof.verdict)).length;
  if (stops === 0 && heavy === 0) {
    return allowed === 0
      ? `${of}: every rollback is proved, tried ${where}`
      : `${of}: ${quantity(pairs.length - allowed, "rollback")} proved, ${allowed} not and allowed, ` +
          `tried ${where}`;
  }
  return (
    `${of}: ${stops === 0 ? "" : `${quantity(stops, "rollback")} not proved`}${alsoFindings},` +
    ` tried ${where}`
  );
}

function pairTable(pairs: readonly WaivedPair[]): ReportTable {
  // A long folder is read for what is wrong with it.
  const shown = pairs.length <= 20 ? pairs : pairs.filter(({ proof }) => proof.verdict !== "proved");
  return {
    columns: ["migration", "rollback", "what"],
    rows: shown.map(({ checked: { migration }, proof, waived }) => [
      migration.forward.file,
      `${WORDS[proof.verdict]}${waived === undefined ? "" : `, allowed: ${waived}`}`,
      what(proof.differences, proof.destroys),
    ]),
  };
}

const TOLD_MAX = 6;

function what(differences: readonly PairDifference[], destroys: readonly string[]): string {
  const told = differences.slice(0, TOLD_MAX).map(toldDifference);
  const more = differences.length > TOLD_MAX ? [`and ${differences.length - TOLD_MAX} more`] : [];
  if (told.length > 0) return [...told, ...more].join("; ");
  return destroys.length === 0
    ? ""
    : "takes away what came into " +
        `${destroys.slice(0, TOLD_MAX).join(", ")}${destroys.length > TOLD_MAX ? " and others" : ""}`;
}

const LEVELS: readonly Level[] = ["error", "warning", "note"];

function findingTable(findings: readonly Finding[]): ReportTable {
  const sorted = [...findings].sort(
    (a, b) =>
      LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level) ||
      (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line),
  );
  return {
    title: "Findings",
    columns: ["", "where", "rule", "what", "instead"],
    rows: sorted.map((each) => [
      each.waived === undefined ? each.level : "allowed",
      each.file === "" ? "" : `${each.file}:${each.line}`,
      each.rule,
      `${each.object === undefined ? "" : `${each.object}: `}${each.message}`,
      each.waived ?? each.hint,
    ]),
  };
}

/** Of each statement the table that suffers most. */
function lockTable(pairs: readonly WaivedPair[]): ReportTable {
  const rows =
    pairs.length > 20
      ? []
      : pairs.flatMap(({ checked: { migration, rollback }, proof }) => [
          ...lockRows(migration.forward.file, proof.forward),
          ...lockRows(rollback?.source.file ?? "", proof.rollback),
        ]);
  return {
    title: "Locks on tables that were there before",
    columns: ["where", "statement", "table", "lock", "blocks", "also", "ms"],
    rows,
  };
}

function lockRows(file: string, impacts: readonly StatementImpact[]): string[][] {
  return impacts.flatMap(({ line, statement, milliseconds, tables }) =>
    tables
      .filter(({ isNew, blocks }) => !isNew && blocks !== "nothing")
      .map((table) => [
        `${file}:${line}`,
        statement,
        table.table,
        table.lock?.replace(/Lock$/, "") ?? "held",
        table.blocks,
        [table.rewrites ? "writes it anew" : "", table.scans ? "reads all of it" : ""]
          .filter((word) => word !== "")
          .join(", "),
        milliseconds.toFixed(1),
      ]),
  );
}

function pairJson({ checked: { migration, late }, proof, waived }: WaivedPair): Json {
  return {
    file: migration.forward.file,
    rollback: migration.rollback?.file ?? null,
    version: migration.version,
    name: migration.name,
    late,
    verdict: proof.verdict,
    waived: waived ?? null,
    differences: proof.differences.map(({ object, message, at }) => ({
      object,
      message,
      ...(at === undefined ? {} : { file: at.file, line: at.line }),
    })),
    notes: [...proof.notes],
    destroys: [...proof.destroys],
    statements: { forward: proof.forward.map(impactJson), rollback: proof.rollback.map(impactJson) },
  };
}

function impactJson({ line, statement, milliseconds, tables }: StatementImpact): Json {
  return {
    line,
    statement,
    milliseconds: Math.round(milliseconds * 10) / 10,
    tables: tables.map((table) => ({ ...table, lock: table.lock ?? null })),
  };
}

function countsJson(pairs: readonly WaivedPair[], findings: readonly Finding[]): Json {
  const verdicts = Object.keys(WORDS).map(
    (verdict) => [verdict, pairs.filter(({ proof }) => proof.verdict === verdict).length] as const,
  );
  const levels = LEVELS.map(
    (level) =>
      [
        `${level}s`,
        findings.filter((finding) => finding.level === level && finding.waived === undefined).length,
      ] as const,
  );
  return Object.fromEntries([...verdicts, ...levels]);
}

/** At their lines in the pull request; notes are in the summary alone. */
function annotations(
  { request: { folder } }: CheckPlan,
  pairs: readonly WaivedPair[],
  findings: readonly Finding[],
): Annotation[] {
  const path = (file: string): string =>
    folder === "." || folder === "" ? file : `${folder.replace(/^\.\//, "")}/${file}`;
  const ofPairs = pairs.filter(counts).map(({ checked: { migration }, proof }): Annotation => {
    const [first] = proof.differences;
    const place = first?.at ?? {
      file: migration.rollback?.file ?? migration.forward.file,
      line: migration.rollback?.firstLine ?? 1,
    };
    return {
      level: "error",
      file: path(place.file),
      line: place.line,
      title: `rollback ${WORDS[proof.verdict]}`,
      message: what(proof.differences, []),
    };
  });
  const ofFindings = findings
    .filter(({ level, waived, file }) => waived === undefined && level !== "note" && file !== "")
    .map((each): Annotation => ({
      level: each.level === "error" ? "error" : "warning",
      file: path(each.file),
      line: each.line,
      title: each.rule,
      message: `${each.object === undefined ? "" : `${each.object}: `}${each.message}. ${each.hint}`,
    }));
  return [...ofPairs, ...ofFindings];
}
