import { quoteIdentifier } from "./quoting.ts";
import { KEY_WORDS } from "./key-words.ts";

/** A name that is quoted only where it is a key word, which depends on the server's version. */
const PLAIN = /^[a-z_][a-z0-9_]*$/;

/** One name, quoted where SQL would need it; so it can be put into a statement as it is shown. */
export function displayPart(name: string): string {
  return PLAIN.test(name) && !KEY_WORDS.has(name) ? name : quoteIdentifier(name);
}

/** `schema.name`, quoted where SQL would need it; no two of them look alike. */
export function displayName({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${displayPart(schema)}.${displayPart(name)}`;
}

/**
 * An identity without the quotes of which servers disagree: only for telling objects apart, never for SQL.
 * The other quotes stay, so that `a."b.c"` and `"a.b".c` are two.
 *
 * @param identity with its names as {@link displayPart} has them
 */
export function unquoted(identity: string): string {
  return identity.replace(/"((?:[^"]|"")*)"/g, (quoted, name: string) => (PLAIN.test(name) ? name : quoted));
}

/** The name itself of `schema.name`: `Odd "Name` of `app."Odd ""Name"`. */
export function lastPart(name: string): string {
  const [, quoted] = /\."((?:[^"]|"")*)"$/.exec(name) ?? [];
  return quoted === undefined ? name.slice(name.lastIndexOf(".") + 1) : quoted.replaceAll('""', '"');
}
