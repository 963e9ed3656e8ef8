import { formatDuration } from "./duration.ts";

/** Milliseconds without a sign of life after which the other side counts as gone. */
export const SILENCE_LIMIT_MS = 120_000;

/** Of the limit, after which share of it somebody is asked, and people are told. */
const ASK_AFTER = 1 / 4;
/** How often it is looked, in shares of the limit, and no more seldom than every five seconds. */
const LOOK_EVERY = 1 / 24;
const LOOK_MS_MAX = 5_000;

/** Somebody who owes an answer. */
export interface Owing {
  /** The longest silence that is borne, in milliseconds. */
  readonly limitMs: number;
  /**
   * Something that is another value as soon as a byte has come or gone; undefined while nothing is owed,
   * because it is our turn.
   */
  readonly heard: () => unknown;
  /**
   * Asks, on another way than the one that is silent, whether the other side is at work. It must end within
   * the given milliseconds.
   *
   * @returns what it does, in words; undefined where it is not at work, or nobody could say so
   */
  readonly atWork?: (withinMs: number) => Promise<string | undefined>;
  /** Told of every long silence, again and again: `no byte for 30 s; …`. */
  readonly tell?: (text: string) => void;
  /** The limit was reached: from here on nobody waits. Called once. */
  readonly over: (silentMs: number) => void;
}

/**
 * Bounds every wait by progress and not by time: work may last for hours as long as bytes move, or as the
 * other side is known to be at work. Who only waits for a connection to break waits for ever where a network
 * loses it without a word, or where something between keeps it open.
 *
 * Counted is what this process lived through: a machine that slept, or was too busy to look, has heard
 * nothing of anybody. Disposing ends the watch.
 */
export class SilenceWatch implements Disposable {
  readonly #owing: Owing;
  readonly #stepMs: number;
  readonly #timer: NodeJS.Timeout;
  #last: unknown;
  /** Milliseconds since the last byte, since the last sign of life, and since somebody was asked. */
  #stillMs = 0;
  #silentMs = 0;
  #unaskedMs = 0;
  #isAsking = false;
  #isOver = false;

  constructor(owing: Owing) {
    this.#owing = owing;
    this.#last = owing.heard();
    this.#stepMs = Math.max(1, Math.min(LOOK_MS_MAX, owing.limitMs * LOOK_EVERY));
    // What is waited for keeps the process alive, or it need not live.
    this.#timer = setInterval(() => this.#look(), this.#stepMs).unref();
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    clearInterval(this.#timer);
  }

  #look(): void {
    const { limitMs, heard, over } = this.#owing;
    const latest = heard();
    if (latest === undefined || latest !== this.#last) {
      this.#last = latest;
      this.#stillMs = this.#silentMs = this.#unaskedMs = 0;
      return;
    }
    this.#stillMs += this.#stepMs;
    this.#silentMs += this.#stepMs;
    this.#unaskedMs += this.#stepMs;
    if (this.#isAsking) return;
    if (this.#silentMs >= limitMs) {
      this[Symbol.dispose]();
      over(this.#stillMs);
    } else if (this.#unaskedMs >= limitMs * ASK_AFTER) {
      void this.#ask();
    }
  }

  async #ask(): Promise<void> {
    const { limitMs, atWork, tell, heard } = this.#owing;
    this.#isAsking = true;
    this.#unaskedMs = 0;
    // A byte may have come since, seen by a look or not yet: then there is nothing to be told.
    const last = this.#last;
    const isStill = (): boolean => !this.#isOver && heard() === last;
    // Whoever does not answer may not answer this question either.
    const patience = setTimeout(() => {
      if (isStill()) tell?.(`no byte for ${formatDuration(this.#stillMs)}; asking what is at work`);
    }, this.#stepMs).unref();
    const doing = await atWork?.(limitMs * ASK_AFTER).catch(() => undefined);
    clearTimeout(patience);
    this.#isAsking = false;
    if (!isStill()) return;
    if (doing !== undefined) this.#silentMs = 0;
    const left = limitMs - this.#silentMs;
    // The end itself is told by whoever waited.
    if (left <= 0) return;
    tell?.(
      `no byte for ${formatDuration(this.#stillMs)}; ` +
        (doing ?? `given up in ${formatDuration(left)} unless it goes on`),
    );
  }
}
