import { HoldfastError } from "../../../kernel/errors.ts";

/** A table as people name it. */
export interface TableName {
  readonly schema: string;
  readonly name: string;
}

/**
 * Reads `schema.table` with SQL's quoting (`public.orders`, `"My Schema"."a.b"`, `public."a ""b"""`). The
 * schema is required: a search path would be a guess.
 *
 * @throws input.malformed
 */
export function parseTableName(text: string): TableName {
  const part = String.raw`(?:"((?:[^"]|"")+)"|([^".]+))`;
  const match = new RegExp(`^${part}\\.${part}$`, "u").exec(text.trim());
  if (!match) {
    throw new HoldfastError("input.malformed", `tables holds '${text}', which is not schema.table`, {
      hint:
        "Write the schema and the table with a dot between them, quoted as in SQL where a name holds a dot " +
        'or a quote: public."order.items".',
    });
  }
  const unquote = (quoted: string | undefined, bare: string | undefined): string =>
    quoted?.replaceAll('""', '"') ?? bare ?? "";
  return { schema: unquote(match[1], match[2]), name: unquote(match[3], match[4]) };
}
