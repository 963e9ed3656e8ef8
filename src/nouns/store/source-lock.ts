import type { BlobStore } from "../../ports/blob-store.ts";
import type { Ports } from "../../ports/ports.ts";
import { rememberLock } from "../../ports/remembered.ts";
import { ENVIRONMENT_LOCK } from "./environment-lock.ts";
import { acquireLock, requireFree, type HeldLock, type LockRequest } from "./lock.ts";

/** Behind a character that no source has in its name. */
const BESIDE = `${ENVIRONMENT_LOCK}~source`;

/** How older versions name what they do, whose locks of such a source lie among those of environments. */
const BACKUP = /^backup \S/;

/**
 * Takes the lock of a source and tier for a backup, which is right without it too, and remembers it for the
 * post step. A database may be called as the folder of environments' locks is: so that nobody takes its
 * backup for the turn of an environment `tier1`, the locks of such a source lie beside that folder. A backup
 * of an older version, which has its lock there, is minded; one that begins later does not see this lock, and
 * is right all the same.
 *
 * @throws lock.held
 */
export async function lockSource(
  { source, tier }: Pick<LockRequest, "source" | "tier">,
  { doing, ifLost }: Pick<LockRequest, "doing" | "ifLost">,
  store: BlobStore,
  ports: Pick<Ports, "clock" | "random" | "run" | "log" | "remember"> & Partial<Pick<Ports, "cancelled">>,
): Promise<HeldLock> {
  const { clock, random, run, log, cancelled } = ports;
  const warn = (text: string): void => log.warn(text);
  const until = cancelled === undefined ? {} : { cancelled };
  const words = { doing, ifLost, warn, purpose: "courtesy" } as const;
  const request = { store, source, tier, ...words, run, clock, random, ...until };
  const isBeside = source === ENVIRONMENT_LOCK;
  if (isBeside) await requireFree(request, (other) => BACKUP.test(other));
  const place = isBeside ? { source: BESIDE, name: `${source}/${tier}` } : {};
  const lock = await acquireLock({ ...request, ...place });
  rememberLock(ports, "lock", lock);
  return lock;
}
