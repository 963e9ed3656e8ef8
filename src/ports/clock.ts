/** Time, sleep and randomness come from here, so that tests own them. */
export interface Clock {
  now(): Date;
  /** Monotonic milliseconds, for measuring. */
  elapsed(): number;
  /** Rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Randomness. */
export interface Random {
  /** `count` random bytes as lower-case hex. */
  hex(count: number): string;
  /** 0 ≤ x < 1, for jitter. */
  fraction(): number;
}
