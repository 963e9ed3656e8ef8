/** No file has as many; a report that names one beyond is wrong, and would fill the memory. */
export const LINES_MAX = 10_000_000;

const [UNKNOWN, MISSED, RUN] = [0, 1, 2];

/**
 * Which lines of a file can be run, from 1, and which of them were: a byte each, since a large report has
 * millions.
 */
export class CoveredLines {
  #marks = new Uint8Array(64);
  #total = 0;
  #covered = 0;
  #last = 0;

  /** Lines that can be run. */
  get total(): number {
    return this.#total;
  }

  /** Those of them that were. */
  get covered(): number {
    return this.#covered;
  }

  /** The last line that can be run; 0 where there is none. */
  get last(): number {
    return this.#last;
  }

  has(line: number): boolean {
    return (this.#marks[line] ?? UNKNOWN) !== UNKNOWN;
  }

  isRun(line: number): boolean {
    return this.#marks[line] === RUN;
  }

  /**
   * A line that is told twice was run where one of them says so.
   *
   * @param line from 1 to {@link LINES_MAX}
   */
  add(line: number, isRun: boolean): void {
    if (line >= this.#marks.length) {
      const larger = new Uint8Array(Math.max(line + 1, this.#marks.length * 2));
      larger.set(this.#marks);
      this.#marks = larger;
    }
    const before = this.#marks[line];
    if (before === RUN || (before === MISSED && !isRun)) return;
    if (before === UNKNOWN) this.#total += 1;
    if (isRun) this.#covered += 1;
    this.#marks[line] = isRun ? RUN : MISSED;
    this.#last = Math.max(this.#last, line);
  }

  /** Takes in what another report says of the same file. */
  addAll(other: CoveredLines): void {
    for (let line = 1; line <= other.last; line += 1) if (other.has(line)) this.add(line, other.isRun(line));
  }
}
