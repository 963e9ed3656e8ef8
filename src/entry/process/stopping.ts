import { EXIT, HoldfastError } from "../../kernel/errors.ts";

/** The part of a process that is needed, so that a test can stand in for it. */
export interface StoppableProcess {
  on(signal: "SIGINT" | "SIGTERM", listener: () => void): unknown;
  exit(code: number): never;
}

/** The same for errors that nobody caught. */
export interface CrashableProcess {
  on(event: "uncaughtException" | "unhandledRejection", listener: (error: unknown) => void): unknown;
  exit(code: number): never;
}

/**
 * The first SIGINT or SIGTERM asks the work to stop: locks are released, servers stopped, nothing half done
 * is left. A second one ends the process at once (130 or 143, as shells count), for people who know better.
 *
 * @returns aborts with a `run.cancelled` error
 */
export function stopOnSignals(host: StoppableProcess, say: (text: string) => void): AbortSignal {
  const controller = new AbortController();
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    host.on(signal, () => {
      if (controller.signal.aborted) host.exit(code);
      say(`${signal} received: stopping and cleaning up; once more to stop at once`);
      controller.abort(
        new HoldfastError("run.cancelled", `the run was cancelled by ${signal}`, {
          hint: "Run again when ready.",
        }),
      );
    });
  }
  return controller.signal;
}

/**
 * An error nobody caught (a rejected promise nobody waits for, a stream without a listener) is a bug: it is
 * told like one, redacted like everything else, and ends the process, because what state it left is unknown.
 */
export function crashLoudly(host: CrashableProcess, tell: (error: unknown) => void): void {
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    host.on(event, (error) => {
      tell(error);
      host.exit(EXIT.bug);
    });
  }
}

/**
 * Keeps a closed reader (`holdfast list | head`) from crashing the process: what nobody reads need
 * not be written.
 *
 * @param onBroken hears about any other error of the stream
 */
export function survivePipe(stream: NodeJS.WriteStream, onBroken: (error: Error) => void): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "ERR_STREAM_DESTROYED") onBroken(error);
  });
}

/**
 * Sets the exit code without ending the process, so that standard output reaches its reader; never lowers a
 * code already set.
 */
export function setExitCode(host: { exitCode?: number | string | null | undefined }, code: number): void {
  if (code !== EXIT.done || host.exitCode === undefined) host.exitCode = code;
}
