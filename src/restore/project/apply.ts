import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { quantity } from "../../kernel/quantity.ts";
import { qualifiedName } from "../../kernel/sql.ts";
import { serverWords } from "../../archive/server-words.ts";
import type { UnavailableExtension } from "../../archive/extensions.ts";
import { entryKey, entryPlace, entryTitle, isNamed, namesOf } from "../../archive/toc-names.ts";
import { withoutOwner, type DefinitionText } from "../../archive/definition-script.ts";
import type { Finding } from "../../catalog/manifest.ts";
import type { TableRecord } from "../../content/record.ts";
import type { PlatformRecord } from "../../platform/record.ts";
import { readPlatform } from "../../platform/read-record.ts";
import { refusal } from "../../content/refusal.ts";
import type { DatabaseSession } from "../../ports/database.ts";
import type { TocEntry } from "../../ports/dump-tools.ts";
import type { Ports } from "../../ports/ports.ts";
import { FILL_SETTINGS } from "../fill-tables.ts";
import { loadContext } from "../load-context.ts";
import { LOCK_TIMEOUT } from "../lock-timeout.ts";
import type { RestorePlan } from "../plan.ts";
import { Untouched } from "../untouched.ts";
import { fitPlaces } from "./fit-places.ts";
import { foreseeStaged } from "./foresee.ts";
import { dropUsersGround, keysOnPlatform } from "./ground.ts";
import { loadRows } from "./load-rows.ts";
import { makeExtensions } from "./make-extensions.ts";
import { mergeStaged } from "./merge.ts";
import { pauseWebhooks, restoreJobs } from "./paused.ts";
import { requireFit, rowsSource, usersExtensions, type ProjectPlan } from "./plan.ts";
import { quieten, unquieten } from "./quiet.ts";
import { readDefinitions } from "./read-definitions.ts";
import { refreshViews } from "./refresh-views.ts";
import { resetDefaults, resetRights } from "./rights-of-made.ts";
import { refusedSentence, runDefinitions, type Refused } from "./run-definitions.ts";
import { givePublicItsOwner, makePublic } from "./public.ts";
import { notMade, readSchemaless } from "./schemaless.ts";
import { commentOnPlatform, grantOnPlatform } from "./said-on-platform.ts";
import { standingOn } from "./standing-on.ts";
import { forwardSequences } from "./sequences.ts";
import { requirePlanned } from "./users-in.ts";
import { usersInPlatform } from "./users-part.ts";
import { makeUsersRoles } from "./users-roles.ts";

/** What a restore into a project did, before anything is compared. */
export interface PouredProject {
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
  /** Triggers that were switched off, as a content record names them. */
  readonly paused: ReadonlySet<string>;
  /** Rows written into tables of the platform's, by table. */
  readonly written: ReadonlyMap<string, number>;
  /** Names of what was left out, as `entryPlace` has them. */
  readonly left: ReadonlySet<string>;
  /** Extensions that could not be made here. */
  readonly unavailable: readonly UnavailableExtension[];
}

/** A plan whose mode is project. */
export type PlanOfProject = RestorePlan & { readonly project: ProjectPlan };

/**
 * Carries a restore into a project out, in one transaction of one session: at its end everything is there, or everything is as it was, whatever
 * happened in between (a refused definition, a lost connection, a killed process). Sequences of the platform's, whose values no rollback takes
 * back, are moved last, and only forward.
 *
 * @throws Untouched; database.lost when it is not known whether the last statement, the commit, was carried out
 */
