import { HoldfastError } from "../../kernel/errors.ts";
import { artifactSetFor, gives, type ArtifactSet } from "../copy/artifact-set.ts";
import { findClient } from "../copy/client-programs.ts";
import { ownerInEntry } from "../copy/schema-entry.ts";
import { SetContents } from "../copy/set-contents.ts";
import { likelyNamesOf } from "../copy/toc-names.ts";
import type { Backup } from "../../nouns/catalog/catalog.ts";
import { chooseOne } from "../../nouns/catalog/choose.ts";
import type { KnownStandings } from "../../nouns/catalog/standing.ts";
import { KeptSessions } from "../../nouns/server/kept-sessions.ts";
import { refuseTransactionPooler } from "../../nouns/server/refuse-pooler.ts";
import type { TableRecord } from "../../nouns/content/record.ts";
import type { ToolSet } from "../../ports/dump-tools.ts";
import type { Ports } from "../../ports/ports.ts";
import { recipientsOf } from "../../nouns/seal/age.ts";
import { profileOf } from "../../nouns/platform/profiles.ts";
import { foreseenRefusals } from "./foreseen-refusals.ts";
import { foreseeRows } from "./foresee-rows.ts";
import { tablesToMake } from "./made-tables.ts";
import { namedTables } from "./named-tables.ts";
import { comesBackEnabled } from "./comes-back-enabled.ts";
import { chooseInto } from "./project/choose-into.ts";
import { planProject, requireFit, usersExtensions } from "./project/plan.ts";
import type { ProjectInputs } from "./project/project-plan.ts";
import { withProperties } from "./properties-of-source.ts";
import type { RestoreRequest } from "./request.ts";
import { ownersOutOfReach, ownersWithoutRoom, publicKept, rightsWarnings } from "./rights.ts";
import { othersConnected } from "./others-connected.ts";
import { whyNoRoom } from "./room-in-schemas.ts";
import { isWholeDatabase } from "./scope.ts";
import { lookAtTarget, sayingHowToCreate, type TargetState } from "./target.ts";
import { manyObjects, warnings } from "./warnings.ts";
import type { RestoreMode, RestorePlan } from "./restore-plan.ts";

/**
 * Reads, asks and decides. Returns `undefined` when no backup matches.
 *
 * @param dryRun says what a missing confirmation would stop, instead of stopping: looking must always be possible
 * @param standings is given what was read of the backups' standings, to explain why none matches
 */
export async function planRestore(
  request: RestoreRequest, ports: Ports, dryRun = false, standings: KnownStandings = new Map(),
): Promise<RestorePlan | undefined> {
  await using target = new KeptSessions(request.target);
  const plan = await planWith({ ...request, target }, ports, dryRun, standings);
  return plan === undefined ? undefined : { ...plan, request };
}

async function planWith(
  request: RestoreRequest, ports: Ports, dryRun: boolean, standings: KnownStandings,
): Promise<RestorePlan | undefined> {
  await request.catalog.store.check(false);
  const backup = await chooseOne(request.catalog, request.selection, request, {
    suits: (manifest) => gives(manifest, request.part),
    warn: (text) => ports.log.warn(text),
    standings,
  });
  if (!backup) return undefined;
  requireIdentity(backup, request);
  const set = artifactSetFor(backup.manifest, request.part);
  const tables = namedTables(backup, request);
  const tools = await chooseTools(backup, request, ports);
  await sayingHowToCreate(request.target, refuseTransactionPooler(request.target));
  const ends = await chooseInto(request, backup);
  if (ends !== undefined) return await planIntoProject({ request, backup, set, tools, ends }, tables, ports, dryRun);
  const target = await lookAtTarget(request.target, backup.manifest, set.hasSchema && request.tables.length === 0);
  const contents = new SetContents(set, { store: request.catalog.store, tools: await ports.dumpTools(), toolSet: tools, identities: request.identities });
  await requireOwners(backup, set, contents, target, request);
  requireExtensions(target, request);
  const unconfirmed = findUnconfirmed(backup, target, request);
  if (unconfirmed && !dryRun) throw unconfirmed;
  const { mode, reason } = chooseMode(backup, target, request);
  const safetyBackup = request.safetyBackup && !target.empty;
  const noRoom = mode === "in-place" && target.empty ? await findNoRoom(backup, set, contents, target, request) : undefined;
  if (noRoom && !dryRun) throw noRoom;
  const enabled = backup.manifest.platform === undefined ? [] : comesBackEnabled(backup.manifest, request.part === "data" ? [] : await contents.first(), request);
  const others = target.empty ? [] : await askForOthers(request, mode);
  const rights = await warnOfRights(backup, set, contents, target, request, mode);
  const foreseenToEnd = await refusalsOf({ request, backup, target, mode, safetyBackup }, ports, dryRun);
  const plan: RestorePlan = {
    request, backup, set, tools, target, mode, modeReason: reason, tables, toMake: await tablesToMake({ request, tables }), safetyBackup,
    safetyRecipients: safetyBackup ? await safetyRecipients(request) : [],
    refusals: [...[unconfirmed, noRoom].flatMap((refusal) => (refusal === undefined ? [] : [refusalOf(refusal)])), ...foreseenToEnd],
    warnings: [...others, ...warnings(backup, target, request), ...manyObjects(target, mode, request), ...enabled, ...rights],
  };
  if (request.part !== "data" && request.tables.length === 0) return await withProperties(plan, ports);
  const foreseen = await foreseeRows(plan, ports);
  return { ...plan, warnings: [...plan.warnings, ...foreseen.warnings] };
}

