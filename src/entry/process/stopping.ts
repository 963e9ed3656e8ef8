import { readFileSync } from "node:fs";
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
  /** Whoever started the process wants it to go on when its terminal is gone, as nohup(1) does. */
  readonly outlivesTerminal: boolean;
  /** {@link ECHO_MS} unless told. */
  readonly echoMs?: number;
}

/**
 * The first SIGINT, SIGTERM or SIGHUP asks the work to stop: locks are released, servers stopped, nothing
 * half done is left. A second one ends the process at once (130, 143 or 129, as shells count), for people who
 * know better.
 *
 * @returns aborts with a `run.cancelled` error
 */
export function stopOnSignals(
  host: StoppableProcess,
  say: (text: string) => void,
  { outlivesTerminal, echoMs = ECHO_MS }: Signals,
): AbortSignal {
  const controller = new AbortController();
  let mayEcho: NodeJS.Signals | undefined;
  for (const [signal, code] of ENDING) {
    if (signal === "SIGHUP" && outlivesTerminal) continue;
    host.on(signal, () => {
      if (mayEcho === signal) return;
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

/**
 * Ends the process when everything was told, also while a request is open that nobody answers any more: what
 * has to be waited for was waited for before. Standard output to a pipe or a file is written at once:
 * https://nodejs.org/api/process.html#a-note-on-process-io
 */
export function leaveSoon(
  host: EndableProcess & { readonly exitCode?: number | string | null | undefined },
): void {
  setTimeout(() => endProcess(host, Number(host.exitCode ?? EXIT.done)), LEAVING_MS).unref();
}

/**
 * Whether SIGHUP is ignored by whoever started this process, which listening to it would undo: bit 0 of
 * SigIgn, https://man7.org/linux/man-pages/man5/proc_pid_status.5.html. Where the system does not tell, it is
 * taken for so.
 */
export function ignoresHangUp(statusOfSelf = () => readFileSync("/proc/self/status", "utf8")): boolean {
  try {
    const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(statusOfSelf())?.[1];
    return mask === undefined || (Number.parseInt(mask.slice(-1), 16) & 1) === 1;
  } catch {
    return true;
  }
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
    // EIO is what a terminal says that has hung up.
    if (!["EPIPE", "EIO", "ERR_STREAM_DESTROYED"].includes(error.code ?? "")) onBroken(error);
  });
}

/**
 * Sets the exit code without ending the process, so that standard output reaches its reader; never lowers a
 * code already set.
 */
export function setExitCode(host: { exitCode?: number | string | null | undefined }, code: number): void {
  if (code !== EXIT.done || host.exitCode === undefined) host.exitCode = code;
}
