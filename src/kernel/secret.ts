/**
 * A value that must not be seen. Converting it to text, JSON or an inspection shows `***`; only
 * {@link Secret.reveal} gives the value, so every place that uses it can be found by that word.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return "***";
  }

  toJSON(): string {
    return "***";
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "***";
  }
}
