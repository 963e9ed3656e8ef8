import { request } from "@octokit/request";
import { formatDuration } from "../../kernel/duration.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import { innermost } from "../../kernel/innermost.ts";
import { printableLine } from "../../kernel/printable.ts";
import type { Secret } from "../../kernel/secret.ts";
import type { Clock, Random } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import { askedToWait } from "./rate-limits.ts";

/** What speaking with GitHub needs from outside. */
export interface GithubAccess {
  /** `https://api.github.com`, or that of a server of one's own. */
  readonly api: string;
  readonly token: Secret;
  /** Ours, for the user agent that GitHub demands. */
  readonly version: string;
  readonly clock: Pick<Clock, "now" | "sleep">;
  readonly random: Pick<Random, "fraction">;
  readonly log: Pick<Log, "debug" | "info">;
  readonly cancelled: AbortSignal;
}

export interface GithubAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
  readonly data: unknown;
}

/** A call; `repeatable` where doing it twice is the same as doing it once. */
export interface GithubCall {
  readonly route: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly repeatable: boolean;
  /** Another kind of answer than GitHub's JSON, such as `application/octet-stream`. */
  readonly accept?: string;
  /** What is sent instead of JSON. */
  readonly bytes?: Buffer;
}

/** Time one request may take, in milliseconds. */
const REQUEST_MS = 30_000;
/** The slowest link that a file may be sent over: bytes in a millisecond. */
const SLOWEST_LINK = 100;
/** Waits for rate limits in all, of one client; a primary limit may want an hour, which no job should sit. */
const WAITS_MS_MAX = 10 * 60_000;
const TRIES = 5;
const LIMITS_MAX = 8;
const FIRST_DELAY_MS = 1_000;
const MESSAGE_LENGTH_MAX = 300;

/** Kept for two years after the next comes: https://docs.github.com/rest/about-the-rest-api/api-versions */
const API_VERSION = "2022-11-28";

/**
 * Asks GitHub, patiently and never without an end: what it did not answer is asked again where that does no
 * harm, and its rate limits are waited for. Answers below 500 are given back as they are, but for 401, which
 * is about the token and so about every call.
 */
export class GithubClient {
  readonly #access: GithubAccess;
  #waitedMs = 0;

  constructor(access: GithubAccess) {
    this.#access = access;
  }

  /** @throws forge.unreachable, forge.rate-limited, forge.denied (401); the reason of a cancelled run */
  async ask(call: GithubCall): Promise<GithubAnswer> {
    for (let failures = 0, limits = 0; ;) {
      const { answer, why } = await this.#once(call);
      if (answer === undefined) {
        failures += 1;
        if (!call.repeatable || failures >= TRIES) throw this.#unreachable(call, why);
        await this.#pause(call, failures, why);
        continue;
      }
      if (answer.status === 401) throw this.#signedOut(answer);
      const message = messageOf(answer.data);
      const waitMs = askedToWait({ ...answer, message }, this.#access.clock.now(), limits);
      if (waitMs === undefined) return answer;
      limits += 1;
      await this.#waitFor(call, waitMs, limits);
    }
  }

  /** One request. No answer is also one of 500 and more, and one that is no JSON. */
  async #once({ route, values, accept, bytes }: GithubCall): Promise<{ answer?: GithubAnswer; why: string }> {
    const { api, token, version, cancelled } = this.#access;
    cancelled.throwIfAborted();
    const writes = !route.startsWith("GET ");
    const deadlineMs = REQUEST_MS + Math.ceil((bytes?.byteLength ?? 0) / SLOWEST_LINK);
    try {
      const answer: GithubAnswer = await request(route, {
        ...values,
        ...(bytes === undefined ? {} : { data: bytes }),
        baseUrl: api,
        headers: {
          authorization: `Bearer ${token.reveal()}`,
          accept: accept ?? "application/vnd.github+json",
          ...(bytes === undefined ? {} : { "content-type": "application/octet-stream" }),
          "x-github-api-version": API_VERSION,
          "user-agent": `holdfast/${version}`,
        },
        request: {
          signal: AbortSignal.any([cancelled, AbortSignal.timeout(deadlineMs)]),
          // A write that was sent elsewhere could arrive there as a question.
          redirect: writes ? "manual" : "follow",
          log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
        },
      });
      // The library gives what it could not parse, or what broke off, as text.
      if (answer.status !== 204 && typeof answer.data !== "object") {
        return { why: `HTTP ${answer.status} whose content is no whole JSON` };
      }
      return { answer, why: "" };
    } catch (error) {
      cancelled.throwIfAborted();
      return this.#refusal(error);
    }
  }

