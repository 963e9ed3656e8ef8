import type { CanaryColumn, CanaryType } from "./columns.ts";
import { textsOf, type Hints } from "./hints.ts";

/**
 * Values for canary rows: the same number gives the same value in every table, so that foreign keys between
 * canaries hold.
 *
 * @param column to be filled
 * @param row number of the row, from 1
 * @param attempt how many times a value of this column was refused; later attempts try what
 *   conditions speak of
 * @param hints out of the conditions on the column
 * @returns the text form of a value, null for NULL, or undefined where nothing is left to try
 */
export function canaryValue(
  column: CanaryColumn,
  row: number,
  attempt: number,
  hints: Hints,
): string | null | undefined {
  const { base, notNull } = column;
  const hinted = hintedValues(base, row, hints);
  const candidates: (string | null | undefined)[] = [
    plainValue(base, row),
    ...hinted.map((hint) => (base.array ? arrayOf([hint]) : hint)),
    ...(base.array ? arraysOf(base, row, hints) : []),
    ...alternatives(base, row),
    ...(notNull ? [] : [null]),
  ];
  return [...new Set(candidates.filter((each) => each !== undefined))][attempt];
}

const NUMERIC = new Set(["int2", "int4", "int8", "oid", "float4", "float8", "numeric", "money"]);
const TEXTUAL = new Set(["text", "varchar", "bpchar", "citext", "name"]);
const NUMBER = /^-?(?:\d+(?:\.\d+)?|NaN|Infinity)$/;

/** Whether every text is a value, as far as it is not too long; an array's elements are not asked. */
export function isTextual({ name, array }: CanaryType): boolean {
  return !array && TEXTUAL.has(name);
}

/** Only what the type takes: a refusal costs an attempt. */
function hintedValues(type: CanaryType, row: number, hints: Hints): string[] {
  if (TEXTUAL.has(type.name)) return textsOf(hints, row);
  if (NUMERIC.has(type.name)) return [...hints.numbers, ...hints.texts.filter((text) => NUMBER.test(text))];
  if (type.name === "bytea") {
    return hints.lengths.map((length) => `\\x${row.toString(16).padStart(2, "0").slice(-2).repeat(length)}`);
  }
  if (type.kind === "e") return hints.texts.filter((text) => type.labels.includes(text));
  if (type.name === "json" || type.name === "jsonb") return jsonFor(hints, row);
  return hints.texts.filter((text) => text !== "");
}

/** A document that has every key that conditions speak of. */
function jsonFor({ texts }: Hints, row: number): string[] {
  const keys = texts.filter((text) => /^[\w-]+$/.test(text));
  return keys.length === 0
    ? []
    : [`canary ${row}`, row].map((value) =>
        JSON.stringify(Object.fromEntries(keys.map((key) => [key, value]))),
      );
}

/** Arrays as long as conditions want them. */
function arraysOf(type: CanaryType, row: number, { lengths }: Hints): string[] {
  return lengths.flatMap((length) => {
    const elements = Array.from({ length }, (_, at) => elementValue(type, row + at));
    return elements.every((each) => each !== undefined) ? [arrayOf(elements)] : [];
  });
}

/** The text form of an array. */
export function arrayOf(elements: readonly string[]): string {
  return `{${elements.map((each) => JSON.stringify(each)).join(",")}}`;
}

/** An ordinary value of a type. */
export function plainValue(type: CanaryType, row: number): string | undefined {
  const one = elementValue(type, row);
  return !type.array || one === undefined ? one : arrayOf([one]);
}

function elementValue(type: CanaryType, row: number): string | undefined {
  if (type.kind === "e") return type.labels[(row - 1) % Math.max(type.labels.length, 1)];
  if (type.kind === "r" || type.kind === "m") {
    const bounds =
      type.subtype === undefined
        ? undefined
        : [scalar(type.subtype, -1, row), scalar(type.subtype, -1, row + 1)];
    if (bounds?.[0] === undefined || bounds[1] === undefined) return undefined;
    const range = `[${JSON.stringify(bounds[0])},${JSON.stringify(bounds[1])})`;
    return type.kind === "m" ? `{${range}}` : range;
  }
  if (type.kind === "c") {
    const fields = type.fields.map((name) => scalar(name, -1, row));
    // A field of another kind is NULL.
    return (
      "(" +
      fields
        .map((field) => (field === undefined ? "" : JSON.stringify(field).replaceAll('\\"', '""')))
        .join(",") +
      ")"
    );
  }
  return scalar(type.name, type.modifier, row);
}

