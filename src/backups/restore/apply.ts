import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { believe } from "../copy/judging/control.ts";
import type { UnavailableExtension } from "../copy/loading/extensions.ts";
import { findingSentence, judge, withRecordedGaps } from "../copy/judging/judge-copy.ts";
import type { LoadedSet } from "../copy/loading/recipe.ts";
import { notComparedNote } from "../copy/judging/platforms-own.ts";
import { asIfGiven } from "../copy/rights/as-if-given.ts";
import { asIfPublicOwned } from "../copy/judging/as-if-public-owned.ts";
import type { Finding } from "../../nouns/catalog/manifest.ts";
import type { CompareOptions } from "../../nouns/content/compare/compare-content.ts";
import { compareProperties } from "../../nouns/content/compare/compare-properties.ts";
import { KeptSessions } from "../../nouns/server/kept-sessions.ts";
import { OBJECT_KINDS, type ContentRecord, type TableRecord } from "../../nouns/content/record.ts";
import { profileOf } from "../../nouns/platform/profiles.ts";
import type { Database, DatabaseSession } from "../../ports/database.ts";
import type { RestorePorts } from "./request/ports.ts";
import { asOwned } from "./compare/as-owned.ts";
import { controlOf, sweepControls } from "./compare/control.ts";
import { subscriptionNotes } from "./properties/subscriptions.ts";
import { copyDatabaseProperties } from "./properties/database-properties.ts";
import { explaining } from "./safety/explaining.ts";
import { measureCopy } from "./compare/measure-copy.ts";
import type { RestorePlan } from "./restore-plan.ts";
import { bringAlone } from "./properties/properties-of-source.ts";
import { COPY_ROOM, copyStem, leftCopy, namingCopy, removeCopy } from "./beside/left-behind.ts";
import { createBeside, loadInPlace, loadWhole } from "./load-target.ts";
import { acceptNotMade } from "./rights/not-made-here.ts";
import { gapsOf } from "./compare/gaps.ts";
import { withRoles } from "./rights/made-roles.ts";
import { notComparedNotes, tablesToMake } from "./rows/made-tables.ts";
import { applyProject } from "./project/apply.ts";
import type { PlanOfProject } from "./project/loaded-project.ts";
import { compareProject } from "./project/compare.ts";
import { platformsPart } from "./compare/platforms-part.ts";
import { requireStillEmpty } from "./still-empty.ts";
import { requireWhole } from "./chosen/require-whole.ts";
import { namingSafety, type SafetyBackup } from "./safety/safety-backup.ts";
import { swapNames } from "./beside/swap.ts";
import { takenAlong } from "./compare/taken-along.ts";
import { asUntouched, untouched } from "./care/untouched.ts";
import { lockTarget, requireAlone, whileLocked } from "./target/target-lock.ts";
import type { Restored } from "./restored.ts";

/** Backs the target up before it is changed; given by the command, because backup is another capability. */
export type TakeSafetyBackup = (plan: RestorePlan) => Promise<SafetyBackup>;

/**
 * Carries a plan out. Order of effects: the backup is looked at before the safety backup is made, and that
 * exists before anything is changed; in mode beside the target is only touched, by one transaction that
 * exchanges names, after the restored database was compared and found right.
 */
export async function applyRestore(
  plan: RestorePlan,
  takeSafetyBackup: TakeSafetyBackup,
  ports: RestorePorts,
): Promise<Restored> {
  const { request } = plan;
  const guard = await lockTarget(request.target);
  await using _ = guard;
  await requireStillEmpty(plan, guard);
  await sweepControls(request.target, ports.log);
  await requireWhole(plan, ports);
  const safetyBackup = plan.safetyBackup
    ? await untouched(takeSafetyBackup(plan), ports.cancelled)
    : undefined;
  try {
    return await change(plan, guard, safetyBackup, ports);
  } catch (error) {
    throw namingSafety(error, safetyBackup);
  }
}

async function change(
  plan: RestorePlan,
  guard: DatabaseSession,
  safetyBackup: SafetyBackup | undefined,
  ports: RestorePorts,
): Promise<Restored> {
  const { request, project } = plan;
  const locked: RestorePorts = { ...ports, cancelled: whileLocked(guard, request.target, ports.cancelled) };
  if (project !== undefined) {
    return {
      safetyBackup,
      oldDatabase: "",
      replaced: true,
      ...(await restoreProject({ ...plan, project }, locked)),
    };
  }
  const roles = request.createRoles ? plan.target.missingRoles : [];
  return await withRoles(guard, roles, ports.log, () =>
    changeDatabase(plan, guard, safetyBackup, { ports, locked }),
  );
}

