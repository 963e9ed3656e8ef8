import type { DatabaseEntries } from "../../ports/dump-tools.ts";
import type { ByteStream } from "../../kernel/streams.ts";
import { hearEntries, type ArchivedEntry } from "./archive-definitions.ts";

/**
 * What of the database itself stands in a table of contents beside its properties: these types, of what
 * is tagged so.
 */
const BESIDE: ReadonlySet<string> = new Set(["ACL", "COMMENT", "SECURITY LABEL"]);
const TAG = "DATABASE ";

/**
 * Reads what an archive holds of the database itself; see `DumpTools.listDatabase`. pg_restore would print
 * it only with `--create`, between commands of psql's that connect to the source's name; in the archive each
 * entry has its own text.
 */
export async function listDatabase(archive: ByteStream): Promise<DatabaseEntries | undefined> {
  const entries: ArchivedEntry[] = [];
  if (!(await hearEntries(archive, (entry) => void (isOfDatabase(entry) && entries.push(entry))))) {
    return undefined;
  }
  const database = entries.find(({ type }) => type === "DATABASE");
  const definitions = entries.filter(({ type }) => type === "DATABASE PROPERTIES" || BESIDE.has(type));
  const encoding = valueOf(entries, "ENCODING", "client_encoding") ?? "UTF8";
  const texts = definitions.map(({ type, definition }) => ({ type, sql: textOf(definition, encoding) }));
  if (texts.some(({ sql }) => sql === undefined)) return undefined;
  return {
    name: database?.names.tag ?? "",
    owner: database?.names.owner ?? "",
    definitions: texts.map(({ type, sql = "" }) => ({ type, sql })),
    standardStrings: valueOf(entries, "STDSTRINGS", "standard_conforming_strings") !== "off",
  };
}

function isOfDatabase({ type, names }: ArchivedEntry): boolean {
  if (/^(?:ENCODING|STDSTRINGS|DATABASE|DATABASE PROPERTIES)$/.test(type)) return true;
  return BESIDE.has(type) && names.schema === undefined && names.tag.startsWith(TAG);
}

/** Of an entry `SET name = 'value';` */
function valueOf(entries: readonly ArchivedEntry[], type: string, name: string): string | undefined {
  const sql = entries.find((entry) => entry.type === type)?.definition.toString("latin1") ?? "";
  const [, found, value] = /^SET (\w+) = '(\w*)';\s*$/.exec(sql) ?? [];
  return found === name ? value : undefined;
}

/** Bytes of 7 bits are themselves in every encoding of a server's; SQL_ASCII holds anything, mostly UTF-8. */
function textOf(bytes: Buffer, encoding: string): string | undefined {
  if (!bytes.some((byte) => byte > 0x7f)) return bytes.toString("latin1");
  if (encoding !== "UTF8" && encoding !== "SQL_ASCII") return undefined;
  const text = bytes.toString("utf8");
  return Buffer.from(text).equals(bytes) ? text : undefined;
}
