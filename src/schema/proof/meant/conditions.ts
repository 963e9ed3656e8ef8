import { fieldsOf, listOf, nameParts, typeOf, type Fields } from "../../script/tree.ts";
import { hintsIn, textsOf } from "../canary/hints.ts";
import { arrayOf } from "../canary/values.ts";
import { constantOf, elementsIn, elementsOf } from "./constants.ts";
import { ANY_ROW, both, isCut, parsedJson, type MeantRow } from "./meant-row.ts";
import { columnOf, containing, hasColumn, isNumber, nested, reach, type Names } from "./reach.ts";

/** Reads conditions of one statement. */
export class Conditions {
  readonly #names: Names;
  readonly #rowsOfQuery: (query: unknown) => readonly MeantRow[];
  /** Fields of the nodes that were read as part of a condition. */
  readonly read = new Set<Fields>();
  /** There are more rows than were made of it. */
  cut = false;

  /** @param rowsOfQuery what a query within a condition means */
  constructor(names: Names, rowsOfQuery: (query: unknown) => readonly MeantRow[]) {
    this.#names = names;
    this.#rowsOfQuery = rowsOfQuery;
  }

  /**
   * The rows for which a condition holds, each another way to fulfil it: {@link ANY_ROW} where it says
   * nothing of values, or what it says is not read.
   *
   * @param holds false for the rows for which it does not
   */
  rows(node: unknown, holds = true): readonly MeantRow[] {
    const found = this.#rows(node, holds);
    return found.length === 0 ? ANY_ROW : found;
  }

  /** Rows that are meant by both; where they are too many it is remembered that some were left out. */
  both(ones: readonly MeantRow[], others: readonly MeantRow[]): readonly MeantRow[] {
    this.cut ||= isCut(ones, others);
    return both(ones, others);
  }

