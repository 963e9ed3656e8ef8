import { EXIT, HoldfastError } from "../../kernel/errors.ts";
import { endProcess, type EndableProcess } from "./ending.ts";

/** The part of a process that is needed, so that a test can stand in for it. */
export interface StoppableProcess extends EndableProcess {
  on(signal: "SIGINT" | "SIGTERM" | "SIGHUP", listener: () => void): unknown;
}

/** The same for errors that nobody caught. */
export interface CrashableProcess extends EndableProcess {
  on(event: "uncaughtException" | "unhandledRejection", listener: (error: unknown) => void): unknown;
}

/** Signals that end a run, each with the code that shells tell it by. */
const ENDING = [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  // Its terminal is gone.
  ["SIGHUP", 129],
] as const;

/**
 * A signal within so many milliseconds of the first is the same one once more: it was sent to a group of
 * processes, and somebody among them (npm's scripts, an init of a container) passed it on.
 */
const ECHO_MS = 250;

/** How signals are taken. */
export interface Signals {
  /**
   * It reads from a terminal or writes to one. Another outlives the terminal that it was started from, as
   * nohup(1) wants it, which takes all three away; that SIGHUP was ignored Node has forgotten by now:
   * https://github.com/nodejs/node/blob/v24.x/src/node.cc (ResetSignalHandlers)
   */
  readonly hasTerminal: boolean;
  /** {@link ECHO_MS} unless told. */
  readonly echoMs?: number;
}

/**
 * The first SIGINT, SIGTERM or SIGHUP asks the work to stop: locks are released, servers stopped, nothing
 * half done is left. A second one ends the process at once (130 or 143, as shells count), for people who know
 * better; SIGHUP is nobody's, and comes behind the first when the terminal is closed.
 *
 * @returns aborts with a `run.cancelled` error
 */
export function stopOnSignals(
  host: StoppableProcess,
  say: (text: string) => void,
  { hasTerminal, echoMs = ECHO_MS }: Signals,
): AbortSignal {
  const controller = new AbortController();
  let mayEcho: NodeJS.Signals | undefined;
  for (const [signal, code] of ENDING) {
    host.on(signal, () => {
      if (mayEcho === signal) return;
      if (signal === "SIGHUP" && (!hasTerminal || controller.signal.aborted)) return;
      if (controller.signal.aborted) endProcess(host, code);
      mayEcho = echoMs > 0 ? signal : undefined;
      setTimeout(() => (mayEcho = undefined), echoMs).unref();
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

/** So long what is still open has to end by itself, once everything was told. */
const LEAVING_MS = 3_000;

/** A process that tells something before it ends. */
export interface TellingProcess extends EndableProcess {
  readonly exitCode?: number | string | null | undefined;
  readonly stdout: Pick<NodeJS.WritableStream, "write">;
  readonly stderr: Pick<NodeJS.WritableStream, "write">;
}

/**
 * Ends the process when everything was told, also while a request is open that nobody answers any more: what
 * has to be waited for was waited for before. A pipe whose reader takes its time still holds some of it:
 * https://nodejs.org/api/process.html#a-note-on-process-io
 */
export function leaveSoon(host: TellingProcess): void {
  const told = (stream: Pick<NodeJS.WritableStream, "write">): Promise<void> =>
    new Promise((resolve) => void stream.write("", () => resolve()));
  void Promise.all([told(host.stdout), told(host.stderr)]).then(() => {
    setTimeout(() => endProcess(host, Number(host.exitCode ?? EXIT.done)), LEAVING_MS).unref();
  });
}

/**
 * An error nobody caught (a rejected promise nobody waits for, a stream without a listener) is a bug: it is
 * told like one, redacted like everything else, and ends the process, because what state it left is unknown.
 */
export function crashLoudly(host: CrashableProcess, tell: (error: unknown) => void): void {
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    host.on(event, (error) => {
      tell(error);
      endProcess(host, EXIT.bug);
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
    const isClosed = ["EPIPE", "ERR_STREAM_DESTROYED"].includes(error.code ?? "");
    // EIO is what a terminal says that has hung up; a file says it of its disk.
    if (!isClosed && !(error.code === "EIO" && stream.isTTY)) onBroken(error);
  });
}

/**
 * Sets the exit code without ending the process, so that standard output reaches its reader; never lowers a
 * code already set.
 */
export function setExitCode(host: { exitCode?: number | string | null | undefined }, code: number): void {
  if (code !== EXIT.done || host.exitCode === undefined) host.exitCode = code;
}
