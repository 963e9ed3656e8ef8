import { formatDuration } from "../../kernel/duration.ts";
import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { Stalled } from "./deadline.ts";

/**
 * Whether more room on the line would have helped: nothing moved, or Azure itself had to wait or was too
 * busy.
 */
export function isSlow(error: unknown): boolean {
  return (
    error instanceof Stalled ||
    (isHoldfastError(error) &&
      / (?:ServerBusy|OperationTimedOut|RequestTimeout|HTTP 408)\b/.test(error.message))
  );
}

/** The last of several failures, told as that. */
export function severalTries(error: unknown, tries: number, elapsedMs: number | undefined): unknown {
  if (!(error instanceof HoldfastError) || tries < 2) return error;
  const over = elapsedMs === undefined ? "" : ` over ${formatDuration(elapsedMs)}`;
  return new HoldfastError(error.code, `${error.message}; tried ${tries} times${over}`, {
    hint: error.hint,
    cause: error.cause,
  });
}
