/**
 * Reading SQL that pg_dump or the server's deparser wrote. It holds texts that people wrote (names, defaults,
 * comments), which may look like anything, a statement on a line of its own included; so pieces are told
 * apart by reading quotes, as the server does, and never by lines. Quotes within quotes are doubled there; a
 * function's body in dollar quotes is not for this.
 *
 * https://www.postgresql.org/docs/current/sql-syntax-lexical.html
 */

/**
 * Places of the characters that stand outside of `'…'` and `"…"`; a doubled quote leaves and enters again.
 */
export function* outsideQuotes(text: string): Generator<number> {
  let quote = "";
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]!;
    if (quote !== "") {
      const end = text.indexOf(quote, at);
      if (end < 0) return;
      [at, quote] = [end, ""];
    } else if (character === "'" || character === '"') {
      quote = character;
    } else {
      yield at;
    }
  }
}

/** A text cut after every mark that stands outside of quotes; joined again it is the same text. */
export function cutAfter(text: string, mark: string): string[] {
  const found: string[] = [];
  let begin = 0;
  for (const at of outsideQuotes(text)) {
    if (text[at] !== mark) continue;
    found.push(text.slice(begin, at + 1));
    begin = at + 1;
  }
  return begin < text.length ? [...found, text.slice(begin)] : found;
}
