import { cutAfter, outsideQuotes } from "../../../postgres/sql-quotes.ts";

/**
 * What pg_dump writes of a table within its own definition, where it is no entry of the archive for itself.
 */
export interface TableText {
  /** Name of a check → its definition: `CHECK ((a > 0))`. */
  readonly checks: ReadonlyMap<string, string>;
  /** Column → what it holds by default, as SQL. */
  readonly defaults: ReadonlyMap<string, string>;
  /** Column → how much is kept of its statistics. */
  readonly statistics: ReadonlyMap<string, string>;
}

const NAME = String.raw`("(?:[^"]|"")+"|[a-z_][a-z0-9_$]*)`;
const CHECK = new RegExp(String.raw`^CONSTRAINT ${NAME} (CHECK \([\s\S]*)$`);
const COLUMN = new RegExp(`^${NAME} `);
const STATISTICS = new RegExp(
  String.raw`^\s*ALTER TABLE ONLY \S[\s\S]* ALTER COLUMN ${NAME} SET STATISTICS (\d+);$`,
);
/** What may stand behind a default; a name of the constraint since 18. */
const NOT_NULL = new RegExp(String.raw`(?: CONSTRAINT ${NAME})? NOT NULL(?: NO INHERIT)?$`);

/** Reads the definition of a table as pg_dump writes it; what is not known in it is passed over. */
export function readTableText(sql: string): TableText {
  const checks = new Map<string, string>();
  const defaults = new Map<string, string>();
  const statistics = new Map<string, string>();
  for (const element of elementsOf(sql)) {
    const check = CHECK.exec(element);
    if (check !== null) checks.set(plain(check[1]!), check[2]!);
    const column = check === null ? COLUMN.exec(element)?.[1] : undefined;
    const value = column === undefined ? undefined : defaultIn(element);
    if (column !== undefined && value !== undefined) defaults.set(plain(column), value);
  }
  for (const statement of cutAfter(sql, ";")) {
    const [, column, target] = STATISTICS.exec(statement) ?? [];
    if (column !== undefined && target !== undefined) statistics.set(plain(column), target);
  }
  return { checks, defaults, statistics };
}

/** Columns and constraints: what stands between the first parenthesis and its end, cut at commas. */
function elementsOf(sql: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let begin = 0;
  for (const at of outsideQuotes(sql)) {
    const character = sql[at]!;
    if (character === "(") {
      depth += 1;
      if (depth === 1) begin = at + 1;
    } else if (character === ")" || (character === "," && depth === 1)) {
      if (depth === 1) {
        found.push(sql.slice(begin, at).trim());
        begin = at + 1;
      }
      if (character === ")") depth -= 1;
      if (depth === 0) return found;
    } else if (character === ";" && depth === 0) {
      return found;
    }
  }
  return found;
}

function defaultIn(column: string): string | undefined {
  const begin = [...outsideQuotes(column)].find((at) => column.startsWith(" DEFAULT ", at));
  return begin === undefined ? undefined : column.slice(begin + " DEFAULT ".length).replace(NOT_NULL, "");
}

function plain(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
