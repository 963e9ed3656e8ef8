import type { Refusal, SandboxAnswer, SandboxPart, SandboxRequest } from "../router/part.ts";
import type { FunctionShelf, Served } from "./function-shelf.ts";

/** What a function answers. */
export interface ServedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
}

/** Who runs functions. */
export interface FunctionRuntime extends AsyncDisposable {
  /**
   * Hands a request to a function, which is started where it does not run yet.
   *
   * @returns undefined where it does not start
   */
  serve(served: Served, request: SandboxRequest, body: Buffer): Promise<ServedAnswer | undefined>;
}

const BODY_MAX = 16 * 1024 * 1024;

/**
 * `/functions/v1/<slug>`, where everybody calls functions, as Supabase's gateway answers: who asks for a
 * signed token gets one that is there, and is not looked into.
 */
export class GatewayPart implements SandboxPart {
  readonly name = "supabase-gateway";
  /** A function may be open to everybody. */
  readonly isOpen = true;
  readonly #shelf: FunctionShelf;
  readonly #runtime: FunctionRuntime;

  constructor(shelf: FunctionShelf, runtime: FunctionRuntime) {
    this.#shelf = shelf;
    this.#runtime = runtime;
  }

  owns(path: string): boolean {
    return path.startsWith("/functions/v1/");
  }

  refuse(refusal: Refusal): SandboxAnswer {
    if (refusal.why === "throttled") return told(429, "RATE_LIMITED", "Too many requests");
    if (refusal.why === "unavailable") return told(503, "SERVICE_UNAVAILABLE", "Service is unavailable");
    return told(401, "UNAUTHORIZED_NO_AUTH_HEADER", "Missing authorization header");
  }

  async answer(request: SandboxRequest): Promise<SandboxAnswer> {
    const [, , , slug = ""] = request.url.pathname.split("/");
    const served = this.#shelf.served(slug);
    if (served?.shown.status !== "ACTIVE") {
      return told(404, "NOT_FOUND", "Requested function was not found");
    }
    const asksForToken = served.shown.verify_jwt && request.method !== "OPTIONS";
    if (asksForToken && !/^Bearer \S+$/i.test(request.headers.authorization ?? "")) {
      return this.refuse({ why: "no-token" });
    }
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of request.body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > BODY_MAX) return told(413, "PAYLOAD_TOO_LARGE", "Payload too large");
      chunks.push(chunk);
    }
    const answer = await this.#runtime.serve(served, request, Buffer.concat(chunks));
    return answer ?? told(503, "BOOT_ERROR", "Function failed to start (please check logs)");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#runtime[Symbol.asyncDispose]();
  }
}

function told(status: number, code: string, message: string): SandboxAnswer {
  return { status, json: { code, message } };
}
