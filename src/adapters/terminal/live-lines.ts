import { cutToWidth } from "../../kernel/text-width.ts";
import type { TextOutput } from "./text-output.ts";

/**
 * A few lines at the bottom of the terminal that are redrawn in place while ordinary lines scroll above them.
 * Lines are cut to the terminal's width: one that wrapped could not be cleared again.
 */
export class LiveLines {
  readonly #output: TextOutput;
  readonly #live: boolean;
  readonly #entries: { text: string }[] = [];
  #drawn = 0;

  constructor(output: TextOutput, live: boolean) {
    this.#output = output;
    this.#live = live;
  }

  /** Prints a finished line above the live ones. */
  print(text: string): void {
    this.#output.write(`${this.#clearing()}${text}\n${this.#drawing()}`);
  }

  /** Adds a live line at the bottom. */
  open(): { update(text: string): void; close(): void } {
    const entry = { text: "" };
    this.#entries.push(entry);
    return {
      update: (text) => {
        entry.text = text;
        this.#output.write(`${this.#clearing()}${this.#drawing()}`);
      },
      close: () => {
        const index = this.#entries.indexOf(entry);
        if (index < 0) return;
        const clearing = this.#clearing();
        this.#entries.splice(index, 1);
        this.#output.write(`${clearing}${this.#drawing()}`);
      },
    };
  }

  #clearing(): string {
    // Up one line and erase it, for every line drawn: ECMA-48 CUU and EL.
    const sequence = "\u001B[1A\u001B[2K".repeat(this.#drawn);
    this.#drawn = 0;
    return sequence;
  }

  #drawing(): string {
    if (!this.#live) return "";
    // A terminal that does not know its own width says 0.
    const width = this.#output.columns ?? 0;
    const columns = width > 0 ? Math.max(20, width - 1) : 79;
    const lines = this.#entries
      .filter((entry) => entry.text !== "")
      .map((entry) => `${cutToWidth(entry.text, columns)}\n`);
    this.#drawn = lines.length;
    return lines.join("");
  }
}
