import { formatDuration } from "./duration.ts";
import { HoldfastError } from "./errors.ts";

/** The last of several failures, told as that. */
export function severalTries(error: unknown, tries: number, elapsedMs: number | undefined): unknown {
  if (!(error instanceof HoldfastError) || tries < 2) return error;
  const over = elapsedMs === undefined ? "" : ` over ${formatDuration(elapsedMs)}`;
  return new HoldfastError(error.code, `${error.message}; tried ${tries} times${over}`, {
    hint: error.hint,
    cause: error.cause,
    outcomeUnknown: error.outcomeUnknown,
  });
}
