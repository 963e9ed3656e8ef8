import { formatDuration } from "../../src/kernel/duration.ts";
import { padToWidth, textWidth } from "../../src/kernel/text-width.ts";

/** Where the story is told; only what is needed of a terminal or a file. */
export interface Page {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/**
 * Tells the demo's chapters, and their steps: a numbered heading, one line that says what the step means,
 * then what happened. No colour where it would be noise.
 */
export class Narrator {
  readonly #page: Page;
  readonly #color: boolean;
  #chapter = 0;
  #steps = 0;
  #step = 0;
  #beganAt = 0;
  readonly times: { readonly what: string; readonly ms: number }[] = [];

  constructor(page: Page, env: Readonly<Record<string, string | undefined>>) {
    this.#page = page;
    // https://no-color.org
    this.#color = page.isTTY === true && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
  }

  /**
   * Begins a chapter, whose steps are numbered from 1.
   *
   * @param steps how many there will be
   */
  chapter(title: string, steps: number): void {
    this.#chapter += 1;
    [this.#step, this.#steps] = [0, steps];
    const heading = `Chapter ${this.#chapter}: ${title}`;
    this.#page.write(
      `\n\n${this.#paint("1", heading)}\n${this.#paint("1", "═".repeat(textWidth(heading)))}\n`,
    );
  }

  /** Begins a step: its heading, and in one line what it means. */
  step(heading: string, meaning: string): void {
    this.#step += 1;
    this.#beganAt = performance.now();
    this.#page.write(
      `\n${this.#paint("1;36", `${this.#step}/${this.#steps}  ${heading}`)}\n` +
        `${this.#paint("2", `     ${meaning}`)}\n\n`,
    );
  }

  /** Ends a step and notes how long it took, for the table at the end. */
  took(what: string, ms = performance.now() - this.#beganAt): void {
    this.times.push({ what, ms });
    this.say(this.#paint("2", `(${formatDuration(ms)})`));
  }

  say(text: string): void {
    this.#page.write(
      text
        .split("\n")
        .map((line) => (line === "" ? "\n" : `     ${line}\n`))
        .join(""),
    );
  }

  /** A command as a person would type it. */
  command(words: string): void {
    this.#page.write(`     ${this.#paint("1", `$ ${words}`)}\n`);
  }

  good(text: string): void {
    this.say(this.#paint("32", `✔ ${text}`));
  }

  bad(text: string): void {
    this.say(this.#paint("31", `✘ ${text}`));
  }

  /** A table; the columns named in `right` are numbers. */
  table(
    columns: readonly string[],
    rows: readonly (readonly string[])[],
    right: readonly string[] = [],
  ): void {
    const all = [columns, ...rows];
    const widths = columns.map((_, column) => Math.max(...all.map((row) => textWidth(row[column] ?? ""))));
    const cell = (text: string, column: number): string => {
      const width = widths[column] ?? 0;
      return right.includes(columns[column] ?? "")
        ? " ".repeat(width - textWidth(text)) + text
        : padToWidth(text, width);
    };
    const line = (row: readonly string[]): string => row.map(cell).join("  ").trimEnd();
    this.say(
      [line(columns), widths.map((width) => "─".repeat(width)).join("  "), ...rows.map(line)].join("\n"),
    );
  }

  #paint(code: string, text: string): string {
    return this.#color ? `\u001B[${code}m${text}\u001B[0m` : text;
  }
}
