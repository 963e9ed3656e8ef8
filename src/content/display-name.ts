import { quoteIdentifier } from "../kernel/sql.ts";

/** One name, quoted where SQL would need it. */
export function displayPart(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : quoteIdentifier(name);
}

/** `schema.name`, quoted where SQL would need it. */
export function displayName({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${displayPart(schema)}.${displayPart(name)}`;
}
