import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import type { Json } from "../../kernel/outcome.ts";

/** One call of a client, as far as a part has to know it. */
export interface SandboxRequest {
  readonly method: string;
  /** With the host that the client named. */
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** What the client sends; read by the part, or not at all. */
  readonly body: Readable;
  /** Aborts when the client is gone, or the sandbox is closed. */
  readonly signal: AbortSignal;
}

/** What a part says. At most one of the three contents. */
export interface SandboxAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: Json;
  readonly text?: string;
  readonly bytes?: Uint8Array;
}

/** Why the router refuses a call on its own; the words are those of the service that a part plays. */
export type Refusal =
  /** No bearer token at all. */
  | { readonly why: "no-token" }
  | { readonly why: "expired-token" }
  /** Too many calls; `retryAfterSeconds` is what the client is told to wait. */
  | { readonly why: "throttled"; readonly retryAfterSeconds: number }
  /** The service itself is down for a moment: 503. */
  | { readonly why: "unavailable"; readonly retryAfterSeconds: number };

/**
 * One service that the sandbox plays, mounted beside others on one address. The router has checked that there
 * is a bearer token, and played the faults of the script, before a part is asked.
 */
export interface SandboxPart extends AsyncDisposable {
  readonly name: string;
  /** Whether it decides by itself who needs a token; else the router has seen one. */
  readonly isOpen?: boolean;
  /** Whether a path is this service's; two parts may not own the same. */
  owns(path: string): boolean;
  /** Never throws for what a client did wrong: that is an answer too. What is thrown is a 500, and a bug. */
  answer(request: SandboxRequest): Promise<SandboxAnswer>;
  /** A refusal in this service's own shape. */
  refuse(refusal: Refusal): SandboxAnswer;
  /** Ends whatever the part has started. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Bytes of a body that is JSON; larger ones are nobody's. */
const JSON_BYTES_MAX = 4 * 1024 * 1024;

/**
 * The request's body as JSON; undefined where there is none.
 *
 * @throws SyntaxError where it is no JSON, RangeError where it is too large
 */
export async function jsonOf(request: SandboxRequest): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.body as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > JSON_BYTES_MAX) throw new RangeError(`a body of more than ${JSON_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  return text.trim() === "" ? undefined : (JSON.parse(text) as unknown);
}
