import { isUtf8 } from "node:buffer";
import { HoldfastError } from "../../../kernel/errors.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import type { ContentScope } from "../record.ts";
import { IN_SCOPE, isExtensionConfig, notInExtension, scopeValues } from "../scope.ts";

interface NameRow {
  readonly schema: Buffer;
  readonly name: Buffer;
  readonly column: Buffer | null;
}

/**
 * In a database of encoding SQL_ASCII any bytes may be a name, and a statement that is sent as UTF-8 can only
 * name what is UTF-8. Definitions and rows do not matter here (see `objects/server-text.ts`): this is about
 * the relations whose rows or values are read, and their columns.
 *
 * @throws database.query naming the first one that cannot be read
 */
export async function requireReadableNames(session: DatabaseSession, scope: ContentScope): Promise<void> {
  const bytes = (name: string): string => `convert_to(${name}::text, 'SQL_ASCII')`;
  const own = `${notInExtension("pg_class", "c.oid")} OR ${isExtensionConfig("c.oid")}`;
  const rows = await session.query<NameRow>(
    `
      SELECT ${bytes("n.nspname")} AS schema, ${bytes("c.relname")} AS name, ${bytes("a.attname")} AS "column"
        FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_attribute a ON a.attrelid = c.oid
             AND a.attnum > 0
             AND NOT a.attisdropped
             AND c.relkind IN ('r', 'm')
       WHERE c.relkind IN ('r', 'p', 'm', 'f', 'S', 'i', 'I') AND ${IN_SCOPE} AND (${own})
       ORDER BY c.oid, a.attnum
    `,
    scopeValues(scope),
  );
  const row = rows.find(
    ({ schema, name, column }) => ![schema, name, column ?? Buffer.alloc(0)].every(isUtf8),
  );
  if (row === undefined) return;
  const shown = [row.schema, row.name, ...(row.column !== null && !isUtf8(row.column) ? [row.column] : [])]
    .map(show)
    .join(".");
  throw new HoldfastError(
    "database.query",
    `the name of ${shown} is not UTF-8, so its content cannot be read`,
    {
      hint:
        "Rename it with ALTER … RENAME TO in a session with client_encoding SQL_ASCII to a name of ASCII " +
        "or UTF-8 letters, or leave its schema out of the backup.",
    },
  );
}

/** With the bytes that are none of ASCII as `\xe9`. */
function show(bytes: Buffer): string {
  return isUtf8(bytes)
    ? bytes.toString()
    : [...bytes]
        .map((byte) => (byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16)}`))
        .join("");
}
