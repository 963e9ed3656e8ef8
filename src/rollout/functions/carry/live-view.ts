import { orAbort } from "../../../kernel/or-abort.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { FunctionHost, LiveFunction } from "../../../ports/function-host.ts";

export type Live = ReadonlyMap<string, LiveFunction>;

/** What was listed so long ago is asked anew, in milliseconds. */
const FRESH_MS = 2_000;

/**
 * What is served, by name. A hundred steps that look at the same time are one question: the host counts
 * questions.
 */
export class LiveView {
  readonly #host: Pick<FunctionHost, "list">;
  readonly #clock: Pick<Clock, "elapsed">;
  readonly #cancelled: AbortSignal;
  #asked: { readonly at: number; readonly answer: Promise<Live> } | undefined;

  constructor(host: Pick<FunctionHost, "list">, clock: Pick<Clock, "elapsed">, cancelled: AbortSignal) {
    this.#host = host;
    this.#clock = clock;
    this.#cancelled = cancelled;
  }

  async now(signal: AbortSignal): Promise<Live> {
    const now = this.#clock.elapsed();
    if (this.#asked === undefined || now - this.#asked.at > FRESH_MS) {
      const asked = { at: now, answer: this.#list() };
      // A failure is not kept.
      asked.answer.catch(() => {
        if (this.#asked === asked) this.#asked = undefined;
      });
      this.#asked = asked;
    }
    return await orAbort(signal, this.#asked.answer);
  }

  /** Something was changed: what was seen before counts no longer. */
  forget(): void {
    this.#asked = undefined;
  }

  async #list(): Promise<Live> {
    // Not with the signal of the step that happens to ask first: the others wait for the same answer.
    const functions = await this.#host.list(this.#cancelled);
    return new Map(functions.map((each) => [each.slug, each]));
  }
}
