import type { TocEntry } from "../../ports/dump-tools.ts";

/** Reads `pg_restore --list`: https://www.postgresql.org/docs/current/app-pgrestore.html (option -l). */

/** Entry types of more than one word, as pg_dump 12 to 18 write them; every other type is one word. */
const LONG_TYPES = [
  "ACCESS METHOD",
  "BLOB COMMENTS",
  "BLOB METADATA",
  "CHECK CONSTRAINT",
  "DATABASE PROPERTIES",
  "DEFAULT ACL",
  "EVENT TRIGGER",
  "FK CONSTRAINT",
  "FOREIGN DATA WRAPPER",
  "FOREIGN SERVER",
  "FOREIGN TABLE",
  "INDEX ATTACH",
  "LARGE OBJECT",
  "MATERIALIZED VIEW DATA",
  "MATERIALIZED VIEW",
  "NOT NULL CONSTRAINT",
  "OPERATOR CLASS",
  "OPERATOR FAMILY",
  "PROCEDURAL LANGUAGE",
  "PUBLICATION TABLES IN SCHEMA",
  "PUBLICATION TABLE",
  "ROW SECURITY",
  "SECURITY LABEL",
  "SEQUENCE OWNED BY",
  "SEQUENCE SET",
  "SHELL TYPE",
  "STATISTICS DATA",
  "SUBSCRIPTION TABLE",
  "TABLE ATTACH",
  "TABLE DATA",
  "TEXT SEARCH CONFIGURATION",
  "TEXT SEARCH DICTIONARY",
  "TEXT SEARCH PARSER",
  "TEXT SEARCH TEMPLATE",
  "USER MAPPING",
].sort((a, b) => b.length - a.length);

/**
 * Types that only ever stand beside an object of another entry and so carry no catalog id: tells `TABLE DATA`
 * from a table in schema "DATA".
 */
const WITHOUT_CATALOG = new Set([
  "TABLE DATA",
  "TABLE ATTACH",
  "INDEX ATTACH",
  "SEQUENCE SET",
  "SEQUENCE OWNED BY",
]);

/** `dump id; catalog id, object id, the rest`, which may hold Unicode's own line separators. */
const LINE = /^(\d+); (\d+) (\d+) (.+)$/s;

/** With `--verbose`, after an entry: the numbers of those it comes after. */
const NEEDS = /^;\tdepends on: ([\d ]+)$/;

/** All entries of a listing; other comment lines (they start with `;`) and empty lines are left out. */
export function parseToc(listing: string): TocEntry[] {
  const entries: TocEntry[] = [];
  for (const line of listing.split("\n").map((each) => each.replace(/\r$/, ""))) {
    const entry = parseTocLine(line);
    const needs = NEEDS.exec(line)?.[1];
    if (entry !== undefined) entries.push(entry);
    else if (needs !== undefined) entries.push({ ...entries.pop()!, needs: needs.split(" ") });
  }
  return entries;
}

/** One line of a listing, or undefined for a comment. */
export function parseTocLine(line: string): TocEntry | undefined {
  const match = LINE.exec(line);
  if (match === null) return undefined;
  const [, id, catalog, oid, text] = match as unknown as [string, string, string, string, string];
  const long = LONG_TYPES.find(
    (type) => text.startsWith(`${type} `) && !(WITHOUT_CATALOG.has(type) && catalog !== "0"),
  );
  const type = long ?? /^\S+/.exec(text)![0];
  return { line, type, rest: text.slice(type.length + 1), id, catalog, oid, needs: [] };
}
