import { HoldfastError } from "../../../src/kernel/errors.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import type { Web } from "../../../src/ports/web.ts";
import type { WatchInputs } from "../../../src/rollout/watch/request.ts";

export const KEY = "code=very-secret-key";
export const MINUTE_MS = 60_000;

/** What `holdfast watch` takes where only the address is given. */
export const INPUTS: WatchInputs = {
  url: `https://shop.test/health?${KEY}`,
  status: 200,
  contains: undefined,
  every: 30_000,
  for: 55 * MINUTE_MS,
  timeout: 20_000,
  failures: 5,
  reference: undefined,
  workflow: undefined,
  ref: undefined,
  coolDown: 30 * MINUTE_MS,
  repository: undefined,
  token: undefined,
  dryRun: false,
};

/** One answer: a status, with headers or without, none, or one behind a certificate that is not trusted. */
export type Answered =
  | number
  | { readonly status: number; readonly headers: Readonly<Record<string, string>> }
  | "silence"
  | "untrusted";

/** Answers of an address, one after the other; the last one from then on. Another host always answers 404. */
export function scripted(answers: readonly Answered[], isAlone = false): Web & { readonly asked: string[] } {
  const asked: string[] = [];
  let at = 0;
  const silence = (address: string): HoldfastError =>
    new HoldfastError("web.unreachable", `${address} gave no answer: getaddrinfo ENOTFOUND`, {
      hint: "Look.",
    });
  return {
    asked,
    get(address, { signal }) {
      signal.throwIfAborted();
      asked.push(new URL(address).host);
      const isOurs = address.startsWith("https://shop.test");
      const answer = isOurs ? (answers[at] ?? answers.at(-1)!) : isAlone ? "silence" : 404;
      if (isOurs) at += 1;
      if (answer === "silence") return Promise.reject(silence(address));
      if (answer === "untrusted") {
        const message = `${address} shows a certificate that is not trusted: certificate has expired`;
        return Promise.reject(new HoldfastError("web.untrusted", message, { hint: "Renew it." }));
      }
      const { status, headers } = typeof answer === "number" ? { status: answer, headers: {} } : answer;
      return Promise.resolve({
        status,
        headers: new Map(Object.entries(headers)),
        body: status === 200 ? "all is well" : "",
      });
    },
  };
}

/** A clock on which sleeping takes no time; who watches it can let something happen meanwhile. */
export class QuickClock implements Clock {
  ms = Date.parse("2026-11-28T12:00:00Z");
  slept: () => Promise<void> | void = () => undefined;

  now(): Date {
    return new Date(this.ms);
  }

  elapsed(): number {
    return this.ms;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.ms += ms;
    await this.slept();
    signal?.throwIfAborted();
  }
}
