import type { ContentRecord, TableRecord } from "../../../../nouns/content/record.ts";
import { profileOf } from "../../../../nouns/platform/profiles.ts";
import type { PlatformSchema, RowsKind } from "../../../../nouns/platform/profile.ts";
import type { PlatformRecord } from "../../../../nouns/platform/record.ts";
import { whoseIs } from "../../../../nouns/platform/whose.ts";
import { displayName } from "../../../../postgres/display-name.ts";

/**
 * What becomes of staged rows: as the platform's profile says, or `extension`: rows that an extension of the
 * user's keeps for him.
 */
export type StagedKind = RowsKind | "extension";

/** Sorts the tables of a backup by what becomes of their rows. */
export class WhoseRows {
  readonly #record: PlatformRecord;
  readonly #withSessions: boolean;
  readonly #tables: ReadonlyMap<string, TableRecord>;
  readonly #content: ContentRecord;

  constructor(record: PlatformRecord, content: ContentRecord, withSessions: boolean) {
    this.#record = record;
    this.#withSessions = withSessions;
    this.#content = content;
    this.#tables = new Map(content.tables.map((table) => [displayName(table), table]));
  }

  /** Tables that the restore makes, whose rows are all the backup's. */
  get own(): readonly TableRecord[] {
    return this.#content.tables.filter(
      (table) => (table.kind === "table" || table.kind === "partitioned") && this.isOwn(table),
    );
  }

  isOwn(table: TableRecord): boolean {
    return table.ofExtension !== true && this.#isUsers(table);
  }

  #isUsers(table: TableRecord): boolean {
    return (
      whoseIs(this.#record, table.kind === "matview" ? "materialized-view" : "table", displayName(table)) ===
      "user"
    );
  }

  /**
   * What becomes of rows that come to lie beside those of the target; undefined where the
   * backup's stay behind.
   */
  staged(schema: string, name: string): StagedKind | undefined {
    const table = this.#tables.get(displayName({ schema, name }));
    if (table !== undefined && this.isOwn(table)) return undefined;
    const kind = this.kindOf(schema, name);
    if (kind === undefined) {
      return table?.ofExtension === true && !this.#record.schemas.includes(schema) ? "extension" : undefined;
    }
    return kind === "user" || kind === "job" || (kind === "session" && this.#withSessions) ? kind : undefined;
  }

  kindOf(schema: string, name: string): RowsKind | undefined {
    return this.#schema(schema)?.rows.find(({ table }) => table === name)?.kind;
  }

  /** Whether the rows of a platform's table follow from others. */
  isDerived(schema: string, name: string): boolean {
    return this.#schema(schema)?.rows.find(({ table }) => table === name)?.derived === true;
  }

  #schema(name: string): PlatformSchema | undefined {
    return profileOf(this.#record.name).schemas.find((one) => one.name === name);
  }

  /** Columns of a platform's table that its service fills itself, with the expressions by which it does. */
  computed(schema: string, name: string): ReadonlyMap<string, string> {
    const all = profileOf(this.#record.name).schemas.find((one) => one.name === schema)?.computed ?? {};
    return new Map(
      Object.entries(all)
        .filter(([column]) => column.startsWith(`${name}.`))
        .map(([column, sql]) => [column.slice(name.length + 1), sql]),
    );
  }

  /** Tables whose rows come to lie beside those of the target. */
  get stagedTables(): readonly TableRecord[] {
    return this.#content.tables.filter(({ schema, name }) => this.staged(schema, name) !== undefined);
  }

  /** Sequences of these, as SQL has them. */
  get stagedSequences(): ReadonlySet<string> {
    return new Set(
      this.stagedTables.flatMap(({ schema, sequences = [] }) =>
        sequences.map((name) => displayName({ schema, name })),
      ),
    );
  }

  /** Whether it is a table of the platform's whose rows stay behind. */
  isBehind(table: TableRecord): boolean {
    return (
      this.#record.schemas.includes(table.schema) &&
      !this.#isUsers(table) &&
      this.staged(table.schema, table.name) === undefined
    );
  }

  /** Tables of the platform's whose rows stay behind, with how many the backup has of them. */
  get behind(): readonly {
    readonly schema: string;
    readonly title: string;
    readonly kind: RowsKind | undefined;
    readonly rows: number;
  }[] {
    return this.#content.tables
      .filter((table) => table.kind === "table" && this.isBehind(table))
      .map(({ schema, name, rows }) => ({
        schema,
        title: `${schema}.${name}`,
        kind: this.kindOf(schema, name),
        rows: rows ?? 0,
      }));
  }
}
