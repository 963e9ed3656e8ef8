import {
  createDefaultHttpClient,
  createEmptyPipeline,
  createHttpHeaders,
  createPipelineRequest,
  decompressResponsePolicy,
  proxyPolicy,
  type HttpMethods,
  type Pipeline,
} from "@azure/core-rest-pipeline";
import { formatDuration } from "../../kernel/duration.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import { orAbort } from "../../kernel/or-abort.ts";
import { printableLine } from "../../kernel/printable.ts";
import type { Clock, Random } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import { LoginFailure } from "../../ports/login-failure.ts";
import type { Budget } from "./budget.ts";
import { isBusy, refusalOf, refused, wordsOf, type Refusal } from "./refusal.ts";

/** Anything that gives bearer tokens; the shape of `@azure/identity`'s credentials. */
export interface TokenSource {
  getToken(
    scopes: string | string[],
    options?: object,
  ): Promise<{ token: string; expiresOnTimestamp: number } | null>;
}

/** What speaking with Azure needs from outside. */
export interface ArmAccess {
  /** `https://management.azure.com`, that of another cloud, or a sandbox's. */
  readonly endpoint: string;
  readonly tokens: TokenSource;
  /** Ours, for the user agent. */
  readonly version: string;
  readonly clock: Pick<Clock, "now" | "elapsed" | "sleep">;
  readonly random: Pick<Random, "fraction">;
  readonly log: Pick<Log, "debug" | "info">;
}

/** One request. */
export interface ArmCall {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** A path of the endpoint, or an address at it or at a slot's own deployment service. */
  readonly url: string;
  /** What is being done, for people: `swap staging`. */
  readonly doing: string;
  /** False where doing it twice is not doing it once. */
  readonly repeatable: boolean;
  /** Whether others' work on the app is waited for. */
  readonly waitsForOthers: boolean;
  readonly json?: unknown;
  /** A body that is read anew for each try. */
  readonly stream?: { readonly open: () => NodeJS.ReadableStream; readonly bytes: number };
}

export interface ArmAnswer {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  readonly text: string;
}

/** That no answer came: whether it was done is not known. */
export class NoAnswer extends HoldfastError {}

const REQUEST_MS = 60_000;
/** The slowest link that a package may be sent over: bytes in a millisecond. */
const SLOWEST_LINK = 50;
const TRIES = 5;
const FIRST_DELAY_MS = 500;
const DELAY_MS_MAX = 15_000;
/** A package is not sent again in vain: what holds its lock is another deployment, which takes minutes. */
const RESEND_MS = 15_000;
const RESEND_MS_MAX = 30_000;
/** A deployment that has not ended by then never will. */
const RESEND_UNTIL_MS = 15 * 60_000;
/** A token that ends sooner is not begun with. */
const TOKEN_MARGIN_MS = 2 * 60_000;

/**
 * Asks Azure, patiently and never without an end. The library's own policies of trying again are left out:
 * they do not know what may be done twice.
 */
export class ArmClient {
  readonly #access: ArmAccess;
  readonly #http = createDefaultHttpClient();
  readonly #pipeline: Pipeline;
  #token: { readonly token: string; readonly expiresOnTimestamp: number } | undefined;

  constructor(access: ArmAccess) {
    this.#access = access;
    this.#pipeline = createEmptyPipeline();
    this.#pipeline.addPolicy(proxyPolicy());
    this.#pipeline.addPolicy(decompressResponsePolicy());
  }

  /**
   * An answer of less than 300, or one of the statuses that the caller reads itself.
   *
   * @param reads such as 404
   * @throws slots.*, the signal's reason
   */
  async ask(call: ArmCall, budget: Budget, reads: readonly number[] = []): Promise<ArmAnswer> {
    const until = this.#access.clock.elapsed() + RESEND_UNTIL_MS;
    for (let failures = 0, waits = 0, isRenewed = false; ;) {
      budget.signal.throwIfAborted();
      if (budget.left <= 0) throw budget.over(call.doing);
      let answer: ArmAnswer;
      try {
        answer = await this.#once(call, budget);
      } catch (error) {
        budget.signal.throwIfAborted();
        if (!(error instanceof NoAnswer) || !call.repeatable || (failures += 1) >= TRIES) throw error;
        await this.#pause(call, failures, error.message, budget);
        continue;
      }
      const { status } = answer;
      // Whoever points elsewhere is no Azure, and what was asked was not done there.
      if (status < 300 || reads.includes(status)) return answer;
      const refusal = refusalOf(status, answer.text, answer.header("x-ms-forbidden-ip"));
      // A token is looked at before anything is done, so asking again with a new one does nothing twice.
      if (status === 401 && !isRenewed) {
        isRenewed = true;
        this.#token = undefined;
        continue;
      }
      const waitMs = this.#waitOf(call, answer, refusal, waits);
      if (waitMs === undefined) throw refused(refusal, call.doing);
      if (status >= 500 && (failures += 1) >= TRIES) throw refused(refusal, call.doing);
      waits += 1;
      await this.#wait(call, refusal, waitMs, { budget, until });
    }
  }

