import { HoldfastError } from "../kernel/errors.ts";
import { createDatabaseLike } from "../archive/create-database.ts";
import { measureControl } from "../archive/control-copy.ts";
import type { ContentRecord } from "../content/record.ts";
import type { Ports } from "../ports/ports.ts";
import { leftCopy, removeCopy } from "./left-behind.ts";
import { loadContext } from "./load-context.ts";
import type { RestorePlan } from "./plan.ts";

/**
 * The schema once more, in a database of its own on the target's server.
 *
 * @throws database.permission where the role may not make one
 */
export async function controlOf(plan: RestorePlan, ports: Ports): Promise<ContentRecord> {
  const { target } = plan.request;
  const { facts } = plan.target;
  if (!facts.superuser && !facts.createDb) {
    throw new HoldfastError("database.permission", `role ${facts.role} may not create databases`, {
      hint: "Give the role CREATEDB to have differences checked against a second copy.",
    });
  }
  const name = `holdfast_control_${ports.random.hex(6)}`;
  try {
    {
      await using session = await target.connect({ purpose: "control" });
      await createDatabaseLike(session, name, plan.backup.manifest.content, facts);
    }
    const database = await ports.openDatabase({ ...target.address, database: name });
    const context = await loadContext(plan, database, ports);
    return await measureControl({ manifest: plan.backup.manifest, set: plan.set, database, context });
  } finally {
    const why = await removeCopy(target, name, ports.clock);
    if (why !== undefined) ports.log.warn(leftCopy(name, why));
  }
}
