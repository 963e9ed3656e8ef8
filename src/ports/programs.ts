/** What a program is started with. */
export interface ProgramCall {
  /** Added to the variables that this process has. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Milliseconds; then it is ended, with everything that it started. */
  readonly withinMs: number;
  /** Each line of its output and of its errors, as it comes. */
  readonly heard: (line: string) => void;
}

/** How it ended: an exit code, a signal's name, or `timeout`. */
export type ProgramEnd = { readonly code: number } | { readonly ended: string };

/** Programs that somebody's settings or inputs name. They never outlive this process. */
export interface Programs {
  /**
   * Runs a line of shell to its end.
   *
   * @throws programs.unusable where the shell cannot be started; the signal's reason
   */
  run(line: string, call: ProgramCall): Promise<ProgramEnd>;
}
