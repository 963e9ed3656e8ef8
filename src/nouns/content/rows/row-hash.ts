import { exclusiveOr, type HashedColumn } from "./hashed-column.ts";
import { MISJUDGED_XML, misjudges1, rowHash1 } from "./row-hash-1.ts";
import { plainName, type RowHashName } from "../row-hash-names.ts";
import { columnHash2, columnsOf2, rowHash2 } from "./row-hash-2.ts";

/** A way of hashing rows: a manifest names the one it was made with, and a copy is measured with the same. */
export interface RowHash {
  /** Names of the columns that have a sum of their own, in the order of the sums. */
  columns(columns: readonly HashedColumn[]): string[];
  /**
   * A query of one row: `rows`, the number of rows; `sum`, of their hashes; `columns`, an array of the
   * columns' sums. All are text.
   */
  query(columns: readonly HashedColumn[], from: string): string;
  /** Why equal rows may have had another sum at the source, or undefined: then they had the same. */
  doubt(columns: readonly HashedColumn[]): string | undefined;
}

const FIRST: RowHash = {
  columns: () => [],
  query: (columns, from) => `
    SELECT count(*)::text AS rows, coalesce(sum(${rowHash1(columns)}), 0)::text AS sum,
           ARRAY[]::text[] AS columns
      FROM ${from}
  `,
  doubt: (columns) => (misjudges1(columns) ? MISJUDGED_XML : undefined),
};

const SECOND: RowHash = {
  columns: (columns) => columnsOf2(columns).map((column) => column.name),
  query(columns, from) {
    const hashes = columnsOf2(columns).map((column, index) => columnHash2(column, index + 1));
    const names = hashes.map((_, index) => `h${index + 1}`);
    const sums = names.map((name) => `coalesce(sum(${name}), 0)::text`);
    // OFFSET 0 keeps the server from writing each hash into both sums, which would compute it twice.
    return `
      SELECT count(*)::text AS rows, coalesce(sum(${rowHash2(exclusiveOr(names))}), 0)::text AS sum,
             ARRAY[${sums.join(", ")}]::text[] AS columns
        FROM (SELECT ${hashes.map((hash, index) => `${hash} AS h${index + 1}`).join(", ")}
                FROM ${from} OFFSET 0) AS hashed
    `;
  },
  doubt: () => undefined,
};

const KNOWN: Readonly<Record<RowHashName, RowHash>> = { "rowhash-1": FIRST, "rowhash-2": SECOND };

/** The way of hashing with that name, or undefined when this version does not know it. */
export function rowHashNamed(name: string): RowHash | undefined {
  const plain = plainName(name);
  return plain === undefined ? undefined : KNOWN[plain];
}
