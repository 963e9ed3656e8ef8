import { parseDuration } from "../../kernel/duration.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import { SILENCE_LIMIT_MS } from "../../kernel/silence.ts";
import type { Environment } from "./environment.ts";

/** Milliseconds: less would take a server's pause for its end. */
const LEAST_MS = 1_000;
/** A timer of more than 24 days ends at once, and what it was to bound with it. */
const MOST_MS = 7 * 24 * 3_600_000;

/**
 * The longest silence, in milliseconds, that is borne while somebody owes an answer: HOLDFAST_SILENCE_LIMIT,
 * a duration such as `5m`; two minutes where it is not set.
 *
 * @throws input.malformed
 */
export function silenceLimit(env: Environment): number {
  const given = env["HOLDFAST_SILENCE_LIMIT"] ?? "";
  if (given.trim() === "") return SILENCE_LIMIT_MS;
  const ms = parseDuration(given, "HOLDFAST_SILENCE_LIMIT");
  if (ms >= LEAST_MS && ms <= MOST_MS) return ms;
  throw new HoldfastError(
    "input.malformed",
    `HOLDFAST_SILENCE_LIMIT is '${given}', which is ` +
      (ms < LEAST_MS ? "less than a second" : "more than a week"),
    {
      hint: "Give a duration such as 2m, up to 7d, or leave it out.",
    },
  );
}
