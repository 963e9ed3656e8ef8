/** The part of a process that can be ended. */
export interface EndableProcess {
  exit(code: number): never;
  emit(event: "exit", code: number): unknown;
  readonly execPath: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** https://nodejs.org/api/process.html#processgetactiveresourcesinfo */
  getActiveResourcesInfo(): readonly string[];
  /** Absent on Windows: https://nodejs.org/api/process.html#processexecvefile-args-env */
  execve?(file: string, args: readonly string[], env: Readonly<Record<string, string>>): never;
}

/** What a thread of Node's pool is at work on, such as a file of a mount that hangs, or a name's address. */
const IN_A_THREAD = /^(?:FSReq|GetAddrInfoReq|GetNameInfoReq|FileHandleCloseReq)/;

/**
 * Ends the process with this code, at once.
 *
 * Exiting waits for the threads of Node's pool, and so for as long as a call to a file system, or to the
 * resolver, takes that nobody answers. What takes the place of the process ends them, and then itself.
 */
export function endProcess(host: EndableProcess, code: number): never {
  if (host.execve !== undefined && host.getActiveResourcesInfo().some((name) => IN_A_THREAD.test(name))) {
    // What is to be done last is done as ever.
    host.emit("exit", code);
    const { NODE_OPTIONS: _, ...env } = host.env;
    const given = Object.entries(env).filter((each): each is [string, string] => each[1] !== undefined);
    host.execve(host.execPath, [host.execPath, "--eval", `process.exit(${code})`], Object.fromEntries(given));
  }
  return host.exit(code);
}
