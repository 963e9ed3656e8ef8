/**
 * Reading the identities by which a content record names objects (`src/nouns/content/read/objects/`): names
 * quoted where SQL needs it, joined by dots, sometimes after a word that says what they are of.
 */

const NAME = /^(?:"(?:[^"]|"")*"|[^".( ]+)/;

/** The dotted names with which a text begins, without their quotes: `a."b.c".d (x)` is `a`, `b.c`, `d`. */
export function leadingNames(text: string): string[] {
  const names: string[] = [];
  let rest = text;
  for (;;) {
    const name = NAME.exec(rest)?.[0];
    if (name === undefined) return names;
    names.push(unquote(name));
    if (rest[name.length] !== ".") return names;
    rest = rest.slice(name.length + 1);
  }
}

/** The word before the first space, and what follows it: `table auth.users`. */
export function wordAndRest(text: string): readonly [word: string, rest: string] {
  const at = text.indexOf(" ");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

/** What follows the first name, which may be quoted and hold spaces. */
export function afterName(text: string): string {
  return text.slice(NAME.exec(text)?.[0].length ?? 0).trimStart();
}

/**
 * Kinds whose identity begins with a word of its own (`class`, `configuration`, `table` …) before the names.
 */
const AFTER_WORD: ReadonlySet<string> = new Set(["grant", "owner", "comment", "text-search"]);
const OPERATOR_WORDS = /^(?:class|family) /;

/**
 * The schema in which an object stands or, of rights and comments, what they are on; undefined where
 * nothing is named.
 */
export function schemaOf(kind: string, identity: string): string | undefined {
  const isAfterWord = AFTER_WORD.has(kind) || (kind === "operator" && OPERATOR_WORDS.test(identity));
  return leadingNames(isAfterWord ? wordAndRest(identity)[1] : identity)[0];
}

function unquote(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

/** One text for what may be written with quotes or without: `public."user"` and `public.user`. */
export function namesKey(names: readonly string[]): string {
  return JSON.stringify(names);
}
