import { once } from "node:events";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { request as ask } from "node:http";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, posix } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { SandboxRequest } from "../router/part.ts";
import type { Served } from "./function-shelf.ts";
import type { FunctionRuntime, ServedAnswer } from "./gateway-part.ts";

/** What running functions needs. */
export interface DenoOptions {
  /** Path of the program. */
  readonly deno: string;
  /** Sees to it that the process group ends when we do, `kill -9` included. */
  readonly guard: (processGroup: number) => Disposable;
  /** What functions print. */
  readonly heard?: (line: string) => void;
  /** So many run at once; who was not called for longest is ended, and started again when it is called. */
  readonly atOnce?: number;
}

const LOOPBACK = "127.0.0.1";
const START_MS = 20_000;
const ANSWER_MS = 60_000;

interface Running {
  readonly key: string;
  readonly port: number;
  readonly child: ChildProcess;
  readonly guard: Disposable;
  readonly folder: string;
  readonly hasEnded: () => boolean;
}

/**
 * Runs functions under Deno, each in a process of its own that listens on a port of loopback, by
 * `DENO_SERVE_ADDRESS`: https://docs.deno.com/runtime/reference/env_variables/. It may use the network and
 * its own folder, and gets none of our environment.
 */
export class DenoRuntime implements FunctionRuntime {
  readonly #options: DenoOptions;
  /** The one that was called last is last. */
  readonly #running = new Map<string, Promise<Running | undefined>>();

  constructor(options: DenoOptions) {
    this.#options = options;
  }

  async serve(served: Served, request: SandboxRequest, body: Buffer): Promise<ServedAnswer | undefined> {
    const running = await this.#started(served);
    if (running === undefined) return undefined;
    try {
      return await asked(running.port, served.shown.slug, request, body);
    } catch (error) {
      request.signal.throwIfAborted();
      if (running.hasEnded()) this.#running.delete(running.key);
      return {
        status: 502,
        headers: {},
        bytes: Buffer.from(`the function broke off: ${(error as Error).message}`),
      };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.#running.values()];
    this.#running.clear();
    await Promise.all(all.map(async (starting) => this.#end(await starting)));
  }

  async #started(served: Served): Promise<Running | undefined> {
    const { slug, id, version } = served.shown;
    const key = `${slug} ${id} ${version} ${served.bundle.sha256}`;
    const known = this.#running.get(key);
    if (known !== undefined) {
      this.#running.delete(key);
      this.#running.set(key, known);
      const running = await known;
      if (running !== undefined && !running.hasEnded()) return running;
      this.#running.delete(key);
    }
    for (const old of [...this.#running.keys()]) {
      // What is served no longer, and who was not called for longest.
      const isOld = old.startsWith(`${slug} `);
      if (isOld || this.#running.size >= (this.#options.atOnce ?? 6)) this.#retire(old);
    }
    const starting = this.#start(key, served);
    this.#running.set(key, starting);
    const running = await starting;
    if (running === undefined) this.#running.delete(key);
    return running;
  }

  #retire(key: string): void {
    const old = this.#running.get(key);
    this.#running.delete(key);
    void old?.then((running) => this.#end(running));
  }

  async #start(key: string, { bundle, shown }: Served): Promise<Running | undefined> {
    const { deno, guard, heard } = this.#options;
    const folder = await mkdtemp(join(tmpdir(), "hf-fn-"));
    const port = await freePort();
    const source = join(folder, "source");
    for (const [path, bytes] of bundle.files) {
      const to = join(source, posix.join("/", path));
      await mkdir(dirname(to), { recursive: true });
      await writeFile(to, bytes);
    }
    const args = ["run", "--quiet", "--no-prompt", "--no-lock", "--allow-net", "--allow-env"];
    args.push(`--allow-read=${folder}`, `--allow-write=${folder}`);
    if (bundle.importMap !== undefined) args.push(`--import-map=${join(source, bundle.importMap)}`);
    args.push(join(source, bundle.entrypoint));
    const child = spawn(deno, args, {
      cwd: source,
      env: {
        DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}`,
        HOME: folder,
        DENO_DIR: join(folder, "deno"),
        NO_COLOR: "1",
      },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    let hasEnded = false;
    const ended = new Promise<void>((resolve) => {
      const end = (): void => {
        hasEnded = true;
        resolve();
      };
      child.once("error", end);
      child.once("exit", end);
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text: string) => heard?.(`${shown.slug}: ${text.trimEnd()}`));
    }
    const kept = child.pid === undefined ? { [Symbol.dispose]: () => undefined } : guard(child.pid);
    const running: Running = { key, port, child, guard: kept, folder, hasEnded: () => hasEnded };
    const stop = AbortSignal.timeout(START_MS);
    while (!hasEnded && !stop.aborted) {
      if (await listens(port)) return running;
      await Promise.race([pause(25), ended]);
    }
    await this.#end(running);
    return undefined;
  }

  async #end(running: Running | undefined): Promise<void> {
    if (running === undefined) return;
    const { child, guard, folder, hasEnded } = running;
    if (!hasEnded() && child.pid !== undefined) {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // It ended on its own in this moment.
      }
      await gone;
    }
    guard[Symbol.dispose]();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/**
 * A port of loopback that nobody has now. A socket in a folder would be nobody else's, but Deno lets nobody
 * who has not all rights listen below `/dev`, where temporary folders may lie.
 */
async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, LOOPBACK);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const trial = connect(port, LOOPBACK);
    const end = (is: boolean) => () => {
      trial.destroy();
      resolve(is);
    };
    trial.once("connect", end(true));
    trial.once("error", end(false));
  });
}

/** What belongs to one connection, and must not be passed on: RFC 9110, 7.6.1. */
const HOP_BY_HOP = ["connection", "keep-alive", "transfer-encoding", "upgrade", "content-length"];

/** The function sees its path as Supabase's runtime gives it: `/<slug>/…`. */
function asked(port: number, slug: string, call: SandboxRequest, body: Buffer): Promise<ServedAnswer> {
  const { pathname, search } = call.url;
  const path = `/${slug}${pathname.slice(`/functions/v1/${slug}`.length)}${search}`;
  const headers = Object.fromEntries(
    Object.entries(call.headers).filter(([name]) => !HOP_BY_HOP.includes(name)),
  );
  return new Promise((resolve, reject) => {
    const sent = ask(
      {
        host: LOOPBACK,
        port,
        method: call.method,
        path,
        headers: { ...headers, "content-length": String(body.length) },
        signal: AbortSignal.any([call.signal, AbortSignal.timeout(ANSWER_MS)]),
      },
      (response) => {
        response.toArray().then((chunks: Buffer[]) => {
          const kept = Object.entries(response.headers).filter(([name]) => !HOP_BY_HOP.includes(name));
          const plain = kept.map(([name, value]) => [name, String(value)] as const);
          resolve({
            status: response.statusCode ?? 502,
            headers: Object.fromEntries(plain),
            bytes: Buffer.concat(chunks),
          });
        }, reject);
      },
    );
    sent.once("error", reject);
    sent.end(body);
  });
}