  #rows(node: unknown, holds: boolean): readonly MeantRow[] {
    const fields = fieldsOf(node);
    this.read.add(fields);
    switch (typeOf(node)) {
      case "BoolExpr":
        return this.#boolean(fields, holds);
      case "ColumnRef":
        return this.#reach(node, String(holds));
      case "TypeCast":
        return this.#rows(fields["arg"], holds);
      case "NullTest":
        return this.#nullTest(fields, holds);
      case "BooleanTest":
        return this.#booleanTest(fields, holds);
      case "SubLink":
        return holds ? this.#subLink(fields) : [];
      case "A_Expr":
        return this.#operator(fields, holds);
      case "FuncCall":
        return holds ? this.#function(fields) : [];
      default:
        return [];
    }
  }

  #reach(
    node: unknown,
    value: string | null,
    strength: Parameters<typeof reach>[2] = "exact",
  ): readonly MeantRow[] {
    return reach(node, value, strength, this.#names);
  }

  #boolean(fields: Fields, holds: boolean): readonly MeantRow[] {
    const [args, operator] = [listOf(fields["args"]), fields["boolop"]];
    if (operator === "NOT_EXPR") return this.#rows(args[0], !holds);
    const isAnd = (operator === "AND_EXPR") === holds;
    if (isAnd) {
      return args.reduce<readonly MeantRow[]>((all, each) => this.both(all, this.rows(each, holds)), ANY_ROW);
    }
    return args.flatMap((each) => this.#rows(each, holds));
  }

  #nullTest(fields: Fields, holds: boolean): readonly MeantRow[] {
    const isNull = (fields["nulltesttype"] === "IS_NULL") === holds;
    if (isNull) return this.#reach(fields["arg"], null);
    // A column has a value anyway; a key of a document has to be put there.
    return typeOf(fields["arg"]) === "ColumnRef" ? [] : this.#reach(fields["arg"], "canary", "likely");
  }

  #booleanTest(fields: Fields, holds: boolean): readonly MeantRow[] {
    const [, not, word] = /^IS_(NOT_)?(TRUE|FALSE|UNKNOWN)$/.exec(String(fields["booltesttype"])) ?? [];
    const is = (not === undefined) === holds;
    const unknown = this.#reach(fields["arg"], null);
    if (word === "UNKNOWN") return is ? unknown : [];
    if (is) return this.#rows(fields["arg"], word === "TRUE");
    return [...this.#rows(fields["arg"], word !== "TRUE"), ...unknown];
  }

  #subLink(fields: Fields): readonly MeantRow[] {
    const { subLinkType, testexpr, subselect } = fields;
    if (subLinkType !== "EXISTS_SUBLINK" && subLinkType !== "ANY_SUBLINK") return [];
    const inner = this.#rowsOfQuery(subselect);
    if (testexpr === undefined) return inner;
    const constants = constantsOfQuery(subselect);
    return this.both(inner, constants.length === 0 ? ANY_ROW : this.#oneOf(testexpr, constants));
  }

  #oneOf(node: unknown, values: readonly (string | null)[]): readonly MeantRow[] {
    return values.flatMap((value) => (value === null ? [] : this.#reach(node, value)));
  }

  #operator(fields: Fields, holds: boolean): readonly MeantRow[] {
    const [left, right, kind] = [fields["lexpr"], fields["rexpr"], fields["kind"]];
    const operator = nameParts(fields["name"]).at(-1) ?? "";
    switch (kind) {
      case "AEXPR_IN":
        return (operator === "=") === holds
          ? listOf(right).flatMap((each) => this.#compared(left, "=", each))
          : [];
      case "AEXPR_OP_ANY":
        if (!holds) return [];
        if (typeof constantOf(left) === "string" && hasColumn(right)) {
          return this.#reach(right, arrayOf([constantOf(left)!]), "part");
        }
        return elementsOf(right).flatMap((each) => this.#comparedWith(left, operator, each));
      case "AEXPR_DISTINCT":
        return holds ? [] : this.#compared(left, "=", right);
      case "AEXPR_NOT_DISTINCT":
        return holds ? this.#compared(left, "=", right) : [];
      case "AEXPR_BETWEEN":
      case "AEXPR_BETWEEN_SYM":
      case "AEXPR_NOT_BETWEEN":
      case "AEXPR_NOT_BETWEEN_SYM": {
        const [low, high] = listOf(right);
        return (kind === "AEXPR_BETWEEN" || kind === "AEXPR_BETWEEN_SYM") === holds
          ? [...this.#compared(left, ">=", low), ...this.#compared(left, "<=", high)]
          : [...this.#compared(left, "<", low), ...this.#compared(left, ">", high)];
      }
      case "AEXPR_SIMILAR":
        return holds ? this.#similar(left, right) : [];
      default: {
        const meant = holds ? operator : OPPOSITE[operator];
        if (meant === undefined) return [];
        const straight = this.#compared(left, meant, right);
        const turned = MIRRORED[meant];
        return straight.length > 0 || turned === undefined ? straight : this.#compared(right, turned, left);
      }
    }
  }

  /** `left operator right`, with constants on the right. */
  #compared(left: unknown, operator: string, right: unknown): readonly MeantRow[] {
    if (typeOf(left) === "RowExpr" && typeOf(right) === "RowExpr" && operator === "=") {
      const others = listOf(fieldsOf(right)["args"]);
      return listOf(fieldsOf(left)["args"]).reduce<readonly MeantRow[]>((all, each, at) => {
        const rows = this.#compared(each, "=", others[at]);
        return this.both(all, rows.length === 0 ? ANY_ROW : rows);
      }, ANY_ROW);
    }
    const value = constantOf(right);
    if (value !== undefined) return this.#comparedWith(left, operator, value);
    const listed = operator === "=" ? this.#listed(right) : [];
    return this.#oneOf(left, listed);
  }

  /** `u.kind = v.kind`, where v is a list of VALUES. */
  #listed(node: unknown): readonly string[] {
    const parts = typeOf(node) === "ColumnRef" ? nameParts(fieldsOf(node)["fields"]) : [];
    return this.#names.lists.get(parts.slice(-2).join(".")) ?? [];
  }

  #comparedWith(left: unknown, operator: string, value: string | null): readonly MeantRow[] {
    if (value === null) return operator === "=" ? this.#reach(left, null) : [];
    switch (operator) {
      case "=":
        return this.#reach(left, value);
      case ">":
      case ">=":
      case "<":
      case "<=":
        return this.#beside(left, operator, value);
      case "~":
      case "~*":
        return this.#like(left, `x ~ '${value.replaceAll("'", "''")}'`);
      case "~~":
      case "~~*":
        return this.#like(left, `x ~~ '${value.replaceAll("'", "''")}'`);
      case "@>":
        return this.#reach(left, value, "part");
      case "&&":
        return (elementsIn(value) ?? []).flatMap((each) => this.#reach(left, arrayOf([each]), "part"));
      case "?":
        return this.#reach(left, nested([value], "canary"), "part");
      case "?|":
      case "?&": {
        const keys = elementsIn(value) ?? [];
        if (operator === "?|") {
          return keys.flatMap((key) => this.#reach(left, nested([key], "canary"), "part"));
        }
        const all = JSON.stringify(Object.fromEntries(keys.map((key) => [key, "canary"])));
        return this.#reach(left, all, "part");
      }
      default:
        return [];
    }
  }

  #beside(left: unknown, operator: string, value: string): readonly MeantRow[] {
    if (typeOf(left) === "FuncCall" && isSearch(left) && isNumber(value)) {
      return operator.startsWith(">") && Number(value) <= 1
        ? containing(searched(left), (inner, text, strength) => this.#reach(inner, text, strength))
        : [];
    }
    return this.#reach(left, besideOf(operator, value), "bound");
  }

  #like(left: unknown, condition: string): readonly MeantRow[] {
    return textsOf(hintsIn([condition]), 1)
      .slice(0, 1)
      .flatMap((text) => this.#reach(left, text, "likely"));
  }

  /** https://www.postgresql.org/docs/current/functions-matching.html#FUNCTIONS-SIMILARTO-REGEXP */
  #similar(left: unknown, right: unknown): readonly MeantRow[] {
    const pattern = constantOf(listOf(fieldsOf(right)["args"])[0] ?? right);
    if (typeof pattern !== "string") return [];
    const expression = pattern.replace(/[%_.^$]/g, (letter) =>
      letter === "%" ? ".*" : letter === "_" ? "." : `\\${letter}`,
    );
    return this.#like(left, `x ~ '${expression.replaceAll("'", "''")}'`);
  }

  /** A function that says yes or no. */
  #function(fields: Fields): readonly MeantRow[] {
    const name = nameParts(fields["funcname"]).at(-1) ?? "";
    const args = listOf(fields["args"]);
    const other = constantOf(args[1]);
    if (typeof other !== "string") return [];
    switch (name) {
      case "starts_with":
        return this.#reach(args[0], `${other} canary`, "likely");
      case "regexp_like":
        return this.#like(args[0], `x ~ '${other.replaceAll("'", "''")}'`);
      case "jsonb_exists":
        return this.#reach(args[0], nested([other], "canary"), "part");
      default:
        return this.#reach(args[0], other, "likely");
    }
  }

  /** One branch after the other of `CASE`. */
  branches(fields: Fields): readonly MeantRow[] {
    return listOf(fields["args"]).flatMap((each) => {
      const { expr } = fieldsOf(each);
      return fields["arg"] === undefined ? this.#rows(expr, true) : this.#compared(fields["arg"], "=", expr);
    });
  }

  /** What a value is made of by leaving something of it out, or writing something else for it. */
  changes({ type, fields }: { readonly type: string; readonly fields: Fields }): readonly MeantRow[] {
    if (type === "FuncCall") return this.#changingFunction(fields);
    const [left, right] = [fields["lexpr"], fields["rexpr"]];
    const value = constantOf(right);
    if (fields["kind"] === "AEXPR_NULLIF") return this.#compared(left, "=", right);
    if (typeof value !== "string" || fields["kind"] !== "AEXPR_OP") return [];
    switch (nameParts(fields["name"]).at(-1) ?? "") {
      case "-":
        return isNumber(value)
          ? []
          : (elementsIn(value) ?? [value]).flatMap((key) =>
              this.#reach(left, nested([key], "canary"), "part"),
            );
      case "#-":
        return this.#reach(left, nested(elementsIn(value) ?? [value], "canary"), "part");
      case "||": {
        const added = parsedJson(value);
        if (typeof added !== "object" || added === null || Array.isArray(added)) return [];
        const before = Object.fromEntries(Object.keys(added).map((key) => [key, "canary"]));
        return this.#reach(left, JSON.stringify(before), "part");
      }
      default:
        return [];
    }
  }

  #changingFunction(fields: Fields): readonly MeantRow[] {
    const args = listOf(fields["args"]);
    const of = constantOf(args[1]);
    if (typeof of !== "string") return [];
    switch (nameParts(fields["funcname"]).at(-1) ?? "") {
      case "replace":
      case "translate":
        return of === "" ? [] : this.#reach(args[0], `canary ${of} canary`, "likely");
      case "split_part":
        return this.#reach(args[0], `canary${of}canary${of}canary`, "likely");
      case "regexp_replace":
        return this.#like(args[0], `x ~ '${of.replaceAll("'", "''")}'`);
      case "array_remove":
      case "array_replace":
        return this.#reach(args[0], arrayOf([of]), "part");
      case "jsonb_set":
      case "jsonb_set_lax":
        return this.#reach(args[0], nested(elementsIn(of) ?? [of], "canary"), "part");
      default:
        return [];
    }
  }

  /** Which column a reference means. */
  columnOf(node: unknown): ReturnType<typeof columnOf> {
    return columnOf(node, this.#names);
  }
}