/** Bytes that a modifier counts besides the characters it allows (VARHDRSZ). */
export const HEADER = 4;

/** The text form of a value of a type, for a row's number and the column's modifier. */
type MakeValue = (row: number, modifier: number) => string;

/** Types that come with PostgreSQL, or with a well-known extension. */
const VALUES: readonly (readonly [names: readonly string[], make: MakeValue])[] = [
  [["bool"], (row) => (row % 2 === 1 ? "true" : "false")],
  [["int2", "int4", "int8", "oid", "xid", "xid8", "cid"], (row) => String(row)],
  [["float4", "float8"], (row) => `${row}.5`],
  [["numeric"], (row, modifier) => numeric(modifier, row)],
  [["money"], (row) => `${row}.50`],
  [["text", "citext", "name"], (row) => `canary ${row}`],
  [["varchar"], (row, modifier) => clipped(row, modifier)],
  [["bpchar"], (row, modifier) => (modifier === HEADER + 1 ? String(row % 10) : clipped(row, modifier))],
  [["char"], (row) => String.fromCharCode(96 + ((row - 1) % 26) + 1)],
  [["uuid"], (row) => `00000000-0000-4000-8000-${String(row).padStart(12, "0")}`],
  [["date"], (row) => `2001-02-${day(row)}`],
  [["timestamp"], (row) => `2001-02-${day(row)} 03:04:05.678901`],
  [["timestamptz"], (row) => `2001-02-${day(row)} 03:04:05.678901+00`],
  [["time"], (row) => `03:04:${day(row)}.678901`],
  [["timetz"], (row) => `03:04:${day(row)}.678901+00`],
  [["interval"], (row) => `${row} days 01:02:03`],
  [["json", "jsonb"], (row) => JSON.stringify({ canary: row })],
  [["jsonpath"], (row) => `$.canary${row}`],
  [["bytea"], (row) => `\\x${row.toString(16).padStart(4, "0")}`],
  [["inet"], (row) => `192.0.2.${row % 250}`],
  [["cidr"], (row) => `192.0.${row % 250}.0/24`],
  [["macaddr"], (row) => `08:00:2b:01:02:${(row % 256).toString(16).padStart(2, "0")}`],
  [["macaddr8"], (row) => `08:00:2b:01:02:03:04:${(row % 256).toString(16).padStart(2, "0")}`],
  [["bit"], (row, modifier) => bits(row, modifier > 0 ? modifier : 1)],
  [["varbit"], (row, modifier) => bits(row, modifier > 0 ? Math.min(modifier, 8) : 8)],
  [["xml"], (row) => `<canary>${row}</canary>`],
  [["tsvector"], (row) => `'canary':${row}`],
  [["tsquery"], (row) => `'canary${row}'`],
  [["point"], (row) => `(${row},${row})`],
  [["box"], (row) => `(${row + 1},${row + 1}),(${row},${row})`],
  [["lseg", "path", "polygon"], (row) => `((${row},${row}),(${row + 1},${row + 2}))`],
  [["line"], (row) => `{1,1,${row}}`],
  [["circle"], (row) => `<(${row},${row}),1>`],
  [["pg_lsn"], (row) => `0/${row.toString(16)}`],
  [["regclass"], () => "pg_class"],
  [["regtype"], () => "integer"],
  [["regproc"], () => "pg_catalog.now"],
  [["regprocedure"], () => "pg_catalog.now()"],
  [["regconfig", "regdictionary"], () => "simple"],
  [["regoper"], () => "pg_catalog.||/"],
  [["regoperator"], () => "pg_catalog.+(integer,integer)"],
  [["regcollation"], () => '"C"'],
  [["aclitem"], () => "pg_monitor=r/pg_monitor"],
  [["tid"], (row) => `(0,${row})`],
  [["txid_snapshot", "pg_snapshot"], (row) => `${row}:${row + 1}:`],
  [["refcursor"], (row) => `canary ${row}`],
  [["int2vector", "oidvector"], (row) => `1 ${row}`],
  [["regnamespace"], () => "pg_catalog"],
  [["regrole"], () => "pg_monitor"],
  [["hstore"], (row) => `canary=>${row}`],
  [["ltree"], (row) => `canary.c${row}`],
  [["lquery"], (row) => `canary.c${row}.*`],
  [["ltxtquery"], (row) => `canary & c${row}`],
  [["seg"], (row) => `${row} .. ${row + 1}`],
  [["cube"], (row) => `(${row},${row})`],
  [
    ["vector"],
    (row, modifier) =>
      modifier > 0 ? `[${Array.from({ length: modifier }, () => String(row)).join(",")}]` : `[${row}]`,
  ],
  [["geometry", "geography"], (row) => `POINT(${row} ${row})`],
];