  /** What the library throws for an answer of 300 and more, and for none; its errors hold the request. */
  #refusal(error: unknown): { answer?: GithubAnswer; why: string } {
    const { status, response } = error as { status?: number; response?: GithubAnswer };
    if (response === undefined) return { why: this.#shown(innermost(error, "no answer")) };
    if (status !== undefined && status < 500) return { answer: response, why: "" };
    return { why: `HTTP ${status} ${this.#shown(messageOf(response.data))}` };
  }

  async #pause(call: GithubCall, failures: number, why: string): Promise<void> {
    const { clock, random, log, cancelled } = this.#access;
    const ceiling = FIRST_DELAY_MS * 2 ** (failures - 1);
    const delayMs = Math.round(ceiling / 2 + (random.fraction() * ceiling) / 2);
    log.debug(`${shownRoute(call)}: ${why}; again in ${delayMs} ms (try ${failures + 1} of ${TRIES})`);
    await clock.sleep(delayMs, cancelled);
  }

  async #waitFor(call: GithubCall, waitMs: number, limits: number): Promise<void> {
    const { clock, log, cancelled } = this.#access;
    const until = new Date(clock.now().getTime() + waitMs).toISOString();
    if (this.#waitedMs + waitMs > WAITS_MS_MAX || limits > LIMITS_MAX) {
      throw new HoldfastError(
        "forge.rate-limited",
        `GitHub's rate limit for this token is used up until ${until}, and Holdfast waits at most ` +
          `${formatDuration(WAITS_MS_MAX)} in all (${shownRoute(call)})`,
        { hint: "Run again after that time, or with a token that fewer others use." },
      );
    }
    this.#waitedMs += waitMs;
    log.info(`GitHub asks to wait ${formatDuration(waitMs)} (rate limit), until ${until}`);
    await clock.sleep(waitMs, cancelled);
  }

  #unreachable(call: GithubCall, why: string): HoldfastError {
    const unsure = call.repeatable ? "" : " Whether it was done is not known; the next run looks.";
    return new HoldfastError(
      "forge.unreachable",
      `${this.#access.api} gave no answer to ${shownRoute(call)}: ${why}`,
      {
        hint: `Check the network and https://www.githubstatus.com, then run again.${unsure}`,
      },
    );
  }

  #signedOut(answer: GithubAnswer): HoldfastError {
    const words = this.#shown(messageOf(answer.data));
    return new HoldfastError("forge.denied", `${this.#access.api} does not take the token: 401 ${words}`, {
      hint: "Give a token that has not expired; a job's own GITHUB_TOKEN ends with the job.",
    });
  }

  /** Words from outside, without the token that a proxy may have put into them. */
  #shown(text: string): string {
    return printableLine(text.replaceAll(this.#access.token.reveal(), "***")).slice(0, MESSAGE_LENGTH_MAX);
  }
}

function shownValue(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

/** `GET /repos/acme/shop`: people know their repository, and no template. */
function shownRoute({ route, values }: GithubCall): string {
  return printableLine(
    route.replace(/\{(\w+)\}/g, (hole, name: string) => shownValue(values[name]) ?? hole),
  ).slice(0, MESSAGE_LENGTH_MAX);
}

/** What GitHub says of a refusal, with the reasons it lists. */
export function messageOf(data: unknown): string {
  if (typeof data !== "object" || data === null) return "";
  const { message, errors } = data as { message?: unknown; errors?: unknown };
  const reasons = (Array.isArray(errors) ? (errors as readonly unknown[]) : []).map((each) => {
    if (typeof each === "string") return each;
    const { message: reason, field, code } = (each ?? {}) as Readonly<Record<string, unknown>>;
    return typeof reason === "string"
      ? reason
      : [field, code].filter((word) => typeof word === "string").join(" ");
  });
  return [typeof message === "string" ? message : "", ...reasons].filter((text) => text !== "").join("; ");
}

function ignore(): void {
  // What the library would print on its own.
}
