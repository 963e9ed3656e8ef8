import { quoteIdentifier } from "./quoting.ts";
import { KEY_WORDS } from "./key-words.ts";

/** One name, quoted where SQL would need it; so it can be put into a statement as it is shown. */
export function displayPart(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) && !KEY_WORDS.has(name) ? name : quoteIdentifier(name);
}

/** `schema.name`, quoted where SQL would need it; no two of them look alike. */
export function displayName({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${displayPart(schema)}.${displayPart(name)}`;
}

/** Without quotes: only for telling objects apart, never for SQL. */
export function unquoted(identity: string): string {
  return identity.replaceAll('"', "");
}