const MANY_AT_ONCE =
  "the target holds more objects than half of what one transaction can lock (max_locks_per_transaction): the restore is one transaction, and where the server refuses it everything stays as it is";

/** The same for a project, which is never empty: it is new where nothing in it is the user's. */
async function planIntoProject(
  inputs: Omit<ProjectInputs, "target">, tables: readonly TableRecord[], ports: Ports, dryRun: boolean,
): Promise<RestorePlan> {
  const { request, backup, set, tools, ends } = inputs;
  const found = await lookAtTarget(request.target, backup.manifest);
  const asked = { ...found, unavailableExtensions: usersExtensions(found.unavailableExtensions, ends) };
  requireExtensions(asked, request);
  const project = await planProject({ ...inputs, target: asked }, ports);
  const target: TargetState = { ...asked, empty: project.fresh, holds: project.holds, missingRoles: project.roles };
  const unconfirmed = findUnconfirmed(backup, target, request);
  if (!dryRun) {
    requireFit(project.refusals, backup.key.id, request.target.address.database);
    if (unconfirmed) throw unconfirmed;
  }
  const safetyBackup = request.safetyBackup && !target.empty;
  const foreseenToEnd = await refusalsOf({ request, backup, target, mode: "project", safetyBackup, project }, ports, dryRun);
  return await withProperties({
    request, backup, set, tools, target, mode: "project", modeReason: ends.reason, project, tables, toMake: [], safetyBackup,
    safetyRecipients: safetyBackup ? await safetyRecipients(request) : [],
    refusals: [...(unconfirmed ? [refusalOf(unconfirmed)] : []), ...foreseenToEnd, ...project.refusals],
    warnings: [
      ...(target.empty ? [] : await askForOthers(request, "project")),
      ...warnings(backup, { ...target, missingRoles: [] }, request),
      ...(target.lockNeeds.objects > target.lockNeeds.atOnce ? [MANY_AT_ONCE] : []),
    ],
  }, ports);
}

/** @throws the first of them, where it is no dry run */
async function refusalsOf(plan: Parameters<typeof foreseenRefusals>[0], ports: Ports, dryRun: boolean): Promise<string[]> {
  const found = await foreseenRefusals(plan, ports);
  if (found[0] !== undefined && !dryRun) throw found[0];
  return found.map(refusalOf);
}

function requireIdentity({ manifest, key }: Backup, request: RestoreRequest): void {
  const encrypted = manifest.artifacts.some((artifact) => artifact.encryption.format !== "none");
  if (!encrypted || request.identities.length > 0) return;
  throw new HoldfastError("input.missing", `backup ${key.id} is encrypted and no identity was given`, {
    hint: "Give the age secret key with --identity-file or HOLDFAST_IDENTITY.",
  });
}

