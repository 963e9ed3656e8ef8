import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import type { DatabaseSession } from "../../ports/database.ts";
import { restoreBeside } from "./apply-beside.ts";
import { untouched } from "./care/untouched.ts";
import { requireWhole } from "./chosen/require-whole.ts";
import { compareRestored } from "./compare/compare.ts";
import type { Compared } from "./compare/compared.ts";
import { sweepControls } from "./compare/control.ts";
import { loadInPlace } from "./load-target.ts";
import { applyProject } from "./project/apply.ts";
import { compareProject } from "./project/compare.ts";
import type { PlanOfProject } from "./project/loaded-project.ts";
import { bringAlone } from "./properties/properties-of-source.ts";
import type { RestorePorts } from "./request/ports.ts";
import type { RestorePlan } from "./restore-plan.ts";
import type { Restored } from "./restored.ts";
import { withRoles } from "./rights/made-roles.ts";
import { tablesToMake } from "./rows/made-tables.ts";
import { explaining } from "./safety/explaining.ts";
import { namingSafety, type SafetyBackup } from "./safety/safety-backup.ts";
import { requireStillEmpty } from "./still-empty.ts";
import { lockTarget, whileLocked } from "./target/target-lock.ts";

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
    compareRestored(plan, request.target, loaded, locked, made),
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
