import { HoldfastError } from "../../kernel/errors.ts";
import { artifactSetFor, gives, type ArtifactSet } from "../copy/artifacts/artifact-set.ts";
import { interruptible } from "../copy/artifacts/interruptible.ts";
import { findClient } from "../copy/artifacts/client-programs.ts";
import { SetContents } from "../copy/artifacts/set-contents.ts";
import type { Backup } from "../../nouns/catalog/catalog.ts";
import { chooseOne } from "../../nouns/catalog/choose.ts";
import type { KnownStandings } from "../../nouns/catalog/standing.ts";
import { KeptSessions } from "../../nouns/server/kept-sessions.ts";
import { refuseTransactionPooler } from "../../nouns/server/refuse-pooler.ts";
import type { TableRecord } from "../../nouns/content/record.ts";
import type { TocEntry, ToolSet } from "../../ports/dump-tools.ts";
import type { RestorePorts } from "./request/ports.ts";
import { chooseMode } from "./target/choose-mode.ts";
import { findUnconfirmed } from "./target/confirmation.ts";
import { foreseeRefusals } from "./foreseen-refusals.ts";
import { foreseeRows } from "./rows/foresee-rows.ts";
import { leftCopies } from "./beside/left-behind.ts";
import { lackingExtensions, lackingOwners } from "./target/lacking-at-target.ts";
import { tablesToMake } from "./rows/made-tables.ts";
import { NOTHING_ASKED, notMadeHere, refusedBeside, type NotMadeHere } from "./rights/not-made-here.ts";
import { namedTables } from "./chosen/named-tables.ts";
import { comesBackEnabled } from "./comes-back-enabled.ts";
import { chooseInto } from "./project/ends/choose-into.ts";
import { misfits } from "./project/rows/misfits.ts";
import { planProject, usersExtensions } from "./project/plan.ts";
import type { ProjectInputs } from "./project/project-plan.ts";
import { nothingMade, requireSize } from "./chosen/require-whole.ts";
import { isDamage } from "./safety/safety-backup.ts";
import { withProperties } from "./properties/properties-of-source.ts";
import { Refusals } from "./care/refusals.ts";
import type { RestoreRequest } from "./request/request.ts";
import { othersConnected } from "./target/others-connected.ts";
import { isWholeDatabase } from "./chosen/scope.ts";
import { staysUnschemed } from "./clear/unschemed.ts";
import { detectPlatform } from "../../nouns/platform/detect.ts";
import { listed } from "../../kernel/listed.ts";
import { whyNoRoom } from "./target/room-in-schemas.ts";
import { findUnencrypted, safetyRecipients } from "./safety/safety-recipients.ts";
import { lookAtTarget, sayingHowToCreate, type TargetState } from "./target/target.ts";
import { tellStanding } from "./chosen/told-standing.ts";
import { warnOfRights } from "./rights/warn-of-rights.ts";
import { manyObjects, warnings } from "./warnings.ts";
import type { RestoreMode } from "./request/restore-mode.ts";
import type { RestorePlan } from "./restore-plan.ts";
import { requireKnownDemands } from "../../postgres/client-demands.ts";

/**
 * Reads, asks and decides. Returns `undefined` when no backup matches.
 *
 * @param dryRun says what would stop the restore, instead of stopping: looking must always be possible
 * @param standings is given what was read of the backups' standings, to explain why none matches
 */
export async function planRestore(
  request: RestoreRequest,
  ports: RestorePorts,
  dryRun = false,
  standings: KnownStandings = new Map(),
): Promise<RestorePlan | undefined> {
  await using target = new KeptSessions(request.target);
  const plan = await planWith({ ...request, target }, ports, dryRun, standings);
  if (plan === undefined) return undefined;
  const { standing, warnings: failed } = await tellStanding(request.catalog, plan.backup, standings);
  return {
    ...plan,
    request,
    standing,
    warnings: [...failed, ...plan.warnings, ...(await leftCopies(target))],
  };
}

