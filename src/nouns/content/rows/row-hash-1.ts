import { quoteIdentifier } from "../../../postgres/quoting.ts";
import { exclusiveOr, type HashedColumn } from "./hashed-column.ts";

/**
 * `rowhash-1`, of earlier manifests: almost everything is hashed as text. A format: manifests carry
 * its results, so it is computed for ever, and never changed. `docs/formats.md` repeats it.
 *
 * In a session with {@link PINNED_SETTINGS}, for the table's columns (generated ones too) in the byte order
 * of their names, numbered i = 1, 2, 3 …:
 *
 *     hash(column i), by the column's type:
 *       smallint, integer, boolean    hashint4extended(column::int4, i)
 *       uuid                          uuid_hash_extended(column, i)
 *       bytea                         hashtextextended(encode(sha256(column), 'hex') COLLATE "C", i)
 *       character(n)                  hashtextextended(textin(bpcharout(column)) COLLATE "C", i)
 *       PostgreSQL's other ones       hashtextextended(column::text COLLATE "C", i)
 *       all others (from id 16384)    hashtextextended(format('%s', column) COLLATE "C", i)
 *       NULL, of any type             i
 *     x           = hash(column 1) # hash(column 2) # …             bitwise exclusive or; 0 without columns
 *     row hash    = hashtextextended(x::text COLLATE "C", 0)
 *     fingerprint = sum(row hash) over SELECT … FROM ONLY table     0 without rows
 *
 * A domain counts as its base type. Its flaw: `xml::text` is what is stored, and what COPY writes lacks the
 * encoding that an XML declaration names; see {@link MISJUDGED_XML}.
 */
export function rowHash1(columns: readonly HashedColumn[]): string {
  const hashes = columns.map((column, index) => columnHash(column, index + 1));
  return `hashtextextended((${exclusiveOr(hashes)})::text COLLATE "C", 0)`;
}

/** Why a table with an `xml` column may have another fingerprint although its rows are equal. */
export const MISJUDGED_XML =
  "this backup's kind of fingerprint (rowhash-1) hashes xml values as they are stored, and a dump leaves " +
  "out the encoding that their declarations name";

/** Whether equal rows of such a table may have had another fingerprint at the source. */
export function misjudges1(columns: readonly HashedColumn[]): boolean {
  return columns.some((column) => column.type === XML);
}

/** Object ids of built-in types never change: src/include/catalog/pg_type.dat */
const BOOL = 16;
const BYTEA = 17;
const INT2 = 21;
const INT4 = 23;
const XML = 142;
const BPCHAR = 1042;
const UUID = 2950;

function columnHash(column: HashedColumn, seed: number): string {
  const name = quoteIdentifier(column.name);
  const text = (expression: string): string => `hashtextextended(${expression} COLLATE "C", ${seed})`;
  // Not IS NULL, which a row of nothing but nulls satisfies as well; the server makes a plain test of this,
  // without an operator.
  if (column.foreign) {
    return `
      CASE WHEN ${name} IS NOT DISTINCT FROM NULL THEN ${seed} ELSE ${text(`format('%s', ${name})`)} END
    `;
  }
  return `coalesce(${nativeHash(column.type, name, seed) ?? text(textOf(column.type, name))}, ${seed})`;
}

function nativeHash(type: number, name: string, seed: number): string | undefined {
  if (type === INT2 || type === INT4 || type === BOOL) return `hashint4extended(${name}::int4, ${seed})`;
  return type === UUID ? `uuid_hash_extended(${name}, ${seed})` : undefined;
}

function textOf(type: number, name: string): string {
  if (type === BYTEA) return `encode(sha256(${name}), 'hex')`;
  // Its cast to text drops trailing blanks; its output does not.
  return type === BPCHAR ? `textin(bpcharout(${name}))` : `${name}::text`;
}
