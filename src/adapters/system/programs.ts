import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { HoldfastError } from "../../kernel/errors.ts";
import type { ProgramCall, ProgramEnd, Programs } from "../../ports/programs.ts";
import { endWithUs } from "./last-will.ts";
import { onAbort } from "../../kernel/on-abort.ts";

/** Milliseconds between asking a program to end and making it. */
const GRACE_MS = 5_000;

/** Lines of shell, each in a process group of its own. */
export function systemPrograms(env: Readonly<Record<string, string | undefined>>): Programs {
  return { run: (line, call) => run(line, call, env) };
}

async function run(
  line: string,
  { env, signal, withinMs, heard }: ProgramCall,
  own: Readonly<Record<string, string | undefined>>,
): Promise<ProgramEnd> {
  signal.throwIfAborted();
  const child = spawn("/bin/sh", ["-c", line], {
    env: { ...own, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, so that what it starts ends with it.
    detached: true,
  });
  const group = child.pid;
  if (group === undefined) {
    const [error] = (await once(child, "error")) as [Error];
    throw new HoldfastError("programs.unusable", `/bin/sh could not be started: ${error.message}`, {
      hint: "Run it where there is a shell.",
      cause: error,
    });
  }
  using _will = endWithUs(group);
  for (const input of [child.stdout, child.stderr]) createInterface({ input }).on("line", heard);
  const late = AbortSignal.timeout(withinMs);
  const stop = AbortSignal.any([signal, late]);
  using _ending = onAbort(stop, () => endGroup(group));
  const [code, ended] = (await once(child, "close")) as [number | null, string | null];
  signal.throwIfAborted();
  if (late.aborted) return { ended: "timeout" };
  return code === null ? { ended: ended ?? "unknown" } : { code };
}

function endGroup(group: number): void {
  const tell = (signal: NodeJS.Signals): void => {
    try {
      process.kill(-group, signal);
    } catch {
      // It has ended.
    }
  };
  tell("SIGTERM");
  setTimeout(() => tell("SIGKILL"), GRACE_MS).unref();
}
