import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { httpsCall, type HttpsAnswer } from "../../test/support/https-call.ts";
import { eventually } from "../../test/support/tools.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** `holdfast sandbox` of the built dist/, as a process of its own. */
export interface Sandbox extends AsyncDisposable {
  /** What commands have to be given to work on it. */
  readonly env: Readonly<Record<string, string>>;
  /** Exchanges production with a slot, as somebody would in the portal. */
  swap(slot: string): Promise<void>;
  /** What production answers, as everybody sees it. */
  production(): Promise<HttpsAnswer>;
  /** What an edge function answers to a key. */
  call(name: string, key: string): Promise<HttpsAnswer>;
}

/**
 * Starts it, and waits until it answers.
 *
 * @param folder for its script of faults, and what it says of itself
 */
export async function startSandbox(folder: string, faults: object): Promise<Sandbox> {
  const [ready, script] = [join(folder, "sandbox.json"), join(folder, "faults.json")];
  writeFileSync(script, JSON.stringify(faults));
  const deno = dirname(createRequire(import.meta.url).resolve("@deno/linux-x64-glibc/package.json"));
  const words = ["sandbox", "--phase", "50ms", "--ready-file", ready, "--faults", script];
  const child = spawn(process.execPath, [join(root, "dist/cli.js"), ...words], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, PATH: `${deno}:${process.env["PATH"] ?? ""}` },
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const isReady = (): Promise<boolean> => {
    if (child.exitCode !== null) throw new Error(`the sandbox has ended: ${said}`);
    return Promise.resolve(existsSync(ready) && statSync(ready).size > 0);
  };
  await eventually("the sandbox", isReady, 60_000);
  const told = JSON.parse(readFileSync(ready, "utf8")) as {
    readonly address: string;
    readonly "app-id": string;
    readonly "app-address": string;
    readonly environment: Readonly<Record<string, string>>;
  };
  const env = told.environment;
  const ca = readFileSync(env["NODE_EXTRA_CA_CERTS"]!, "utf8");
  return {
    env,
    async swap(slot) {
      const asked = `${told.address}${told["app-id"]}/slots/${slot}/slotsswap?api-version=2025-05-01`;
      const body = { targetSlot: "production", preserveVnet: true };
      const how = { ca, token: "any", headers: { "content-type": "application/json" } };
      const { status, headers } = await httpsCall(asked, { ...how, method: "POST", body });
      if (status !== 202) throw new Error(`a swap by hand was answered by ${status}`);
      const isDone = async (): Promise<boolean> =>
        (await httpsCall(String(headers["location"]), how)).status !== 202;
      await eventually("the swap", isDone, 60_000);
    },
    production: () => httpsCall(told["app-address"], { ca }),
    call: (name, token) => httpsCall(`${env["HOLDFAST_SUPABASE_FUNCTIONS"]!}/${name}`, { ca, token }),
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return;
      const ended = once(child, "close");
      child.kill("SIGINT");
      await ended;
    },
  };
}