const BY_NAME: ReadonlyMap<string, MakeValue> = new Map(
  VALUES.flatMap(([names, make]) => names.map((name) => [name, make] as const)),
);

function scalar(name: string, modifier: number, row: number): string | undefined {
  return BY_NAME.get(name)?.(row, modifier);
}

/** A day of a month that has enough of them. */
function day(row: number): string {
  return String((row % 27) + 1).padStart(2, "0");
}

/** The last characters, so that two rows differ. */
function clipped(row: number, modifier: number): string {
  return modifier > HEADER ? `canary ${row}`.slice(-(modifier - HEADER)) : `canary ${row}`;
}

/** Precision and scale of a numeric lie in its modifier; the value has the digits it can have. */
function numeric(modifier: number, row: number): string {
  if (modifier < HEADER) return `${row}.123456789`;
  const [precision, scale] = [
    ((modifier - HEADER) >> 16) & 0xffff,
    (((modifier - HEADER) & 0x7ff) ^ 1024) - 1024,
  ];
  if (scale <= 0) return String(row % 10 ** Math.min(precision, 9));
  const whole = precision > scale ? String(row % 10 ** Math.min(precision - scale, 9)) : "0";
  return `${whole}.${"123456789".padEnd(scale, "1").slice(0, scale - 1)}${row % 10}`;
}

function bits(row: number, length: number): string {
  return (row % 2 ** Math.min(length, 16)).toString(2).padStart(length, "0");
}

/** Other values of the same type, for conditions that say nothing of which. */
function alternatives(type: CanaryType, row: number): (string | undefined)[] {
  if (type.array) return ["{}"];
  if (type.kind === "e") return type.labels.map((_, at) => type.labels[(at + row) % type.labels.length]);
  switch (type.name) {
    case "bool":
      return ["true", "false"];
    case "int2":
    case "int4":
    case "int8":
    case "float4":
    case "float8":
    case "numeric":
      return ["0", "1", String(10 * row), String(100 + row), `-${row}`];
    case "text":
    case "varchar":
    case "citext":
    case "bpchar":
      return [
        "",
        String(row),
        `c${row}`,
        `canary${row}@example.com`,
        `https://example.com/${row}`,
        `canary-${row}`,
        `CANARY${row}`,
        "en",
        "#aabbcc",
      ];
    case "date":
    case "timestamp":
    case "timestamptz":
      return ["2099-01-01", "1970-01-01", "2020-02-29", "now"];
    case "time":
    case "timetz":
    case "interval":
      return ["00:00:01", "23:00:00"];
    case "json":
    case "jsonb":
      return ["{}", "[]", `"canary ${row}"`];
    // A type nobody here knows: some text form may be its own.
    default:
      return scalar(type.name, type.modifier, row) === undefined && type.kind === "b"
        ? [String(row), `canary${row}`, `(${row},${row})`, "{}"]
        : [];
  }
}
