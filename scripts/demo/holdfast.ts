import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The built command line, exactly as it is shipped. */
export const CLI = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));

/** One run of the command line. */
export interface HoldfastRun {
  readonly code: number | null;
  /** What `--json` printed: the outputs, or the error. */
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly ms: number;
}

/** Runs commands of `dist/cli.js` as children; secrets travel by environment. */
export class Holdfast {
  readonly #env: Readonly<Record<string, string>>;
  readonly #folder: string;
  readonly #cancelled: AbortSignal;
  #child: ChildProcess | undefined;

  /**
   * @param secrets variables every command gets, such as `HOLDFAST_DATABASE`; they go before our own
   * @param folder working folder of the commands
   */
  constructor(secrets: Readonly<Record<string, string>>, folder: string, cancelled: AbortSignal) {
    this.#env = { ...plainEnvironment(), ...secrets };
    this.#folder = folder;
    this.#cancelled = cancelled;
    if (!existsSync(CLI)) throw new Error("dist/cli.js is missing; run: npm run build");
  }

  /**
   * Runs one command to its end, what it says for people going to our own standard output. When the run is
   * cancelled it is asked to stop, and waited for.
   */
  async run(args: readonly string[]): Promise<HoldfastRun> {
    this.#cancelled.throwIfAborted();
    const began = performance.now();
    const child = spawn(process.execPath, [CLI, ...args, "--json"], {
      cwd: this.#folder,
      env: this.#env,
      // People's text joins ours on one stream, so that a terminal shows live progress and a file
      // keeps the order.
      stdio: ["ignore", "pipe", 1],
      // Its own process group: a Ctrl-C at the terminal reaches it once, through us, and not twice, which
      // would end it at once.
      detached: true,
    });
    this.#child = child;
    const stop = (): void => void child.kill("SIGTERM");
    this.#cancelled.addEventListener("abort", stop, { once: true });
    const out: Buffer[] = [];
    child.stdout?.on("data", (chunk: Buffer) => out.push(chunk));
    try {
      const code = await new Promise<number | null>((resolve, reject) => {
        child.on("error", reject);
        child.on("close", resolve);
      });
      this.#cancelled.throwIfAborted();
      return { code, outputs: parseOutputs(Buffer.concat(out).toString()), ms: performance.now() - began };
    } finally {
      this.#cancelled.removeEventListener("abort", stop);
      this.#child = undefined;
    }
  }

  /** For a process that ends this very moment: nothing may go on without us. */
  kill(): void {
    this.#child?.kill("SIGKILL");
  }
}

function parseOutputs(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/**
 * Our environment without anything that would steer Holdfast or Azure's library elsewhere, or make a job
 * of the run.
 */
export function plainEnvironment(): Record<string, string> {
  const steers = /^(HOLDFAST_(?!PG_BIN$)|AZURE_|PG|GITHUB_|ACTIONS_|INPUT_|RUNNER_|NODE_OPTIONS$)/;
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && !steers.test(entry[0]),
    ),
  );
}
