import { HoldfastError } from "../../kernel/errors.ts";
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

/** How long words of an answer are waited for, in milliseconds: a stream has answered before it ends. */
export interface Patience {
  /** From one to the next. */
  readonly silenceMs: number;
  readonly inAllMs: number;
}

const PATIENCE: Patience = { silenceMs: 10_000, inAllMs: 30_000 };
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
    const deadline = AbortSignal.timeout(CALL_MS);
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
      const text = await beginningOf(response, this.#patience);
      return { status: response.status, text, tookMs: clock.elapsed() - began };
    } catch (error) {
      stop.throwIfAborted();
      const { message, cause } = error as { message?: string; cause?: { message?: string } };
      const why = deadline.aborted ? "none came in time" : (cause?.message ?? message ?? "none came");
      throw new HoldfastError(
        "functions.unreachable",
        `the function ${call.slug} gave no answer at ${functions}: ${printableLine(why)}`,
        { hint: "Check the network and https://status.supabase.com, then go on with the same run." },
      );
    }
  }
}

/** As much as anybody looks at; the rest is not waited for, since a function may stream without an end. */
async function beginningOf({ body }: Response, { silenceMs, inAllMs }: Patience): Promise<string> {
  if (body === null) return "";
  const chunks: Uint8Array[] = [];
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  const over = AbortSignal.timeout(inAllMs);
  for (let size = 0; size < TEXT_MAX && !over.aborted;) {
    const got = await soon(reader.read(), AbortSignal.any([over, AbortSignal.timeout(silenceMs)]));
    if (got?.value === undefined) break;
    chunks.push(got.value);
    size += got.value.byteLength;
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
