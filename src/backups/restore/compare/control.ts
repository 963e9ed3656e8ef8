import { HoldfastError } from "../../../kernel/errors.ts";
import { createDatabaseLike } from "../../copy/databases/create-database.ts";
import { measureControl } from "../../copy/loading/control-copy.ts";
import { PassingName, sweepLeftovers } from "../../copy/databases/leftovers.ts";
import type { ContentRecord } from "../../../nouns/content/record.ts";
import type { Database, DatabaseSession } from "../../../ports/database.ts";
import type { Log } from "../../../ports/log.ts";
import type { RestorePorts } from "../request/ports.ts";
import { leftCopy, removeCopy } from "../beside/left-behind.ts";
import { loadContext } from "../chosen/load-context.ts";
import type { Chosen } from "../chosen/chosen.ts";
import type { TargetState } from "../target/target.ts";

const NAMES = new PassingName("holdfast_control_");

/** Drops control copies that a killed restore left on the target's server a day ago or longer. */
export async function sweepControls(target: Database, log: Pick<Log, "info" | "warn">): Promise<void> {
  const purpose = "restore clean-up";
  try {
    await using admin = await target.connect({ purpose });
    await sweepLeftovers(NAMES, {
      admin,
      log,
      connect: (database) => target.connect({ purpose, database }),
      dropped: (name) => `dropped the control copy ${name}, which an earlier restore had left on the server`,
      kept: leftCopy,
    });
  } catch (error) {
    log.warn(
      "could not look for control copies that earlier restores left " +
        `on the server: ${(error as Error).message}`,
    );
  }
}

/**
 * The schema once more, in a database of its own on the target's server.
 *
 * @throws database.permission where the role may not make one
 */
export async function controlOf(
  plan: Chosen & { readonly target: Pick<TargetState, "facts"> },
  ports: RestorePorts,
): Promise<ContentRecord> {
  const { target } = plan.request;
  const { facts } = plan.target;
  if (!facts.superuser && !facts.createDb) {
    throw new HoldfastError("database.permission", `role ${facts.role} may not create databases`, {
      hint: "Give the role CREATEDB to have differences checked against a second copy.",
    });
  }
  const name = NAMES.make(ports.clock.now(), ports.random.hex(6));
  let held: DatabaseSession | undefined;
  try {
    {
      await using session = await target.connect({ purpose: "control" });
      await createDatabaseLike(session, name, plan.backup.manifest.content, facts);
    }
    // Another restore's sweep must see that it is used.
    held = await target.connect({ purpose: "control", database: name });
    const database = await ports.openDatabase({ ...target.address, database: name });
    const context = await loadContext(plan, database, ports);
    return await measureControl({ manifest: plan.backup.manifest, set: plan.set, database, context });
  } finally {
    await held?.close();
    const why = await removeCopy(target, name, ports.clock);
    if (why !== undefined) ports.log.warn(leftCopy(name, why));
  }
}
