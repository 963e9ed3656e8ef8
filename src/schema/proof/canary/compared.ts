import type { PreparedScript } from "../../script/prepare.ts";
import { everyNode, everyRelation, fieldsOf, listOf, nameParts, textOf, typeOf } from "../../script/tree.ts";
import { hintsIn, textsOf } from "./hints.ts";

/** What one statement compares columns with: rows that have these together are the ones it means. */
export interface Compared {
  /** Names of the tables that the statement speaks of, without their schemas. */
  readonly relations: ReadonlySet<string>;
  readonly columns: readonly ComparedColumn[];
}

export interface ComparedColumn {
  /** Where the statement says which; else any that has the column. */
  readonly relation: string | undefined;
  readonly column: string;
  readonly values: readonly string[];
}

/** Statements whose values are looked for at most, and values of a column: a seed file has thousands. */
const STATEMENTS_MAX = 8;
const VALUES_MAX = 4;

/**
 * The values that a migration's statements compare columns with: in WHERE, IN, CASE, LIKE. Left out is what
 * the migration writes into a column of this name, and what the rollback puts in or deletes by: such a row is
 * nearly always the pair's own, which is not there before it.
 */
export function comparedIn(forward: PreparedScript, rollback: PreparedScript): readonly Compared[] {
  const own = new Set([
    ...forward.script.statements.flatMap(({ tree }) => [...written(tree, true)]),
    ...rollback.script.statements.flatMap(({ tree }) => [...written(tree, false)]),
  ]);
  for (const { tree, type } of rollback.script.statements) {
    if (type !== "DeleteStmt") continue;
    for (const { column, values } of comparisons(tree)) {
      for (const value of values) own.add(keyOf(column, value));
    }
  }
  const found: Compared[] = [];
  for (const { tree } of forward.script.statements) {
    if (found.length >= STATEMENTS_MAX) break;
    const columns = merged(comparisons(tree)).flatMap(({ relation, column, values }) => {
      const left = values.filter(
        (value) => !own.has(keyOf(column, value)) && !own.has(keyOf(undefined, value)),
      );
      return left.length === 0 ? [] : [{ relation, column, values: left.slice(0, VALUES_MAX) }];
    });
    if (columns.length === 0) continue;
    const relations = new Set([...everyRelation(tree)].map(({ relname }) => String(relname)));
    found.push({ relations, columns });
  }
  return found;
}

function keyOf(column: string | undefined, value: string): string {
  return `${column ?? ""}\0${value}`;
}

/** What a column is compared with in several places of a statement, together. */
function merged(found: Iterable<ComparedColumn>): readonly ComparedColumn[] {
  const together = new Map<string, ComparedColumn>();
  for (const each of found) {
    const key = `${each.relation ?? ""}\0${each.column}`;
    const values = new Set([...(together.get(key)?.values ?? []), ...each.values]);
    together.set(key, { ...each, values: [...values] });
  }
  return [...together.values()];
}

/** Every comparison of a column with a constant, in the order of the text. */
function* comparisons(tree: unknown): Generator<ComparedColumn> {
  const aliases = new Map<string, string>();
  for (const { relname, alias } of everyRelation(tree)) {
    aliases.set(textOf(fieldsOf(alias)["aliasname"]) ?? String(relname), String(relname));
  }
  for (const { type, fields } of everyNode(tree)) {
    if (type === "A_Expr") {
      const [left, right] = [fields["lexpr"], fields["rexpr"]];
      const operator = nameParts(fields["name"]).at(-1) ?? "";
      yield* compared(left, right, operator, aliases);
      yield* compared(right, left, operator, aliases);
    } else if (type === "CaseExpr") {
      const whens = listOf(fields["args"]).map((each) => fieldsOf(each)["expr"]);
      for (const when of whens) yield* compared(fields["arg"], when, "=", aliases);
    }
  }
}

function* compared(
  one: unknown,
  other: unknown,
  operator: string,
  aliases: ReadonlyMap<string, string>,
): Generator<ComparedColumn> {
  const parts = columnOf(one);
  const column = parts?.at(-1);
  if (parts === undefined || column === undefined) return;
  const constants = constantsOf(other);
  const values =
    operator === "~~" || operator === "~~*"
      ? constants.flatMap((text) => textsOf(hintsIn([`x ~~ '${text.replaceAll("'", "''")}'`]), 1).slice(0, 1))
      : operator === "=" || /^[<>]=?$/.test(operator)
        ? constants
        : [];
  if (values.length === 0) return;
  const qualifier = parts.at(-2);
  yield { relation: qualifier === undefined ? undefined : aliases.get(qualifier), column, values };
}