const OPPOSITE: Readonly<Record<string, string>> = {
  "<>": "=",
  "<": ">=",
  "<=": ">",
  ">": "<=",
  ">=": "<",
  "!~~": "~~",
  "!~~*": "~~*",
  "!~": "~",
  "!~*": "~*",
};

/** The same with its sides exchanged. */
const MIRRORED: Readonly<Record<string, string>> = {
  "=": "=",
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
  "<@": "@>",
  "&&": "&&",
};

const SEARCHES = new Set(["strpos", "position"]);

function isSearch(node: unknown): boolean {
  return SEARCHES.has(nameParts(fieldsOf(node)["funcname"]).at(-1) ?? "");
}

function searched(node: unknown): readonly unknown[] {
  return listOf(fieldsOf(node)["args"]);
}

/** Constants that a query gives by itself: `IN (SELECT 'a' UNION …)`, `IN (VALUES ('a'), …)`. */
function constantsOfQuery(query: unknown): readonly string[] {
  const { valuesLists, targetList, larg, rarg } = fieldsOf(query);
  const firsts = [
    ...listOf(valuesLists).map((row) => listOf(row)[0]),
    ...listOf(targetList)
      .slice(0, 1)
      .map((target) => fieldsOf(target)["val"]),
  ];
  return [
    ...firsts.flatMap((each) => constantOf(each) ?? []),
    ...[larg, rarg].flatMap((part) => (part === undefined ? [] : constantsOfQuery(part))),
  ];
}

/** A time, to the day or finer. */
const TIME = /^(\d{4}-\d\d-\d\d)([ T]\d\d:\d\d.*)?$/;
const DAY_MS = 86_400_000;

/** The nearest value on the side that a comparison asks for. */
function besideOf(operator: string, value: string): string {
  if (operator.endsWith("=")) return value;
  const step = operator === ">" ? 1 : -1;
  if (/^-?\d+$/.test(value)) return String(BigInt(value) + BigInt(step));
  if (isNumber(value)) return String(Number(value) + step);
  const [, day, rest] = TIME.exec(value) ?? [];
  const at = day === undefined ? Number.NaN : Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(at)) return step > 0 ? `${value}z` : value.slice(0, -1);
  return new Date(at + step * DAY_MS).toISOString().slice(0, 10) + (rest ?? "");
}
