import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { readForm } from "../../../src/kernel/form.ts";
import type { CallFault } from "../../../src/sandbox/router/call-faults.ts";
import type { SandboxAnswer, SandboxPart, SandboxRequest } from "../../../src/sandbox/router/part.ts";
import { Router } from "../../../src/sandbox/router/router.ts";
import type { FunctionShelf, Served, ShelfOptions } from "../../../src/sandbox/supabase/function-shelf.ts";
import {
  GatewayPart,
  type FunctionRuntime,
  type ServedAnswer,
} from "../../../src/sandbox/supabase/gateway-part.ts";
import { ManagementPart } from "../../../src/sandbox/supabase/management-part.ts";
import type { ApiDescription } from "../github/description.ts";
import { newShelf, PROJECT } from "./new-shelf.ts";
import { managementDescription } from "./management-description.ts";

export { PROJECT };

let description: ApiDescription | undefined;

/** The Management API, every request and every answer of which is held against Supabase's description. */
class HeldPart implements SandboxPart {
  readonly name = "held";
  readonly wrong: string[] = [];
  readonly calls: string[] = [];
  held = 0;
  readonly #part: SandboxPart;

  constructor(part: SandboxPart) {
    this.#part = part;
  }

  owns(path: string): boolean {
    return this.#part.owns(path);
  }

  refuse(...refusal: Parameters<SandboxPart["refuse"]>): SandboxAnswer {
    return this.#part.refuse(...refusal);
  }

  async answer(request: SandboxRequest): Promise<SandboxAnswer> {
    const { method, url } = request;
    this.calls.push(`${method} ${url.pathname}`);
    const bytes = Buffer.concat((await request.body.toArray()) as Buffer[]);
    const answer = await this.#part.answer({ ...request, body: Readable.from([bytes]) });
    description ??= managementDescription();
    const operation = description.operation(method, url.pathname);
    const say = (problem: string): void => {
      if (problem !== "") this.wrong.push(`${method} ${url.pathname}: ${problem}`);
    };
    if (operation === undefined) say("no such operation");
    else {
      this.held += 1;
      const type = request.headers["content-type"] ?? "";
      const isForm = type.startsWith("multipart/");
      say(
        operation.wrongRequest(
          url.searchParams,
          isForm || bytes.length === 0 ? undefined : JSON.parse(bytes.toString()),
        ),
      );
      if (isForm) say(await wrongForm(bytes, type, answer));
      if (answer.json !== undefined && operation.describes(answer.status)) {
        say(operation.wrongAnswer(answer.status, answer.json));
      }
    }
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#part[Symbol.asyncDispose]();
  }
}

/** The description knows a form's parts as fields of a map, which nothing here reads: by hand, the same. */
async function wrongForm(bytes: Buffer, type: string, answer: SandboxAnswer): Promise<string> {
  const { fields, files } = await readForm(bytes, type);
  if (answer.status >= 400) return "";
  const metadata = JSON.parse(fields.get("metadata") ?? "{}") as Record<string, unknown>;
  const known = ["entrypoint_path", "import_map_path", "static_patterns", "verify_jwt", "name"];
  const unknown = Object.keys(metadata).filter((key) => !known.includes(key));
  if (unknown.length > 0) return `metadata has ${unknown.join(", ")}`;
  return typeof metadata["entrypoint_path"] === "string" && files.length > 0
    ? ""
    : "no entrypoint, or no file";
}

/**
 * Plays functions without running them: one answers with its entrypoint's text, or as a word in it says:
 * `CRASH` does not start, `FAIL 500` answers so.
 */
export class ReadingRuntime implements FunctionRuntime {
  readonly called: string[] = [];

  async serve({ shown, bundle }: Served, request: SandboxRequest): Promise<ServedAnswer | undefined> {
    this.called.push(`${request.method} ${shown.slug}@${shown.version}`);
    const text = bundle.files.get(bundle.entrypoint)!.toString("utf8");
    if (text.includes("CRASH")) return undefined;
    const status = Number(/FAIL (\d{3})/.exec(text)?.[1] ?? 200);
    return { status, headers: {}, bytes: Buffer.from(text) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing runs.
  }
}

/** A project at Supabase, on loopback. */
export class FakeSupabase implements AsyncDisposable {
  readonly shelf: FunctionShelf;
  readonly api: string;
  readonly functions: string;
  readonly broke: unknown[] = [];
  readonly #held: HeldPart;
  readonly #router: Router;
  readonly #end: () => Promise<void>;

  private constructor(
    shelf: FunctionShelf,
    held: HeldPart,
    router: Router,
    api: string,
    end: () => Promise<void>,
  ) {
    this.shelf = shelf;
    this.#held = held;
    this.#router = router;
    this.api = api;
    this.functions = `${api}/functions/v1`;
    this.#end = end;
  }

  static async start(
    options: {
      readonly faults?: readonly CallFault[];
      readonly runtime?: FunctionRuntime;
      readonly shelf?: Partial<ShelfOptions>;
    } = {},
  ): Promise<FakeSupabase> {
    const shelf = newShelf(options.shelf);
    const held = new HeldPart(new ManagementPart(new Map([[PROJECT, shelf]])));
    const gateway = new GatewayPart(shelf, options.runtime ?? new ReadingRuntime());
    const ended = new AbortController();
    const broke: unknown[] = [];
    const router = new Router({
      faults: options.faults ?? [],
      ended: ended.signal,
      broke: (error) => void broke.push(error),
    });
    const server = createServer(router.listener(() => [held, gateway]));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const end = async (): Promise<void> => {
      ended.abort();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await gateway[Symbol.asyncDispose]();
      if (broke.length > 0) throw broke[0];
    };
    return new FakeSupabase(shelf, held, router, api, end);
  }

  /** What does not fit Supabase's description; empty where everything does. */
  get wrong(): readonly string[] {
    return this.#held.wrong;
  }

  /** How many calls were held against the description. */
  get held(): number {
    return this.#held.held;
  }

  /** Calls of the Management API that were answered. */
  get calls(): readonly string[] {
    return this.#held.calls;
  }

  /** All calls, also those that met a fault. */
  get allCalls(): number {
    return this.#router.calls;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
  }
}
