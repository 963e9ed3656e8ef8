import { createHash } from "node:crypto";
import type { BlobStore } from "../../ports/blob-store.ts";
import type { Ports } from "../../ports/ports.ts";
import { rememberLock } from "../../ports/remembered.ts";
import { acquireLock, type HeldLock, type LockRequest } from "./lock.ts";

/**
 * Below it are the locks of whole environments: deployments, rollbacks, migrations, restores and backups of
 * one keep out of each other's way, whatever each of them changes.
 */
export const ENVIRONMENT_LOCK = "environment";

/** A name that is a folder's as it stands. */
const PLAIN = /^[a-z0-9][a-z0-9._-]{0,62}$/;
const READABLE_MAX = 40;
const DIGEST_DIGITS = 16;

/**
 * The folder of an environment's lock. GitHub makes no difference between small letters and capitals in a
 * name, and takes characters that no path holds: of such a name it is what of it is readable and, behind a
 * character that no plain name has, a digest.
 */
export function environmentKey(environment: string): string {
  const name = environment.normalize("NFC").toLowerCase();
  if (PLAIN.test(name)) return name;
  const readable = name.replace(/[^a-z0-9._-]+/g, "-").slice(0, READABLE_MAX);
  return `${readable}~${createHash("sha256").update(name).digest("hex").slice(0, DIGEST_DIGITS)}`;
}

/**
 * Takes the turn of an environment, and remembers it for the post step.
 *
 * @throws lock.held
 */
export async function lockEnvironment(
  environment: string,
  { doing, ifLost }: Pick<LockRequest, "doing" | "ifLost">,
  store: BlobStore,
  ports: Pick<Ports, "clock" | "random" | "run" | "log" | "remember"> & Partial<Pick<Ports, "cancelled">>,
): Promise<HeldLock> {
  const { clock, random, run, log, cancelled } = ports;
  const warn = (text: string): void => log.warn(text);
  const [source, tier] = [ENVIRONMENT_LOCK, environmentKey(environment)];
  const name = `${ENVIRONMENT_LOCK}/${environment}`;
  const words = { name, doing, ifLost, warn };
  const until = cancelled === undefined ? {} : { cancelled };
  const turn = await acquireLock({ store, source, tier, ...words, run, clock, random, ...until });
  // A cancelled job ends before it has given the lock back; its post step does.
  rememberLock(ports, "turn", turn);
  return turn;
}
