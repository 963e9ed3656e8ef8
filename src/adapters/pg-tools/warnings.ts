/** More characters of one warning than anyone reads. */
const LENGTH_MAX = 2000;

/**
 * Reads a program's warnings from its stderr, line by line:
 *
 *     pg_dump: warning: there are circular foreign-key constraints on this table:
 *     pg_dump: detail: t
 *     pg_dump: hint: You might not be able to restore …
 *
 * What the program says about a warning belongs to it; so do lines without its name, which continue
 * the one before.
 */
export class WarningReader {
  readonly #tell: (text: string) => void;
  #open: string | undefined;

  constructor(tell: (text: string) => void) {
    this.#tell = tell;
  }

  read(line: string): void {
    const said = /^pg_\w+: (?:\[[^\]]*\] )?(.*)$/.exec(line)?.[1];
    const warning = said === undefined ? undefined : /^warning: (.*)$/s.exec(said)?.[1];
    if (said === undefined || /^(?:detail|hint): /i.test(said)) {
      this.#append(said ?? line);
      return;
    }
    this.end();
    // A count, told as a warning; and the beginning of an error's own lines.
    if (
      warning !== undefined &&
      !/^(?:errors ignored on restore: \d+|from TOC entry \d+; .*)$/s.test(warning)
    ) {
      this.#open = warning;
    }
  }

  #append(text: string): void {
    if (this.#open === undefined || text.trim() === "" || this.#open.length > LENGTH_MAX) return;
    this.#open += ` ${text.trim()}`;
  }

  /** No line follows: tells what is still open. */
  end(): void {
    if (this.#open !== undefined) this.#tell(this.#open.slice(0, LENGTH_MAX));
    this.#open = undefined;
  }
}