/** An archive is read by a pg_restore of its pg_dump's major version or newer; the oldest such one fits the most servers. */
async function chooseTools({ manifest }: Backup, request: RestoreRequest, ports: Ports): Promise<ToolSet> {
  const major = Number.parseInt(manifest.tools.pgDump, 10);
  const chosen = await findClient(major, request.installClient, ports);
  if (chosen) return chosen;
  const installed = (await (await ports.dumpTools()).installed()).map((one) => one.version);
  throw new HoldfastError(
    installed.length === 0 ? "tool.missing" : "tool.too-old",
    `backup ${manifest.id} was made by pg_dump ${manifest.tools.pgDump}, and ${installed.length === 0 ? "no pg_restore is installed" : `the newest pg_restore here is ${installed[0]}`}`,
    { hint: `Install PostgreSQL ${major} client programs, or name their folder in HOLDFAST_PG_BIN.` },
  );
}

/** Roles that own something in the archive must exist, be made, or be done without: decided now, not in the middle. */
async function requireOwners(backup: Backup, set: ArtifactSet, contents: SetContents, target: TargetState, request: RestoreRequest): Promise<void> {
  if (request.createRoles || request.noOwner || !set.hasSchema || target.missingRoles.length === 0) return;
  const missing = new Set(target.missingRoles.map(({ name }) => name));
  const owners = new Set<string>();
  const platforms = backup.manifest.platform === undefined ? [] : profileOf(backup.manifest.platform.name).roles;
  for (const entry of await contents.all()) {
    // Rights are on what has an entry of its own, or the server or an extension brings.
    const { owner } = likelyNamesOf(entry);
    // Where it is a platform's own role that owns `public`, it keeps the owner that it has here.
    const isPlatformsPublic = platforms.includes(owner) && ownerInEntry(entry, "public", backup.manifest.content) !== undefined;
    if (entry.type !== "ACL" && missing.has(owner) && !isPlatformsPublic) owners.add(owner);
  }
  if (owners.size === 0) return;
  throw new HoldfastError("database.lacks", `the target server lacks roles that own objects in backup ${backup.key.id}: ${[...owners].join(", ")}`, {
    hint: "Create them, or use --create-roles (made without login), or --no-owner with --no-privileges. Nothing was touched.",
  });
}

function requireExtensions(target: TargetState, request: RestoreRequest): void {
  if (request.allowGaps || request.part === "data" || target.unavailableExtensions.length === 0) return;
  throw new HoldfastError("database.lacks", `the target server cannot install ${target.unavailableExtensions.map(extensionWords).join(", ")}`, {
    hint: "Install them on the server (or preload or allow them, if that is what it asks for), or use --allow-gaps to restore without them and what depends on them. Nothing was touched.",
  });
}

async function askForOthers({ target }: RestoreRequest, mode: RestoreMode): Promise<string[]> {
  await using session = await target.connect({ purpose: "restore plan" });
  return await othersConnected(session, mode);
}

/** Whether the role may make anything where the archive's objects go. */
async function findNoRoom(
  { manifest }: Backup, set: ArtifactSet, contents: SetContents, { facts }: TargetState, request: RestoreRequest,
): Promise<HoldfastError | undefined> {
  if (facts.superuser || !set.hasSchema || request.tables.length > 0) return undefined;
  const entries = await contents.first();
  await using session = await request.target.connect({ purpose: "restore plan" });
  return await whyNoRoom(session, entries, manifest.content.encoding);
}

/** What the role may not make or give away; a superuser may everything. */
async function warnOfRights(
  { manifest }: Backup, set: ArtifactSet, contents: SetContents, { facts }: TargetState, request: RestoreRequest, mode: RestoreMode,
): Promise<string[]> {
  if (facts.superuser || !set.hasSchema || request.tables.length > 0) return [];
  const entries = await contents.first();
  const missing = rightsWarnings(entries, facts);
  const notes = missing.length === 0 || mode !== "beside" ? missing
    : [...missing, "mode beside puts no copy in place that lacks something: restore as a superuser, or with --mode in-place"];
  if (request.noOwner) return notes;
  await using session = await request.target.connect({ purpose: "restore plan" });
  const owner = entries.map((entry) => ownerInEntry(entry, "public", manifest.content)).find((one) => one !== undefined);
  const owners = await ownersOutOfReach(session, entries.filter((entry) => ownerInEntry(entry, "public", manifest.content) === undefined), facts.major);
  const kept = owner === undefined ? [] : await publicKept(session, owner, facts, mode);
  const cramped = (await ownersWithoutRoom(session, entries, facts.major, mode === "beside")).filter((name) => !owners.includes(name));
  return [
    ...cramped.map((name) => `role ${name} may make nothing in schema public of the ${mode === "beside" ? "new " : ""}database, so nothing there can be given to it: ` +
      (mode === "beside" ? "restore in place into a database that is its own" : `make the database its own (\`createdb --owner ${name}\`)`) + ", or use --no-owner"),
    ...(owners.length === 0 ? [] : [`role ${facts.role} cannot give objects to ${owners.join(", ")}, which own some of backup ${manifest.id}: they will belong to ${facts.role} ` +
    "(use --no-owner to want that, or GRANT those roles to it)"]),
    ...kept,
    ...notes,
  ];
}

