import { expect } from "@jest/globals";
import { spawn } from "node:child_process";
import { chmodSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../../support/tools.ts";
import { NODE, ROOT } from "../../e2e/runner.ts";

/** For one telling on a busy machine; it takes about 30 s. */
export const PATIENCE_MS = 400_000;

/** How the demo ended, and all it said. */
export interface Told {
  readonly code: number | null;
  readonly text: string;
}

/** How {@link tell} tells it. */
export interface TellOptions {
  /** Calls `then` once as soon as this text was printed. */
  readonly at?: string;
  readonly then?: (pid: number) => void;
  /** HOLDFAST_PG_BIN: the only folder to take PostgreSQL from. */
  readonly binDir?: string;
}

/** Tells the demo with a temporary folder of its own, so that whatever it might leave behind can be found. */
export async function tell(folder: string, options: TellOptions = {}): Promise<Told> {
  // As the system's own temporary folder is: PostgreSQL, started by root, runs as somebody else and makes and
  // removes its folder itself.
  chmodSync(folder, 0o1777);
  const binDir = options.binDir === undefined ? {} : { HOLDFAST_PG_BIN: options.binDir };
  const env = { ...process.env, ...binDir, TMPDIR: folder, HOLDFAST_TEST_POSTGRES: "" };
  const words = ["--disable-warning=ExperimentalWarning", join(ROOT, "scripts/demo.ts")];
  const child = spawn(NODE, words, { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  let waiting = options.at !== undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (!waiting || !text.includes(options.at ?? "")) return;
      waiting = false;
      options.then?.(child.pid!);
    });
  }
  return await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, text }));
  });
}

/** Processes that know of the folder: by their environment, arguments or working folder. */
export function processesOf(folder: string): { readonly pid: number; readonly command: string }[] {
  const read = (look: () => string): string => {
    try {
      return look();
    } catch {
      return "";
    }
  };
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      const command = read(() => readFileSync(`/proc/${name}/cmdline`, "utf8")).replaceAll("\0", " ");
      const known = [
        command,
        read(() => readFileSync(`/proc/${name}/environ`, "utf8")),
        read(() => readlinkSync(`/proc/${name}/cwd`)),
      ];
      return known.some((text) => text.includes(folder)) ? [{ pid: Number(name), command }] : [];
    });
}

/**
 * The chapter of the project was told to its end: every answer in the new project is the old one's, and
 * the job waits.
 */
export function expectProjectTold(text: string): void {
  expect(text).toMatch(/Chapter 2: [^]*1\/5 [^]*5\/5 [^]*✔ the new project works as the old one did/);
  expect(text).toMatch(/a new person signs up +gets a profile +gets a profile +✔ as it was/);
  expect(text).toMatch(/person 7 writes in another's name +refused +refused +✔ as it was/);
  expect(text).toMatch(/files that anybody sees \(anon\) +60 +60 +✔ as it was/);
  expect(text).toMatch(
    /job 1 \(nightly\) is paused; to run it again: SELECT cron\.alter_job\(1, active := true\)/,
  );
  expect(text).toMatch(/the job at night +runs +paused +✔ until you start it/);
}

/**
 * The chapter of the migrations was told to its end: both bad rollbacks were caught, by their column, and the
 * good one proved.
 */
export function expectMigrationsTold(text: string): void {
  expect(text).toMatch(/Chapter 3: [^]*1\/3 [^]*default was 0[^]*2\/3 [^]*3\/3 [^]*✔ proved: forward/);
  expect(text).toMatch(/public\.orders\.total values that were there before are others/);
}

/**
 * The chapter of the release was told to its end: refused until somebody decided, and then all of it is back.
 *
 */
export function expectReleaseTold(text: string): void {
  expect(text).toMatch(/Chapter 4: [^]*1\/4 [^]*2\/4 [^]*3\/4 [^]*\(refused\.schema, exit code 7\)/);
  expect(text).toMatch(/build +1\.2\.0 +1\.2\.0[^]*functions +prices 1\.2\.0 +prices 1\.2\.0/);
  expect(text).toContain("✔ app, schema, rows and functions are what they were");
}

/** No file and no process of the demo is there any more. */
export async function expectNothingLeft(folder: string): Promise<void> {
  expect(readdirSync(folder)).toEqual([]);
  // A process that was told to end may need a moment more.
  await eventually("every process of the demo to end", () => processesOf(folder).length === 0, 5_000).catch(
    () => undefined,
  );
  expect(processesOf(folder)).toEqual([]);
}
