import { quantity } from "../../kernel/quantity.ts";
import { judge, withRecordedGaps } from "../../archive/judge.ts";
import type { Finding, NotCompared } from "../../catalog/manifest.ts";
import { leadingNames } from "../../platform/identity.ts";
import { readPlatform } from "../../platform/read-record.ts";
import type { Ports } from "../../ports/ports.ts";
import type { Restored } from "../apply.ts";
import { gapsOf } from "../gaps.ts";
import { measureCopy } from "../measure-copy.ts";
import type { PlanOfProject, PouredProject } from "./apply.ts";
import { usersPart } from "./users-part.ts";

/**
 * Compares what is the user's with what the source held. Rows of the platform's tables were held against the backup's by their common columns before
 * the restore was committed; what is the platform's own is not compared, and said not to be.
 */
export async function compareProject(
  plan: PlanOfProject, poured: PouredProject, ports: Ports,
): Promise<Pick<Restored, "findings" | "notes" | "notCompared" | "tables" | "rows">> {
  const { request, project, backup } = plan;
  ports.log.stage("comparing with what the source held at the snapshot");
  const { content, scope } = backup.manifest;
  const progress = ports.log.progress("comparing", "tables", project.rows.own.length);
  try {
    await using session = await request.target.connect({ purpose: "compare" });
    const record = (await readPlatform(session, scope)) ?? project.target;
    const expected = usersPart(content, project.source, content);
    const { actual, gaps } = await measureCopy(request.target, scope, {
      proof: content.proof, jobs: request.jobs, signal: ports.cancelled, onTable: () => progress.add(1), like: content,
      only: expected.tables, debug: (text) => ports.log.debug(text),
    });
    const { findings, notes } = judge({
      expected, actual: usersPart(actual, record, content), problems: [], unavailable: poured.unavailable, allowEmptyViews: request.allowEmptyViews, recorded: backup.manifest.gaps,
      options: {
        rows: gaps.length === 0, exact: true,
        ignore: new Set([...(request.noOwner ? (["owner"] as const) : []), ...(request.noPrivileges ? (["grant", "default-privilege"] as const) : [])]),
      },
    });
    const left = [...project.gaps, ...poured.findings];
    const counted = actual.tables.filter(({ rows }) => rows !== null);
    const written = [...poured.written].filter(([, rows]) => rows > 0);
    return {
      findings: withRecordedGaps([...explained(findings, left, poured.paused), ...left, ...gaps], gapsOf(plan).filter(({ about }) => about !== "platform")),
      notes: [
        ...notes, ...project.notes, ...poured.notes, ...furtherNotes(plan), platformNote(plan),
        ...project.kit.map(({ what, how }) => `not in any backup of the database: ${what}: ${how}`),
      ],
      notCompared: notCompared(project),
      tables: counted.length + written.length,
      rows: counted.reduce((sum, { rows }) => sum + (rows ?? 0), 0) + written.reduce((sum, [, rows]) => sum + rows, 0),
    };
  } finally {
    progress.done();
  }
}

/** With which the title of an archive's entry begins. */
const ENTRY_TYPE =
  /^(?:(?:FK |CHECK )?CONSTRAINT|FOREIGN DATA WRAPPER|FOREIGN TABLE|MATERIALIZED VIEW|ACCESS METHOD|USER MAPPING|EVENT TRIGGER|PUBLICATION TABLES IN SCHEMA|PUBLICATION TABLE|[A-Z]+) /;

/** What is missing because it was left out is the gap that says so, and what was paused is told as that. */
function explained(findings: readonly Finding[], left: readonly Finding[], paused: ReadonlySet<string>): Finding[] {
  // `POLICY storage objects Own files` of an archive, and `storage.objects."Own files"` of a record.
  const names = new Set(left.map(({ name }) => name.replace(ENTRY_TYPE, "").replace(/^(.*) SERVER /s, "$1 on ").replace(/\(.*$/s, "")));
  // What is said of an object, and of which kind a thing of no schema is, comes before its name.
  const wasLeft = (name: string): boolean => [name, name.replace(/^[a-z-]+ /, ""), name.replace(/^(?:[a-z-]+ )?(?:server|wrapper) /, "")]
    .some((each) => names.has(each) || names.has(leadingNames(each).join(" ")));
  return findings.filter(({ about, name, message }) => {
    if (about === "trigger" && paused.has(name) && message.endsWith("in state")) return false;
    // That it is kept otherwise is told.
    if (message === "differs from the source in access method" && left.some((one) => one.about === about && one.name === name)) return false;
    const isTold = left.some((one) => one.about === about && one.name === name);
    return !(message === "is missing" && (isTold || wasLeft(name)));
  });
}

/** What a receipt must not be read as a proof of: the platform's own, and rows that stayed behind. Secrets that did are gaps. */
function notCompared({ source, rows }: PlanOfProject["project"]): NotCompared[] {
  return [
    ...source.schemas.map((name) => ({ about: "schema", name, message: "is the platform's: of its definitions only the user's were compared, of its rows those that were brought" })),
    ...source.own.map(([about, name]) => ({ about, name, message: "is the platform's own, which the target's platform brings" })),
    ...rows.behind.filter((table) => table.rows > 0 && table.kind !== "secret")
      .map(({ title, rows: count }) => ({ about: "table", name: title, message: `was not brought: ${quantity(count, "row")} of the backup stay behind` })),
  ];
}

function furtherNotes({ project }: PlanOfProject): string[] {
  const further = project.foreseen.tables.filter((table) => table.further > 0);
  if (further.length === 0) return [];
  return [`rows that were at the target and are not in the backup stayed: ${further.map((table) => `${quantity(table.further, "row")} of ${table.table}`).join(", ")}`];
}

/** By name, so that nobody takes what was not looked at for proved. */
function platformNote({ project }: PlanOfProject): string {
  const named = project.target.own.filter(([kind]) => kind !== "default-privilege").map(([kind, name]) => `${kind.replaceAll("-", " ")} ${name}`);
  return `the platform's own was not touched and not compared: what stands in ${[...project.target.schemas, ...named].join(", ")}, and its default privileges`;
}
