import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { endWithUs } from "../../src/adapters/system/last-will.ts";
import { CLI, plainEnvironment } from "./holdfast.ts";

/** App Service, and a project's edge functions, played on this machine by `holdfast sandbox`. */
export interface PrivateSandbox extends AsyncDisposable {
  /** Variables by which commands find it. */
  readonly env: Readonly<Record<string, string>>;
  /** Which build production says that it is. */
  production(): Promise<string>;
  /** What a function answers; undefined where functions cannot run here. */
  readonly call: ((name: string) => Promise<string>) | undefined;
}

const PATIENCE_MS = 60_000;

/** The folder of deno, which npm brings along for the machines that it is made for; undefined elsewhere. */
function denoFolder(): string | undefined {
  try {
    const { resolve } = createRequire(import.meta.url);
    return dirname(resolve("@deno/linux-x64-glibc/package.json"));
  } catch {
    return undefined;
  }
}

/**
 * Starts it, and waits until it answers. It ends with this process, however that ends.
 *
 * @param phase how long each thing takes that takes long in Azure
 */
export async function startPrivateSandbox(
  folder: string,
  cancelled: AbortSignal,
  phase = "100ms",
): Promise<PrivateSandbox> {
  const ready = join(folder, "sandbox.json");
  const deno = denoFolder();
  const plain = plainEnvironment();
  const path = [...(deno === undefined ? [] : [deno]), plain["PATH"] ?? ""].join(delimiter);
  const words = ["sandbox", "--phase", phase, "--ready-file", ready, "--for", "30m"];
  const child = spawn(process.execPath, [CLI, ...words], {
    cwd: folder,
    env: { ...plain, PATH: path },
    stdio: "ignore",
    detached: true,
  });
  const ended = once(child, "close");
  const will = endWithUs(child.pid!);
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await ended;
    will[Symbol.dispose]();
  };
  try {
    const { address, environment } = await readyFile(ready, child, cancelled);
    const ca = readFileSync(environment["NODE_EXTRA_CA_CERTS"]!, "utf8");
    const functions = environment["HOLDFAST_SUPABASE_FUNCTIONS"]!;
    return {
      env: environment,
      production: async () => (JSON.parse(await asked(address, ca)) as { readonly build: string }).build,
      call: deno === undefined ? undefined : (name) => asked(`${functions}/${name}`, ca),
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function readyFile(
  path: string,
  child: { readonly exitCode: number | null },
  cancelled: AbortSignal,
): Promise<{ readonly address: string; readonly environment: Readonly<Record<string, string>> }> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      const told = JSON.parse(readFileSync(path, "utf8")) as {
        readonly "app-address": string;
        readonly environment: Readonly<Record<string, string>>;
      };
      return { address: told["app-address"], environment: told.environment };
    } catch (cause) {
      if (child.exitCode !== null) throw new Error("the sandbox did not start", { cause });
      if (performance.now() > until) throw new Error("the sandbox did not answer in a minute", { cause });
    }
    await pause(50, undefined, { signal: cancelled });
  }
}

function asked(address: string, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(address, { ca, headers: { authorization: "Bearer demo" } }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () => resolve(Buffer.concat(chunks).toString()));
      answer.on("error", reject);
    });
    call.setTimeout(PATIENCE_MS, () => call.destroy(new Error(`${address} did not answer`)));
    call.on("error", reject);
    call.end();
  });
}
