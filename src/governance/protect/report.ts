import { EXIT, type ExitCode } from "../../kernel/errors.ts";
import { listed } from "../../kernel/listed.ts";
import type { Annotation, Json, Outcome, ReportTable } from "../../kernel/outcome.ts";
import type { Finding } from "../findings/finding.ts";
import { digestOf } from "./digest.ts";
import type { Item } from "./item.ts";
import type { Write } from "./writes.ts";

/** What is told, whichever of the three was done. */
export interface Told {
  readonly doing: "plan" | "apply" | "audit";
  readonly repository: string;
  /** What was seen at the end: after the writes, where there were some. */
  readonly items: readonly Item[];
  /** Planned, or done. */
  readonly writes: readonly Write[];
  readonly findings: readonly Finding[];
  /** Why nothing was written though something differs; undefined where that is not so. */
  readonly held: string | undefined;
}

/** Texts longer than this are cut in tables, and maps and lists named; the outputs hold them whole. */
const CELL_MAX = 60;

export function outcomeOf(told: Told): Outcome {
  const { items, writes, findings } = told;
  const drifted = items.filter(({ verdict }) => verdict === "drift");
  const unseen = items.filter(({ verdict }) => verdict === "cannot-see");
  const errors = findings.filter(({ severity }) => severity === "error");
  const exit = exitOf(told, drifted.length, unseen.length, errors.length);
  const missing = [...new Set(unseen.flatMap(({ permission }) => permission ?? []))];
  return {
    exit,
    outputs: {
      verdict: drifted.length > 0 ? "drift" : unseen.length > 0 ? "cannot-see" : "equal",
      drift: drifted as unknown as Json,
      "cannot-see": unseen as unknown as Json,
      "missing-permissions": missing,
      equal: items.length - drifted.length - unseen.length,
      writes: writes.map(payloadOf),
      findings: findings as unknown as Json,
      digest: digestOf(told),
    },
    report: {
      good: exit === EXIT.done,
      headline: headline(told, drifted, unseen, errors),
      tables: [driftTable(drifted), unseenTable(unseen), writeTable(told), findingTable(findings)].filter(
        ({ rows }) => rows.length > 0,
      ),
      notes: [
        // An audit writes nothing; the outputs have what would be written all the same.
        ...(told.doing === "audit" ? [] : writes).map(
          ({ subject, body }) => `Payload of ${subject}: ${JSON.stringify(body)}`,
        ),
        ...(told.held === undefined ? [] : [told.held]),
        ...(missing.length === 0
          ? []
          : [
              `What cannot be seen is taken for neither declared nor empty. This token lacks ` +
                `${listed(missing)}; a job's own GITHUB_TOKEN cannot have it.`,
            ]),
      ],
    },
    annotations: findings.flatMap(annotationOf),
  };
}

/** Drift that is proved outweighs what could not be asked; a plan with differences is no failure. */
function exitOf({ doing }: Told, drifted: number, unseen: number, errors: number): ExitCode {
  if (errors > 0 || (drifted > 0 && doing !== "plan")) return EXIT.verdict;
  return unseen > 0 ? EXIT.outside : EXIT.done;
}

function headline(
  { doing, repository, items, writes }: Told,
  drifted: readonly Item[],
  unseen: readonly Item[],
  errors: readonly Finding[],
): string {
  const subjects = (some: readonly Item[]): string =>
    listed([...new Set(some.map(({ subject }) => subject))]);
  const parts = [
    ...(errors.length > 0 ? [`the declaration contradicts itself or the workflows (${errors.length})`] : []),
    ...(drifted.length > 0 ? [`${drifted.length} differ from the declaration: ${subjects(drifted)}`] : []),
    ...(unseen.length > 0 ? [`${unseen.length} cannot be seen: ${subjects(unseen)}`] : []),
    ...(doing === "plan" && writes.length > 0 ? [`apply would write ${writes.length}`] : []),
    ...(doing === "apply" ? [`${writes.length} were written`] : []),
  ];
  if (drifted.length + unseen.length === 0) {
    parts.push(`${repository} is protected as declared (${items.length} compared)`);
  }
  return parts.join("; ");
}

function driftTable(items: readonly Item[]): ReportTable {
  return {
    title: "Drift",
    columns: ["where", "what", "kind", "declared", "there", "which means"],
    rows: items.map(({ subject, about, kind, wanted, live, message }) => [
      subject,
      about,
      kind ?? "",
      cell(wanted),
      cell(live),
      message,
    ]),
  };
}

function unseenTable(items: readonly Item[]): ReportTable {
  return {
    title: "Cannot see",
    columns: ["where", "what", "why", "permission"],
    rows: items.map(({ subject, about, message, permission }) => [subject, about, message, permission ?? ""]),
  };
}

function writeTable({ doing, writes }: Told): ReportTable {
  return {
    title: doing === "apply" ? "Written" : "Would be written, in this order",
    columns: ["where", "how", "effect"],
    rows: (doing === "audit" ? [] : writes).map(({ subject, kind, effect }) => [subject, kind, effect]),
  };
}

function findingTable(findings: readonly Finding[]): ReportTable {
  return {
    title: "Declaration and workflows",
    columns: ["severity", "rule", "place", "what", "what to do"],
    rows: findings.map(({ severity, rule, file, line, message, fix }) => [
      severity,
      rule,
      file === null ? "settings" : `${file}:${line ?? 1}`,
      message,
      fix,
    ]),
  };
}

function payloadOf(write: Write): Json {
  const { subject, kind, effect } = write;
  return { subject, kind, effect, body: write.body as unknown as Json };
}

function cell(value: Json): string {
  if (value === null) return "–";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (text.length <= CELL_MAX) return text;
  // The beginning of a map says nothing that its kind does not.
  return typeof value === "string" ? `${text.slice(0, CELL_MAX - 1)}…` : "in the outputs";
}

function annotationOf({ rule, severity, file, line, message, fix }: Finding): Annotation[] {
  if (file === null) return [];
  const level = severity === "note" ? "notice" : severity;
  return [{ level, file, line: line ?? 1, title: rule, message: `${message}. ${fix}` }];
}
