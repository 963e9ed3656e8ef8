import type { BlobStore } from "../../ports/blob-store.ts";
import type { Ports } from "../../ports/ports.ts";
import { acquireLock, type HeldLock } from "./lock.ts";

/**
 * Below it are the locks of whole environments: deployments, rollbacks, migrations, restores and backups of
 * one keep out of each other's way, whatever each of them changes.
 */
const ENVIRONMENT_LOCK = "environment";

/**
 * Takes the turn of an environment.
 *
 * @param doing for whoever finds it held: `rollback`
 * @throws lock.held
 */
export async function lockEnvironment(
  environment: string,
  doing: string,
  store: BlobStore,
  { clock, random, run, log }: Pick<Ports, "clock" | "random" | "run" | "log">,
): Promise<HeldLock> {
  const warn = (text: string): void => log.warn(text);
  const [source, tier] = [ENVIRONMENT_LOCK, environment];
  return await acquireLock({ store, source, tier, doing, run, clock, random, warn });
}
