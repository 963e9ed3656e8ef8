import { printable, printableLine } from "../../kernel/printable.ts";
import { spacedProgress } from "../../kernel/spaced-progress.ts";
import type { Log, Progress } from "../../ports/log.ts";
import { LiveLines } from "./live-lines.ts";
import { liveProgress } from "./progress.ts";
import type { TextOutput } from "./text-output.ts";

/** How the log looks. */
export interface TerminalStyle {
  readonly color: boolean;
  /** Redraw progress in place; only on a terminal. */
  readonly live: boolean;
  readonly verbose: boolean;
  readonly redact: (text: string) => string;
  /** Monotonic milliseconds. */
  readonly elapsed: () => number;
  /** Milliseconds between two progress lines where they cannot be redrawn. */
  readonly spacingMs?: number;
}

/** A log for people at a terminal, on standard error: standard output belongs to the command's product. */
export function terminalLog(output: TextOutput, style: TerminalStyle): Log {
  const lines = new LiveLines(output, style.live);
  const paint = (code: string, text: string): string =>
    style.color ? `\u001B[${code}m${text}\u001B[0m` : text;
  const print = (
    prefix: string,
    text: string,
    paintText: (line: string) => string = (line) => line,
  ): void => {
    const [first = "", ...rest] = printable(style.redact(text)).split("\n");
    lines.print([prefix + paintText(first), ...rest.map((line) => `    ${paintText(line)}`)].join("\n"));
  };
  return {
    stage: (text) => print(paint("1;36", "▸ "), text, (line) => paint("1", line)),
    info: (text) => print("  ", text),
    warn: (text) => print(paint("33", "warning: "), text),
    debug: (text) => {
      if (style.verbose) print("  ", text, (line) => paint("2", line));
    },
    progress: (text, unit, total): Progress => {
      const label = printableLine(style.redact(text));
      const pacing = {
        label,
        unit,
        total,
        elapsed: style.elapsed,
        clean: (note: string) => printableLine(style.redact(note)),
      };
      return style.live
        ? liveProgress(lines, pacing)
        : spacedProgress((line) => print("  ", line), pacing, style.spacingMs ?? 10_000);
    },
  };
}
