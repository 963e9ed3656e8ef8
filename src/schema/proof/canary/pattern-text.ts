/**
 * A text that a regular expression of PostgreSQL takes, for the shapes that CHECK
 * constraints have: characters, classes, groups, alternatives, counts and anchors.
 * https://www.postgresql.org/docs/current/functions-matching.html#POSIX-SYNTAX-DETAILS
 *
 * @param row the text is another one for another row, where the expression leaves room
 * @returns undefined for an expression with anything else in it: look-around, back references
 */
export function textMatching(expression: string, row: number): string | undefined {
  if (expression.length > LONGEST) return undefined;
  const reader = new PatternReader(expression.replace(/^\*\*\*:/, ""), row);
  try {
    const text = reader.alternatives();
    return reader.atEnd ? text : undefined;
  } catch (error) {
    if (error instanceof NotRead) return undefined;
    throw error;
  }
}

/** The expression has something that is not read here. */
class NotRead extends Error {}

/** Characters of an expression, and of the text that is made for it: whoever wrote a CHECK may want more. */
const LONGEST = 10_000;
/** Groups within groups. */
const DEEPEST = 100;
/** At most so many of what may be there any number of times. */
const REPEATED = 3;
const DIGITS = "0123456789";
const LETTERS = "abcdefghijklmnopqrstuvwxyz";
const CLASSES: Readonly<Record<string, string>> = {
  alpha: LETTERS,
  lower: LETTERS,
  alnum: `${LETTERS}${DIGITS}`,
  digit: DIGITS,
  xdigit: `${DIGITS}abcdef`,
  upper: LETTERS.toUpperCase(),
  space: " ",
  blank: " ",
  punct: "-.,:;!",
  word: `${LETTERS}${DIGITS}_`,
  print: LETTERS,
  graph: LETTERS,
};
const ESCAPES: Readonly<Record<string, string>> = {
  d: DIGITS,
  w: `${LETTERS}${DIGITS}_`,
  s: " ",
  D: LETTERS,
  S: LETTERS,
  W: "-. ",
  n: "\n",
  t: "\t",
  r: "\r",
};
const ALL = `${LETTERS}${LETTERS.toUpperCase()}${DIGITS}_-.@:/ #+`;

class PatternReader {
  readonly #text: string;
  readonly #row: number;
  #at = 0;
  #varied = 0;
  #depth = 0;

  constructor(text: string, row: number) {
    this.#text = text;
    this.#row = row;
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** The first of the branches; all are read. */
  alternatives(): string {
    const branches = [this.#branch()];
    while (this.#take("|")) branches.push(this.#branch());
    return branches[0]!;
  }

  #branch(): string {
    let text = "";
    while (!this.atEnd && !/[|)]/.test(this.#text[this.#at]!)) {
      text += this.#repeated(this.#atom());
      if (text.length > LONGEST) throw new NotRead();
    }
    return text;
  }

  /** What one piece can be, each time it is asked. */
  #atom(): () => string {
    if (this.#take("^") || this.#take("$")) return () => "";
    if (this.#take("(")) {
      if (this.#text.startsWith("?", this.#at) && !this.#take("?:")) throw new NotRead();
      this.#depth += 1;
      if (this.#depth > DEEPEST) throw new NotRead();
      const inner = this.alternatives();
      this.#depth -= 1;
      if (!this.#take(")")) throw new NotRead();
      return () => inner;
    }
    if (this.#take("[")) return this.#oneOf(this.#bracket());
    if (this.#take(".")) return this.#oneOf(LETTERS);
    if (this.#take("\\")) {
      const letter = this.#next();
      if (/[AZmMyY]/.test(letter)) return () => "";
      const known = ESCAPES[letter];
      if (known !== undefined) return this.#oneOf(known);
      if (/[A-Za-z0-9]/.test(letter)) throw new NotRead();
      return () => letter;
    }
    const letter = this.#next();
    return () => letter;
  }

  /** One for every count that is wanted; the last place that has a choice tells rows apart. */
  #repeated(piece: () => string): string {
    const [least, most] = this.#count();
    // The minimum is what short columns take; where nothing has to be there, something small is a better
    // canary than nothing.
    const times = Math.min(Math.max(least, 1), most);
    const count = most === 0 || (least === 0 && most === 1) ? 0 : times;
    // Of what is empty, as an anchor, any number is no longer than one.
    if (count > LONGEST) throw new NotRead();
    let text = "";
    for (let made = 0; made < count; made += 1) {
      text += piece();
      if (text.length > LONGEST) throw new NotRead();
    }
    return text;
  }

  #count(): readonly [least: number, most: number] {
    const found = /^(?:\*|\+|\?|\{(\d+)(?:(,)(\d*))?\})\??/.exec(this.#text.slice(this.#at));
    if (found === null) return [1, 1];
    this.#at += found[0].length;
    if (found[0].startsWith("*")) return [0, REPEATED];
    if (found[0].startsWith("+")) return [1, REPEATED];
    if (found[0].startsWith("?")) return [0, 1];
    const least = Number(found[1]);
    return [least, found[2] === undefined ? least : found[3] === "" ? least + REPEATED : Number(found[3])];
  }

  #oneOf(letters: string): () => string {
    if (letters === "") throw new NotRead();
    return () => {
      this.#varied += 1;
      return letters[(this.#row + this.#varied) % letters.length]!;
    };
  }

  #bracket(): string {
    const negated = this.#take("^");
    let letters = "";
    for (let first = true; first || !this.#text.startsWith("]", this.#at); first = false) {
      const [whole, name] = /^\[:(\w+):\]/.exec(this.#text.slice(this.#at)) ?? [];
      if (name !== undefined) {
        this.#at += whole!.length;
        letters += CLASSES[name] ?? "";
        continue;
      }
      const from = this.#next();
      if (from === "\\") {
        const escaped = this.#next();
        letters += ESCAPES[escaped] ?? escaped;
      } else if (this.#text.startsWith("-", this.#at) && !this.#text.startsWith("-]", this.#at)) {
        this.#at += 1;
        const to = this.#next();
        for (let code = from.charCodeAt(0); code <= to.charCodeAt(0) && letters.length < 200; code += 1) {
          letters += String.fromCharCode(code);
        }
      } else letters += from;
    }
    this.#at += 1;
    return negated
      ? Array.from(ALL)
          .filter((letter) => !letters.includes(letter))
          .join("")
      : letters;
  }

  #take(word: string): boolean {
    if (!this.#text.startsWith(word, this.#at)) return false;
    this.#at += word.length;
    return true;
  }

  #next(): string {
    if (this.atEnd) throw new NotRead();
    const letter = this.#text[this.#at]!;
    this.#at += 1;
    return letter;
  }
}
