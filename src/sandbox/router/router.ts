import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { CallFaults, type CallFault } from "./call-faults.ts";
import { requestOf, send } from "./listen.ts";
import type { SandboxAnswer, SandboxPart, SandboxRequest } from "./part.ts";

/** What a router needs beside its parts. */
export interface Routing {
  /** Faults of calls, in the order in which they count. */
  readonly faults: readonly CallFault[];
  /** Aborts when the sandbox is closed. */
  readonly ended: AbortSignal;
  /** Hears of each call, once it is answered: for a person who watches. */
  readonly heard?: (line: string) => void;
  /** Hears of what a part threw: a bug of the sandbox. */
  readonly broke: (error: unknown) => void;
}

/**
 * Gives each call to the part that owns its path. Parts may be asked at several addresses (a management
 * endpoint, a host for each slot), so calls are counted here for all of them together: "the fourth call" of a
 * script is the fourth that a client made.
 */
export class Router {
  readonly #routing: Routing;
  #faults: CallFaults;
  #callsBefore = 0;

  constructor(routing: Routing) {
    this.#routing = routing;
    this.#faults = new CallFaults(routing.faults);
  }

  /** Calls so far. */
  get calls(): number {
    return this.#callsBefore + this.#faults.calls;
  }

  /** Takes another script from now on, whose calls are counted anew. */
  play(faults: readonly CallFault[]): void {
    this.#callsBefore = this.calls;
    this.#faults = new CallFaults(faults);
  }

  /** What a server of these parts does with each request. */
  listener(parts: () => readonly SandboxPart[]): RequestListener {
    return (incoming, response) => void this.#take(incoming, response, parts());
  }

  async #take(
    incoming: IncomingMessage,
    response: ServerResponse,
    parts: readonly SandboxPart[],
  ): Promise<void> {
    incoming.on("error", () => undefined);
    response.on("error", () => undefined);
    const request = requestOf(incoming, response, this.#routing.ended);
    const { method, url } = request;
    const fault = this.#faults.next(method, url.pathname);
    const told = (outcome: string): void => this.#routing.heard?.(`${method} ${url.pathname} ${outcome}`);
    if (fault?.fault === "cut-before") {
      incoming.socket.destroy();
      told("cut before it was done");
      return;
    }
    if (fault?.fault === "silence") {
      told("left without an answer");
      return;
    }
    try {
      const answer = await this.#answer(request, parts, fault);
      // What nobody read would be taken for the next request.
      incoming.resume();
      if (fault?.fault === "cut-after") {
        incoming.socket.destroy();
        told(`${answer.status}, cut before it was told`);
        return;
      }
      send(response, answer);
      told(String(answer.status));
    } catch (error) {
      if (request.signal.aborted) return;
      this.#routing.broke(error);
      told("broke");
      if (response.headersSent) incoming.socket.destroy();
      else send(response, { status: 500, text: "the sandbox itself is at fault" });
    }
  }

  async #answer(
    request: SandboxRequest,
    parts: readonly SandboxPart[],
    fault: CallFault | undefined,
  ): Promise<SandboxAnswer> {
    const part = parts.find((each) => each.owns(request.url.pathname));
    if (part === undefined) {
      return {
        status: 404,
        json: { error: { code: "NotFound", message: "the sandbox plays nothing here" } },
      };
    }
    if (part.isOpen !== true && !hasBearer(request.headers.authorization)) {
      return part.refuse({ why: "no-token" });
    }
    switch (fault?.fault) {
      case "expired-token":
        return part.refuse({ why: "expired-token" });
      case "throttle":
        return part.refuse({ why: "throttled", retryAfterSeconds: fault.retryAfterSeconds });
      case "unavailable":
        return part.refuse({ why: "unavailable", retryAfterSeconds: fault.retryAfterSeconds });
      case "cut-before":
      case "cut-after":
      case "silence":
      case undefined:
        return await part.answer(request);
    }
  }
}

/** Any token is good, as long as there is one: who may do what is not played. */
function hasBearer(authorization: string | undefined): boolean {
  return /^Bearer \S+$/i.test(authorization ?? "");
}
