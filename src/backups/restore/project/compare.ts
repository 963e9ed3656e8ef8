import { KeptSessions } from "../../../nouns/server/kept-sessions.ts";
import { asOwned } from "../compare/as-owned.ts";
import { listed } from "../../../kernel/listed.ts";
import { quantity } from "../../../kernel/quantity.ts";
import { judge, withRecordedGaps } from "../../copy/judging/judge-copy.ts";
import { asIfGiven } from "../../copy/rights/as-if-given.ts";
import type { Finding, NotCompared } from "../../../nouns/catalog/manifest.ts";
import { heldAgainst } from "../../../nouns/platform/doubtful.ts";
import type { MeasuredContent } from "../../../nouns/content/record.ts";
import { leadingNames, wordAndRest } from "../../../nouns/platform/identity.ts";
import { readPlatform } from "../../../nouns/platform/read-record.ts";
import type { RestorePorts } from "../request/ports.ts";
import { thingOfEntry, thingsOfFinding } from "../rights/things.ts";
import type { Compared } from "../compare/compared.ts";
import { gapsOf } from "../compare/gaps.ts";
import { measureCopy } from "../compare/measure-copy.ts";
import type { PlanOfProject, LoadedProject } from "./loaded-project.ts";
import { neverMade } from "./rows/keys-behind.ts";
import { filledByUsers } from "./users/members.ts";
import { attributeNotes } from "./role-attributes.ts";
import { withoutFurther } from "./rows/extension-tables.ts";
import { usersPart } from "./users/users-part.ts";

/**
 * Compares what is the user's with what the source held. Rows of the platform's tables were held against
 * the backup's by their common columns before the restore was committed; what is the platform's own is not
 * compared, and said not to be.
 */
export async function compareProject(
  plan: PlanOfProject,
  loaded: LoadedProject,
  ports: RestorePorts,
): Promise<Compared> {
  const { request, project, backup } = plan;
  await using target = new KeptSessions(request.target);
  ports.log.stage("comparing with what the source held at the snapshot");
  const { content, scope } = backup.manifest;
  const progress = ports.log.progress("comparing", "tables", project.rows.own.length);
  try {
    await using session = await target.connect({ purpose: "compare" });
    const found = heldAgainst((await readPlatform(session, scope)) ?? project.target, project.source);
    const record = {
      ...found,
      users: [
        ...found.users,
        ...project.brought.map(([kind, identity]): [string, string] => [kind, identity]),
      ],
    };
    const users = withPublications(usersPart(content, project.source, content), filledByUsers(record));
    const expected = { ...users, tables: withoutFurther(users.tables, loaded.tables) };
    const { actual: measured, gaps } = await measureCopy(target, scope, {
      proof: content.proof,
      jobs: request.jobs,
      signal: ports.cancelled,
      onTable: () => progress.add(1),
      like: content,
      only: expected.tables,
      debug: (text) => ports.log.debug(text),
    });
    const actual = await asOwned(
      plan,
      target,
      await asIfGiven(target, scope, measured, loaded.refusedRights),
      ports,
    );
    const { findings, notes } = judge({
      expected,
      actual: usersPart(actual, record, content),
      problems: [],
      unavailable: loaded.unavailable,
      allowEmptyViews: request.allowEmptyViews,
      recorded: backup.manifest.gaps,
      platform: { ...project.source, users: [...project.source.users, ...record.users] },
      options: {
        rows: gaps.length === 0,
        exact: true,
        ignore: new Set([
          ...(request.noOwner ? (["owner"] as const) : []),
          ...(request.noPrivileges ? (["grant", "default-privilege"] as const) : []),
        ]),
      },
    });
    const left = [...project.gaps, ...loaded.findings];
    const notGiven = new Set([...loaded.notGiven, ...project.ownersOut.map(({ place }) => place)]);
    const counted = actual.tables.filter(({ rows }) => rows !== null);
    const written = [...loaded.written].filter(([, rows]) => rows > 0);
    return {
      findings: withRecordedGaps(
        [
          ...explained(findings, left, leftOut(plan, loaded), loaded).filter(
            (found) => !isOfKept(found, notGiven),
          ),
          ...left,
          ...gaps,
        ],
        gapsOf(plan).filter(({ about }) => about !== "platform"),
      ),
      notes: [
        ...notes,
        ...project.notes,
        ...loaded.notes,
        ...attributeNotes(content, measured, project),
        ...furtherNotes(loaded),
        platformNote(plan),
        ...project.kit.map(({ what, how }) => `not in any backup of the database: ${what}: ${how}`),
      ],
      notCompared: notCompared(project),
      tables: counted.length + written.length,
      rows:
        counted.reduce((sum, { rows }) => sum + (rows ?? 0), 0) +
        written.reduce((sum, [, rows]) => sum + rows, 0),
    };
  } finally {
    progress.done();
  }
}

/**
 * A publication of the platform's that the source had not is no difference; what it holds beyond the backup,
 * which has nothing for it, is one.
 */
function withPublications<Content extends Pick<MeasuredContent, "objects">>(
  content: Content,
  names: readonly string[],
): Content {
  const { publication } = content.objects;
  if (publication === undefined) return content;
  const empty = Object.fromEntries(
    names.filter((name) => !Object.hasOwn(publication, name)).map((name) => [name, ""]),
  );
  return { ...content, objects: { ...content.objects, publication: { ...publication, ...empty } } };
}

/** What was not made, before and while it was restored. */
function leftOut({ project }: PlanOfProject, { left }: LoadedProject): ReadonlySet<string> {
  const planned = [...project.notAllowed, ...neverMade(project.keysBehind)].map(({ key }) => key);
  return new Set([...left, ...planned].map(thingOfEntry));
}

