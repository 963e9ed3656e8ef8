import { formatDuration } from "../../kernel/duration.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import { innermost } from "../../kernel/innermost.ts";
import { printableLine } from "../../kernel/printable.ts";
import type { Secret } from "../../kernel/secret.ts";
import { collect, type ByteStream } from "../../kernel/streams.ts";
import type { Clock, Random } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import { Turns } from "./turns.ts";

/** What speaking with the Management API needs from outside. */
export interface SupabaseAccess {
  /** `https://api.supabase.com`, without a `/` at its end. */
  readonly api: string;
  /** A personal access token (`sbp_…`), or one of an OAuth application. */
  readonly token: Secret;
  /** Ours, for the user agent. */
  readonly version: string;
  readonly clock: Pick<Clock, "elapsed" | "sleep" | "now">;
  readonly random: Pick<Random, "fraction">;
  readonly log: Pick<Log, "debug" | "info">;
  readonly cancelled: AbortSignal;
}

/** One call of the API. Each of those that are made here may be made twice. */
export interface ManagementCall {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** From the API's root on, with its query. */
  readonly path: string;
  readonly accept?: string;
  readonly json?: unknown;
  readonly form?: FormData;
  /** Bytes that are sent, for the time that they take. */
  readonly size?: number;
  /** Bytes of an answer; what is longer is none. */
  readonly answerMax: number;
}

export interface ManagementAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly bytes: Buffer;
}

/** All tries of a call, and all waiting for limits, in milliseconds. A limit is over within a minute. */
const BUDGET_MS = 5 * 60_000;
const REQUEST_MS = 60_000;
/** The slowest link that files may be sent over: bytes in a millisecond. */
const SLOWEST_LINK = 100;
const TRIES = 5;
const FIRST_DELAY_MS = 1_000;
const AT_ONCE = 8;
/** Where a 429 does not say how long: the API counts by the minute. */
const LIMIT_MS = 15_000;
const WORDS_MAX = 500;

/**
 * Asks Supabase's Management API, patiently and never without an end. Answers below 400, and a 404, are given
 * back; all others are errors that say apart what is wrong with the token, the plan, the limit and the call.
 * https://supabase.com/docs/reference/api/introduction
 */
export class ManagementClient {
  readonly #access: SupabaseAccess;
  readonly #turns = new Turns(AT_ONCE);
  /** Of the clock: a limit is the token's, so that whoever comes next would meet it too. */
  #notBefore = 0;

  constructor(access: SupabaseAccess) {
    this.#access = access;
  }

  /**
   * @throws functions.unreachable, functions.rate-limited, functions.denied, functions.unpaid,
   * functions.refused; the reason of whichever signal aborts
   */
  async ask(call: ManagementCall, signal: AbortSignal): Promise<ManagementAnswer> {
    const stop = AbortSignal.any([signal, this.#access.cancelled]);
    return await this.#turns.take(stop, () => this.#asked(call, stop));
  }

  async #asked(call: ManagementCall, stop: AbortSignal): Promise<ManagementAnswer> {
    const { clock } = this.#access;
    const until = clock.elapsed() + BUDGET_MS + transferMs(call);
    for (let failures = 0; ;) {
      await this.#waitForLimit(call, until, stop);
      const told = await this.#once(call, until - clock.elapsed(), stop);
      if ("why" in told) {
        failures += 1;
        if (failures >= TRIES) throw this.#unreachable(call, told.why);
        await this.#pause(call, failures, told.why, until, stop);
        continue;
      }
      if (told.status !== 429) return this.#judged(call, told);
      this.#notBefore = Math.max(this.#notBefore, clock.elapsed() + (told.retryAfterMs ?? LIMIT_MS));
    }
  }

  async #once(
    call: ManagementCall,
    leftMs: number,
    stop: AbortSignal,
  ): Promise<(ManagementAnswer & { readonly retryAfterMs: number | undefined }) | { readonly why: string }> {
    stop.throwIfAborted();
    const { api, token, version } = this.#access;
    const deadline = AbortSignal.timeout(Math.max(1, Math.min(leftMs, REQUEST_MS + transferMs(call))));
    try {
      const response = await fetch(`${api}${call.path}`, {
        method: call.method,
        headers: {
          authorization: `Bearer ${token.reveal()}`,
          accept: call.accept ?? "application/json",
          "user-agent": `holdfast/${version}`,
          ...(call.json === undefined ? {} : { "content-type": "application/json" }),
        },
        body: call.form ?? (call.json === undefined ? null : JSON.stringify(call.json)),
        // What leads elsewhere would take the token along.
        redirect: "manual",
        signal: AbortSignal.any([stop, deadline]),
      });
      const { status, headers, body } = response;
      const bytes = body === null ? Buffer.alloc(0) : await collect(body as ByteStream, call.answerMax);
      if (status >= 500) return { why: `HTTP ${status} ${this.#shown(wordsOf(bytes))}` };
      const retryAfterMs = waitOf(headers.get("retry-after"), this.#access.clock.now());
      return { status, contentType: headers.get("content-type") ?? "", bytes, retryAfterMs };
    } catch (error) {
      stop.throwIfAborted();
      if (error instanceof RangeError) return { why: `an answer of ${error.message}` };
      return {
        why: deadline.aborted
          ? "it gave none in time"
          : this.#shown(innermost(error, "the connection broke")),
      };
    }
  }

  async #waitForLimit(call: ManagementCall, until: number, stop: AbortSignal): Promise<void> {
    const { clock, log } = this.#access;
    for (let ms = this.#notBefore - clock.elapsed(); ms > 0; ms = this.#notBefore - clock.elapsed()) {
      if (clock.elapsed() + ms >= until) {
        throw new HoldfastError(
          "functions.rate-limited",
          `Supabase's limit of calls for this token is used up for ${formatDuration(ms)} more, and ` +
            `${shownCall(call)} waits ${formatDuration(BUDGET_MS)} at most`,
          { hint: "Go on later, or with a token that fewer others use." },
        );
      }
      log.info(`Supabase asks to wait ${formatDuration(ms)} (limit of calls)`);
      await clock.sleep(ms, stop);
    }
  }

