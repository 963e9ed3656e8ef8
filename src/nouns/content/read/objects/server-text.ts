import { isUtf8 } from "node:buffer";
import type { ServerFacts } from "./object-class.ts";

/**
 * A database of encoding SQL_ASCII keeps whatever bytes it was given, in names, defaults and comments
 * too, and refuses to send as UTF-8 what is none (SQLSTATE 22021). There, text is asked for in bytea's
 * escape format, which is ASCII, and decoded here. https://www.postgresql.org/docs/current/multibyte.html,
 * https://www.postgresql.org/docs/current/functions-binarystring.html
 */

/** True where text has to be asked for by {@link textColumn}. */
export function hasRawText(server: Pick<ServerFacts, "encoding">): boolean {
  return server.encoding === "SQL_ASCII";
}

/** SQL of an expression's text as it can be sent. */
export function textColumn(server: Pick<ServerFacts, "encoding">, sql: string): string {
  return hasRawText(server) ? `encode(convert_to((${sql})::text, 'SQL_ASCII'), 'escape')` : `(${sql})::text`;
}

/**
 * The text that was sent: where its bytes are no UTF-8, each such text stays in escape format, the same at
 * source and copy.
 */
export function decodeText(server: Pick<ServerFacts, "encoding">, sent: string): string {
  if (!hasRawText(server) || !sent.includes("\\")) return sent;
  const bytes = Buffer.from(
    sent.replace(/\\(?:\\|([0-7]{3}))/g, (_, octal?: string) =>
      octal === undefined ? "\\" : String.fromCharCode(Number.parseInt(octal, 8)),
    ),
    "latin1",
  );
  return isUtf8(bytes) ? bytes.toString("utf8") : sent;
}