/** The name of a column, also where it is cast. */
function columnOf(node: unknown): readonly string[] | undefined {
  switch (typeOf(node)) {
    case "ColumnRef":
      return nameParts(fieldsOf(node)["fields"]);
    case "TypeCast":
      return columnOf(fieldsOf(node)["arg"]);
    default:
      return undefined;
  }
}

/** Constants, as text: of one, of a list, of an array. */
function constantsOf(node: unknown): readonly string[] {
  const fields = fieldsOf(node);
  switch (typeOf(node)) {
    case "A_Const":
      return constant(fields) ?? [];
    case "TypeCast":
      return constantsOf(fields["arg"]);
    case "List":
      return listOf(node).flatMap(constantsOf);
    case "A_ArrayExpr":
      return listOf(fields["elements"]).flatMap(constantsOf);
    case "A_Expr": {
      const isNegative = fields["lexpr"] === undefined && nameParts(fields["name"])[0] === "-";
      return isNegative ? constantsOf(fields["rexpr"]).map((text) => `-${text}`) : [];
    }
    default:
      return Array.isArray(node) ? node.flatMap(constantsOf) : [];
  }
}

function constant(fields: Readonly<Record<string, unknown>>): readonly string[] | undefined {
  if (fields["isnull"] === true) return undefined;
  const inner = (name: string): Readonly<Record<string, unknown>> | undefined =>
    fields[name] as Readonly<Record<string, unknown>> | undefined;
  const text = inner("sval")?.["sval"] ?? inner("fval")?.["fval"];
  if (typeof text === "string") return [text];
  // The parser leaves out what is zero, false or empty.
  const number = inner("ival");
  if (number !== undefined) return [typeof number["ival"] === "number" ? `${number["ival"]}` : "0"];
  const truth = inner("boolval");
  if (truth !== undefined) return [truth["boolval"] === true ? "true" : "false"];
  return inner("sval") === undefined ? undefined : [""];
}

/** What a statement writes, as {@link keyOf}; without a column where it names none. */
function* written(tree: unknown, withUpdates: boolean): Generator<string> {
  for (const { type, fields } of everyNode(tree)) {
    if (type === "OnConflictClause" || (type === "UpdateStmt" && withUpdates)) {
      yield* ofTargets(fields["targetList"]);
    }
    // MERGE … WHEN NOT MATCHED THEN INSERT names its columns, and has the values beside.
    else if (type === "MergeWhenClause") {
      yield* ofTargets(fields["targetList"]);
      const names = listOf(fields["targetList"]).map((each) => textOf(fieldsOf(each)["name"]));
      for (const [at, value] of listOf(fields["values"]).entries()) yield* keysOf(names[at], value);
    } else if (type === "InsertStmt") {
      const columns = listOf(fields["cols"]).map((each) => textOf(fieldsOf(each)["name"]));
      yield* ofQuery(fields["selectStmt"], columns);
    }
  }
}

function* ofTargets(list: unknown): Generator<string> {
  for (const target of listOf(list)) yield* keysOf(textOf(fieldsOf(target)["name"]), fieldsOf(target)["val"]);
}

function* ofQuery(query: unknown, columns: readonly (string | undefined)[]): Generator<string> {
  const { valuesLists, targetList, larg, rarg } = fieldsOf(query);
  for (const row of listOf(valuesLists)) {
    for (const [at, value] of listOf(row).entries()) yield* keysOf(columns[at], value);
  }
  for (const [at, target] of listOf(targetList).entries()) {
    yield* keysOf(columns[at], fieldsOf(target)["val"]);
  }
  for (const part of [larg, rarg]) if (part !== undefined) yield* ofQuery(part, columns);
}

/** Constants of the value, and those of every branch of a CASE. */
function* keysOf(column: string | undefined, value: unknown): Generator<string> {
  const results =
    typeOf(value) === "CaseExpr"
      ? [
          fieldsOf(value)["defresult"],
          ...listOf(fieldsOf(value)["args"]).map((each) => fieldsOf(each)["result"]),
        ]
      : [value];
  for (const text of results.flatMap((each) => constantsOf(each))) yield keyOf(column, text);
}
