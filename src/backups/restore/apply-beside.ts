import { HoldfastError } from "../../kernel/errors.ts";
import type { UnavailableExtension } from "../copy/loading/extensions.ts";
import type { Database, DatabaseSession } from "../../ports/database.ts";
import { COPY_ROOM, copyStem, leftCopy, namingCopy, removeCopy } from "./beside/left-behind.ts";
import { swapNames } from "./beside/swap.ts";
import { asUntouched } from "./care/untouched.ts";
import { compareRestored } from "./compare/compare.ts";
import { createBeside, loadWhole } from "./load-target.ts";
import { copyDatabaseProperties } from "./properties/database-properties.ts";
import { bringAlone } from "./properties/properties-of-source.ts";
import type { RestorePorts } from "./request/ports.ts";
import type { RestorePlan } from "./restore-plan.ts";
import type { Restored } from "./restored.ts";
import { requireAlone } from "./target/target-lock.ts";

/**
 * Restores into a database beside the target, and puts it in its place where it was found right. Until then
 * the target is as it was.
 */
export async function restoreBeside(
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
    const compared = await compareRestored(plan, database, loaded, ports);
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
