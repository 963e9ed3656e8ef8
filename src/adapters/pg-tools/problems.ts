import type { LoadProblem } from "../../ports/dump-tools.ts";

/** More problems than anyone reads; the count goes on. */
const PROBLEMS_MAX = 1000;
/** Characters kept of one problem. */
const MESSAGE_MAX = 2000;

/**
 * Reads what pg_restore reports while it goes past errors:
 *
 *     pg_restore: from TOC entry 215; 1259 16386 TABLE places postgres
 *     pg_restore: error: could not execute query: ERROR:  relation "places" already exists
 *     Command was: CREATE TABLE …
 *
 * and, at the very end, `pg_restore: warning: errors ignored on restore: 1`.
 */
export class ProblemReader {
  readonly #problems: { message: string; entry: string }[] = [];
  #entry = "";
  #open = false;
  #count = 0;
  #ignored: number | undefined;

  read(line: string): void {
    const said = /^pg_restore: (?:\[[^\]]*\] )?(.*)$/.exec(line);
    if (said === null) {
      this.#continue(line);
      return;
    }
    this.#open = false;
    const text = said[1]!;
    const entry = /^(?:warning: |error: )?from TOC entry \d+; \d+ \d+ (.*)$/.exec(text);
    const ignored = /errors ignored on restore: (\d+)$/.exec(text);
    const error = /^error: (.*)$/.exec(text);
    if (entry !== null) this.#entry = entry[1]!;
    else if (ignored !== null) this.#ignored = Number(ignored[1]);
    else if (error !== null) this.#begin(error[1]!);
    // PostgreSQL 16 and later put these lines under the program's name too.
    else if (/^(?:detail|hint): /i.test(text)) this.#append(text);
  }

  #begin(message: string): void {
    this.#count += 1;
    if (this.#problems.length >= PROBLEMS_MAX) return;
    this.#problems.push({ message: message.replace(/^could not execute query: /, "").replace(/^ERROR: {2}/, ""), entry: this.#entry });
    this.#open = true;
  }

  /** Lines without the program's name belong to the error before, up to the statement it repeats. */
  #continue(line: string): void {
    if (line.startsWith("Command was:")) this.#open = false;
    if (this.#open && /^(?:DETAIL|HINT|CONTEXT|ERROR|FATAL|LINE \d+|server closed|\t)/.test(line)) this.#append(line.trim());
  }

  #append(text: string): void {
    const last = this.#problems.at(-1);
    if (last !== undefined && last.message.length + text.length < MESSAGE_MAX) last.message += `; ${text}`;
  }

  /** How many errors pg_restore says it went past; undefined when it stopped before saying so. */
  get ignored(): number | undefined {
    return this.#ignored;
  }

  /** Every problem; past the first thousand only their number. */
  get problems(): readonly LoadProblem[] {
    const more = this.#count - this.#problems.length;
    return more === 0 ? this.#problems : [...this.#problems, { message: `and ${more} more errors`, entry: "" }];
  }
}
