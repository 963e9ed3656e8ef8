import { formatDuration } from "../../kernel/duration.ts";
import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import type { BlobStore } from "../../ports/blob-store.ts";
import type { Clock, Random } from "../../ports/clock.ts";
import type { RunIdentity } from "../../ports/run-identity.ts";

/** What somebody asks a lock for, and the words of its loss. */
export interface LockRequest {
  readonly store: BlobStore;
  readonly source: string;
  readonly tier: string;
  /** What is locked, for people; source and tier when left out. */
  readonly name?: string;
  readonly doing: string;
  /** For whoever loses it in the midst: what may have been done by then, and what to do next. */
  readonly ifLost: string;
  /**
   * What the work is without it: right all the same, because it creates everything once and under names of
   * its own (`courtesy`); or not to be done, because two would change one target (`guard`, unless told).
   */
  readonly purpose?: "courtesy" | "guard";
  readonly run: RunIdentity;
  readonly clock: Clock;
  /** Ends the wait for a lock that has to be watched before it may be taken over. */
  readonly cancelled?: AbortSignal;
  readonly random: Random;
  /** Told of what does not end the work: a lock that is not renewed, or that could not be given back. */
  readonly warn?: (text: string) => void;
}

/** What is locked, for people. */
export function nameOf({ source, tier, name = `${source}/${tier}` }: LockRequest): string {
  return name;
}

/** Somebody else has it, or took it away: that was seen. */
export function lost(request: LockRequest, why: string, cause?: unknown): HoldfastError {
  return new HoldfastError("lock.lost", `the lock of ${nameOf(request)} was lost: ${why}`, {
    hint:
      `${request.ifLost} If it repeats, look for a second run that does the same, and for what keeps this ` +
      "one from the store for minutes.",
    cause,
  });
}

/** Nobody else was seen: what the store said to the last renewal is what ends the work, and its code. */
export function unrenewed(request: LockRequest, forMs: number, cause: unknown): unknown {
  if (!(cause instanceof HoldfastError)) return cause;
  const why = isRefusal(cause)
    ? "A lock has to be renewed: it needs the right to overwrite blobs, or at least to create them."
    : undefined;
  return new HoldfastError(
    cause.code,
    `the lock of ${nameOf(request)} could not be renewed for ${formatDuration(forMs)}: ${cause.message}`,
    { hint: [request.ifLost, why, cause.hint].filter((part) => part !== undefined).join(" "), cause },
  );
}

/** The store answered and will not do it: nothing that may pass, and nothing of this run's own. */
export function isRefusal(error: unknown): error is HoldfastError {
  return isHoldfastError(error, "store.denied", "store.read-only", "store.full", "store.missing");
}
