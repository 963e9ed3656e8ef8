import { HoldfastError } from "../../../kernel/errors.ts";
import { quantity } from "../../../kernel/quantity.ts";
import type { LoadPhase } from "../../copy/artifact-set.ts";
import { readContents, type LoadContext } from "../../copy/load.ts";
import { missingRoles } from "../../copy/roles.ts";
import { ownerOfPublic } from "../../copy/schema-entry.ts";
import { isNamed } from "../../copy/toc-names.ts";
import type { ArtifactRecord, Finding } from "../../../nouns/catalog/manifest.ts";
import type { ContentRecord } from "../../../nouns/content/record.ts";
import { doubtsOf } from "../../../nouns/platform/doubtful.ts";
import { doubtNotes, gapsOfOwned } from "./doubts.ts";
import { profileOf } from "../../../nouns/platform/profiles.ts";
import { whoseIs } from "../../../nouns/platform/whose.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import type { TocEntry } from "../../../ports/dump-tools.ts";
import type { Ports } from "../../../ports/ports.ts";
import { FILL_SETTINGS } from "../fill-tables.ts";
import { loadContext } from "../load-context.ts";
import { LOCK_TIMEOUT } from "../lock-timeout.ts";
import { askRights } from "./ask-rights.ts";
import type { NotAllowed } from "./not-allowed.ts";
import type { BothEnds } from "./choose-into.ts";
import { databaseRightsEnds, databaseRightsNotes, databaseRightsToDo } from "../database-rights.ts";
import { readDefaults } from "./defaults.ts";
import { extensionsNeeded, projectEntries, type ProjectEntries } from "./entries.ts";
import { comesWithExtension, extensionsThere } from "./extension-tables.ts";
import { foreseeStaged, type Unwritable } from "./foresee.ts";
import { nameKey } from "./ground.ts";
import { gapsOfKeys, keysBehind, notesOfKeys, refusalOfKey } from "./keys-behind.ts";
import { loadRows, type RowsSource } from "./load-rows.ts";
import { gapOfOwner, usersOwnersOutOfReach, refusalsOfOwners } from "./owners-out-of-reach.ts";
import { filledByUsers, furtherMembers, readMembers } from "./members.ts";
import { othersAlone } from "./others-alone.ts";
import { behindNotes, lostNotes, quietNotes, versionNotes } from "./plan-notes.ts";
import { comparePlatformTables, type NamedObject } from "./platform-tables.ts";
import { withNeeding } from "./needing.ts";
import { rebuildKit } from "./rebuild-kit.ts";
import { lostDefaults, publicsOwnerNotes } from "./public.ts";
import { publicationsToDo, withoutFull } from "./publication-options.ts";
import { rowSecurityOfPlatform } from "./platform-row-security.ts";
import { mayQuieten } from "./quiet.ts";
import { removedObjects } from "./removed.ts";
import { settingsToDo } from "./settings-to-do.ts";
import { readTableParts } from "./table-parts.ts";
import { readTargetObjects } from "./target-objects.ts";
import { usersIn } from "./users-in.ts";
import { WhoseRows } from "./whose-rows.ts";
import type { ProjectPlan, ProjectInputs } from "./project-plan.ts";

