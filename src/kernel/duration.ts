import { HoldfastError } from "./errors.ts";

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/**
 * Reads a duration such as `90s`, `1h30m`, `7d`, `2w`; the unit is required, because a bare number would
 * be a guess.
 *
 * @param what name of the input, for the error
 * @returns whole milliseconds, up to about 270 years
 * @throws input.malformed
 */
export function parseDuration(text: string, what: string): number {
  const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/gy)];
  const matched = parts.map((part) => part[0]).join("");
  const ms = Math.round(
    parts.reduce((sum, [, count, unit]) => sum + Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS], 0),
  );
  // Beyond this, dates reckoned from it would no longer exist.
  if (parts.length === 0 || matched !== text.trim() || ms > 100_000 * UNIT_MS.d) {
    throw new HoldfastError("input.malformed", `${what} is '${text}', which is not a duration`, {
      hint: "Write a number and a unit, for example 45s, 30m, 1h30m, 7d or 2w.",
    });
  }
  return ms;
}

/** Writes milliseconds for people: `0.4 s`, `12 s`, `3 min 20 s`, `5 h 02 min`, `3 d 4 h`. */
export function formatDuration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  if (whole < 86_400) {
    return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, "0")} min`;
  }
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`;
}

/** Age in milliseconds, never negative: a clock that lags must not make what is "from the future" special. */
export function ageMs(time: Date, clock: { now(): Date }): number {
  return Math.max(0, clock.now().getTime() - time.getTime());
}
