import type { SandboxPart } from "../router/part.ts";
import { DenoRuntime } from "./deno-runtime.ts";
import { FunctionShelf } from "./function-shelf.ts";
import { GatewayPart, type FunctionRuntime } from "./gateway-part.ts";
import { ManagementPart } from "./management-part.ts";

/** What Supabase's parts of the sandbox are made with. */
export interface SupabaseParts {
  /** Reference of the project that is played: twenty small letters. */
  readonly project: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Lower-case hex of so many bytes. */
  readonly hex: (bytes: number) => string;
  /** Path of Deno; undefined where this machine has none, and then functions are kept and not run. */
  readonly deno: string | undefined;
  readonly guard: (processGroup: number) => Disposable;
  /** What functions print. */
  readonly heard?: (line: string) => void;
}

/** The Management API of one project and the address of its functions, to be mounted on one router. */
export function supabaseParts({
  project,
  now,
  hex,
  deno,
  guard,
  heard,
}: SupabaseParts): readonly SandboxPart[] {
  const shelf = new FunctionShelf({ project, now, hex });
  const runtime =
    deno === undefined
      ? new NoRuntime()
      : new DenoRuntime({ deno, guard, ...(heard === undefined ? {} : { heard }) });
  return [new ManagementPart(new Map([[project, shelf]])), new GatewayPart(shelf, runtime)];
}

/** Says that nothing runs: an answer as from a function would be believed. */
class NoRuntime implements FunctionRuntime {
  serve(): ReturnType<FunctionRuntime["serve"]> {
    const text = JSON.stringify({
      code: "NO_RUNTIME",
      message: "the sandbox has no Deno to run functions with",
    });
    return Promise.resolve({
      status: 501,
      headers: { "content-type": "application/json" },
      bytes: Buffer.from(text),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing runs.
  }
}
