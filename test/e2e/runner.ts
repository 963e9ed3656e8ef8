import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

/**
 * Starts an action's bundle exactly as GitHub's runner does: inputs as `INPUT_*` (upper
 * case, spaces to `_`, dashes kept) with the defaults of action.yml, command files,
 * event JSON, the environment of a job, pre, main and post with saved state passed on.
 * https://docs.github.com/actions/reference/workflows-and-actions/variables
 */

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Node 24 as the project installs it; the runner brings its own of the same major. */
export const NODE = join(ROOT, "node_modules/.bin/node");

interface Metadata {
  readonly inputs?: Readonly<Record<string, { readonly required?: boolean; readonly default?: string }>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
  readonly runs: {
    readonly using: string;
    readonly pre?: string;
    readonly main: string;
    readonly post?: string;
    readonly "post-if"?: string;
  };
}

/** One workflow command found in the job's log, such as `::error title=x::message`. */
export interface LogCommand {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly message: string;
}

/** What a step left behind. */
export interface StepResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Standard output and standard error as the job log shows them, before masking. */
  readonly log: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly state: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly path: readonly string[];
  readonly summary: string;
  readonly commands: readonly LogCommand[];
  /** Values the step asked to be masked. */
  readonly masks: readonly string[];
}

/** How a step is started. */
export interface StepOptions {
  readonly with?: Readonly<Record<string, string>>;
  /** Added to the job's environment, as `env:` of a step. */
  readonly env?: Readonly<Record<string, string>>;
  readonly event?: unknown;
  /** Sees the process as soon as it runs: to cancel it, or to look at its arguments. */
  readonly onStart?: (child: ChildProcess) => void;
  readonly timeoutMs?: number;
}

/** One job: a folder of its own with everything the runner would provide. */
export class Job implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), "hf-job-"));
  #steps = 0;

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  /**
   * Runs an action's main step, then, as at the end of a job, its post step, whatever main ended with.
   *
   * @param action folder of its action.yml below the repository's root; `.` is the root action
   */
  async uses(
    action: string,
    options: StepOptions = {},
  ): Promise<{ main: StepResult; post: StepResult | undefined }> {
    const metadata = readMetadata(action);
    const { pre, post } = metadata.runs;
    let state: Readonly<Record<string, string>> = {};
    if (pre !== undefined) ({ state } = await this.step(action, metadata, pre, state, options));
    const main = await this.step(action, metadata, metadata.runs.main, state, options);
    if (post === undefined) return { main, post: undefined };
    const { onStart: _, ...rest } = options;
    return { main, post: await this.step(action, metadata, post, { ...state, ...main.state }, rest) };
  }

  /** Runs only the post step, as after a main step that was killed, with the state it had saved. */
  async post(
    action: string,
    state: Readonly<Record<string, string>>,
    options: StepOptions = {},
  ): Promise<StepResult> {
    const metadata = readMetadata(action);
    if (metadata.runs.post === undefined) throw new Error(`${action} has no post step`);
    return this.step(action, metadata, metadata.runs.post, state, options);
  }

  private async step(
    action: string,
    metadata: Metadata,
    script: string,
    state: Readonly<Record<string, string>>,
    options: StepOptions,
  ): Promise<StepResult> {
    this.#steps += 1;
    const files = Object.fromEntries(
      ["OUTPUT", "STATE", "ENV", "PATH", "STEP_SUMMARY"].map((name) => [
        `GITHUB_${name}`,
        join(this.folder, `${this.#steps}-${name.toLowerCase()}`),
      ]),
    );
    for (const file of Object.values(files)) writeFileSync(file, "");
    const event = join(this.folder, "event.json");
    writeFileSync(event, JSON.stringify(options.event ?? { repository: { full_name: "truststream/shop" } }));
    const env = {
      ...jobEnvironment(this.folder, event),
      ...files,
      ...options.env,
      ...inputVariables(metadata, options.with ?? {}),
      ...Object.fromEntries(Object.entries(state).map(([name, value]) => [`STATE_${name}`, value])),
    };
    const path = resolve(ROOT, action, script);
    const { code, signal, log } = await start(path, env, options, this.folder);
    const read = (name: string): string => readFileSync(files[`GITHUB_${name}`] as string, "utf8");
    const commands = parseCommands(log);
    return {
      code,
      signal,
      log,
      commands,
      outputs: parseKeyValues(read("OUTPUT")),
      state: parseKeyValues(read("STATE")),
      environment: parseKeyValues(read("ENV")),
      path: read("PATH")
        .split("\n")
        .filter((line) => line !== ""),
      summary: read("STEP_SUMMARY"),
      masks: commands.filter((command) => command.name === "add-mask").map((command) => command.message),
    };
  }
}

/** An action's metadata, checked as far as the runner does. */
export function readMetadata(action: string): Metadata {
  const metadata = parse(readFileSync(join(ROOT, action, "action.yml"), "utf8")) as Metadata;
  if (metadata.runs.using !== "node24") throw new Error(`${action} uses ${metadata.runs.using}`);
  return metadata;
}