export async function pourProject(plan: PlanOfProject, ports: Ports): Promise<PouredProject> {
  const { request, project } = plan;
  const context = await loadContext(plan, request.target, ports);
  const signal = ports.cancelled;
  ports.log.stage("reading the definitions of the backup");
  const { before, after, rights, rightsOnPlatform, commentsOnPlatform } = project.entries;
  const wanted = [...before, ...after, ...rights, ...rightsOnPlatform, ...commentsOnPlatform];
  const texts = await untouched(readDefinitions(context, project.definitionsIn, wanted), "reading the definitions");
  await using session = await request.target.connect({ purpose: "restore", settings: FILL_SETTINGS });
  const cancel = (): void => void session.cancel().catch(() => undefined);
  signal.addEventListener("abort", cancel, { once: true });
  let poured: PouredProject;
  try {
    signal.throwIfAborted();
    await session.query("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE NOT DEFERRABLE");
    await session.query(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`);
    poured = await new Pouring(plan, session, ports, (entries) => textsOf(texts, entries)).run(context);
    signal.throwIfAborted();
  } catch (error) {
    await session.query("ROLLBACK").catch(() => undefined);
    // Whatever failed because of it: that the run was stopped is the news.
    if (signal.aborted) throw new Untouched(signal.reason);
    throw error instanceof Untouched ? error : new Untouched(error);
  } finally {
    signal.removeEventListener("abort", cancel);
  }
  try {
    await session.query("COMMIT");
  } catch (error) {
    throw isHoldfastError(error, "database.lost") ? error : new Untouched(error);
  }
  return poured;
}

async function untouched<T>(work: Promise<T>, during: string): Promise<T> {
  return await work.catch((error: unknown) => {
    throw new Untouched(error, during);
  });
}

function textsOf(texts: readonly DefinitionText[], entries: readonly TocEntry[]): DefinitionText[] {
  const wanted = new Set(entries.map(({ id }) => id));
  return texts.filter(({ entry }) => wanted.has(entry.id));
}

function isOfEventTrigger(entry: TocEntry): boolean {
  const { schema, tag } = namesOf(entry);
  return entry.type === "EVENT TRIGGER" || (entry.type === "COMMENT" && schema === undefined && tag.startsWith("EVENT TRIGGER "));
}

/** The steps inside the transaction. */
class Pouring {
  readonly #plan: PlanOfProject;
  readonly #session: DatabaseSession;
  readonly #ports: Ports;
  readonly #textsOf: (entries: readonly TocEntry[]) => readonly DefinitionText[];
  readonly #findings: Finding[] = [];
  readonly #notes: string[] = [];
  readonly #left = new Set<string>();
  /** Tables whose rows were not loaded, because they were not there. */
  #skipped: readonly TableRecord[] = [];

  constructor(plan: PlanOfProject, session: DatabaseSession, ports: Ports, texts: (entries: readonly TocEntry[]) => readonly DefinitionText[]) {
    this.#plan = plan;
    this.#session = session;
    this.#ports = ports;
    this.#textsOf = texts;
  }

  async run(context: Parameters<typeof loadRows>[2]): Promise<PouredProject> {
    const { project, backup, request } = this.#plan;
    const { content } = backup.manifest;
    const session = this.#session;
    await this.#makeRoles();
    this.#ports.log.stage("replacing what is the user's, in one transaction");
    // As it is now: the plan may be some time old, because a safety backup was made meanwhile.
    const now = (await readPlatform(session, backup.manifest.scope)) ?? project.target;
    await requirePlanned(session, project, now, backup.manifest.scope, request.target.address.database);
    const kept = await this.#drop(now);
    await makePublic(session);
    await givePublicItsOwner(session, request.noOwner ? undefined : project.entries.publicOwner);
    const unavailable = await makeExtensions(session, usersExtensions(content.extensions, project), request.allowGaps);
    const standing = await this.#schemas();
    const missing = project.entries.before.filter((entry) => !kept.has(entryKey(entry)) && !(entry.type === "SCHEMA" && standing.has(namesOf(entry).tag)));
    const early = await this.#define(missing);
    const { staged, sequences } = await loadRows(session, await this.#source(early, kept), context, "loading rows");
    const unwritable = new Set(request.allowGaps ? project.foreseen.unwritable.map(({ table }) => table) : []);
    const merged = staged.filter(({ kind, title }) => kind !== "job" && !unwritable.has(title));
    const { refusals, tables } = await foreseeStaged(session, merged, project.defaults);
    requireFit(refusals, backup.key.id, request.target.address.database);
    const quiet = await quieten(session);
    const withRows = new Set(tables.filter((table) => table.backup > 0).map(({ table }) => table));
    const written = await mergeStaged(session, merged.filter(({ title }) => withRows.has(title)), quiet);
    if (quiet) await unquieten(session);
    // What could not be dropped is there already; whether it is the backup's is compared at the end.
    const told = new Set(project.notAllowed.map(({ key }) => key));
    const after = project.entries.after.filter((entry) => entry.type !== "MATERIALIZED VIEW DATA" && !kept.has(entryKey(entry)) && !told.has(entryKey(entry)));
    const late = await this.#define([...early.map(({ entry }) => entry), ...after.filter((entry) => !isOfEventTrigger(entry))]);
    await this.#requireNoneEmpty();
    this.#findings.push(...(await refreshViews(session, content, this.#plan.target.searchPath, request.allowEmptyViews)));
    await this.#giveRights();
    // Last, because they act on every other definition.
    await this.#requireAll([...late, ...(await this.#define(after.filter(isOfEventTrigger)))], unavailable);
    this.#findings.push(...(await commentOnPlatform(session, this.#textsOf(project.entries.commentsOnPlatform))));
    const webhooks = await pauseWebhooks(session, project);
    this.#notes.push(...webhooks.map(({ note }) => note));
    const jobs = await restoreJobs(session, staged.filter(({ kind }) => kind === "job"), request.target.address.database);
    this.#notes.push(...jobs.notes);
    this.#findings.push(...jobs.findings);
    await forwardSequences(session, staged, sequences);
    return { findings: this.#findings, notes: this.#notes, paused: new Set(webhooks.map(({ identity }) => identity)), written, left: this.#left, unavailable };
  }

  /** Drops what is the user's, and says what of it stands there all the same. */
  async #drop(now: PlatformRecord): Promise<ReadonlySet<string>> {
    const { project, backup } = this.#plan;
    const { before } = project.entries;
    const types = await notMade(this.#session, before);
    const stays = new Set([...project.stays, ...before.filter(({ type }) => types.has(type)).map(entryKey)]);
    const left = await dropUsersGround(this.#session, now, project.source, backup.manifest.scope, stays);
    const there = new Set([...(await readSchemaless(this.#session)), ...(project.stays.size > 0 ? await keysOnPlatform(this.#session, backup.manifest.scope) : [])]);
    const kept = [...left.flatMap(({ key }) => key ?? []), ...[...stays].filter((key) => there.has(key))];
    return new Set([...kept, ...(await standingOn(this.#session, kept))]);
  }

  /** Rows of a table that was refused have nowhere to go, and those of one that stays are there. */
  async #source(refused: readonly Refused[], kept: ReadonlySet<string>): Promise<ReturnType<typeof rowsSource>> {
    const { project } = this.#plan;
    const all = rowsSource(project.rowsIn, project.entries, project.rows);
    const without = new Set([...kept, ...refused.map(({ entry }) => entryKey(entry))]);
    const source = { ...all, entries: all.entries.filter((entry) => !without.has(`${entry.type === "SEQUENCE SET" ? "sequence" : "table"} ${entryPlace(entry)}`)) };
    if (refused.length === 0) return source;
    this.#skipped = await this.#absent(source.own);
    const missing = this.#skipped.flatMap(({ schema, name, sequences = [] }) => [name, ...sequences].map((each) => ({ schema, name: each })));
    return { ...source, entries: source.entries.filter((entry) => !missing.some((one) => isNamed(entry, one))) };
  }

  async #absent(tables: readonly TableRecord[]): Promise<readonly TableRecord[]> {
    const absent: TableRecord[] = [];
    for (const table of tables) {
      const [row] = await this.#session.query<{ there: boolean }>("SELECT to_regclass($1) IS NOT NULL AS there", [qualifiedName(table.schema, table.name)]);
      if (!row!.there) absent.push(table);
    }
    return absent;
  }

  /** A table that could be made only when rows were in would stand there empty. */
  async #requireNoneEmpty(): Promise<void> {
    const still = new Set(await this.#absent(this.#skipped));
    const empty = this.#skipped.find((table) => !still.has(table));
    if (empty === undefined) return;
    throw new HoldfastError("database.query", `table ${empty.schema}.${empty.name} could be made only after the rows had been loaded, so that its own are missing`, {
      hint: "Use --into database with a database of your own for this backup, and report what the table needs.",
    });
  }

  async #makeRoles(): Promise<void> {
    const { roles } = this.#plan.project;
    if (roles.length === 0) return;
    this.#findings.push(...(await makeUsersRoles(this.#session, roles, this.#plan.backup.manifest.content.roles)));
    this.#notes.push(`made without login, to be given a password where they log in: role ${roles.map(({ name }) => name).join(", ")}`);
  }

  async #schemas(): Promise<ReadonlySet<string>> {
    const rows = await this.#session.query<{ name: string }>("SELECT nspname::text AS name FROM pg_namespace");
    return new Set(rows.map(({ name }) => name));
  }

  async #define(entries: readonly TocEntry[]): Promise<readonly Refused[]> {
    const texts = this.#textsOf(entries);
    const owned = this.#plan.request.noOwner ? texts.map((text) => ({ ...text, sql: withoutOwner(text.sql) ?? text.sql })) : texts;
    const fitted = await fitPlaces(this.#session, owned);
    this.#findings.push(...fitted.findings);
    this.#notes.push(...fitted.notes);
    const { refused, kept } = await runDefinitions(this.#session, fitted.texts, this.#ports.cancelled);
    if (kept.length > 0) {
      const more = kept.length > 5 ? ` and ${kept.length - 5} more` : "";
      this.#notes.push(`belong to ${this.#plan.target.facts.role}, which may not give them to their owner: ${kept.slice(0, 5).join(", ")}${more}`);
    }
    return refused;
  }

  /** What was refused for good ends the restore, unless it was said that it may be left out. */
  async #requireAll(refused: readonly Refused[], unavailable: readonly UnavailableExtension[]): Promise<void> {
    const { project, request } = this.#plan;
    const onPlatform = new Set(project.entries.onPlatform.map(({ id }) => id));
    const told = new Set(project.notAllowed.map(({ title }) => title));
    const lacks = ({ id }: TocEntry): boolean => unavailable.some(({ name }) => project.extensionsNeeded.get(id)?.has(name) === true);
    const mayMiss = ({ entry }: Refused): boolean => request.allowGaps &&
      (lacks(entry) || onPlatform.has(entry.id) || told.has(entryTitle(entry)) || /^(?:PUBLICATION|EVENT TRIGGER|COMMENT)/.test(entry.type));
    const fatal = refused.filter((one) => !mayMiss(one));
    if (fatal.length > 0) {
      const more = fatal.length > 3 ? ` and ${fatal.length - 3} more` : "";
      throw new HoldfastError(fatal[0]!.error.code, `the project did not take ${quantity(fatal.length, "definition")} of the backup: ${fatal.slice(0, 3).map(refusedSentence).join("; ")}${more}`, {
        hint: "The server's own words say what it needs; put that right in the project and run again. What stands on the platform's ground may be left out with --allow-gaps.",
        cause: fatal[0]!.error,
      });
    }
    for (const { entry } of refused) this.#left.add(entryPlace(entry));
    this.#findings.push(...refused.filter(({ entry }) => !told.has(entryTitle(entry))).map((one): Finding => ({
      severity: "gap", about: "platform", name: entryTitle(one.entry), message: `was left out: ${serverWords(one.error)}`,
    })));
  }

  async #giveRights(): Promise<void> {
    const { project, request } = this.#plan;
    if (request.noPrivileges) return;
    const now = await this.#schemas();
    const own = [...now].filter((name) => !project.target.schemas.includes(name) && !name.startsWith("pg_") && name !== "information_schema");
    const { profile, source } = project;
    await resetRights(this.#session, own, usersInPlatform(source), profile.roles.filter((role) => role !== profile.workingRole));
    for (const entry of project.entries.rights.filter(({ type }) => type === "DEFAULT ACL")) {
      const { schema, tag, owner } = namesOf(entry);
      await this.#resetDefaults(owner, schema, tag.replace(/^DEFAULT PRIVILEGES FOR /, ""));
    }
    const refused = await this.#define(project.entries.rights);
    const { content } = this.#plan.backup.manifest;
    const roles = new Set(content.roles.map(({ name }) => name).filter((name) => !project.profile.roles.includes(name)));
    this.#findings.push(...(await grantOnPlatform(this.#session, this.#textsOf(project.entries.rightsOnPlatform), roles)));
    this.#findings.push(...refused.map((one): Finding => ({ severity: "gap", about: "grant", name: entryTitle(one.entry), message: `could not be given: ${serverWords(one.error)}` })));
  }

  /** Where it may not, the archive's own statement will say so. */
  async #resetDefaults(role: string, schema: string | undefined, things: string): Promise<void> {
    await refusal(this.#session, () => resetDefaults(this.#session, role, schema, things), "database.permission", "database.query");
  }
}