  async #pause(
    call: ManagementCall,
    failures: number,
    why: string,
    until: number,
    stop: AbortSignal,
  ): Promise<void> {
    const { clock, random, log } = this.#access;
    const ceiling = FIRST_DELAY_MS * 2 ** (failures - 1);
    const ms = Math.round(ceiling / 2 + (random.fraction() * ceiling) / 2);
    if (clock.elapsed() + ms > until) throw this.#unreachable(call, why);
    log.debug(`${shownCall(call)}: ${why}; again in ${ms} ms (try ${failures + 1} of ${TRIES})`);
    await clock.sleep(ms, stop);
  }

  #judged(call: ManagementCall, answer: ManagementAnswer): ManagementAnswer {
    const { status, bytes } = answer;
    if ((status >= 200 && status < 300) || status === 404) return answer;
    const words = `${status} ${this.#shown(wordsOf(bytes))}`.trim();
    const what = `${shownCall(call)}: ${words}`;
    if (status === 401) {
      throw new HoldfastError("functions.denied", `Supabase does not take the access token (${what})`, {
        hint: "Give a token that has not expired and was not revoked; then go on with the same run.",
      });
    }
    if (status === 403) {
      throw new HoldfastError("functions.denied", `the access token may not do this (${what})`, {
        hint:
          "Give a token with edge_functions_read, and edge_functions_write where something is deployed, " +
          "for this project: docs/functions.md has the list.",
      });
    }
    if (status === 402) {
      throw new HoldfastError("functions.unpaid", `the organisation's plan does not cover this (${what})`, {
        hint: "Look at the plan and the number of functions that it allows, then go on with the same run.",
      });
    }
    throw new HoldfastError("functions.refused", `Supabase did not take it (${what})`, {
      hint: "Mend what it says; nothing that is served was changed by this call.",
    });
  }

  #unreachable(call: ManagementCall, why: string): HoldfastError {
    return new HoldfastError(
      "functions.unreachable",
      `${this.#access.api} gave no answer to ${shownCall(call)}: ${why}`,
      { hint: "Check the network and https://status.supabase.com, then go on with the same run." },
    );
  }

  /** Words from outside, without the token that a proxy may have put into them. */
  #shown(text: string): string {
    return printableLine(text.replaceAll(this.#access.token.reveal(), "***")).slice(0, WORDS_MAX);
  }
}

function transferMs({ size = 0 }: ManagementCall): number {
  return Math.ceil(size / SLOWEST_LINK);
}

function shownCall({ method, path }: ManagementCall): string {
  return `${method} ${printableLine(path)}`;
}

/** Seconds, or a date: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
function waitOf(header: string | null, now: Date): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,6}$/.test(header.trim())) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now.getTime());
}

/** What an error says: `{"message": "…"}`, or else its beginning. */
function wordsOf(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === "string" ? message : text;
  } catch {
    return text;
  }
}
