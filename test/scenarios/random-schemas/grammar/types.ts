import { text } from "./names.ts";

/** What can be done with a type's values. */
export interface ColumnType {
  /** As a column's type. */
  readonly sql: string;
  readonly family:
    "int" | "number" | "text" | "time" | "json" | "jsonb" | "range" | "geometry" | "network" | "other";
  /** Values as SQL expressions, awkward ones among them. */
  readonly values: readonly string[];
  /** Sorted by a btree, hashed by a hash index. */
  readonly sorts: boolean;
  readonly hashes: boolean;
  readonly collates: boolean;
  /** May be stored out of line. */
  readonly long: boolean;
  /** First major version that has it. */
  readonly since: number;
}

type Traits = Partial<Pick<ColumnType, "sorts" | "hashes" | "collates" | "long" | "since">>;

function type(
  sql: string,
  family: ColumnType["family"],
  values: readonly string[],
  traits: Traits = {},
): ColumnType {
  const typed = values.map((value) => `${text(value)}::${sql}`);
  return {
    sql,
    family,
    values: typed,
    sorts: true,
    hashes: true,
    collates: false,
    long: false,
    since: 12,
    ...traits,
  };
}

const WORDS = [
  "",
  " ",
  "a",
  "b",
  "it's",
  "\\N",
  "\\.",
  "tab\there",
  "line\nend",
  "back\\slash",
  "ü表🐘",
  "NULL",
  '"',
  "{}",
  "x".repeat(300),
  "  trailing  ",
];
const TEXTUAL = { collates: true, long: true };
const NEITHER = { sorts: false, hashes: false };