async function planWith(
  request: RestoreRequest,
  ports: RestorePorts,
  dryRun: boolean,
  standings: KnownStandings,
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
  requireKnownDemands(tools, request.target.address.demands ?? {});
  await sayingHowToCreate(request.target, refuseTransactionPooler(request.target));
  const ends = await chooseInto(request, backup);
  const refusals = new Refusals(dryRun);
  for (const artifact of new Set(set.phases.map((phase) => phase.artifact))) {
    const store = interruptible(request.catalog.store, ports.cancelled);
    const question = (): Promise<void> =>
      requireSize(artifact, store, ports).catch((error: unknown) => {
        throw isDamage(error) ? nothingMade(error) : error;
      });
    await refusals.ask(question, ["artifact.missing", "artifact.damaged"]);
  }
  if (ends !== undefined) {
    return await planIntoProject({ request, backup, set, tools, ends }, tables, ports, { refusals, dryRun });
  }
  const target = await lookAtTarget(
    request.target,
    backup.manifest,
    set.hasSchema && request.tables.length === 0,
  );
  const contents = new SetContents(set, {
    store: request.catalog.store,
    tools: await ports.dumpTools(),
    toolSet: tools,
    identities: request.identities,
  });
  refusals.add(await lackingOwners(backup, set, contents, target, request));
  refusals.add(lackingExtensions(target, request));
  refusals.add(findUnconfirmed(backup, target, request));
  const { mode, reason, refusal } = chooseMode(backup, target, request);
  refusals.add(refusal);
  const safetyBackup = request.safetyBackup && !target.empty;
  if (mode === "in-place" && target.empty) {
    refusals.add(await findNoRoom(backup, set, contents, target, request));
  }
  const enabled =
    backup.manifest.platform === undefined
      ? []
      : comesBackEnabled(backup.manifest, request.part === "data" ? [] : await contents.first(), request);
  const others = target.empty
    ? []
    : [...(await askForOthers(request, mode)), ...(await askForStaying(backup, request, mode))];
  const notMade = await findNotMade(backup, set, contents, target, request);
  if (mode === "beside" && !request.allowGaps) refusals.add(refusedBeside(notMade, target.facts.role));
  const rights = await warnOfRights({ backup, set, target, request, mode, notMade }, contents);
  await foreseeRefusals({ request, backup, target, mode, safetyBackup }, refusals, ports);
  const recipients = safetyBackup ? await safetyRecipients(request) : [];
  if (safetyBackup) refusals.add(findUnencrypted(recipients, request));
  const plan: RestorePlan = {
    request,
    backup,
    set,
    tools,
    target,
    mode,
    modeReason: reason,
    tables,
    toMake: await tablesToMake({ request, tables }),
    safetyBackup,
    safetyRecipients: recipients,
    notMade,
    refusals: refusals.found,
    warnings: [
      ...others,
      ...warnings(backup, target, request),
      ...manyObjects(target, mode, request),
      ...enabled,
      ...rights,
    ],
  };
  if (request.part !== "data" && request.tables.length === 0) return await withProperties(plan, ports);
  const foreseen = await foreseeRows(plan, ports, refusals);
  return { ...plan, refusals: refusals.found, warnings: [...plan.warnings, ...foreseen.warnings] };
}

const MANY_AT_ONCE =
  "the target holds more objects than half of what one transaction can lock (max_locks_per_transaction): " +
  "the restore is one transaction, and where the server refuses it everything stays as it is";

/** The same for a project, which is never empty: it is new where nothing in it is the user's. */
async function planIntoProject(
  inputs: Omit<ProjectInputs, "target">,
  tables: readonly TableRecord[],
  ports: RestorePorts,
  { refusals, dryRun }: { readonly refusals: Refusals; readonly dryRun: boolean },
): Promise<RestorePlan> {
  const { request, backup, set, tools, ends } = inputs;
  const found = await lookAtTarget(request.target, backup.manifest);
  const asked = { ...found, unavailableExtensions: usersExtensions(found.unavailableExtensions, ends) };
  refusals.add(lackingExtensions(asked, request));
  const project = await planProject({ ...inputs, target: asked }, ports);
  const target: TargetState = {
    ...asked,
    empty: project.fresh,
    holds: project.holds,
    missingRoles: project.roles,
  };
  for (const misfit of misfits(project.refusals, backup.key.id, request.target.address.database, dryRun)) {
    refusals.add(misfit);
  }
  refusals.add(await findNoRoomInPublic(project.entries.before, backup, request));
  refusals.add(findUnconfirmed(backup, target, request));
  const safetyBackup = request.safetyBackup && !target.empty;
  await foreseeRefusals({ request, backup, target, mode: "project", safetyBackup, project }, refusals, ports);
  const recipients = safetyBackup ? await safetyRecipients(request) : [];
  if (safetyBackup) refusals.add(findUnencrypted(recipients, request));
  return await withProperties(
    {
      request,
      backup,
      set,
      tools,
      target,
      mode: "project",
      modeReason: ends.reason,
      project,
      tables,
      toMake: [],
      safetyBackup,
      safetyRecipients: recipients,
      refusals: refusals.found,
      warnings: [
        ...(target.empty ? [] : await askForOthers(request, "project")),
        ...warnings(backup, { ...target, missingRoles: [] }, request),
        ...(target.lockNeeds.objects > target.lockNeeds.atOnce ? [MANY_AT_ONCE] : []),
      ],
    },
    ports,
  );
}