  /** @throws slots.busy where a package has been sent for long enough; as {@link Budget.pause} */
  async #wait(
    call: ArmCall,
    refusal: Refusal,
    waitMs: number,
    { budget, until }: { readonly budget: Budget; readonly until: number },
  ): Promise<void> {
    const { log, clock } = this.#access;
    const why = wordsOf(refusal);
    if (call.stream === undefined || !isBusy(refusal)) {
      log.debug(`${call.doing}: ${why}; again in ${waitMs} ms`);
    } else {
      const leftMs = Math.min(until - clock.elapsed(), budget.left);
      if (waitMs >= leftMs) throw refused(refusal, call.doing);
      const [next, end] = [formatDuration(waitMs), formatDuration(leftMs)];
      log.info(`${call.doing}: ${why}; sent again in ${next}, and for ${end} at most`);
    }
    await budget.pause(waitMs, why);
  }

  /** How long is waited before the same is asked again; undefined where it is not. */
  #waitOf(call: ArmCall, answer: ArmAnswer, refusal: Refusal, waits: number): number | undefined {
    const told = retryAfterMs(answer, this.#access.clock.now());
    // At once is no time to wait: whoever says so was seen to say it thousands of times.
    const asked = told === undefined || told < FIRST_DELAY_MS ? undefined : told;
    const growing = Math.min(DELAY_MS_MAX, FIRST_DELAY_MS * 2 ** waits);
    // 429 is told before anything is done; 500 and more may be told in the midst of it.
    if (refusal.status === 429) return asked ?? growing;
    if (refusal.status >= 500 && call.repeatable) return asked ?? growing;
    if (!isBusy(refusal) || !call.waitsForOthers) return undefined;
    if (asked !== undefined) return asked;
    return call.stream === undefined ? growing : Math.min(RESEND_MS_MAX, RESEND_MS + 5_000 * waits);
  }

  async #pause(call: ArmCall, failures: number, why: string, budget: Budget): Promise<void> {
    const ceiling = Math.min(DELAY_MS_MAX, FIRST_DELAY_MS * 2 ** (failures - 1));
    const delayMs = Math.round(ceiling / 2 + (this.#access.random.fraction() * ceiling) / 2);
    this.#access.log.debug(`${call.doing}: ${why}; again in ${delayMs} ms`);
    await budget.pause(delayMs, why);
  }

  async #once(call: ArmCall, budget: Budget): Promise<ArmAnswer> {
    const { endpoint, version } = this.#access;
    const token = await this.#bearer(budget);
    const url = call.url.startsWith("/") ? endpoint + call.url : call.url;
    const timeMs = REQUEST_MS + Math.ceil((call.stream?.bytes ?? 0) / SLOWEST_LINK);
    const late = AbortSignal.timeout(Math.max(1, Math.ceil(Math.min(timeMs, budget.left))));
    const headers = createHttpHeaders({
      authorization: `Bearer ${token}`,
      accept: "application/json",
      "user-agent": `holdfast/${version}`,
    });
    if (call.json !== undefined) headers.set("content-type", "application/json");
    if (call.stream !== undefined) {
      headers.set("content-type", "application/zip");
      headers.set("content-length", String(call.stream.bytes));
    }
    const request = createPipelineRequest({
      url,
      method: call.method satisfies HttpMethods,
      headers,
      abortSignal: AbortSignal.any([budget.signal, late]),
      ...(call.json === undefined ? {} : { body: JSON.stringify(call.json) }),
      ...(call.stream === undefined ? {} : { body: call.stream.open }),
    });
    try {
      const response = await this.#pipeline.sendRequest(this.#http, request);
      return {
        status: response.status,
        header: (name) => response.headers.get(name),
        text: response.bodyAsText ?? "",
      };
    } catch (error) {
      budget.signal.throwIfAborted();
      const words = late.aborted
        ? "no answer in time"
        : error instanceof Error
          ? error.message
          : String(error);
      const why = printableLine(words.replaceAll(token, "***"));
      throw new NoAnswer(
        "slots.unreachable",
        `${new URL(url).host} gave no answer to ${call.doing}: ${why}`,
        {
          hint: "Check the network and https://azure.status.microsoft, then run again; it looks first.",
        },
      );
    }
  }

  async #bearer(budget: Budget): Promise<string> {
    const { clock, tokens, endpoint } = this.#access;
    const kept = this.#token;
    if (kept !== undefined && kept.expiresOnTimestamp - TOKEN_MARGIN_MS > clock.now().getTime()) {
      return kept.token;
    }
    try {
      const signal = AbortSignal.any([budget.signal, AbortSignal.timeout(REQUEST_MS)]);
      const asked = tokens.getToken(`${endpoint}/.default`, { abortSignal: signal });
      // A login may hang, and not every one hears the signal.
      const got = await orAbort(signal, asked);
      if (got === null) throw new Error("it gave none");
      this.#token = got;
      return got.token;
    } catch (error) {
      budget.signal.throwIfAborted();
      throw noToken(endpoint, error);
    }
  }
}

/** That nobody could be asked who we are is not that we may not. */
function noToken(endpoint: string, error: unknown): HoldfastError {
  const known = error instanceof LoginFailure ? error : undefined;
  const isLate = (error as { name?: unknown } | undefined)?.name === "TimeoutError";
  const code = isLate || known?.kind === "unreachable" ? "slots.unreachable" : "slots.denied";
  const why = isLate ? `: no answer in ${formatDuration(REQUEST_MS)}` : known ? `: ${known.message}` : "";
  return new HoldfastError(code, `there is no token for ${endpoint}${why}`, {
    hint:
      known?.hint ??
      "Sign in: azure/login in Actions, `az login` on a machine of yours, or a managed identity.",
    cause: error,
  });
}

/** `Retry-After` in milliseconds, whether it is a number of seconds or a date; undefined without one. */
export function retryAfterMs(answer: ArmAnswer, now: Date): number | undefined {
  const text = answer.header("retry-after");
  if (text === undefined || text === "") return undefined;
  const seconds = Number(text);
  if (Number.isFinite(seconds) && seconds >= 0) return seconds * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now.getTime());
}
