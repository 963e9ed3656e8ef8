import { accessSync, constants } from "node:fs";

/** The part of a process that can be ended. */
export interface EndableProcess {
  exit(code: number): never;
  emit(event: "exit", code: number): unknown;
  readonly execPath: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absent on Windows: https://nodejs.org/api/process.html#processexecvefile-args-env */
  execve?(file: string, args: readonly string[], env: Readonly<Record<string, string>>): never;
}

/**
 * Ends the process with this code, at once.
 *
 * Exiting waits for the threads of Node's pool, and so for as long as a call to a file system, or to the
 * resolver, takes that nobody answers, or as a few megabytes take at a high level of compression. Which of
 * them are at work cannot be asked. What takes the place of the process ends them, and then itself.
 */
export function endProcess(host: EndableProcess, code: number): never {
  if (host.execve !== undefined && canBeStarted(host.execPath)) {
    // What is to be done last is done as ever.
    host.emit("exit", code);
    const { NODE_OPTIONS: _, ...env } = host.env;
    const given = Object.entries(env).filter((each): each is [string, string] => each[1] !== undefined);
    host.execve(host.execPath, [host.execPath, "--eval", `process.exit(${code})`], Object.fromEntries(given));
  }
  return host.exit(code);
}

/** Asked before: where it cannot be, Node 24 aborts, and the code is lost. It may have been removed since. */
function canBeStarted(program: string): boolean {
  try {
    accessSync(program, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
