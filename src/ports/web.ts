/** What an address answered. */
export interface WebAnswer {
  readonly status: number;
  /** By names in small letters. */
  readonly headers: ReadonlyMap<string, string>;
  /** The first 64 KiB, as UTF-8. */
  readonly body: string;
}

/** What one request may take. */
export interface WebCall {
  readonly signal: AbortSignal;
  /** Milliseconds, until the body is there. */
  readonly withinMs: number;
}

/**
 * Asks addresses as anybody would: no credentials, redirects are answers, and a connection of its own for
 * each request, so that several of them meet several instances.
 */
export interface Web {
  /**
   * @throws web.unreachable where no answer came in time; web.untrusted where somebody answered whose
   *   certificate is not trusted; the signal's reason
   */
  get(address: string, call: WebCall): Promise<WebAnswer>;
}
