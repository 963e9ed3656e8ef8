import { HoldfastError } from "../../../kernel/errors.ts";
import { quantity } from "../../../kernel/quantity.ts";
import type { UnavailableExtension } from "../../copy/loading/extensions.ts";
import { serverWords } from "../../../postgres/server-words.ts";
import {
  entryKey,
  entryPlace,
  entryTitle,
  isNamed,
  isOfEventTrigger,
  namesOf,
} from "../../copy/artifacts/toc-names.ts";
import { withoutOwner, type DefinitionText } from "../../copy/artifacts/definition-script.ts";
import type { Finding } from "../../../nouns/catalog/manifest.ts";
import type { TableRecord } from "../../../nouns/content/record.ts";
import { doubtsOf, heldAgainst } from "../../../nouns/platform/doubtful.ts";
import type { PlatformRecord } from "../../../nouns/platform/record.ts";
import { readPlatform } from "../../../nouns/platform/read-record.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import type { TocEntry } from "../../../ports/dump-tools.ts";
import type { RestorePorts } from "../request/ports.ts";
import { bringProperties } from "../properties/bring-properties.ts";
import { UNTOLD } from "../properties/properties-of-source.ts";
import { absentTables, requireNoneEmpty } from "./definitions/absent-tables.ts";
import { clearGround, type Standing } from "./ground/clear-ground.ts";
import { fitPlaces } from "./definitions/fit-places.ts";
import type { Kept } from "./ground/kept.ts";
import { neverMade } from "./rows/keys-behind.ts";
import { loadRows } from "./rows/load-rows.ts";
import { makeExtensions } from "./definitions/make-extensions.ts";
import { insteadOf, type Member } from "./users/members.ts";
import { mergeRows } from "./rows/merge-rows.ts";
import { restoreJobs } from "./rows/jobs.ts";
import { pauseWebhooks, reachingOut } from "./ground/paused.ts";
import { usersExtensions } from "./plan.ts";
import { rowsSource } from "./rows/rows-source.ts";
import { setOptions } from "./users/publication-options.ts";
import { heirsToValidate, validateHeir } from "../../copy/loading/validate-heirs.ts";
import { refreshViews } from "./definitions/refresh-views.ts";
import { giveRights } from "./rights/give-rights.ts";
import { leaveRoles, owningRoles, reachRoles } from "../../copy/rights/reach-roles.ts";
import { requireTaken } from "./definitions/require-taken.ts";
import type { RefusedRights } from "../../copy/rights/give-singly.ts";
import { runDefinitions, type Refused } from "./definitions/run-definitions.ts";
import { gapOfOwner, ownersOf } from "./definitions/owners-out-of-reach.ts";
import { givePublicItsOwner, makePublic } from "./rights/public.ts";
import { commentOnPlatform } from "./rights/said-on-platform.ts";
import { forwardSequences } from "./rows/sequences.ts";
import type { Staged } from "./rows/staged.ts";
import { requirePlanned } from "./ground/users-in.ts";
import { makeUsersRoles } from "./users/users-roles.ts";
import type { LoadedProject, PlanOfProject } from "./loaded-project.ts";

/** The steps inside the transaction. */
export class ProjectLoader {
  readonly #plan: PlanOfProject;
  readonly #session: DatabaseSession;
  readonly #ports: RestorePorts;
  readonly #textsOf: (entries: readonly TocEntry[]) => readonly DefinitionText[];
  readonly #findings: Finding[] = [];
  readonly #notes: string[] = [];
  readonly #left = new Set<string>();
  readonly #notGiven = new Set<string>();
  #refusedRights: readonly RefusedRights[] = [];
  /** What the platform's publications hold of its own tables. */
  #members: readonly Member[] = [];
  /** Tables whose rows were not loaded, because they were not there. */
  #skipped: readonly TableRecord[] = [];

  constructor(
    plan: PlanOfProject,
    session: DatabaseSession,
    ports: RestorePorts,
    texts: (entries: readonly TocEntry[]) => readonly DefinitionText[],
  ) {
    this.#plan = plan;
    this.#session = session;
    this.#ports = ports;
    this.#textsOf = texts;
  }

