import { everyNode, fieldsOf, listOf, nameParts, typeOf, type Fields } from "../../script/tree.ts";
import { arrayOf } from "../canary/values.ts";
import { constantOf, elementsIn } from "./constants.ts";
import { parsedJson, type MeantRow, type MeantValue, type Strength } from "./meant-row.ts";

/** What stands in a statement under a name. */
export interface Names {
  /** Alias of a table, or its name → the table's name. */
  readonly relations: ReadonlyMap<string, string>;
  /** `alias.column` of VALUES → the constants there. */
  readonly lists: ReadonlyMap<string, readonly string[]>;
}

/** Longest text that is made because a condition speaks of a length. */
const LENGTH_MAX = 4096;
const FILLER = "canary";

/** Functions whose result is their argument's, or nearly: the argument that has it. */
const SAME: Readonly<Record<string, number>> = {
  lower: 0,
  upper: 0,
  initcap: 0,
  btrim: 0,
  ltrim: 0,
  rtrim: 0,
  unaccent: 0,
  citext: 0,
  abs: 0,
  round: 0,
  floor: 0,
  ceil: 0,
  ceiling: 0,
  trunc: 0,
  date: 0,
  left: 0,
  right: 0,
  date_trunc: 1,
  timezone: 1,
};

/**
 * Rows in which an expression has a value: from the outside in to the column that it is made of, each step
 * turned round. `lower(x)` is `'a'` where x is, `j ->> 'k'` is where j is `{"k": "a"}`.
 *
 * @returns none where it stands on no column, or is not read
 */
export function reach(
  node: unknown,
  value: string | null,
  strength: Strength,
  names: Names,
): readonly MeantRow[] {
  const fields = fieldsOf(node);
  const type = typeOf(node);
  const again = (inner: unknown, other: string | null, how: Strength = strength): readonly MeantRow[] =>
    reach(inner, other, how, names);
  if (type === "ColumnRef") {
    const column = columnOf(node, names);
    return column === undefined ? [] : [[{ ...column, value, strength }]];
  }
  if (type === "TypeCast" || type === "CollateClause") return again(fields["arg"], value);
  // What has no value for NULL going in has it for NULL alone; of the rest nothing can be said.
  if (value === null) return [];
  if (type === "CoalesceExpr") {
    const [first, ...others] = listOf(fields["args"]);
    const isOther = others.some((each) => constantOf(each) === value);
    return [...again(first, value), ...(isOther ? again(first, null, "exact") : [])];
  }
  if (type === "FuncCall") return reachFunction(fields, value, again);
  if (type === "A_Expr") return reachOperator(fields, value, again);
  return [];
}

type Again = (inner: unknown, value: string | null, strength?: Strength) => readonly MeantRow[];

function reachFunction(fields: Fields, value: string, again: Again): readonly MeantRow[] {
  const name = nameParts(fields["funcname"]).at(-1) ?? "";
  const args = listOf(fields["args"]);
  const same = SAME[name];
  if (same !== undefined) return again(args[same], value, "likely");
  const number = (at: number): number => Number(constantOf(args[at]) ?? Number.NaN);
  switch (name) {
    case "substr":
    case "substring":
      return number(1) >= 1 && number(1) <= LENGTH_MAX
        ? again(args[0], "c".repeat(number(1) - 1) + value, "likely")
        : again(args[0], value, "likely");
    case "split_part": {
      const [separator, place] = [constantOf(args[1]), number(2)];
      if (typeof separator !== "string" || !(place >= 1 && place < 50)) return [];
      return again(args[0], [...Array<string>(place - 1).fill(FILLER), value].join(separator), "likely");
    }
    case "length":
    case "char_length":
    case "character_length":
    case "octet_length":
      return isLength(value) ? again(args[0], "c".repeat(Number(value)), "likely") : [];
    case "cardinality":
    case "array_length":
      return isLength(value) ? again(args[0], arrayOf(Array(Number(value)).fill("1")), "likely") : [];
    case "jsonb_array_length":
    case "json_array_length":
      return isLength(value) ? again(args[0], JSON.stringify(Array(Number(value)).fill(1)), "likely") : [];
    case "jsonb_typeof":
    case "json_typeof": {
      const text = OF_TYPE[value];
      return text === undefined ? [] : again(args[0], text, "likely");
    }
    case "strpos":
    case "position":
      return containing(args, again);
    case "extract":
    case "date_part": {
      const time = timeWith(constantOf(args[0]), value);
      return time === undefined ? [] : again(args[1], time, "likely");
    }
    case "jsonb_extract_path_text":
    case "json_extract_path_text":
    case "jsonb_extract_path":
    case "json_extract_path": {
      const path = args.slice(1).map(constantOf);
      const known = path.every((each) => typeof each === "string");
      return known ? again(args[0], nested(path, ofJson(value, name.endsWith("text"))), "part") : [];
    }
    default: {
      // Whatever it does: some of what it is compared with it may be given.
      const columns = args.filter(hasColumn);
      return columns.length === 1 ? again(columns[0], value, "likely") : [];
    }
  }
}

