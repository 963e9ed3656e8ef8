import { displayName, unquoted } from "../../../postgres/display-name.ts";
import { PUBLICATION_TABLES } from "../read/publication-needs.ts";
import type { ContentRecord, ObjectKind, TableRecord } from "../record.ts";

/** Tells which of the extensions that cannot be had here an object of the source needs. */
export class Lacking {
  readonly #unavailable: ReadonlySet<string>;
  readonly #needs: ReadonlyMap<string, readonly string[]>;
  readonly #known: boolean;
  readonly #tables: readonly TableRecord[];

  constructor(source: ContentRecord, unavailable: readonly string[]) {
    this.#unavailable = new Set(unavailable);
    this.#tables = source.tables;
    this.#known = source.objectExtensions !== undefined;
    this.#needs = new Map(
      Object.entries(source.objectExtensions ?? {}).map(([object, names]) => [unquoted(object), names]),
    );
  }

  /** For a relation that holds rows. */
  ofTable(table: TableRecord): readonly string[] {
    const name = displayName(table);
    if (!this.#known || table.ofExtension === true) return this.#among(table.extensions ?? []);
    return this.#named([`table ${name}`, `materialized-view ${name}`]);
  }

  /**
   * For what a publication holds: what its tables need, or, where the record does not say which they are, any
   * table; and which need one of these.
   */
  ofPublication(identity: string): {
    readonly needs: readonly string[];
    readonly known: boolean;
    readonly tables: readonly string[];
  } {
    const recorded = this.#needs.get(unquoted(`${PUBLICATION_TABLES} ${identity}`));
    const needs =
      recorded === undefined
        ? [...new Set(this.#tables.flatMap((table) => this.ofTable(table)))]
        : this.#among(recorded);
    const tables = this.#tables.filter((table) => this.ofTable(table).some((name) => needs.includes(name)));
    return { needs, known: recorded !== undefined, tables: tables.map(displayName) };
  }

  /** For any other object, by kind and identity. */
  ofObject(kind: ObjectKind, identity: string): readonly string[] {
    if (kind === "column") {
      return this.#named([`table ${tableOf(identity)}`, `materialized-view ${tableOf(identity)}`]);
    }
    if (kind === "row-security") return this.#named([`table ${identity}`]);
    if (kind === "owner" || kind === "comment") {
      return this.#named([identity, tableOf(identity).replace(/^column /, "table ")]);
    }
    if (kind !== "grant") return this.#named([`${kind} ${identity}`]);
    const name = identity.replace(/^table /, "");
    return this.#named([
      identity,
      `view ${name}`,
      `materialized-view ${name}`,
      tableOf(identity).replace(/^column /, "table "),
    ]);
  }

  #named(objects: readonly string[]): readonly string[] {
    return this.#among(objects.flatMap((object) => this.#needs.get(unquoted(object)) ?? []));
  }

  #among(names: readonly string[]): readonly string[] {
    return [...new Set(names)].filter((name) => this.#unavailable.has(name));
  }
}

/** `schema.table` of `schema.table.column`. */
export function tableOf(identity: string): string {
  return /^(.*)\.(?:[^."]+|"(?:[^"]|"")*")$/s.exec(identity)?.[1] ?? identity;
}
