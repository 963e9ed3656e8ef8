import { isNamed, likelyNamesOf } from "../../copy/artifacts/toc-names.ts";
import type { TableRecord } from "../../../nouns/content/record.ts";
import type { TocEntry } from "../../../ports/dump-tools.ts";

/** What is to be done with each named table. */
export interface TableWork {
  /** Tables the target lacks: definition and everything that is theirs comes too. */
  readonly make: readonly TableRecord[];
  /** Tables whose rows are loaded. */
  readonly fill: readonly TableRecord[];
}

/** The object id of pg_class in itself: src/include/catalog/pg_class.h */
const PG_CLASS = "1259";

/** Parts whose entry is named by the table, a blank, and the part. */
const NAMED_AFTER_TABLE: ReadonlySet<string> = new Set([
  "DEFAULT",
  "CONSTRAINT",
  "CHECK CONSTRAINT",
  "FK CONSTRAINT",
  "NOT NULL CONSTRAINT",
  "TRIGGER",
  "POLICY",
  "ROW SECURITY",
  "RULE",
  "STATISTICS DATA",
]);
/** Parts that have a name of their own in the schema; what they need holds no other table. */
const NAMED_BY_THEMSELVES: ReadonlySet<string> = new Set(["INDEX", "STATISTICS", "PUBLICATION TABLE"]);
/** What stands beside an object and needs it alone. */
const BESIDE: ReadonlySet<string> = new Set(["ACL", "COMMENT", "SECURITY LABEL", "SEQUENCE OWNED BY"]);

/**
 * The entries of an archive's table of contents that belong to named tables, in the archive's order.
 *
 * `pg_restore --table` would bring the bare table without its indexes, constraints, grants and sequences, so
 * the entries are chosen here: a table by its object id, and what is a table's by the numbers of the entries
 * it needs. A part's name is the table's, a blank, and its own, ambiguous where names hold blanks; it only
 * decides between the tables that an entry needs.
 *
 * Partitions are attached by {@link attachEntries}, once they are whole.
 */
export function tableEntries(entries: readonly TocEntry[], work: TableWork): readonly TocEntry[] {
  const toc = new Contents(entries);
  const chosen = new Set<TocEntry>();
  for (const table of work.fill) {
    for (const entry of toc.rowsOf(table)) chosen.add(entry);
    for (const entry of toc.sequenceValuesOf(table)) chosen.add(entry);
  }
  const made = work.make.flatMap((table) => toc.definitionOf(table));
  for (const entry of made) chosen.add(entry);
  for (const table of work.make) for (const entry of toc.sequencesOf(table)) chosen.add(entry);
  const tables = new Set(made.map(({ id }) => id));
  for (const entry of entries) if (toc.isPartOf(entry, tables)) chosen.add(entry);
  const objects = new Set([...chosen].map(({ id }) => id));
  for (const entry of entries) {
    if (BESIDE.has(entry.type) && entry.needs.some((id) => objects.has(id))) chosen.add(entry);
  }
  return entries.filter((entry) => chosen.has(entry));
}

/**
 * The entries that make tables partitions of tables that are there. They come after everything else:
 * attaching takes the partition's own indexes and keys for those it must have, and would make second ones if
 * they did not exist yet.
 */
export function attachEntries(
  entries: readonly TocEntry[],
  make: readonly TableRecord[],
): readonly TocEntry[] {
  const toc = new Contents(entries);
  return make.flatMap((table) => {
    const [definition] = toc.definitionOf(table);
    return definition === undefined
      ? []
      : entries.filter(
          (entry) =>
            entry.type === "TABLE ATTACH" &&
            entry.needs.includes(definition.id) &&
            nameBefore(definition, entry) === likelyNamesOf(entry).tag,
        );
  });
}

/** The entries that make a table; none when it cannot be told from another one. */
export function definitionEntries(entries: readonly TocEntry[], table: TableRecord): readonly TocEntry[] {
  return new Contents(entries).definitionOf(table);
}