/** Of every family of PostgreSQL's own types: https://www.postgresql.org/docs/current/datatype.html */
export const BUILT_IN_TYPES: readonly ColumnType[] = [
  type("smallint", "int", ["0", "-32768", "32767", "7"]),
  type("integer", "int", ["0", "-2147483648", "2147483647", "42"]),
  type("bigint", "int", ["0", "-9223372036854775808", "9223372036854775807", "9007199254740993"]),
  type("numeric", "number", ["0", "1.0", "1.00", "-0.000", "NaN", "1e-20", "12345678901234567890.123456789"]),
  type("numeric(12,3)", "number", ["0", "1.5", "-999999999.999", "NaN"]),
  type("real", "number", ["0", "-0", "NaN", "Infinity", "-Infinity", "1e-40", "3.4e38"]),
  type("double precision", "number", ["0", "-0", "NaN", "Infinity", "-Infinity", "0.1", "5e-324", "1.7e308"]),
  type("money", "other", ["0", "-92233720368547758.08", "1.23"], { hashes: false }),
  type("text", "text", WORDS, TEXTUAL),
  type("varchar(400)", "text", WORDS, TEXTUAL),
  type("character varying", "text", WORDS, TEXTUAL),
  type("character(9)", "text", ["", "a", "b   ", "ü", "it's"], TEXTUAL),
  type('"char"', "other", ["", "a", "'", "\\\\"]),
  type("name", "other", ["", "a b", 'q"uote']),
  type("bytea", "other", ["", "\\x00", "\\x5c2e0a", "\\xff00ff", `\\x${"ab".repeat(900)}`], { long: true }),
  type("boolean", "other", ["true", "false"]),
  type("uuid", "other", ["00000000-0000-0000-0000-000000000000", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]),
  type("json", "json", ["{}", '{"b": 1, "a":  2, "a": 3}', "[1.0, 1e0]", '"\\\\u0000"', "null"], {
    ...NEITHER,
    long: true,
  }),
  type("jsonb", "jsonb", ["{}", '{"b": 1, "a": 2}', "[1.0, 1, 1.00]", "null", '"ü"'], { long: true }),
  type("xml", "other", ["<a/>", "<a>&lt;</a>", "text only", "<a> <b c='d'/></a>"], {
    ...NEITHER,
    long: true,
  }),
  type("jsonpath", "other", ["$", "$.a[*] ? (@ > 1)"], { ...NEITHER, long: true }),
  type("date", "time", [
    "2026-02-29".replace("29", "28"),
    "infinity",
    "-infinity",
    "0044-03-15 BC",
    "5874897-12-31",
  ]),
  type("time", "time", ["00:00", "24:00", "12:34:56.789012"]),
  type("time(2) with time zone", "time", ["00:00+00", "24:00-15:59", "12:34:56.78+05:30"]),
  type("timestamp", "time", ["infinity", "2026-01-01 00:00:00.000001", "4713-01-01 00:00:00 BC"]),
  type("timestamp(3) with time zone", "time", ["infinity", "-infinity", "2026-03-29 01:30:00.123+00"]),
  type("timestamptz", "time", ["1883-11-18 12:00:00+00", "294276-12-31 23:59:59.999999+00"]),
  type("interval", "time", ["0", "1 day", "24 hours", "-1 month 1 day -0.000001 seconds", "178000000 years"]),
  type("interval year to month", "time", ["1 year 2 months", "-1 month"]),
  type("inet", "network", ["10.0.0.1/8", "10.0.0.1", "::1/64"]),
  type("cidr", "network", ["10.0.0.0/8", "::/0"]),
  type("macaddr", "network", ["08:00:2b:01:02:03"]),
  type("macaddr8", "network", ["08:00:2b:01:02:03:04:05"]),
  type("bit(5)", "other", ["10101", "00000"], { hashes: false }),
  type("bit varying", "other", ["", "1", "0001"], { hashes: false, long: true }),
  type("point", "geometry", ["(0,0)", "(-0,1e300)", "(NaN,1)"], NEITHER),
  type("line", "geometry", ["{1,2,3}"], NEITHER),
  type("lseg", "geometry", ["((0,0),(1,1))"], NEITHER),
  type("box", "geometry", ["((0,0),(1,1))", "((5,5),(-1,-1))"], NEITHER),
  type("path", "geometry", ["((0,0),(1,1))", "[(0,0),(1,1),(2,0)]"], { ...NEITHER, long: true }),
  type("polygon", "geometry", ["((0,0),(1,1),(1,0))"], { ...NEITHER, long: true }),
  type("circle", "geometry", ["<(0,0),1>"], NEITHER),
  type("tsvector", "other", ["", "a:1A b:2,3", "'it''s':4"], { hashes: false, long: true }),
  type("tsquery", "other", ["a & !b", "a <-> b"], { hashes: false }),
  type("int4range", "range", ["empty", "[1,5)", "(,)", "[3,]"], { long: true }),
  type("numrange", "range", ["empty", "[1.0,1.00]", "(,2)"], { long: true }),
  type("tstzrange", "range", ["empty", "[2026-01-01,infinity)", "(,2026-01-01]"], { long: true }),
  type("daterange", "range", ["empty", "[2026-01-01,2026-02-01)"], { long: true }),
  type("int8multirange", "range", ["{}", "{[1,2),[5,9)}", "{(,)}"], { long: true, since: 14 }),
  type("pg_lsn", "other", ["0/0", "16/B374D848", "FFFFFFFF/FFFFFFFF"]),
  type("oid", "other", ["0", "4294967295"]),
  type("xid", "other", ["0", "4294967295"], { sorts: false }),
  type("xid8", "other", ["0", "18446744073709551615"], { since: 13 }),
  type("tid", "other", ["(0,1)", "(4294967295,65535)"]),
  type("regtype", "other", ["integer", "timestamp with time zone", "0"]),
  type("regclass", "other", ["pg_class", "0"]),
  type("regprocedure", "other", ["lower(text)", "0"]),
  type("txid_snapshot", "other", ["10:20:10,14"], { ...NEITHER, long: true }),
  type("oidvector", "other", ["", "1 2 3"]),
  type("int2vector", "other", ["", "1 -2"], NEITHER),
  type("refcursor", "other", ["", "portal 1"], { ...NEITHER, long: true }),
  type("aclitem", "other", ["=r/postgres", "postgres=arwdDxt/postgres"], { sorts: false }),
  type("integer[]", "other", ["{}", "{1,NULL,3}", "[0:1][-1:0]={{1,2},{3,4}}"], { long: true }),
  type("text[]", "other", ["{}", '{"NULL",NULL,"a,b","\\\\"}', '{{"",x},{y,"ü"}}'], TEXTUAL),
  type("numeric(6,2)[]", "other", ["{}", "{1.00,NaN}"], { long: true }),
  type("character(3)[]", "other", ["{}", '{a,"b  "}'], TEXTUAL),
  type("timestamptz[]", "other", ["{}", "{infinity,NULL}"], { long: true }),
  type("jsonb[]", "other", ["{}", '{"{\\"a\\": 1}"}'], { long: true }),
  type("point[]", "geometry", ["{}", '{"(1,2)"}'], { ...NEITHER, long: true }),
];

/** Types of extensions that stand in schema `ext`. */
export const EXTENSION_TYPES: readonly ColumnType[] = [
  type("ext.citext", "other", ["MiXed", "", "ü"], { long: true, collates: true }),
  type("ext.hstore", "other", ["", "a=>1, b=>NULL", '"q\\"" => " "'], { hashes: false, long: true }),
  type("ext.ltree", "other", ["", "a.b.c"], { hashes: false, long: true }),
  type("ext.cube", "other", ["(1,2),(3,4)", "0"], { hashes: false }),
  type("ext.isbn13", "other", ["978-0-393-04002-9"], { hashes: false }),
  type("ext.citext[]", "other", ["{}", "{Ab,aB,NULL}"], { long: true, collates: true }),
];

/** What every database of random schemas begins with. */
const EXTENSIONS = ["citext", "hstore", "ltree", "cube", "isn", "btree_gist"];
export const EXTENSIONS_SQL = `
  CREATE SCHEMA ext;
  ${EXTENSIONS.map((name) => `CREATE EXTENSION ${name} SCHEMA ext;`).join(" ")}
`;

/** An integer, for keys. */
export const INTEGER: ColumnType = BUILT_IN_TYPES[1]!;
export const PLAIN_TEXT: ColumnType = BUILT_IN_TYPES[8]!;
