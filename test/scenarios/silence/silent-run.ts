import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseHost } from "../../support/database-host.ts";
import { eventually } from "../../support/tools.ts";

/** What is borne in these runs. */
export const SILENCE = "2s";
/**
 * Seconds: silence, twice; a login of pg_dump, which its own clock bounds; a program that is given 5 s to go;
 * four silences of a store, for its work and for giving back its lock; the start of the process on a busy
 * machine.
 */
const BOUND_S = 75;

/** How a run of the command line ended. */
export interface Ended {
  readonly code: number | null;
  readonly said: string;
  readonly seconds: number;
}

/** A run of the command line, in a folder of its own. */
export interface Run {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Files of the folder, by name. */
  readonly files: Readonly<Record<string, string>>;
  /** A program that starts it, with its arguments. */
  readonly by?: readonly string[];
}

/** The command line as a process of its own, which is killed where it does not end within the bound. */
export async function start({ args, env = {}, files, by = [] }: Run, folder: string): Promise<Ended> {
  mkdirSync(join(folder, "tmp"), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const cli = new URL("../../../src/entry/main.ts", import.meta.url).href;
  const script =
    `const { runCli } = await import(${JSON.stringify(cli)}); ` + "await runCli(process.argv.slice(1));";
  const began = performance.now();
  const node = [process.execPath, "--no-warnings", "--input-type=module", "-e", script, "--", ...args];
  const [program, ...words] = [...by, ...node] as [string, ...string[]];
  const child = spawn(program, words, {
    cwd: folder,
    env: { ...process.env, ...env, TMPDIR: join(folder, "tmp"), HOLDFAST_SILENCE_LIMIT: SILENCE },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const output of [child.stdout, child.stderr]) {
    output.setEncoding("utf8").on("data", (text: string) => (said += text));
  }
  const late = setTimeout(() => {
    said += "\nSTILL RUNNING";
    child.kill("SIGKILL");
  }, BOUND_S * 1000);
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  clearTimeout(late);
  return { code, said, seconds: (performance.now() - began) / 1000 };
}

/** What must not be there after a run: its programs, its files, its sessions. */
export async function expectNothingLeft(
  folder: string,
  databases: readonly string[],
  host: DatabaseHost,
): Promise<void> {
  await eventually("the temporary folder to be empty", () => readdirSync(join(folder, "tmp")).length === 0);
  await eventually(
    "the programs to be gone",
    () => !environments().some((text) => text.includes(`TMPDIR=${folder}`)),
  );
  await eventually("the sessions to be gone", async () => {
    const rows = await host.admin(
      "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'holdfast%' AND datname = ANY ($1)",
      [[...databases]],
    );
    return rows.length === 0;
  });
}

/** Of all processes; those of another user, or that have just ended, tell none. */
function environments(): string[] {
  return readdirSync("/proc").flatMap((pid) => {
    try {
      return /^\d+$/.test(pid) && pid !== String(process.pid)
        ? [readFileSync(`/proc/${pid}/environ`, "utf8")]
        : [];
    } catch {
      return [];
    }
  });
}

/**
 * What is wrong with an end; undefined where nothing is. A run that did its work in spite of it is no
 * failure: what fell silent may have been a goodbye, or a question to which the answer is a warning.
 *
 * @param codes of the errors that say what happened
 */
export function judge({ code, said }: Ended, codes: readonly string[]): string | undefined {
  if (said.includes("STILL RUNNING")) return "it hangs";
  if (code === 0) return said.includes("✔") ? undefined : "it ends well and says nothing";
  if (code !== 4) return "another exit code than 4";
  // The verdict was there when the store fell silent, and is told.
  if (codes.some((one) => said.includes(`validate again to have it on record (${one}: `))) return undefined;
  if (!said.includes("hint: ")) return "it says no way on";
  return codes.some((one) => said.includes(`(${one}, exit code 4)`)) ? undefined : "another reason";
}
