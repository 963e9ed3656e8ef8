import { printable, printableLine } from "../../kernel/printable.ts";
import { spacedProgress } from "../../kernel/spaced-progress.ts";
import type { Log } from "../../ports/log.ts";

/** The toolkit's functions that are needed, so that a test can stand in for them. */
export interface LogToolkit {
  info(message: string): void;
  warning(message: string): void;
  debug(message: string): void;
}

/** How the log behaves. */
export interface RunnerLogOptions {
  readonly redact: (text: string) => string;
  /** Monotonic milliseconds. */
  readonly elapsed: () => number;
  /** Milliseconds between two lines of the same progress. */
  readonly spacingMs?: number;
  /** Whether debug logging is on (`RUNNER_DEBUG`); without it debug messages are not even sent. */
  readonly debug: boolean;
}

/**
 * Text that the runner will not take for a command to itself: it obeys lines that begin with `::` and, in the
 * old form, `##[` anywhere. https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 */
export function harmless(text: string): string {
  return printable(text)
    .split("\n")
    .map((line) => line.replace(/^(\s*)::/, "$1: :").replaceAll("##[", "## ["))
    .join("\n");
}

/** The job's log. */
export function runnerLog(toolkit: LogToolkit, options: RunnerLogOptions): Log {
  const print = (text: string): void => toolkit.info(harmless(options.redact(text)));
  return {
    stage: (text) => print(`▸ ${text}`),
    info: (text) => print(`  ${text}`),
    // The toolkit escapes what stands in a command of its own.
    warn: (text) => toolkit.warning(printable(options.redact(text))),
    debug: (text) => {
      if (options.debug) toolkit.debug(printable(options.redact(text)));
    },
    progress: (text, unit, total) => {
      const clean = (note: string): string => printableLine(options.redact(note));
      const pacing = { label: clean(text), unit, total, elapsed: options.elapsed, clean };
      return spacedProgress((line) => print(`  ${line}`), pacing, options.spacingMs ?? 10_000);
    },
  };
}