function reachOperator(fields: Fields, value: string, again: Again): readonly MeantRow[] {
  const operator = nameParts(fields["name"]).at(-1) ?? "";
  const [left, right] = [fields["lexpr"], fields["rexpr"]];
  const other = constantOf(right);
  if (fields["kind"] === "AEXPR_NULLIF") return again(left, value);
  if (typeof other !== "string") return [];
  switch (operator) {
    case "->":
    case "->>": {
      const inner = ofJson(value, operator === "->>");
      const place = isInteger(right) ? Number(other) : undefined;
      if (place === undefined) return again(left, nested([other], inner), "part");
      return place >= 0 && place < 50
        ? again(left, JSON.stringify([...Array<number>(place).fill(0), inner]), "part")
        : [];
    }
    case "#>":
    case "#>>":
      return again(left, nested(elementsIn(other) ?? [other], ofJson(value, operator === "#>>")), "part");
    case "%":
      return again(left, value);
    case "+":
    case "-": {
      if (!isNumber(value) || !isNumber(other)) return [];
      const sum = operator === "+" ? Number(value) - Number(other) : Number(value) + Number(other);
      return again(left, String(sum));
    }
    case "*":
      return isNumber(value) && Number(other) !== 0
        ? again(left, String(Number(value) / Number(other)), "likely")
        : [];
    default:
      return [];
  }
}

/** A text that has another in it: `position('a' IN x)` and `strpos(x, 'a')`. */
export function containing(args: readonly unknown[], again: Again): readonly MeantRow[] {
  const part = constantOf(args[1]);
  return typeof part === "string" ? again(args[0], part, "likely") : [];
}

const OF_TYPE: Readonly<Record<string, string>> = {
  array: "[]",
  object: "{}",
  string: `"${FILLER}"`,
  number: "1",
  boolean: "true",
  null: "null",
};

/** What stands in a document: as text of what prints so, else what the text is. */
function ofJson(text: string, isText: boolean): unknown {
  const value = parsedJson(text);
  if (value === undefined) return text;
  return isText && typeof value === "string" ? text : value;
}

/** A document that has a value at the end of a path of keys. */
export function nested(path: readonly string[], value: unknown): string {
  return JSON.stringify(path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value));
}

/** A moment of which one field is known; of a week's day one of a week that begins with a Sunday. */
function timeWith(field: string | null | undefined, value: string): string | undefined {
  if (!/^\d{1,4}$/.test(value)) return undefined;
  const two = value.padStart(2, "0");
  switch ((field ?? "").toLowerCase()) {
    case "year":
      return `${value.padStart(4, "0")}-06-15 12:00:00`;
    case "month":
      return `2001-${two}-15 12:00:00`;
    case "day":
      return `2001-01-${two} 12:00:00`;
    case "hour":
      return `2001-01-15 ${two}:00:00`;
    case "dow":
      return `2001-01-${String(7 + Number(value)).padStart(2, "0")} 12:00:00`;
    default:
      return undefined;
  }
}

function isInteger(node: unknown): boolean {
  return typeOf(node) === "A_Const" && fieldsOf(node)["ival"] !== undefined;
}

/** Whether a text is a number as it is written in SQL. */
export function isNumber(text: string): boolean {
  return /^-?\d+(?:\.\d+)?$/.test(text);
}

const isLength = (text: string): boolean => /^\d{1,4}$/.test(text) && Number(text) <= LENGTH_MAX;

/** Whether anything in an expression is a column. */
export function hasColumn(node: unknown): boolean {
  for (const { type } of everyNode(node)) if (type === "ColumnRef") return true;
  return false;
}

/** Which column a reference means. */
export function columnOf(
  node: unknown,
  { relations }: Names,
): Pick<MeantValue, "relation" | "column"> | undefined {
  const parts = typeOf(node) === "ColumnRef" ? nameParts(fieldsOf(node)["fields"]) : [];
  const [column, qualifier] = [parts.at(-1), parts.at(-2)];
  if (column === undefined) return undefined;
  return { relation: qualifier === undefined ? undefined : relations.get(qualifier), column };
}