/** @param ports `locked` also stops when the target's lock is lost */
async function changeDatabase(
  plan: RestorePlan,
  guard: DatabaseSession,
  safetyBackup: SafetyBackup | undefined,
  { ports, locked }: { readonly ports: RestorePorts; readonly locked: RestorePorts },
): Promise<Restored> {
  const { request } = plan;
  if (plan.mode === "beside") return { safetyBackup, ...(await restoreBeside(plan, guard, ports)) };
  const made = await tablesToMake(plan);
  let changed = false;
  const work = loadInPlace(plan, locked, () => void (changed = true)).then((loaded) =>
    compare(plan, request.target, loaded, locked, made),
  );
  const compared = await explaining(work, plan, {
    safetyBackup,
    isChanged: () => changed,
    stop: locked.cancelled,
  });
  // Last, so that no setting of the source's acts on what is compared.
  return {
    safetyBackup,
    oldDatabase: "",
    replaced: true,
    ...compared,
    notes: [...compared.notes, ...(await bringAlone(request.target, plan))],
  };
}

/** Until it is committed everything is as it was; after that only the comparison can fail. */
async function restoreProject(plan: PlanOfProject, ports: RestorePorts): Promise<Compared> {
  const loaded = await applyProject(plan, ports);
  try {
    return await compareProject(plan, loaded, ports);
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    throw new HoldfastError(
      error.code,
      `the restore is complete, and it could not be compared: ${error.message}`,
      {
        hint: (
          `${error.hint ?? ""} Everything of the backup is in the project; ` +
          "run again to have it compared."
        ).trim(),
        cause: error,
      },
    );
  }
}

async function restoreBeside(
  plan: RestorePlan,
  guard: DatabaseSession,
  ports: RestorePorts,
): Promise<Omit<Restored, "safetyBackup">> {
  const { target } = plan.request;
  const live = target.address.database;
  const stamp = `${plan.backup.key.id.slice(0, 8)}_${ports.random.hex(3)}`;
  const stem = copyStem(live, COPY_ROOM);
  const next = `${stem}_restored_${stamp}`;
  const old = `${stem}_before_${stamp}`;
  ports.log.stage(`creating ${next} beside ${live}`);
  let keep = false;
  let outcome: Omit<Restored, "safetyBackup">;
  try {
    // Inside: a server may make the database although its answer never came.
    const { address, note } = await createBeside(plan, next);
    if (note !== undefined) ports.log.warn(note);
    const database = await ports.openDatabase(address);
    // Asked now: a right that is missing should not show after hours of loading.
    await giveProperties(target, next, true);
    const loaded = await loadWhole(plan, database, ports, {
      onUnavailable: (extensions) => requireExtensions(plan, extensions),
    });
    const compared = await compare(plan, database, loaded, ports);
    if (compared.findings.some((finding) => finding.severity === "difference")) {
      outcome = { ...compared, oldDatabase: "", replaced: false };
    } else {
      await giveProperties(target, next);
      const brought = await bringAlone(database, plan);
      await requireAlone(guard, target);
      ports.cancelled.throwIfAborted();
      ports.log.stage(`exchanging the names of ${live} and ${next}`);
      // Our own lock session is in the database to be renamed, and a rename waits for every session to leave.
      await guard.close();
      keep = true;
      await swapNames(target, { live, next, old });
      return { ...compared, notes: [...compared.notes, ...brought], oldDatabase: old, replaced: true };
    }
  } catch (error) {
    throw keep
      ? error
      : namingCopy(asUntouched(error, ports.cancelled), next, await removeCopy(target, next, ports.clock));
  }
  const why = await removeCopy(target, next, ports.clock);
  return why === undefined ? outcome : { ...outcome, notes: [...outcome.notes, leftCopy(next, why)] };
}

/** By a session of its own: the lock's may have been ended in the hours that it was idle. */
async function giveProperties(target: Database, next: string, rehearse = false): Promise<void> {
  await using session = await target.connect({ purpose: "restore" });
  await copyDatabaseProperties(session, target.address.database, next, rehearse);
}

/** Some extensions only work in one database of a server, and a copy beside is another one. */
function requireExtensions({ request }: RestorePlan, lacking: readonly UnavailableExtension[]): void {
  if (request.allowGaps) return;
  const words = lacking
    .map(({ name, version, reason }) => `${name} ${version} (${reason ?? "not available"})`)
    .join(", ");
  throw new HoldfastError("database.lacks", `a new database on the target server cannot have ${words}`, {
    hint:
      "Use --mode in-place where the target itself has it, or --allow-gaps to do without it and what " +
      "depends on it. The target is as it was.",
  });
}

/**
 * What surrounds the content and no restore brings: said, but no reason to doubt a restore. Beside, the old
 * database's properties are given to the new one just before the exchange. What is brought of the source's
 * database itself is told when it is.
 */
function surroundings(plan: RestorePlan, actual: ContentRecord): string[] {
  if (plan.request.part !== "whole" || plan.request.tables.length > 0 || plan.mode === "beside") return [];
  const brings = plan.properties?.source !== undefined;
  return compareProperties(plan.backup.manifest.content, actual)
    .filter(({ about, name }) => !brings || about !== "database" || !/^(?:grants$|setting )/.test(name))
    .map(findingSentence);
}

