/** A running count of long work. */
export interface Progress {
  /** Adds finished units (bytes for streams). */
  add(count: number): void;
  /** Ends the live line; `note` is what remains on the screen. */
  done(note?: string): void;
}

/** What people see while a command works (stderr, or the job log). Everything passes through the redactor. */
export interface Log {
  /** A step begins; one short line in the present tense. */
  stage(text: string): void;
  info(text: string): void;
  warn(text: string): void;
  /** Only shown when asked for (`--verbose`, or debug logging in Actions). */
  debug(text: string): void;
  /**
   * Live line in a terminal, spaced lines in CI. `total` is an estimate in the same unit,
   * absent when unknown.
   */
  progress(text: string, unit: "bytes" | "tables" | "migrations", total?: number): Progress;
}
