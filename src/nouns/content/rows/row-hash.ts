import { exclusiveOr, type HashedColumn } from "./hashed-column.ts";
import { MISJUDGED_XML, misjudges1, rowHash1 } from "./row-hash-1.ts";
import { columnHash2, columnsOf2, rowHash2 } from "./row-hash-2.ts";

/** How new backups hash rows. */
export const ROW_HASH = "rowhash-2";

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
  query: (columns, from) => `SELECT count(*)::text AS rows, coalesce(sum(${rowHash1(columns)}), 0)::text AS sum, ARRAY[]::text[] AS columns FROM ${from}`,
  doubt: (columns) => (misjudges1(columns) ? MISJUDGED_XML : undefined),
};

const SECOND: RowHash = {
  columns: (columns) => columnsOf2(columns).map((column) => column.name),
  query(columns, from) {
    const hashes = columnsOf2(columns).map((column, index) => columnHash2(column, index + 1));
    const names = hashes.map((_, index) => `h${index + 1}`);
    const sums = names.map((name) => `coalesce(sum(${name}), 0)::text`);
    // OFFSET 0 keeps the server from writing each hash into both sums, which would compute it twice.
    return `SELECT count(*)::text AS rows, coalesce(sum(${rowHash2(exclusiveOr(names))}), 0)::text AS sum, ARRAY[${sums.join(", ")}]::text[] AS columns
      FROM (SELECT ${hashes.map((hash, index) => `${hash} AS h${index + 1}`).join(", ")} FROM ${from} OFFSET 0) AS hashed`;
  },
  doubt: () => undefined,
};

/**
 * How bytes become words depends on the processor, and with them the functions that hash; such a server's
 * fingerprints have a name of their own.
 */
const BIG_ENDIAN = "-big-endian";
const KNOWN: ReadonlyMap<string, RowHash> = new Map([["rowhash-1", FIRST], [ROW_HASH, SECOND], [`${ROW_HASH}${BIG_ENDIAN}`, SECOND]]);

/** The way of hashing with that name, or undefined when this version does not know it. */
export function rowHashNamed(name: string): RowHash | undefined {
  return KNOWN.get(name);
}

/** An SQL condition that is true on a server of the usual byte order, which all but a few mainframes have. */
export const IS_LITTLE_ENDIAN = `hashtextextended('byte order' COLLATE "C", 0) = -5662017705334102641`;

/**
 * The name under which a server's fingerprints are kept.
 *
 * @param wanted a manifest's, to compare with it; one that this version does not know gives way to {@link
 * ROW_HASH}
 */
export function rowHashOn(littleEndian: boolean, wanted: string = ROW_HASH): string {
  const plain = wanted.endsWith(BIG_ENDIAN) ? wanted.slice(0, -BIG_ENDIAN.length) : wanted;
  const name = KNOWN.has(plain) ? plain : ROW_HASH;
  return littleEndian || name !== ROW_HASH ? name : `${name}${BIG_ENDIAN}`;
}
