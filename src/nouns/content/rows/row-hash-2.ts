import { quoteIdentifier } from "../../../postgres/quoting.ts";
import type { HashedColumn } from "./hashed-column.ts";

/**
 * `rowhash-2`: how a table's rows become numbers. A format: manifests carry its results, `docs/formats.md`
 * repeats it, type by type.
 *
 * In a session with {@link PINNED_SETTINGS}, for the table's columns (stored generated ones too, virtual ones
 * not) in the byte order of their names, numbered i = 1, 2, 3 …, a domain counting as its base type:
 *
 *     h(i)        = {@link columnHash2}, or i for NULL
 *     column sum  = sum(h(i)) over all rows
 *     row hash    = hashint4extended(0, h(1) # h(2) # …)   # is the bitwise exclusive or; 0 without columns
 *     fingerprint = sum(row hash) over all rows
 *
 * Why so: a value's number must tell apart whatever COPY writes differently, at the least cost. Where a
 * type's own hash function does that it is used; where it does not (numeric hides scale and sign; jsonb hides
 * signs and the order of elements that are 32 apart; 64-bit integers and times are folded to 32 bits) the
 * value's text or its exact binary form is hashed. The number of the column in the seed tells a value moved
 * to another column, the second hash a value moved to another row; a sum does not depend on the order of
 * rows, and counts repeated ones. An integer of 64 bits goes in as the *seed*, which is mixed whole. The
 * functions are those of hash partitioning, which keep their results across releases because stored
 * partitions depend on them
 * (https://github.com/postgres/postgres/blob/master/src/backend/access/hash/hashfunc.c). Not cryptographic:
 * it finds loss and damage, not forgery; forgery of stored bytes is what SHA-256 and age are for.
 */
export function columnHash2(column: HashedColumn, i: number): string {
  return `coalesce(${valueHash(column, quoteIdentifier(column.name), i)}, ${i})`;
}

/** The row's hash, of the exclusive or of its columns' hashes: all 64 bits of a seed are mixed. */
export function rowHash2(joined: string): string {
  return `hashint4extended(0, ${joined})`;
}

/** Without what is not stored: its expression is compared as a definition. */
export function columnsOf2(columns: readonly HashedColumn[]): HashedColumn[] {
  return columns.filter((column) => column.generated !== "virtual");
}

/**
 * Up to so many bytes hashing the hexadecimal form is cheaper than SHA-256; above, that form would need twice
 * the value's memory.
 */
const HEX_MAX = 1024;

type Hash = (value: string, i: number) => string;

const ofText = (expression: string, i: number): string => `hashtextextended(${expression} COLLATE "C", ${i})`;
const text: Hash = (value, i) => ofText(`${value}::text`, i);
const output =
  (by: string): Hash =>
  (value, i) =>
    ofText(`textin(${by}(${value}))`, i);
const binary =
  (by: string): Hash =>
  (value, i) =>
    ofText(`encode(${by}(${value}), 'hex')`, i);
const int4: Hash = (value, i) => `hashint4extended(${value}::int4, ${i})`;
// What remains are both zeros, which the function does not tell apart, NaN, of which there are many, and
// NULL.
const float =
  (by: string): Hash =>
  (value, i) =>
    `CASE WHEN ${value} <> '0' AND ${value} < 'NaN' THEN ${by}(${value}, ${i}) ELSE ${text(value, i)} END`;

/** By object id, which never changes: src/include/catalog/pg_type.dat. What is not here is hashed as text. */
const BY_TYPE: ReadonlyMap<number, Hash> = new Map<number, Hash>([
  [16, int4], // boolean
  [17, bytea],
  [18, int4], // "char"
  [20, (value, i) => `hashint4extended(${i}, ${value})`], // bigint
  [21, int4], // smallint
  [23, int4], // integer
  [26, (value, i) => `hashoidextended(${value}, ${i})`], // oid
  // its cast to text gives what is stored, with an encoding that its output leaves out
  [142, output("xml_out")],
  [650, output("cidr_out")],
  [700, float("hashfloat4extended")],
  [701, float("hashfloat8extended")],
  [869, output("inet_out")],
  [1042, output("bpcharout")], // its cast to text drops trailing blanks
  [
    1082,
    (value, i) => `
      CASE WHEN isfinite(${value}) THEN hashint4extended(${value} - '2000-01-01'::date, ${i})
           ELSE ${text(value, i)} END
    `,
  ],
  [1083, binary("time_send")],
  [1114, binary("timestamp_send")],
  [1184, binary("timestamptz_send")],
  [1186, binary("interval_send")],
  [2950, (value, i) => `uuid_hash_extended(${value}, ${i})`],
]);

function bytea(value: string, i: number): string {
  // Another seed: a value of 32 bytes may be the SHA-256 of a longer one.
  return `
    CASE WHEN octet_length(${value}) <= ${HEX_MAX} THEN ${ofText(`encode(${value}, 'hex')`, i)}
         ELSE ${ofText(`encode(sha256(${value}), 'hex')`, -i)} END
  `;
}

/** Object ids of the types with whole numbers, and of `numeric`, which may have some. */
const WHOLE: ReadonlyMap<number, "int2" | "int4" | "int8" | "numeric"> = new Map([
  [20, "int8"],
  [21, "int2"],
  [23, "int4"],
  [1700, "numeric"],
]);
const RANGE = {
  int4: ["-2147483648", "2147483647"],
  int8: ["-9223372036854775808", "9223372036854775807"],
} as const;

/**
 * A number of another type as the type that was meant would have it; what that cannot hold has a hash that no
 * value of it has.
 */
function asWhole(type: number, as: "int4" | "int8", value: string, i: number): string | undefined {
  const own = WHOLE.get(type);
  if (own === undefined) return undefined;
  const [least, most] = RANGE[as];
  const isWhole = own === "numeric" ? ` AND ${value} = trunc(${value})` : "";
  const fits = `${value} BETWEEN '${least}' AND '${most}'${isWhole}`;
  const hash = BY_TYPE.get(as === "int4" ? 23 : 20)!;
  // Values of int2 and int4 are within either.
  if (own === "int2" || own === "int4" || own === as) return hash(`${value}::${as}`, i);
  return `CASE WHEN ${fits} THEN ${hash(`${value}::${as}`, i)} ELSE ${text(value, i)} END`;
}

function valueHash({ type, foreign, enumerated, readAs }: HashedColumn, value: string, i: number): string {
  const whole = readAs === undefined ? undefined : asWhole(type, readAs, value, i);
  if (whole !== undefined) return whole;
  if (enumerated) return output("enum_out")(value, i);
  // Not IS NULL, which a row of nothing but nulls satisfies as well; the server makes a plain test of this,
  // without an operator.
  if (foreign) {
    return `CASE WHEN ${value} IS DISTINCT FROM NULL THEN ${ofText(`format('%s', ${value})`, i)} END`;
  }
  return (BY_TYPE.get(type) ?? text)(value, i);
}
