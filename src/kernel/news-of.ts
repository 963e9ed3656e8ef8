import { HoldfastError, isHoldfastError } from "./errors.ts";

/**
 * What a failure is told as: where the work was asked to stop, that. A program that died of it or a
 * connection that broke is a consequence and becomes the cause; damage stays damage.
 */
export function newsOf(error: unknown, stop: AbortSignal): unknown {
  const reason: unknown = stop.aborted ? stop.reason : undefined;
  if (!isHoldfastError(reason) || !isHoldfastError(error)) return error;
  if (error.kind !== "outside" || error.code === reason.code) return error;
  return new HoldfastError(reason.code, reason.message, { hint: reason.hint, cause: error });
}
