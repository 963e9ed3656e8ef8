import type { TableRecord } from "../content/record.ts";
import type { TocEntry } from "../ports/dump-tools.ts";

/** What is to be done with each named table. */
export interface TableWork {
  /** Tables the target lacks: definition, indexes, constraints, triggers, policies, grants and comments come too. */
  readonly make: readonly TableRecord[];
  /** Tables whose rows are loaded. */
  readonly fill: readonly TableRecord[];
}

/**
 * The entries of an archive's table of contents that belong to named tables, in the archive's order.
 *
 * `pg_restore --table` would bring the bare table without its indexes, constraints and sequences, so the entries are chosen here. An entry
 * names its object as `schema table …` (or `schema KIND table …` for grants and comments).
 */
export function tableEntries(entries: readonly TocEntry[], work: TableWork): readonly TocEntry[] {
  const fill = new Prefixes(work.fill, (table) => [table.name]);
  const fillSequences = new Prefixes(work.fill, (table) => table.sequences ?? []);
  const make = new Prefixes(work.make, (table) => [table.name]);
  const makeIndexes = new Prefixes(work.make, (table) => table.indexes ?? []);
  const makeSequences = new Prefixes(work.make, (table) => table.sequences ?? []);
  return entries.filter(({ type, rest }) => {
    switch (type) {
      case "TABLE DATA":
        return fill.matchExactly(rest);
      case "TABLE":
        return make.matchExactly(rest);
      case "SEQUENCE SET":
        return fillSequences.matchExactly(rest);
      case "SEQUENCE":
      case "SEQUENCE OWNED BY":
        return makeSequences.matchExactly(rest);
      case "INDEX":
        return makeIndexes.matchExactly(rest);
      case "ACL":
      case "COMMENT":
        return make.matchKind(rest) || makeSequences.matchKind(rest) || makeIndexes.matchKind(rest);
      case "DEFAULT":
      case "CONSTRAINT":
      case "CHECK CONSTRAINT":
      case "FK CONSTRAINT":
      case "TRIGGER":
      case "POLICY":
      case "ROW SECURITY":
      case "RULE":
      case "TABLE ATTACH":
      case "STATISTICS DATA":
        return make.match(rest);
      default:
        return false;
    }
  });
}

/** Beginnings of an entry's text that name one of some objects. */
class Prefixes {
  readonly #names: readonly string[];
  readonly #exact: ReadonlySet<string>;

  constructor(tables: readonly TableRecord[], names: (table: TableRecord) => readonly string[]) {
    // pg_restore prints line breaks in names as spaces.
    this.#names = tables.flatMap((table) => names(table).map((name) => `${table.schema} ${name}`.replace(/[\r\n]/g, " ")));
    this.#exact = new Set(tables.flatMap((table) => names(table).map((name) => `${table.schema} ${name} ${table.owner}`.replace(/[\r\n]/g, " "))));
  }

  /** The entry is the object itself: `schema name owner` (parts of a table have its owner). */
  matchExactly(rest: string): boolean {
    return this.#exact.has(rest);
  }

  /** The entry belongs to the object: `schema name part owner`. */
  match(rest: string): boolean {
    return this.#names.some((name) => rest.startsWith(`${name} `));
  }

  /** Grants and comments: `schema TABLE name owner`, `schema COLUMN name.column owner`, `schema SEQUENCE name owner`. */
  matchKind(rest: string): boolean {
    const match = /^(\S+) (?:TABLE|COLUMN|SEQUENCE|INDEX|CONSTRAINT|TRIGGER|POLICY) (.+)$/s.exec(rest);
    if (!match) return false;
    const plain = `${match[1]} ${match[2]}`;
    return this.#names.some((name) => plain.startsWith(`${name} `) || plain.startsWith(`${name}.`));
  }
}