function isIn(tables: readonly TableRecord[]): NonNullable<CompareOptions["only"]> {
  return ({ schema, name }) => tables.some((table) => table.schema === schema && table.name === name);
}

type Compared = Pick<Restored, "findings" | "notes" | "notCompared" | "missingBeside" | "tables" | "rows">;
type Ignored = CompareOptions["ignore"] extends ReadonlySet<infer K> | undefined ? K : never;

async function compare(
  plan: RestorePlan,
  database: Database,
  loaded: LoadedSet,
  ports: RestorePorts,
  made: readonly TableRecord[] = [],
): Promise<Compared> {
  const { request, backup, set } = plan;
  ports.log.stage("comparing with what the source held at the snapshot");
  const expected = backup.manifest.content;
  const progress = ports.log.progress("comparing", "tables", plan.tables.length);
  const exact = request.part === "whole" && request.tables.length === 0;
  try {
    const { actual, gaps } = await measureAsSource(plan, database, loaded, ports, () => progress.add(1));
    const ignore = new Set<Ignored>([
      ...(request.noOwner ? (["owner"] as const) : []),
      ...(request.noPrivileges ? (["grant", "default-privilege"] as const) : []),
      // Rows were put into a schema that was there before and may have moved on.
      ...(request.part === "data"
        ? [...OBJECT_KINDS.filter((kind) => kind !== "sequence"), "extension" as const, "role" as const]
        : []),
    ]);
    const { platform, platformsDefaultsAlone } = platformsPart(backup.manifest);
    const judged = judge({
      expected,
      actual,
      ...loaded,
      allowEmptyViews: request.allowEmptyViews,
      recorded: backup.manifest.gaps,
      platform,
      platformsDefaultsAlone,
      options: {
        rows: set.hasRows && gaps.length === 0,
        exact,
        ignore,
        ...(request.tables.length > 0 ? { only: isIn(plan.tables), made: isIn(made) } : {}),
        ...(request.tables.length > 0 && request.part === "data" ? { definitions: false as const } : {}),
      },
    });
    const {
      findings: believed,
      notes,
      notCompared: own,
    } = await believe(judged, expected, actual, () => controlOf(plan, ports));
    const findings =
      request.allowGaps && plan.notMade !== undefined ? acceptNotMade(believed, plan.notMade) : believed;
    const along = takenAlong(expected, actual, plan.tables, made);
    const counted = actual.tables.filter((table) => table.rows !== null);
    return {
      findings: withRecordedGaps([...findings, ...gaps, ...otherLargeObjects(plan, actual)], gapsOf(plan)),
      notes: [
        ...notes,
        ...(platform === undefined ? [] : notComparedNote(profileOf(platform.name).title, own)),
        ...notComparedNotes(plan),
        ...along.notes,
        ...surroundings(plan, actual),
        ...(await subscriptionNotes(plan, database)),
      ],
      missingBeside: along.missing,
      tables: counted.length,
      rows: counted.reduce((sum, table) => sum + (table.rows ?? 0), 0),
    };
  } finally {
    progress.done();
  }
}

/**
 * What the database holds, with rights as they would be if what was refused or given up for the role
 * had been given.
 */
async function measureAsSource(
  plan: RestorePlan,
  database: Database,
  loaded: LoadedSet,
  ports: RestorePorts,
  onTable: () => void,
): Promise<Awaited<ReturnType<typeof measureCopy>>> {
  const {
    request,
    set,
    backup: { manifest },
  } = plan;
  const expected = manifest.content;
  const isExact = request.part === "whole" && request.tables.length === 0;
  await using kept = new KeptSessions(database);
  const { actual: measured, gaps } = await measureCopy(kept, manifest.scope, {
    proof: set.hasRows ? expected.proof : "none",
    jobs: request.jobs,
    signal: ports.cancelled,
    onTable,
    like: expected,
    debug: (text) => ports.log.debug(text),
    ...(request.tables.length > 0 ? { only: plan.tables } : {}),
    // A table that has columns besides the source's has all of the source's rows.
    ...(isExact ? {} : { columnsOf: expected.tables }),
  });
  const given = await asIfGiven(kept, manifest.scope, measured, loaded.refusedRights);
  const actual = await asIfPublicOwned(
    kept,
    await asOwned(plan, kept, given, ports),
    expected,
    manifest.platform,
  );
  return { actual, gaps };
}

/**
 * Rows alone are loaded into the large objects that are there: one that is gone is not made, and one that has
 * grown is not cut.
 */
function otherLargeObjects(plan: RestorePlan, { largeObjects: now }: ContentRecord): Finding[] {
  const before = plan.backup.manifest.content.largeObjects;
  if (
    plan.request.part !== "data" ||
    plan.request.tables.length > 0 ||
    (before.count === now.count && before.fingerprint === now.fingerprint)
  ) {
    return [];
  }
  return [
    {
      severity: "difference",
      about: "large-objects",
      name: "large objects",
      message:
        `are not what the source held (${now.count} here, ${before.count} there): ` +
        "only a restore of the whole makes them anew",
    },
  ];
}