  /**
   * The order is the proof: roles before what they own, definitions before rows, rows before what is made on
   * them, rights on what is there, and last what would act on the rest.
   */
  async run(context: Parameters<typeof loadRows>[2]): Promise<LoadedProject> {
    const { project, backup } = this.#plan;
    const session = this.#session;
    await this.#makeRoles();
    this.#ports.log.stage("replacing what is the user's, in one transaction");
    // As it is now: the plan may be some time old, because a safety backup was made meanwhile.
    const now = heldAgainst(
      (await readPlatform(session, backup.manifest.scope)) ?? project.target,
      project.source,
    );
    await requirePlanned(
      session,
      project,
      now,
      backup.manifest.scope,
      this.#plan.request.target.address.database,
    );
    const joined = await this.#reachOwners();
    const { there, members, notes } = await clearGround(session, this.#plan, now);
    this.#members = members;
    this.#notes.push(...notes);
    const { unavailable, early } = await this.#makeEarly(there);
    const { staged, sequences } = await loadRows(
      session,
      await this.#source(early, there.kept),
      context,
      "loading rows",
    );
    const { tables, written, findings } = await mergeRows(session, this.#plan, staged, unavailable);
    this.#findings.push(...findings);
    const events = await this.#makeLate(there, early, unavailable);
    const paused = await this.#pause(now, there.kept, staged);
    // Last of all, because they act on every other definition, those of this restore among them.
    this.#take(await this.#define(events), unavailable);
    await this.#bringProperties();
    await leaveRoles(session, joined);
    await forwardSequences(session, staged, sequences);
    return {
      findings: this.#findings,
      notes: this.#notes,
      paused,
      tables,
      written,
      left: this.#left,
      kept: there.kept,
      notGiven: this.#notGiven,
      refusedRights: this.#refusedRights,
      unavailable,
    };
  }

  /** Roles of the user's that own something here or will, and that this one is a member of until the end. */
  async #reachOwners(): Promise<Awaited<ReturnType<typeof reachRoles>>> {
    const { before, after, rights } = this.#plan.project.entries;
    const givers = rights.filter(({ type }) => type === "DEFAULT ACL").map((entry) => namesOf(entry).owner);
    const owners = [...ownersOf([...before, ...after]), ...(await owningRoles(this.#session)), ...givers];
    return await reachRoles(
      this.#session,
      new Set(owners.filter((role) => !this.#plan.project.profile.roles.includes(role))),
    );
  }

  /** Makes what has to stand before there are rows. */
  async #makeEarly(
    there: Standing,
  ): Promise<{ readonly unavailable: readonly UnavailableExtension[]; readonly early: readonly Refused[] }> {
    const { project, backup, request } = this.#plan;
    const session = this.#session;
    this.#findings.push(...(await makePublic(session, backup.manifest.content)));
    await givePublicItsOwner(session, request.noOwner ? undefined : project.entries.publicOwner);
    const unavailable = await makeExtensions(
      session,
      usersExtensions(backup.manifest.content.extensions, project),
      request.allowGaps,
    );
    const schemas = await this.#schemas();
    const isThere = (entry: TocEntry): boolean =>
      there.covers(entry) || (entry.type === "SCHEMA" && schemas.has(namesOf(entry).tag));
    return {
      unavailable,
      early: await this.#define(project.entries.before.filter((entry) => !isThere(entry))),
    };
  }

  /** Of the database itself; its rights were given with all others. */
  async #bringProperties(): Promise<void> {
    const { properties, request } = this.#plan;
    if (properties === undefined) return;
    this.#notes.push(
      ...(properties.source === undefined
        ? [UNTOLD]
        : await bringProperties(this.#session, request.target.address.database, properties.source)),
    );
  }

  /**
   * Makes what is made on rows, and gives all rights.
   *
   * @returns event triggers, which are still to be made
   */
  async #makeLate(
    there: Standing,
    early: readonly Refused[],
    unavailable: readonly UnavailableExtension[],
  ): Promise<readonly TocEntry[]> {
    const { project, backup, request, target } = this.#plan;
    // What may not be made was told in the plan.
    const told = new Set(project.notAllowed.map(({ key }) => key));
    const never = new Set(neverMade(project.keysBehind).map(({ title }) => title));
    const isTold = (entry: TocEntry): boolean => told.has(entryKey(entry)) || never.has(entryTitle(entry));
    const later = project.entries.after.filter(
      (entry) => entry.type !== "MATERIALIZED VIEW DATA" && !there.covers(entry) && !isTold(entry),
    );
    this.#take(
      await this.#define([
        ...early.map(({ entry }) => entry),
        ...later.filter((entry) => !isOfEventTrigger(entry)),
      ]),
      unavailable,
    );
    this.#findings.push(...(await setOptions(this.#session, project.publications.set)));
    await requireNoneEmpty(this.#session, this.#skipped);
    for (const heir of await heirsToValidate(this.#session, backup.manifest.content)) {
      await validateHeir(this.#session, heir, this.#ports.log);
    }
    this.#findings.push(
      ...(await refreshViews(
        this.#session,
        backup.manifest.content,
        target.searchPath,
        request.allowEmptyViews,
      )),
    );
    if (!request.noPrivileges) {
      const { findings, notes, refused } = await giveRights(
        this.#session,
        this.#plan,
        (entries) => this.#define(entries),
        this.#textsOf,
      );
      this.#findings.push(...findings);
      this.#notes.push(...notes);
      this.#refusedRights = refused;
    }
    return later.filter(isOfEventTrigger);
  }

  /**
   * Says what is said of the platform's tables, and keeps webhooks and jobs from running in two
   * projects at once.
   *
   * @returns triggers that were switched off
   */
  async #pause(now: PlatformRecord, kept: Kept, staged: readonly Staged[]): Promise<ReadonlySet<string>> {
    const { project, request } = this.#plan;
    const session = this.#session;
    this.#findings.push(
      ...(await commentOnPlatform(
        session,
        this.#textsOf(project.entries.commentsOnPlatform),
        new Set(doubtsOf(project.source, now).left),
      )),
    );
    const webhooks = await pauseWebhooks(session, project, kept);
    this.#notes.push(...webhooks.notes, ...(await reachingOut(session, project)));
    const jobs = await restoreJobs(
      session,
      staged.filter(({ kind }) => kind === "job"),
      request.target.address.database,
    );
    this.#notes.push(...jobs.notes);
    this.#findings.push(...jobs.findings);
    if (jobs.further > 0) {
      this.#notes.push(
        `${quantity(jobs.further, "job")} of pg_cron that the backup has ` +
          `not ${jobs.further === 1 ? "stays as it is" : "stay as they are"}`,
      );
    }
    return webhooks.paused;
  }