/** Reads and asks; the backup's rows of the platform's tables are held against the target's in a transaction that is taken back. */
export async function planProject(inputs: ProjectInputs, ports: Ports): Promise<ProjectPlan> {
  const { request, backup, set, target, ends } = inputs;
  const { content } = backup.manifest;
  const profile = profileOf(ends.source.name);
  const context = await loadContext(inputs, request.target, ports);
  const { definitionsIn, rowsIn } = artifactsOf(set.phases);
  const contents = await readContents(context, definitionsIn);
  const rows = new WhoseRows(ends.source, content, request.withSessions);
  await using session = await request.target.connect({ purpose: "restore plan", settings: FILL_SETTINGS });
  // Looking must not wait for ever behind somebody who changes a table.
  await session.query(`SET lock_timeout = '${LOCK_TIMEOUT}'`);
  const here = await readTargetObjects(session, backup.manifest.scope);
  const tables = comparePlatformTables(ends.source, ends.target, content, here);
  const rowSecurity = rowSecurityOfPlatform(ends, content, here);
  // A publication of the platform's that somebody dropped is made again, to be filled.
  const lacking = filledByUsers(ends.source).filter((name) => !ends.target.own.some(([kind, own]) => kind === "publication" && own === name));
  const brought: readonly NamedObject[] = [...tables.brought, ...lacking.map((name): NamedObject => ["publication", name])];
  const source = { ...ends.source, users: [...ends.source.users, ...brought.map(([kind, identity]): [string, string] => [kind, identity])] };
  // What of a table calls something of the user's: where the archive has no entry of it, it is in the table's own.
  const calling = ends.source.users.filter(([kind, identity]) => kind === "constraint" || (kind === "column" && Object.hasOwn(here.objects.column ?? {}, identity)));
  const parts = await readTableParts([...(calling as readonly NamedObject[]), ...tables.brought], { context, artifact: definitionsIn, contents, content });
  const entriesOf = (all: readonly TocEntry[]): ProjectEntries => projectEntries(all, source, content, (schema, table) => rows.staged(schema, table) !== undefined);
  const entries = entriesOf(contents);
  const made = parts.texts.map(({ entry }) => entry);
  const publications = await publicationsToDo(session, ends.target, content, here);
  const all: ProjectEntries = {
    ...entries, publicOwner: ownerOfPublic(contents, content), after: withoutFull([...made, ...entries.after], publications), onPlatform: withoutFull([...made, ...entries.onPlatform], publications),
    rows: rowsIn === definitionsIn ? entries.rows : entriesOf(await readContents(context, rowsIn)).rows,
  };
  const { foreseen, defaults } = await rehearseRows(session, { content, context, rowsIn, definitionsIn, contents, entries: all, rows });
  const quiet = await mayQuieten(session);
  const platformTables = content.tables.filter((table) => ends.source.schemas.includes(table.schema) && !rows.isOwn(table));
  // What is there already and may not be made by this role may not be dropped by it either: it stays, and is compared.
  const members = await readMembers(session, ends.target);
  const there = new Set([...ends.target.users.map(([kind, identity]) => nameKey(kind, identity)), ...members.map(({ key }) => key)]);
  const definitions = [...all.before, ...all.after];
  const asked = await askRights(session, {
    contents, entries: definitions, onPlatform: all.onPlatform, tables: platformTables, platformSchemas: ends.source.schemas,
    webhookFunctions: profile.webhookFunctions, content, members,
  });
  const held = new Map(content.tables.map(({ schema, name, rows: count }) => [`table ${schema} ${name}`, count ?? 0]));
  const others = await othersAlone(session, all.after);
  const notAllowed = withNeeding(definitions, [...asked.filter(({ key }) => !there.has(key)), ...others])
    .map((one) => ((held.get(one.key) ?? 0) > 0 ? { ...one, why: `${one.why}; ${quantity(held.get(one.key)!, "row")} with it` } : one));

  const behind = await keysBehind(context, definitionsIn, contents, all.after, { content, rows, jobs: foreseen.numberedAnew });
  const published = furtherMembers(members, all.after).map(({ title }) => title);
  const { objects, keys, rows: userRows } = await usersIn(session, profile, ends.target, backup.manifest.scope);
  // All of them, needed by an object or not: a project has its server to itself, and a role may be there to be signed in as.
  const roles = (await missingRoles(session, content.roles)).filter(({ name }) => !profile.roles.includes(name));
  const left = new Set(notAllowed.map(({ title }) => title));
  const ownersOut = request.noOwner ? [] : (await usersOwnersOutOfReach(session, {
    entries: [...all.before, ...all.after], roles, standing: new Set([...ends.target.schemas, "public"]),
  })).filter(({ title }) => !left.has(title));
  const publicOwner = request.noOwner ? undefined : all.publicOwner;
  const publicNotes = await publicsOwnerNotes(session, publicOwner, target.facts.role);
  const rightsNotes = request.noPrivileges ? [] : databaseRightsNotes(await databaseRightsToDo(session, databaseRightsEnds(content, profile)));
  return {
    ...ends, source, brought, parts: parts.texts, profile, entries: all, extensionsNeeded: extensionsNeeded(contents), rows, definitionsIn, rowsIn, foreseen, defaults, publications,
    fresh: objects.length === 0 && userRows.length === 0 && published.length === 0,
    holds: [...userRows, ...objects, ...published].slice(0, 5),
    usersObjects: objects, removed: [...removedObjects(here, ends.target, content, keys), ...published],
    notAllowed, stays: new Set([...asked.map(({ key }) => key).filter((key) => there.has(key)), ...others.map(({ key }) => key)]), ownersOut, keysBehind: behind, roles,
    gaps: [
      ...publications.gaps, ...rowSecurity.gaps, ...lostDefaults(ends), ...gapsOfOwned(ends.source, rows), ...gapsOf(rows, content.largeObjects.count),
      ...(request.allowGaps ? [...notAllowed.map(gapOfRight), ...foreseen.unwritable.map(gapOfRows), ...ownersOut.map((one) => gapOfOwner(one, target.facts.role)), ...gapsOfKeys(behind)] : []),
    ],
    notes: [...tables.notes, ...rowSecurity.notes, ...publications.notes, ...lostNotes(parts.lost), ...foreseen.notes, ...versionNotes(ends), ...doubtNotes(doubtsOf(ends.source, ends.target)), ...behindNotes(rows), ...quietNotes(quiet, target.facts.role), ...publicNotes, ...rightsNotes, ...(request.allowGaps ? notesOfKeys(behind) : [])],
    kit: [...rebuildKit(ends.source, content), ...(await settingsToDo(session, ends.source, ends.target))],
    refusals: [
      ...foreseen.refusals,
      ...(request.allowGaps ? [] : [...refusalsOfRights(notAllowed, foreseen.unwritable, target.facts.role), ...refusalsOfOwners(ownersOut, target.facts.role), ...behind.map(refusalOfKey)]),
    ],
  };
}