/** A table of contents, for looking things up. */
class Contents {
  readonly #entries: readonly TocEntry[];
  readonly #byId: ReadonlyMap<string, TocEntry>;

  constructor(entries: readonly TocEntry[]) {
    this.#entries = entries;
    this.#byId = new Map(entries.map((entry) => [entry.id, entry]));
  }

  definitionOf(table: TableRecord): readonly TocEntry[] {
    if (table.oid === undefined) return this.#named("TABLE", table, table.name);
    return this.#entries.filter(
      ({ type, catalog, oid }) => type === "TABLE" && catalog === PG_CLASS && oid === table.oid,
    );
  }

  rowsOf(table: TableRecord): readonly TocEntry[] {
    if (table.oid === undefined) return this.#named("TABLE DATA", table, table.name);
    return this.#entries.filter(({ type, oid }) => type === "TABLE DATA" && oid === table.oid);
  }

  sequencesOf(table: TableRecord): readonly TocEntry[] {
    const { sequences = [], sequenceOids } = table;
    if (sequenceOids === undefined) return sequences.flatMap((name) => this.#named("SEQUENCE", table, name));
    return this.#entries.filter(
      ({ type, catalog, oid }) => type === "SEQUENCE" && catalog === PG_CLASS && sequenceOids.includes(oid),
    );
  }

  /**
   * They have no object id of their own; an archive of rows alone does not even hold the sequence they need.
   */
  sequenceValuesOf(table: TableRecord): readonly TocEntry[] {
    const sequences = new Set(this.sequencesOf(table).map(({ id }) => id));
    if (sequences.size === 0) {
      return (table.sequences ?? []).flatMap((name) => this.#named("SEQUENCE SET", table, name));
    }
    return this.#entries.filter(
      ({ type, needs }) => type === "SEQUENCE SET" && needs.some((id) => sequences.has(id)),
    );
  }

  /**
   * By its name; by its text where the archive's version is not known. Of several that read alike none: one
   * of them is another table's, and what is missing then shows.
   */
  #named(type: string, { schema, owner }: TableRecord, name: string): readonly TocEntry[] {
    const rest = printed(`${schema} ${name} ${owner}`);
    const alike = this.#entries.filter(
      (entry) =>
        entry.type === type &&
        (entry.names === undefined ? entry.rest === rest : isNamed(entry, { schema, name })),
    );
    return alike.length === 1 ? alike : [];
  }

  /** Whether an entry is a part of one of the tables. */
  isPartOf(entry: TocEntry, tables: ReadonlySet<string>): boolean {
    const needed = this.#needed(entry).filter(({ type }) => type === "TABLE");
    if (NAMED_BY_THEMSELVES.has(entry.type)) return needed.some(({ id }) => tables.has(id));
    if (!NAMED_AFTER_TABLE.has(entry.type)) return false;
    // A foreign key needs two tables, a policy any number; its name begins with its own. The
    // longest name wins.
    const own = needed
      .map((table) => ({ table, name: nameBefore(table, entry) }))
      .filter(({ name }) => name !== undefined);
    own.sort((a, b) => b.name!.length - a.name!.length);
    return own.length > 0 && tables.has(own[0]!.table.id);
  }

  #needed({ needs }: TocEntry): readonly TocEntry[] {
    return needs.flatMap((id) => this.#byId.get(id) ?? []);
  }
}

/** The table's name where a part of that schema begins with it. */
function nameBefore(table: TocEntry, part: TocEntry): string | undefined {
  const [of, its] = [likelyNamesOf(table), likelyNamesOf(part)];
  return of.schema === its.schema && (its.tag === of.tag || its.tag.startsWith(`${of.tag} `))
    ? of.tag
    : undefined;
}

/** As `pg_restore --list` prints names: each line break is a space. */
function printed(text: string): string {
  return text.replace(/[\r\n]/g, " ");
}
