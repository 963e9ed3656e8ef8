/** What an answer says of waiting; names of headers are in lower case. */
export interface LimitedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
  readonly message: string;
}

/** GitHub asks for "at least one minute" where a secondary limit says nothing more. */
const SECONDARY_MS = 60_000;

/** Clocks differ; a second early would be refused again, and count. */
const MARGIN_MS = 1_000;

/**
 * How long GitHub asks to wait, in milliseconds; undefined where an answer is about no limit. A 403 is both
 * "you may not" and "not now": only the headers and the words tell them apart.
 * https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
 *
 * @param times how often a limit has been met already: without headers the wait doubles
 */
export function askedToWait(answer: LimitedAnswer, now: Date, times = 0): number | undefined {
  const { status, headers, message } = answer;
  if (status !== 403 && status !== 429) return undefined;
  const after = Number(headers["retry-after"] ?? Number.NaN);
  if (Number.isFinite(after) && after >= 0) return after * 1000 + MARGIN_MS;
  const reset = Number(headers["x-ratelimit-reset"] ?? Number.NaN);
  if (String(headers["x-ratelimit-remaining"] ?? "") === "0" && Number.isFinite(reset)) {
    return Math.max(0, reset * 1000 - now.getTime()) + MARGIN_MS;
  }
  if (status === 429 || /\b(secondary rate limit|rate limit exceeded|abuse detection)\b/i.test(message)) {
    return SECONDARY_MS * 2 ** times;
  }
  return undefined;
}
