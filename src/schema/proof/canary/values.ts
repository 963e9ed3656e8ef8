import type { CanaryColumn, CanaryType } from "./columns.ts";

/**
 * Values for canary rows: the same number gives the same value in every table, so that foreign keys between canaries hold.
 *
 * @param column to be filled
 * @param row number of the row, from 1
 * @param attempt how many times a value of this column was refused; later attempts try what conditions speak of
 * @param hints texts and numbers out of the conditions on the column
 * @returns the text form of a value, null for NULL, or undefined where nothing is left to try
 */
export function canaryValue(column: CanaryColumn, row: number, attempt: number, hints: readonly string[]): string | null | undefined {
  const plain = plainValue(column.base, row);
  const candidates: (string | null | undefined)[] = [
    plain, ...hints.map((hint) => (column.base.array ? `{${JSON.stringify(hint)}}` : hint)), ...alternatives(column.base, row), ...(column.notNull ? [] : [null]),
  ];
  const usable = candidates.filter((each) => each !== undefined);
  return usable[attempt];
}

/** Texts and numbers that a condition compares with: the likeliest values to satisfy it. */
export function hintsIn(conditions: readonly string[]): string[] {
  const found = conditions.flatMap((condition) => [
    ...[...condition.matchAll(/'((?:[^']|'')*)'/g)].map(([, text]) => text!.replaceAll("''", "'")),
    ...[...condition.replace(/'(?:[^']|'')*'/g, "").matchAll(/(?<![\w.])-?\d+(?:\.\d+)?/g)].flatMap(([number]) => [number, String(Number(number) + 1), String(Number(number) - 1)]),
  ]);
  return [...new Set(found)];
}

function plainValue(type: CanaryType, row: number): string | undefined {
  const one = elementValue(type, row);
  if (!type.array || one === undefined) return one;
  return `{${JSON.stringify(one)}}`;
}

function elementValue(type: CanaryType, row: number): string | undefined {
  if (type.kind === "e") return type.labels[(row - 1) % Math.max(type.labels.length, 1)];
  if (type.kind === "r" || type.kind === "m") {
    const bounds = type.subtype === undefined ? undefined : [scalar(type.subtype, -1, row), scalar(type.subtype, -1, row + 1)];
    if (bounds?.[0] === undefined || bounds[1] === undefined) return undefined;
    const range = `[${JSON.stringify(bounds[0])},${JSON.stringify(bounds[1])})`;
    return type.kind === "m" ? `{${range}}` : range;
  }
  if (type.kind === "c") {
    const fields = type.fields.map((name) => scalar(name, -1, row));
    return `(${fields.map((field) => (field === undefined ? "" : JSON.stringify(field).replaceAll('\\"', '""'))).join(",")})`;
  }
  return scalar(type.name, type.modifier, row);
}

/** Bytes that a modifier counts besides the characters it allows (VARHDRSZ). */
const HEADER = 4;

/** A value of a type that comes with PostgreSQL, or with a well-known extension. */
function scalar(name: string, modifier: number, row: number): string | undefined {
  const day = String((row % 27) + 1).padStart(2, "0");
  switch (name) {
    case "bool": return row % 2 === 1 ? "true" : "false";
    case "int2": case "int4": case "int8": case "oid": case "xid": case "xid8": case "cid": return String(row);
    case "float4": case "float8": return `${row}.5`;
    case "numeric": return numeric(modifier, row);
    case "money": return `${row}.50`;
    case "text": case "citext": case "name": return `canary ${row}`;
    case "varchar": case "bpchar": return modifier > HEADER ? `canary ${row}`.slice(-(modifier - HEADER)) : name === "bpchar" && modifier === HEADER + 1 ? String(row % 10) : `canary ${row}`;
    case "char": return String.fromCharCode(96 + ((row - 1) % 26) + 1);
    case "uuid": return `00000000-0000-4000-8000-${String(row).padStart(12, "0")}`;
    case "date": return `2001-02-${day}`;
    case "timestamp": return `2001-02-${day} 03:04:05.678901`;
    case "timestamptz": return `2001-02-${day} 03:04:05.678901+00`;
    case "time": return `03:04:${day}.678901`;
    case "timetz": return `03:04:${day}.678901+00`;
    case "interval": return `${row} days 01:02:03`;
    case "json": case "jsonb": return JSON.stringify({ canary: row });
    case "jsonpath": return `$.canary${row}`;
    case "bytea": return `\\x${row.toString(16).padStart(4, "0")}`;
    case "inet": return `192.0.2.${row % 250}`;
    case "cidr": return `192.0.${row % 250}.0/24`;
    case "macaddr": return `08:00:2b:01:02:${(row % 256).toString(16).padStart(2, "0")}`;
    case "macaddr8": return `08:00:2b:01:02:03:04:${(row % 256).toString(16).padStart(2, "0")}`;
    case "bit": return bits(row, modifier > 0 ? modifier : 1);
    case "varbit": return bits(row, modifier > 0 ? Math.min(modifier, 8) : 8);
    case "xml": return `<canary>${row}</canary>`;
    case "tsvector": return `'canary':${row}`;
    case "tsquery": return `'canary${row}'`;
    case "point": return `(${row},${row})`;
    case "box": return `(${row + 1},${row + 1}),(${row},${row})`;
    case "lseg": case "path": case "polygon": return `((${row},${row}),(${row + 1},${row + 2}))`;
    case "line": return `{1,1,${row}}`;
    case "circle": return `<(${row},${row}),1>`;
    case "pg_lsn": return `0/${row.toString(16)}`;
    case "regclass": return "pg_class";
    case "regtype": return "integer";
    case "regproc": return "pg_catalog.now";
    case "regprocedure": return "pg_catalog.now()";
    case "regnamespace": return "pg_catalog";
    case "regrole": return "pg_monitor";
    case "hstore": return `canary=>${row}`;
    case "ltree": return `canary.c${row}`;
    case "cube": return `(${row},${row})`;
    case "vector": return modifier > 0 ? `[${Array.from({ length: modifier }, () => String(row)).join(",")}]` : `[${row}]`;
    case "geometry": case "geography": return `POINT(${row} ${row})`;
    default: return undefined;
  }
}

/** Precision and scale of a numeric lie in its modifier; the value has the digits it can have. */
function numeric(modifier: number, row: number): string {
  if (modifier < HEADER) return `${row}.123456789`;
  const [precision, scale] = [((modifier - HEADER) >> 16) & 0xffff, (((modifier - HEADER) & 0x7ff) ^ 1024) - 1024];
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
    case "bool": return ["true", "false"];
    case "int2": case "int4": case "int8": case "float4": case "float8": case "numeric": return ["0", "1", String(10 * row), String(100 + row), `-${row}`];
    case "text": case "varchar": case "citext": case "bpchar":
      return ["", String(row), `c${row}`, `canary${row}@example.com`, `https://example.com/${row}`, `canary-${row}`, `CANARY${row}`, "en", "#aabbcc"];
    case "date": case "timestamp": case "timestamptz": return ["2099-01-01", "1970-01-01", "now"];
    case "json": case "jsonb": return ["{}", "[]", `"canary ${row}"`];
    default: return [];
  }
}
