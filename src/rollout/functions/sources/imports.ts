/**
 * Specifiers that a module imports, in their order: by `import`, `export … from` and `import()` of a
 * literal. Read as tokens, in one pass whose time grows with the length of the text. What a program would be
 * needed for is guessed, such as whether a slash divides, and a wrong guess ends with its line. The text of
 * JSX is not told from code.
 */
export function importsOf(text: string): readonly string[] {
  const found: string[] = [];
  // Whether what is read may still be the clause of an import or export, before its "from".
  let isClause = false;
  let [before, last]: [Token, Token] = [NOTHING, NOTHING];
  let called: string | undefined;
  for (const token of new Tokens(text)) {
    // What is put together from a literal and more is known to nobody.
    if (called !== undefined && (is(token, ")") || is(token, ","))) found.push(called);
    called = undefined;
    if (token.kind === "string") {
      if (isImport(last) || (isClause && is(last, "from"))) found.push(token.text);
      if (is(last, "(") && isImport(before)) called = token.text;
    }
    if (is(token, "import") || is(token, "export")) isClause = true;
    else if (CLAUSE_ENDS.has(token.text) && token.kind === "mark") isClause = false;
    [before, last] = [last, token];
  }
  return found;
}

/** A word behind a dot is the name of a property, and of the kind "name". */
interface Token {
  readonly kind: "word" | "name" | "mark" | "string" | "other";
  readonly text: string;
}

const NOTHING: Token = { kind: "mark", text: "" };
const OTHER: Token = { kind: "other", text: "" };
const CLAUSE_ENDS: ReadonlySet<string> = new Set([";", "(", "="]);

/** Behind these words something begins, so that a slash begins a regular expression. */
const BEFORE_VALUE: ReadonlySet<string> = new Set(
  "await case delete do else extends in instanceof new of return throw typeof void yield".split(" "),
);
/** What is in parentheses behind these is no value that could be divided. */
const BEFORE_CONDITION: ReadonlySet<string> = new Set(["if", "while", "for", "with"]);

function is({ kind, text }: Token, wanted: string): boolean {
  return text === wanted && (kind === "mark" || kind === "word");
}

function isImport(token: Token): boolean {
  return is(token, "import");
}

/** What a text consists of, without comments and space. Each place is looked at a fixed number of times. */
class Tokens {
  readonly #text: string;
  #at = 0;
  #last = NOTHING;
  /** Of each open parenthesis whether it holds a condition, and of each brace whether it is of a template. */
  readonly #conditions: boolean[] = [];
  readonly #templates: boolean[] = [];
  /** Whether a slash would begin a regular expression. */
  #isBeforeValue = true;
  /** Up to here no regular expression ends. */
  #noPatternUntil = 0;
  #hasCommentEnd = true;

  constructor(text: string) {
    this.#text = text;
    if (text.startsWith("#!")) this.#skipLine();
  }

  *[Symbol.iterator](): Generator<Token> {
    while (this.#at < this.#text.length) {
      const token = this.#next();
      if (token === undefined) continue;
      this.#last = token;
      yield token;
    }
  }

