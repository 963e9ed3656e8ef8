import { HoldfastError } from "../../kernel/errors.ts";
import { innermost } from "../../kernel/innermost.ts";
import { orAbort } from "../../kernel/or-abort.ts";
import { printableLine } from "../../kernel/printable.ts";
import type { Secret } from "../../kernel/secret.ts";
import type { Clock } from "../../ports/clock.ts";
import type { FunctionAnswer, FunctionCall } from "../../ports/function-host.ts";
import { Turns } from "./turns.ts";

/** Where functions are called, and as whom. */
interface Calling {
  readonly functions: string;
  readonly key: Secret | undefined;
  readonly version: string;
  readonly clock: Pick<Clock, "elapsed">;
  readonly cancelled: AbortSignal;
}

/** A function may compute for so long: https://supabase.com/docs/guides/functions/limits */
const CALL_MS = 150_000;
const TEXT_MAX = 64 * 1024;

/** How long an answer is waited for, in milliseconds. */
export interface Patience {
  /** To its end. */
  readonly wholeMs: number;
  /** For the next words of a stream of events, which has answered before it ends; and for all of them. */
  readonly silenceMs: number;
  readonly streamMs: number;
}

const PATIENCE: Patience = { wholeMs: CALL_MS, silenceMs: 10_000, streamMs: 30_000 };
const AT_ONCE = 8;

/** Calls functions at the address at which everybody calls them. */
export class FunctionCaller {
  readonly #calling: Calling;
  readonly #patience: Patience;
  readonly #turns = new Turns(AT_ONCE);

  constructor(calling: Calling, patience = PATIENCE) {
    this.#calling = calling;
    this.#patience = patience;
  }

  /** @throws functions.unreachable where no answer came; the reason of whichever signal aborts */
  async call(call: FunctionCall, signal: AbortSignal): Promise<FunctionAnswer> {
    const stop = AbortSignal.any([signal, this.#calling.cancelled]);
    return await this.#turns.take(stop, () => this.#called(call, stop));
  }

  async #called(call: FunctionCall, stop: AbortSignal): Promise<FunctionAnswer> {
    const { functions, key, version, clock } = this.#calling;
    const began = clock.elapsed();
    const { wholeMs } = this.#patience;
    const deadline = AbortSignal.timeout(wholeMs);
    let status: number | undefined;
    try {
      const response = await fetch(`${functions}/${encodeURIComponent(call.slug)}${call.path}`, {
        method: call.method,
        headers: {
          "user-agent": `holdfast/${version}`,
          ...(key === undefined ? {} : { authorization: `Bearer ${key.reveal()}`, apikey: key.reveal() }),
          ...call.headers,
        },
        body: call.body ?? null,
        // A redirection is an answer like any other, and the key is for this address alone.
        redirect: "manual",
        signal: AbortSignal.any([stop, deadline]),
      });
      status = response.status;
      const text = await beginningOf(response, call.awaits, this.#patience, deadline);
      return { status, text, tookMs: clock.elapsed() - began };
    } catch (error) {
      stop.throwIfAborted();
      const why = deadline.aborted ? `not in ${wholeMs / 1000} s` : innermost(error, "none came");
      throw unanswered(call.slug, functions, status, printableLine(why));
    }
  }
}

/** @param status the one with which an answer began that did not end; undefined where none began */
function unanswered(slug: string, functions: string, status: number | undefined, why: string): HoldfastError {
  if (status === undefined) {
    return new HoldfastError(
      "functions.unreachable",
      `the function ${slug} gave no answer at ${functions}: ${why}`,
      { hint: "Check the network and https://status.supabase.com, then go on with the same run." },
    );
  }
  return new HoldfastError(
    "functions.unreachable",
    `the function ${slug} answered ${status} at ${functions}, and its answer did not end: ${why}`,
    {
      hint: "Look at the function's log, and whether it ends what it answers; then go on with the same run.",
    },
  );
}

/**
 * As much as anybody looks at; the rest is not waited for. A stream of events may have no end: it is read
 * until the words that are waited for, or where none are, for a while. Anything else has to end.
 *
 * @throws what breaks it off, the deadline too
 */
async function beginningOf(
  { body, headers }: Response,
  awaits: string | undefined,
  { silenceMs, streamMs }: Patience,
  deadline: AbortSignal,
): Promise<string> {
  if (body === null) return "";
  const isStream = /^text\/event-stream\s*(?:;|$)/i.test(headers.get("content-type") ?? "");
  const over = isStream && awaits === undefined ? AbortSignal.timeout(streamMs) : deadline;
  const chunks: Uint8Array[] = [];
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let words = "";
  for (let size = 0; size < TEXT_MAX && !(isStream && over.aborted);) {
    const silence = over === deadline ? over : AbortSignal.any([over, AbortSignal.timeout(silenceMs)]);
    const got = isStream ? await soon(reader.read(), silence) : await reader.read();
    if (got?.value === undefined) break;
    chunks.push(got.value);
    size += got.value.byteLength;
    if (!isStream || awaits === undefined) continue;
    // Only what is new, with as much before it as may be the beginning of the words.
    words = words.slice(-awaits.length) + decoder.decode(got.value, { stream: true });
    if (words.includes(awaits)) break;
  }
  await reader.cancel().catch(() => undefined);
  return Buffer.concat(chunks).subarray(0, TEXT_MAX).toString("utf8");
}

/** Undefined where it does not come before that. */
async function soon<T>(reading: Promise<T>, silence: AbortSignal): Promise<T | undefined> {
  try {
    return await orAbort(silence, reading);
  } catch (error) {
    if (silence.aborted) return undefined;
    throw error;
  }
}