function inputVariables(metadata: Metadata, given: Readonly<Record<string, string>>): Record<string, string> {
  const declared = metadata.inputs ?? {};
  const values = {
    ...Object.fromEntries(Object.entries(declared).map(([name, input]) => [name, input.default ?? ""])),
    ...given,
  };
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      `INPUT_${name.replaceAll(" ", "_").toUpperCase()}`,
      value,
    ]),
  );
}

function jobEnvironment(folder: string, event: string): Record<string, string | undefined> {
  return {
    PATH: process.env["PATH"],
    HOME: folder,
    LANG: "C.UTF-8",
    CI: "true",
    GITHUB_ACTIONS: "true",
    GITHUB_ACTOR: "mona",
    GITHUB_TRIGGERING_ACTOR: "mona",
    GITHUB_EVENT_NAME: "workflow_dispatch",
    GITHUB_EVENT_PATH: event,
    GITHUB_REPOSITORY: "truststream/shop",
    GITHUB_REF: "refs/heads/main",
    GITHUB_RUN_ID: "1658821493",
    GITHUB_RUN_ATTEMPT: "2",
    GITHUB_SERVER_URL: "https://github.com",
    GITHUB_SHA: "ffac537e6cbbf934b08745a378932722df287a53",
    GITHUB_WORKFLOW: "backup",
    GITHUB_JOB: "backup",
    GITHUB_WORKSPACE: folder,
    RUNNER_OS: "Linux",
    RUNNER_ARCH: "X64",
    RUNNER_TEMP: folder,
    RUNNER_TOOL_CACHE: join(folder, "tools"),
    TMPDIR: process.env["TMPDIR"],
  };
}

function start(
  script: string,
  env: Record<string, string | undefined>,
  options: StepOptions,
  cwd: string,
): Promise<{ code: number | null; signal: NodeJS.Signals | null; log: string }> {
  return new Promise((done, reject) => {
    const child = spawn(NODE, [script], {
      env,
      cwd,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: options.timeoutMs ?? 120_000,
      killSignal: "SIGKILL",
    });
    const chunks: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    }
    child.on("error", reject);
    child.on("close", (code, signal) => done({ code, signal, log: Buffer.concat(chunks).toString("utf8") }));
    options.onStart?.(child);
  });
}

/**
 * Files such as GITHUB_OUTPUT: `name=value` lines, and `name<<DELIMITER` … `DELIMITER` for values of
 * several lines.
 */
export function parseKeyValues(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  const lines = text.split("\n");
  for (let index = 0; index < lines.length; index += 1) {
    const line = (lines[index] as string).replace(/\r$/, "");
    if (line === "") continue;
    const heredoc = /^([^=<]+)<<(.+)$/.exec(line);
    if (heredoc === null) {
      const equals = line.indexOf("=");
      if (equals < 1) throw new Error(`the runner would refuse the line '${line}'`);
      values[line.slice(0, equals)] = line.slice(equals + 1);
      continue;
    }
    const [, name = "", delimiter = ""] = heredoc;
    const end = lines.findIndex((candidate, at) => at > index && candidate.replace(/\r$/, "") === delimiter);
    if (end < 0) throw new Error(`the runner would not find the delimiter of '${name}'`);
    values[name] = lines.slice(index + 1, end).join("\n");
    index = end;
  }
  return values;
}

/**
 * Workflow commands as the runner finds them: a line that begins, after blanks, with `::name`, or `##[name]`
 * anywhere in it.
 */
export function parseCommands(log: string): LogCommand[] {
  return log.split("\n").flatMap((line) => {
    const match = /^\s*::([a-zA-Z-]+)((?: [^:]*)?)::(.*)$/.exec(line.replace(/\r$/, ""));
    if (match === null) {
      const old = line.search(/##\[[a-z-]/);
      return old !== -1 && line.includes("]", old) ? [{ name: "##", properties: {}, message: line }] : [];
    }
    const [, name = "", properties = "", message = ""] = match;
    const pairs = properties
      .trim()
      .split(",")
      .filter((pair) => pair !== "")
      .map((pair) => [pair.slice(0, pair.indexOf("=")), unescape(pair.slice(pair.indexOf("=") + 1))]);
    return [
      { name, properties: Object.fromEntries(pairs) as Record<string, string>, message: unescape(message) },
    ];
  });
}

function unescape(text: string): string {
  return text
    .replaceAll("%3A", ":")
    .replaceAll("%2C", ",")
    .replaceAll("%0D", "\r")
    .replaceAll("%0A", "\n")
    .replaceAll("%25", "%");
}

/** The dist folder's CLI, started as a person would. */
export function cli(
  args: readonly string[],
  options: {
    env?: Record<string, string | undefined>;
    input?: string;
    onStart?: (child: ChildProcess) => void;
  } = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((done, reject) => {
    const child = spawn(NODE, [join(ROOT, "dist/cli.js"), ...args], {
      env: {
        PATH: process.env["PATH"],
        HOME: dirname(tmpdir()),
        TMPDIR: process.env["TMPDIR"],
        ...options.env,
      },
      stdio: "pipe",
      timeout: 120_000,
      killSignal: "SIGKILL",
    });
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
    child.on("error", reject);
    child.on("close", (code) =>
      done({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
    );
    options.onStart?.(child);
  });
}