function artifactsOf(phases: readonly LoadPhase[]): { readonly definitionsIn: ArtifactRecord; readonly rowsIn: ArtifactRecord } {
  const definitions = phases.find(({ artifact }) => artifact.kind !== "data") ?? phases[0]!;
  const rows = phases.find(({ artifact }) => artifact.kind !== "schema") ?? phases[0]!;
  return { definitionsIn: definitions.artifact, rowsIn: rows.artifact };
}

interface Rehearsal {
  readonly content: ContentRecord;
  readonly context: LoadContext;
  readonly rowsIn: ArtifactRecord;
  readonly definitionsIn: ArtifactRecord;
  readonly contents: readonly TocEntry[];
  readonly entries: ProjectEntries;
  readonly rows: WhoseRows;
}

/** Only temporary tables are written, and these are taken back. */
async function rehearseRows(session: DatabaseSession, rehearsal: Rehearsal): Promise<Pick<ProjectPlan, "foreseen" | "defaults">> {
  const { context, rowsIn, definitionsIn, contents, entries, rows, content } = rehearsal;
  await session.query("BEGIN READ WRITE");
  try {
    const source = rowsSource(rowsIn, entries, rows);
    const staging = { ...source, own: [], entries: source.entries.filter((entry) => entry.type === "TABLE DATA" && rows.stagedTables.some((table) => isNamed(entry, table))) };
    const { staged } = await loadRows(session, staging, context, "looking at rows of the platform's tables");
    const defaults = await readDefaults(context, definitionsIn, contents, staged);
    const there = await extensionsThere(session);
    return { foreseen: await foreseeStaged(session, staged, defaults, comesWithExtension(content, (name) => there.has(name))), defaults };
  } finally {
    await session.query("ROLLBACK").catch(() => undefined);
  }
}

/** Where the rows of a project come from and go to. */
export function rowsSource(artifact: ArtifactRecord, entries: ProjectEntries, rows: WhoseRows): RowsSource {
  const sequences = rows.stagedSequences;
  return {
    artifact, entries: entries.rows, own: rows.own, beside: rows.stagedTables,
    kindOf: (schema, table) => rows.staged(schema, table),
    computedOf: (schema, table) => rows.computed(schema, table),
    isDerived: (schema, table) => rows.isDerived(schema, table),
    isStagedSequence: (sql) => sequences.has(sql),
  };
}

function gapsOf(rows: WhoseRows, largeObjects: number): Finding[] {
  const secrets = rows.behind.filter((table) => table.kind === "secret" && table.rows > 0).map(({ title, rows: count }): Finding => ({
    severity: "gap", about: "table", name: title,
    message: `stays behind (${quantity(count, "row")}): secrets are encrypted with a key that no dump holds; put them into the project anew`,
  }));
  if (largeObjects === 0) return secrets;
  return [...secrets, {
    severity: "gap", about: "large-objects", name: "large objects",
    message: `are not brought into a project (${largeObjects} in the backup); restore the backup into a database and copy them from there`,
  }];
}

function gapOfRight({ title, why }: NotAllowed): Finding {
  return { severity: "gap", about: "platform", name: title, message: `was left out: ${why}` };
}

function gapOfRows({ table, rows }: Unwritable): Finding {
  return { severity: "gap", about: "table", name: table, message: `stays behind (${quantity(rows, "row")}): the role may not write it` };
}

function refusalsOfRights(notAllowed: readonly NotAllowed[], unwritable: readonly Unwritable[], role: string): string[] {
  return [
    ...notAllowed.map(({ title, why }) => `role ${role} may not make ${title} (${why})`),
    ...unwritable.map(({ table, rows }) => `role ${role} may not write ${table}, and the backup has ${quantity(rows, "row")} of it`),
  ];
}

/**
 * What does not fit, as what a restore ends with: one refusal that names a few.
 *
 * @param singly each by itself, for a dry run
 */
export function misfits(
  refusals: readonly string[], backup: string, project: string, singly: boolean,
): readonly HoldfastError[] {
  if (singly || refusals.length === 0) return refusals.map((text) => new HoldfastError("refused.misfit", text));
  const more = refusals.length > 3 ? ` and ${refusals.length - 3} more` : "";
  return [new HoldfastError("refused.misfit", `backup ${backup} does not fit into project ${project}: ${refusals.slice(0, 3).join("; ")}${more}`, {
    hint:
      "Nothing was touched. --dry-run names everything. A column or table that is missing needs a newer version of the platform at the target; rows that collide have to be " +
      "changed or removed at one end; what the role may not make, and keys to rows that stay behind, are left out with --allow-gaps, and what it may not give away stays its own.",
  })];
}

/** Extensions of the backup that the user enabled: the platform's own are the target's business. */
export function usersExtensions<T extends { readonly name: string }>(extensions: readonly T[], { source }: BothEnds): readonly T[] {
  return extensions.filter(({ name }) => name !== "plpgsql" && whoseIs(source, "extension", name) === "user");
}