function requireIdentity({ manifest, key }: Backup, request: RestoreRequest): void {
  const encrypted = manifest.artifacts.some((artifact) => artifact.encryption.format !== "none");
  if (!encrypted || request.identities.length > 0) return;
  throw new HoldfastError("input.missing", `backup ${key.id} is encrypted and no identity was given`, {
    hint: "Give the age secret key with --identity-file or HOLDFAST_IDENTITY.",
  });
}

/**
 * An archive is read by a pg_restore of its pg_dump's major version or newer; the oldest such one fits
 * the most servers.
 */
async function chooseTools(
  { manifest }: Backup,
  request: RestoreRequest,
  ports: RestorePorts,
): Promise<ToolSet> {
  const major = Number.parseInt(manifest.tools.pgDump, 10);
  const chosen = await findClient(major, request.installClient, ports);
  if (chosen) return chosen;
  const installed = (await (await ports.dumpTools()).installed()).map((one) => one.version);
  throw new HoldfastError(
    installed.length === 0 ? "tool.missing" : "tool.too-old",
    `backup ${manifest.id} was made by pg_dump ${manifest.tools.pgDump}, and ` +
      (installed.length === 0
        ? "no pg_restore is installed"
        : `the newest pg_restore here is ${installed[0]}`),
    { hint: `Install PostgreSQL ${major} client programs, or name their folder in HOLDFAST_PG_BIN.` },
  );
}

async function askForOthers({ target }: RestoreRequest, mode: RestoreMode): Promise<string[]> {
  await using session = await target.connect({ purpose: "restore plan" });
  return await othersConnected(session, mode);
}

/**
 * Emptying leaves what belongs to other roles and to no schema, and the comparison names it then: that
 * is said before.
 */
async function askForStaying(
  { manifest }: Backup,
  request: RestoreRequest,
  mode: RestoreMode,
): Promise<string[]> {
  if (
    mode !== "in-place" ||
    request.part === "data" ||
    request.tables.length > 0 ||
    !isWholeDatabase(manifest.scope)
  ) {
    return [];
  }
  await using session = await request.target.connect({ purpose: "restore plan" });
  const stays = await staysUnschemed(session, (await detectPlatform(session))?.roles ?? []);
  return stays.length === 0
    ? []
    : [
        `the target has what belongs to other roles, which this one cannot drop: ${listed(stays)}. It ` +
          "stays, and the comparison names what the backup has not: drop it first, or restore as a superuser",
      ];
}

/**
 * In a project only `public` may be closed to this role: every other schema of the user's is made, or was by
 * the same role.
 */
async function findNoRoomInPublic(
  entries: readonly TocEntry[],
  { manifest }: Backup,
  request: RestoreRequest,
): Promise<HoldfastError | undefined> {
  await using session = await request.target.connect({ purpose: "restore plan" });
  return await whyNoRoom(
    session,
    entries.filter(({ names }) => names?.schema === "public"),
    manifest.content.encoding,
  );
}

/** Whether the role may make anything where the archive's objects go. */
async function findNoRoom(
  { manifest }: Backup,
  set: ArtifactSet,
  contents: SetContents,
  { facts }: TargetState,
  request: RestoreRequest,
): Promise<HoldfastError | undefined> {
  if (facts.superuser || !set.hasSchema || request.tables.length > 0) return undefined;
  const entries = await contents.first();
  await using session = await request.target.connect({ purpose: "restore plan" });
  return await whyNoRoom(session, entries, manifest.content.encoding);
}

/** What the role may not make in a database of its own; a superuser may everything. */
async function findNotMade(
  { manifest }: Backup,
  set: ArtifactSet,
  contents: SetContents,
  { facts }: TargetState,
  request: RestoreRequest,
): Promise<NotMadeHere> {
  if (facts.superuser || !set.hasSchema || request.tables.length > 0) return NOTHING_ASKED;
  return await notMadeHere(request.target, await contents.first(), manifest.content);
}
