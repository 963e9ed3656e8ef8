import type { ErrorCode } from "../../kernel/errors.ts";

/**
 * What one input was given, and where: `--tier`, `input 'tier'` or `HOLDFAST_TIER`, as a person
 * would find it.
 */
export interface Given {
  readonly texts: readonly string[];
  readonly origin: string;
}

/** One thing wrong with what was given. */
export interface Problem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
}
