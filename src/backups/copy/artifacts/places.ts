import { quoteIdentifier } from "../../../postgres/quoting.ts";

/**
 * Where tables and indexes of a script go, and how tables are kept; what is not named is the
 * server's default.
 */
export interface Places {
  readonly tablespace?: string;
  readonly accessMethod?: string;
}

const NAME = String.raw`(?:''|"(?:[^"]|"")+"|[a-z_][a-z0-9_]*)`;
/**
 * Said between entries, before the next one's heading (`_selectTablespace` in
 * src/bin/pg_dump/pg_backup_archiver.c).
 */
const SAID = new RegExp(String.raw`(?:^|\n)SET default_(tablespace|table_access_method) = (${NAME});\n\s*$`);

/**
 * Takes off the end of an entry's text what is said of the places of those that follow.
 *
 * @param before what was said last
 */
export function placesAtEnd(text: string, before: Places): { readonly sql: string; readonly next: Places } {
  let sql = text;
  // What is said last counts, so it is looked at first.
  const said: { tablespace?: string | undefined; accessMethod?: string | undefined } = {};
  for (let found = SAID.exec(sql); found !== null; found = SAID.exec(sql)) {
    const field = found[1] === "tablespace" ? "tablespace" : "accessMethod";
    if (!(field in said)) said[field] = plain(found[2]!);
    sql = `${sql.slice(0, found.index)}\n`;
  }
  const { tablespace, accessMethod } = { ...before, ...said };
  return {
    sql,
    next: {
      ...(tablespace === undefined ? {} : { tablespace }),
      ...(accessMethod === undefined ? {} : { accessMethod }),
    },
  };
}

/** Undefined for what a server does of itself. */
function plain(name: string): string | undefined {
  if (name === "''" || name === "heap") return undefined;
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

/**
 * A definition made in its place, inside a transaction; what is made afterwards goes where it went before.
 */
export function inPlace(sql: string, { tablespace, accessMethod }: Places): string {
  const set = (name: string, value: string): string => `SET LOCAL ${name} = ${value};\n`;
  const before =
    (tablespace === undefined ? "" : set("default_tablespace", quoteIdentifier(tablespace))) +
    (accessMethod === undefined ? "" : set("default_table_access_method", quoteIdentifier(accessMethod)));
  if (before === "") return sql;
  return `${before}${sql}\n;${set("default_tablespace", "''")}${set("default_table_access_method", "heap")}`;
}
