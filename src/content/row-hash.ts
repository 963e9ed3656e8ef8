import { quoteIdentifier } from "../kernel/sql.ts";

/**
 * `rowhash-1`: how a table's rows become one number. A format: manifests carry its results, `docs/formats.md` repeats it.
 *
 * In a session with {@link PINNED_SETTINGS}, for the table's columns (generated ones too) in the byte order of their names,
 * numbered i = 1, 2, 3 …:
 *
 *     hash(column i) = hashtextextended(column::text COLLATE "C", i)       for PostgreSQL's own types, and:
 *                      hashint4extended(column::int4, i)                   smallint, integer, boolean
 *                      uuid_hash_extended(column, i)                       uuid
 *                      hashtextextended(encode(sha256(column), 'hex') COLLATE "C", i)    bytea
 *                      hashtextextended(textin(bpcharout(column)) COLLATE "C", i)        character(n)
 *                      hashtextextended(format('%s', column) COLLATE "C", i)             types that are not PostgreSQL's own (object id 16384 and up)
 *                      i                                                   NULL, of any type
 *     x              = hash(column 1) # hash(column 2) # …                 bitwise exclusive or; 0 without columns
 *     row hash       = hashtextextended(x::text COLLATE "C", 0)
 *     fingerprint    = sum(row hash) over SELECT … FROM ONLY table         0 without rows
 *
 * A domain counts as its base type. Why so: the text of a value is what COPY writes, so 1.0 and 1.00 differ, and a large value costs
 * no more memory than dumping it; the number of the column in the seed tells a value moved to another column, the second hash a
 * value moved to another row; a sum does not depend on the order of rows, and counts repeated ones. bytea goes through SHA-256
 * because its text is twice its size, and integers are hashed directly because that is exact, 32 bits in and 64 out. The functions
 * are those of hash partitioning, which keep their results across releases because stored partitions depend on them
 * (https://github.com/postgres/postgres/blob/master/src/backend/access/hash/hashfunc.c). Not cryptographic: it finds loss and damage, not
 * forgery; forgery of stored bytes is what SHA-256 and age are for.
 */
export const ROW_HASH = "rowhash-1";

/** A column as far as hashing goes. */
export interface HashedColumn {
  readonly name: string;
  /** Object id of its type, of the base type for a domain. */
  readonly type: number;
  /** An extension or a user made it: its cast to text may be any function, which its output, written in C by a superuser's leave, is not. */
  readonly foreign: boolean;
}

/** Object ids of built-in types never change: src/include/catalog/pg_type.dat */
const BOOL = 16;
const BYTEA = 17;
const INT2 = 21;
const INT4 = 23;
const BPCHAR = 1042;
const UUID = 2950;

/** The SQL expression of a row's hash; columns must come in the byte order of their names. */
export function rowHash(columns: readonly HashedColumn[]): string {
  const hashes = columns.map((column, index) => columnHash(column, index + 1));
  return `hashtextextended((${exclusiveOr(hashes)})::text COLLATE "C", 0)`;
}

function columnHash(column: HashedColumn, seed: number): string {
  const name = quoteIdentifier(column.name);
  const text = (expression: string): string => `hashtextextended(${expression} COLLATE "C", ${seed})`;
  // Not IS NULL, which a row of nothing but nulls satisfies as well; the server makes a plain test of this, without an operator.
  if (column.foreign) return `CASE WHEN ${name} IS NOT DISTINCT FROM NULL THEN ${seed} ELSE ${text(`format('%s', ${name})`)} END`;
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

/** Balanced, so that a table of 1600 columns does not nest 1600 deep in the server's parser. */
function exclusiveOr(terms: readonly string[]): string {
  if (terms.length === 0) return "0::bigint";
  if (terms.length === 1) return `(${terms[0]})::bigint`;
  const middle = terms.length >> 1;
  return `(${exclusiveOr(terms.slice(0, middle))} # ${exclusiveOr(terms.slice(middle))})`;
}