  /** Rows of a table that was refused have nowhere to go, and those of one that stays are there. */
  async #source(refused: readonly Refused[], kept: Kept): Promise<ReturnType<typeof rowsSource>> {
    const { project } = this.#plan;
    const all = rowsSource(project.rowsIn, project.entries, project.rows);
    const without = new Set(refused.map(({ entry }) => entryKey(entry)));
    const isRefused = (entry: TocEntry): boolean =>
      without.has(`${entry.type === "SEQUENCE SET" ? "sequence" : "table"} ${entryPlace(entry)}`);
    const source = {
      ...all,
      entries: all.entries.filter((entry) => !kept.covers(entry) && !isRefused(entry)),
    };
    if (refused.length === 0) return source;
    this.#skipped = await absentTables(this.#session, source.own);
    const missing = this.#skipped.flatMap(({ schema, name, sequences = [] }) =>
      [name, ...sequences].map((each) => ({ schema, name: each })),
    );
    return {
      ...source,
      entries: source.entries.filter((entry) => !missing.some((one) => isNamed(entry, one))),
    };
  }

  async #makeRoles(): Promise<void> {
    const { roles, profile } = this.#plan.project;
    const { findings, notes } = await makeUsersRoles(
      this.#session,
      roles,
      this.#plan.backup.manifest.content.roles,
      profile,
    );
    this.#findings.push(...findings);
    this.#notes.push(...notes);
    if (roles.length === 0) return;
    this.#notes.push(
      "made without login, to be given a password where they log in: " +
        `role ${roles.map(({ name }) => name).join(", ")}`,
    );
  }

  async #schemas(): Promise<ReadonlySet<string>> {
    const rows = await this.#session.query<{ name: string }>(
      "SELECT nspname::text AS name FROM pg_namespace",
    );
    return new Set(rows.map(({ name }) => name));
  }

  async #define(entries: readonly TocEntry[]): Promise<readonly Refused[]> {
    const texts = this.#textsOf(entries);
    const owned = this.#plan.request.noOwner
      ? texts.map((text) => ({ ...text, sql: withoutOwner(text) ?? text.sql }))
      : texts;
    const fitted = await fitPlaces(this.#session, insteadOf(owned, this.#members));
    this.#findings.push(...fitted.findings);
    this.#notes.push(...fitted.notes);
    const { refused, kept } = await runDefinitions(this.#session, fitted.texts, this.#ports.cancelled);
    this.#requireForeseen(kept);
    return refused;
  }

  /** What stays with the role that restores was named in the plan, or was to be left out wherever needed. */
  #requireForeseen(kept: readonly Refused[]): void {
    const { project, request, target } = this.#plan;
    const told = new Set(project.ownersOut.map(({ title }) => title));
    const since = kept.filter(({ entry }) => !told.has(entryTitle(entry)));
    const [first] = since;
    if (first !== undefined && !request.allowGaps) {
      throw new HoldfastError(
        first.error.code,
        `role ${target.facts.role} may not give ${entryTitle(first.entry)} to its owner ` +
          `${namesOf(first.entry).owner}: ${serverWords(first.error)}`,
        {
          hint:
            "Make the role a member of that owner, or use --allow-gaps to keep what is his with the role " +
            "that restores, or --no-owner for everything.",
          cause: first.error,
        },
      );
    }
    for (const { entry, error } of since) {
      this.#notGiven.add(entryPlace(entry));
      this.#findings.push(
        gapOfOwner(
          { title: entryTitle(entry), owner: namesOf(entry).owner, why: serverWords(error) },
          target.facts.role,
        ),
      );
    }
  }

  /** What of these may be missing is told; the rest ends the restore. */
  #take(refused: readonly Refused[], unavailable: readonly UnavailableExtension[]): void {
    this.#findings.push(...requireTaken(refused, this.#plan, unavailable));
    for (const { entry } of refused) this.#left.add(entryKey(entry));
  }
}
