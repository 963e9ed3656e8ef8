import { isHoldfastError } from "../../../kernel/errors.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { FunctionAnswer, FunctionCall, FunctionHost } from "../../../ports/function-host.ts";
import type { Smoke } from "../manifest/manifest.ts";

/** How a function stood its trial. */
export interface Trial {
  readonly isGood: boolean;
  /** `GET /orders/health answered 200 in 84 ms`. Never a word of the answer: it may hold anything. */
  readonly what: string;
}

/** A function that was just exchanged may be starting: so often it is called. */
const CALLS = 3;
const PAUSE_MS = 1_000;

/** It could not be started, or not reached: https://supabase.com/docs/guides/functions/status-codes */
const OF_GATEWAY: ReadonlySet<number> = new Set([502, 503, 504, 546]);

/** The request by which a function is tried; where none is declared, one that reaches it without a token. */
export function smokeCall(slug: string, smoke: Smoke | undefined): FunctionCall {
  return {
    slug,
    // The gateway lets it through to the function whether a token is asked for or not, and it changes
    // nothing.
    method: smoke?.method ?? "OPTIONS",
    path: smoke?.path ?? "/",
    headers: smoke?.headers ?? {},
    body: smoke?.body,
    awaits: smoke?.contains,
  };
}

/**
 * Calls a function as it is declared, again where it did not answer or answered with an error of 500 and
 * more.
 *
 * @throws the signal's reason; what is neither an answer nor silence
 */
export async function tryFunction(
  slug: string,
  smoke: Smoke | undefined,
  host: Pick<FunctionHost, "call">,
  clock: Pick<Clock, "sleep">,
  signal: AbortSignal,
): Promise<Trial> {
  const call = smokeCall(slug, smoke);
  for (let count = 1; ; count += 1) {
    const trial = await once(call, smoke, host, signal);
    if (trial.isGood || !trial.mayPass || count === CALLS) return trial;
    await clock.sleep(PAUSE_MS * count, signal);
  }
}

async function once(
  call: FunctionCall,
  smoke: Smoke | undefined,
  host: Pick<FunctionHost, "call">,
  signal: AbortSignal,
): Promise<Trial & { readonly mayPass: boolean }> {
  const shown = `${call.method} ${call.slug}${call.path}`;
  let answer: FunctionAnswer;
  try {
    answer = await host.call(call, signal);
  } catch (error) {
    if (!isHoldfastError(error, "functions.unreachable")) throw error;
    return { isGood: false, mayPass: true, what: `${shown}: ${error.message}` };
  }
  const told = `${shown} answered ${answer.status} in ${Math.round(answer.tookMs)} ms`;
  const mayPass = answer.status >= 500 || answer.status === 404;
  if (smoke === undefined) {
    // Nothing is declared: it is only asked whether the function starts. Many know no OPTIONS, and say so by
    // 404 or, as Supabase's own template, by 500: that is an answer of theirs.
    const isGood = !OF_GATEWAY.has(answer.status);
    return { isGood, mayPass, what: told };
  }
  if (answer.status !== smoke.status) {
    return { isGood: false, mayPass, what: `${told}, and ${smoke.status} is expected` };
  }
  const lacks = smoke.contains !== undefined && !answer.text.includes(smoke.contains);
  // Another instance may still serve the version before.
  if (lacks) return { isGood: false, mayPass: true, what: `${told}, without the words that are expected` };
  return { isGood: true, mayPass, what: told };
}