/** A publication that differs in nothing but what it holds. */
const MEMBERSHIP =
  /^differs from the source in (?:(?:all tables|tables|columns|filters|has filters|schemas)(?:, | and |$))+$/;

/** What is missing because it was left out is the gap that says so, and what was paused is told as that. */
function explained(
  findings: readonly Finding[],
  left: readonly Finding[],
  things: ReadonlySet<string>,
  { paused, kept }: LoadedProject,
): Finding[] {
  const wasLeft = (found: Finding): boolean => thingsOfFinding(found).some((thing) => things.has(thing));
  // What is said of something that stays is as it is there; that it stays is told.
  const isSaidOfKept = ({ about, name }: Finding): boolean =>
    (about === "owner" || about === "comment") && kept.has(...wordAndRest(name));
  return findings
    .filter((found) => {
      const { about, name, message } = found;
      if (about === "owner" && isSaidOfKept(found)) return false;
      if (about === "trigger" && paused.has(name) && message.endsWith("in state")) return false;
      if (
        about === "publication" &&
        MEMBERSHIP.test(message) &&
        left.some(
          (one) =>
            one.name.startsWith("PUBLICATION TABLE") && one.name.includes(` ${leadingNames(name)[0]!} `),
        )
      ) {
        return false;
      }
      // That it is kept otherwise is told.
      if (
        message === "differs from the source in access method" &&
        left.some((one) => one.about === about && one.name === name)
      ) {
        return false;
      }
      const isTold = left.some((one) => one.about === about && one.name === name);
      if (about === "publication" && isTold && MEMBERSHIP.test(message)) return false;
      // Of such a name there is another role's, which is not compared.
      if (
        /^(?:publication|event-trigger)\b/.test(about === "owner" || about === "comment" ? name : about) &&
        wasLeft(found)
      ) {
        return false;
      }
      // What is set of a column of the platform's is left out by itself; the column is there.
      if (about === "column" && (isTold || wasLeft(found))) return false;
      return !(
        /^is missing(?: \(|$)/.test(message) &&
        (isTold || wasLeft(found) || (about === "index" && isOfConstraint(name, left)))
      );
    })
    .map((finding) => {
      if (
        finding.message === "exists, but not at the source" &&
        (kept.has(finding.about, finding.name) || isSaidOfKept(finding))
      ) {
        return {
          ...finding,
          severity: "gap",
          message: "is not in the backup and stays: it could not be dropped",
        };
      }
      return isSaidOfKept(finding)
        ? {
            ...finding,
            severity: "gap",
            message: `${finding.message}: what it is of could not be dropped, and stays as it is`,
          }
        : finding;
    });
}

/**
 * The index of a constraint has its name, in the table's schema, and goes with it:
 * `CONSTRAINT public bills bills_pkey`.
 */
function isOfConstraint(index: string, left: readonly Finding[]): boolean {
  const [schema = "", name = ""] = leadingNames(index);
  return left.some((one) => one.name.startsWith(`CONSTRAINT ${schema} `) && one.name.endsWith(` ${name}`));
}

/**
 * The owner and, as they follow from him, the rights of something that could not be given to him: the
 * gap says so.
 */
function isOfKept({ about, name }: Finding, kept: ReadonlySet<string>): boolean {
  if (about !== "owner" && about !== "grant") return false;
  const [word, rest] = wordAndRest(name);
  const names = leadingNames(rest);
  return kept.has((word === "column" ? names.slice(0, -1) : names).join(" "));
}

/**
 * What a receipt must not be read as a proof of: the platform's own, and rows that stayed behind. Secrets
 * that did are gaps.
 */
function notCompared({ source, rows }: PlanOfProject["project"]): NotCompared[] {
  return [
    ...source.schemas.map((name) => ({
      about: "schema",
      name,
      message:
        "is the platform's: of its definitions only the user's were compared, of its rows those " +
        "that were brought",
    })),
    ...source.own.map(([about, name]) => ({
      about,
      name,
      message: "is the platform's own, which the target's platform brings",
    })),
    ...rows.behind
      .filter((table) => table.rows > 0 && table.kind !== "secret")
      .map(({ title, rows: count }) => ({
        about: "table",
        name: title,
        message: `was not brought: ${quantity(count, "row")} of the backup stay behind`,
      })),
  ];
}

function furtherNotes({ tables }: LoadedProject): string[] {
  const further = tables.filter((table) => table.further > 0);
  if (further.length === 0) return [];
  return [
    "rows that were at the target and are not in the backup " +
      `stayed: ${further.map((table) => `${quantity(table.further, "row")} of ${table.table}`).join(", ")}`,
  ];
}

/** By name, so that nobody takes what was not looked at for proved. */
function platformNote({ project }: PlanOfProject): string {
  // What the user fills was filled, and compared.
  const filled = filledByUsers(project.target);
  const named = project.target.own
    .filter(
      ([kind, name]) => kind !== "default-privilege" && !(kind === "publication" && filled.includes(name)),
    )
    .map(([kind, name]) => `${kind.replaceAll("-", " ")} ${name}`);
  const besides = named.length === 0 ? "" : `, ${quantity(named.length, "thing")} outside of them`;
  return (
    "the platform's own was not touched and not compared: what stands in " +
    `${quantity(project.target.schemas.length, "schema")} (${listed(project.target.schemas)})${besides}, ` +
    "and its default privileges; the receipt lists the backup's"
  );
}
