import { isHoldfastError } from "../../kernel/errors.ts";
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