  /** Undefined where there is nothing but space or a comment. */
  #next(): Token | undefined {
    const character = this.#text[this.#at]!;
    if (SPACE.test(character)) {
      this.#at += 1;
      return undefined;
    }
    if (isOfWord(character)) return this.#word();
    if (character === "'" || character === '"') return this.#string(character);
    if (character === "`") return this.#template();
    if (character === "/") return this.#slash();
    return this.#mark(character);
  }

  #skipLine(): void {
    while (this.#at < this.#text.length && !isLineEnd(this.#text[this.#at]!)) this.#at += 1;
  }

  #word(): Token {
    const from = this.#at;
    while (this.#at < this.#text.length && isOfWord(this.#text[this.#at]!)) this.#at += 1;
    const text = this.#text.slice(from, this.#at);
    const isName = is(this.#last, ".");
    this.#isBeforeValue = !isName && BEFORE_VALUE.has(text);
    return { kind: isName ? "name" : "word", text };
  }

  /** One that is not closed is no string, but an apostrophe of a text: its line is skipped. */
  #string(quote: string): Token {
    const from = this.#at + 1;
    this.#at = from;
    this.#isBeforeValue = false;
    for (; this.#at < this.#text.length; this.#at += 1) {
      const character = this.#text[this.#at]!;
      if (character === quote) {
        this.#at += 1;
        return { kind: "string", text: this.#text.slice(from, this.#at - 1) };
      }
      if (character === "\\") this.#at += 1;
      else if (isLineEnd(character)) break;
    }
    return OTHER;
  }

  /** A template, or what follows an expression in one: up to its end, or to the next expression. */
  #template(): Token {
    const [from, isWhole] = [this.#at + 1, this.#text[this.#at] === "`"];
    this.#at = from;
    for (; this.#at < this.#text.length; this.#at += 1) {
      const character = this.#text[this.#at]!;
      if (character === "`") {
        this.#at += 1;
        this.#isBeforeValue = false;
        return isWhole ? { kind: "string", text: this.#text.slice(from, this.#at - 1) } : OTHER;
      }
      if (character === "\\") this.#at += 1;
      else if (character === "$" && this.#text[this.#at + 1] === "{") {
        this.#at += 2;
        this.#templates.push(true);
        this.#isBeforeValue = true;
        return OTHER;
      }
    }
    return OTHER;
  }

  #slash(): Token | undefined {
    if (this.#skipComment()) return undefined;
    if (this.#isBeforeValue && this.#at >= this.#noPatternUntil && this.#skipPattern()) {
      this.#isBeforeValue = false;
      return OTHER;
    }
    return this.#mark("/");
  }

  /** Whether it was one. */
  #skipComment(): boolean {
    const next = this.#text[this.#at + 1];
    if (next === "/") {
      this.#skipLine();
      return true;
    }
    if (next !== "*" || !this.#hasCommentEnd) return false;
    const end = this.#text.indexOf("*/", this.#at + 2);
    // Asked once: none of those that follow ends either.
    if (end < 0) this.#hasCommentEnd = false;
    else this.#at = end + 2;
    return end >= 0;
  }

  /** Whether it was one: a regular expression ends in its line. */
  #skipPattern(): boolean {
    let isClass = false;
    for (let at = this.#at + 1; ; at += 1) {
      const character = this.#text[at] ?? "\n";
      if (isLineEnd(character)) {
        this.#noPatternUntil = at;
        return false;
      }
      if (character === "\\" && !isLineEnd(this.#text[at + 1] ?? "\n")) at += 1;
      else if (character === "[") isClass = true;
      else if (character === "]") isClass = false;
      else if (character === "/" && !isClass) {
        this.#at = at + 1;
        return true;
      }
    }
  }

  #mark(character: string): Token {
    if (character === "}" && this.#templates.pop() === true) return this.#template();
    let [text, isBeforeValue] = [character, true];
    if (character === "{") this.#templates.push(false);
    else if (character === "(") this.#conditions.push(BEFORE_CONDITION.has(this.#lastWord()));
    else if (character === ")") isBeforeValue = this.#conditions.pop() ?? false;
    else if (character === "]") isBeforeValue = false;
    else if (this.#text.startsWith("...", this.#at)) text = "...";
    else if (character === "!") isBeforeValue = !this.#isAssertion();
    else if (character === "+" || character === "-") {
      // A value was counted up or down, and may be divided.
      if (this.#text[this.#at + 1] === character) [text, isBeforeValue] = [character.repeat(2), false];
    }
    this.#at += text.length;
    this.#isBeforeValue = isBeforeValue;
    return { kind: "mark", text };
  }

  /** TypeScript's `value!`, which may be divided; `a != b` and a `!` that negates begin something. */
  #isAssertion(): boolean {
    const before = this.#text[this.#at - 1] ?? " ";
    return !this.#isBeforeValue && !SPACE.test(before) && this.#text[this.#at + 1] !== "=";
  }

  #lastWord(): string {
    return this.#last.kind === "word" ? this.#last.text : "";
  }
}

function isLineEnd(character: string): boolean {
  return character === "\n" || character === "\r" || character === "\u2028" || character === "\u2029";
}

const SPACE = /\s/;
const OF_WORD = /[\w$]|(?!\s)[\u0080-\uFFFF]/;

/** Letters, digits, `_`, `$`, and whatever is not ASCII. */
function isOfWord(character: string): boolean {
  return OF_WORD.test(character);
}