function extensionWords({ name, version, reason }: TargetState["unavailableExtensions"][number]): string {
  return `${name} ${version}${reason === undefined ? "" : ` (${reason})`}`;
}

function refusalOf({ message, hint }: HoldfastError): string {
  return hint === undefined ? message : `${message}. ${hint}`;
}

/** Never onto a database that holds something, unless its name was typed. */
function findUnconfirmed(backup: Backup, target: TargetState, request: RestoreRequest): HoldfastError | undefined {
  const { database } = request.target.address;
  if (target.empty) return undefined;
  if (request.part === "schema") {
    throw new HoldfastError("database.not-empty", `database ${database} is not empty, and only the schema is to be restored: that would remove every row`, {
      hint: "Give an empty database as target, or restore the whole backup.",
    });
  }
  if (request.confirm === undefined) {
    return new HoldfastError("database.not-empty", `database ${database} is not empty: it holds ${target.holds.join(", ")}`, {
      hint: `To replace what is there by backup ${backup.key.id}, say --confirm ${database}; a safety backup is made first.`,
    });
  }
  if (request.confirm !== database) {
    return new HoldfastError("refused.unconfirmed", `confirm is '${request.confirm}', and the target database is '${database}'`, {
      hint: "Type the target database's own name; it guards against a wrong target.",
    });
  }
  return undefined;
}

/**
 * Who shall be able to read the safety backup: whoever holds the identity that opens this backup, and who was named. Never who the manifest names: it lies
 * in the store, and who can write there could name himself.
 *
 * @throws refused.unencrypted
 */
async function safetyRecipients(request: RestoreRequest): Promise<readonly string[]> {
  const recipients = [...new Set([...request.recipients, ...(await recipientsOf(request.identities))])];
  if (recipients.length > 0 || request.allowUnencrypted) return recipients;
  throw new HoldfastError("refused.unencrypted", "the safety backup of the target would lie in the store unencrypted", {
    hint: "Give --recipients for it, or --allow-unencrypted, or refuse it with --no-safety-backup.",
  });
}

function chooseMode({ manifest, key }: Backup, target: TargetState, request: RestoreRequest): { mode: RestoreMode; reason: string } {
  // A database made of some schemas must never take the place of one that has more.
  const someSchemas = !isWholeDatabase(manifest.scope);
  if (request.mode === "beside") {
    if (someSchemas) throw new HoldfastError("input.conflict", `mode beside replaces a whole database, and backup ${key.id} holds only some of its schemas`, { hint: "Use --mode in-place, which leaves the other schemas alone." });
    if (target.canSwap.yes) return { mode: "beside", reason: "as asked" };
    throw new HoldfastError("database.permission", `mode beside is not possible: ${target.canSwap.reason}`, { hint: "Use --mode in-place, or a role that owns the database and may create databases." });
  }
  if (request.mode === "in-place") return { mode: "in-place", reason: "as asked" };
  if (target.empty) return { mode: "in-place", reason: "the target is empty" };
  if (someSchemas) return { mode: "in-place", reason: "the backup holds only some schemas" };
  if (request.part !== "whole" || request.tables.length > 0) return { mode: "in-place", reason: "only a part is restored" };
  if (!target.canSwap.yes) return { mode: "in-place", reason: target.canSwap.reason };
  return { mode: "beside", reason: "the old database stays whole until the restored one is proved" };
}
