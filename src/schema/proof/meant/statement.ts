import {
  everyNode,
  everyRelation,
  fieldsOf,
  listOf,
  nameParts,
  textOf,
  typeOf,
  type Fields,
} from "../../script/tree.ts";
import { Conditions } from "./conditions.ts";
import { constantOf } from "./constants.ts";
import { ALTERNATIVES_MAX, ANY_ROW, type MeantRow } from "./meant-row.ts";
import type { Names } from "./reach.ts";

/** The rows that one statement means. */
export interface MeantByStatement {
  /** Names of the tables that it speaks of, without their schemas. */
  readonly relations: ReadonlySet<string>;
  readonly rows: readonly MeantRow[];
  /** It speaks of a table twice, so that it may mean two rows of one. */
  readonly compares: boolean;
  /** It means more rows than these. */
  readonly isCut: boolean;
  /** Name that a column has in the statement → its own name. */
  readonly renamed: readonly (readonly [alias: string, column: string])[];
}

/** Rows of those that a statement is about with which each of its branches is tried. */
const BASES_MAX = 4;

/** What a statement says of rows: in WHERE, JOIN, CASE, and in whatever a value is made of. */
export function meantBy(tree: unknown): MeantByStatement {
  if (isSeed(tree)) return NOTHING;
  const names = namesIn(tree);
  const all = [...everyRelation(tree)].map(({ relname }) => String(relname));
  const relations = new Set(all);
  const reader: Conditions = new Conditions(names, (query) => rowsOfQuery(query));
  /** What all parts of a query ask for together; its common table expressions are read by themselves. */
  const rowsOfQuery = (query: unknown): readonly MeantRow[] => {
    const fields = fieldsOf(query);
    const parts = [fields["larg"], fields["rarg"]].filter((part) => part !== undefined);
    if (parts.length > 0) return parts.flatMap((part) => rowsOfQuery(part));
    const conditions = [
      fields["whereClause"],
      fields["joinCondition"],
      ...joinsIn([fields["fromClause"], fields["usingClause"]]),
    ].filter((each) => each !== undefined);
    const queries = [
      ...queriesIn([fields["fromClause"], fields["usingClause"], fields["sourceRelation"]]),
      ...listOf(fieldsOf(fields["withClause"])["ctes"]).map((cte) => fieldsOf(cte)["ctequery"]),
    ];
    return [
      ...conditions.map((each) => reader.rows(each)),
      ...queries.map((each) => rowsOfQuery(each)),
    ].reduce((found, rows) => reader.both(found, rows), ANY_ROW);
  };
  const statement = Object.values(tree as Fields)[0];
  const base = rowsOfQuery(statement);
  const found = [...base];
  let isFull = false;
  const add = (rows: readonly MeantRow[]): void => {
    for (const row of rows) {
      isFull ||= found.length >= ALTERNATIVES_MAX;
      // Which of the rows that the statement is about comes to the branch makes no difference to it.
      if (!isFull) found.push(...reader.both(base, [row]).slice(0, BASES_MAX));
    }
  };
  for (const { type, fields } of everyNode(tree)) {
    if (type === "CaseExpr") add(reader.branches(fields));
    else if (type === "MergeWhenClause" && fields["condition"] !== undefined) {
      add(reader.rows(fields["condition"]));
    } else if (type === "OnConflictClause" && fields["whereClause"] !== undefined) {
      add(reader.rows(fields["whereClause"]));
    } else if (type === "A_Expr" || type === "FuncCall") {
      add(reader.changes({ type, fields }));
      // In a place of which nothing is known: each by itself.
      if (type === "A_Expr" && !reader.read.has(fields)) add(reader.rows({ [type]: fields }));
    }
  }
  return {
    relations,
    rows: found.filter((row) => row.length > 0),
    compares: all.length > relations.size,
    isCut: isFull || reader.cut,
    renamed: [...renamedIn(tree)],
  };
}

const NOTHING: MeantByStatement = {
  relations: new Set(),
  rows: [],
  compares: false,
  isCut: false,
  renamed: [],
};

/** An INSERT of nothing but constants asks for nothing: a seed file has a hundred thousand of them. */
function isSeed(tree: unknown): boolean {
  if (typeOf(tree) !== "InsertStmt") return false;
  const { selectStmt, onConflictClause, withClause } = fieldsOf(tree);
  const rows = listOf(fieldsOf(selectStmt)["valuesLists"]);
  return (
    onConflictClause === undefined &&
    withClause === undefined &&
    rows.length > 0 &&
    rows.every((row) => listOf(row).every((value) => constantOf(value) !== undefined))
  );
}

function namesIn(tree: unknown): Names {
  const relations = new Map<string, string>();
  for (const { relname, alias } of everyRelation(tree)) {
    relations.set(textOf(fieldsOf(alias)["aliasname"]) ?? String(relname), String(relname));
  }
  const lists = new Map<string, readonly string[]>();
  for (const { type, fields } of everyNode(tree)) {
    if (type !== "RangeSubselect" && type !== "CommonTableExpr") continue;
    const query = fieldsOf(fields["subquery"] ?? fields["ctequery"]);
    const alias = type === "CommonTableExpr" ? fields["ctename"] : fieldsOf(fields["alias"])["aliasname"];
    const columns = nameParts(fields["aliascolnames"] ?? fieldsOf(fields["alias"])["colnames"]);
    for (const [at, column] of columns.entries()) {
      const values = listOf(query["valuesLists"]).flatMap((row) => constantOf(listOf(row)[at]) ?? []);
      if (values.length > 0) lists.set(`${String(alias)}.${column}`, values);
    }
  }
  return { relations, lists };
}

function* joinsIn(from: unknown): Generator {
  for (const each of listOf(from)) {
    if (Array.isArray(each)) yield* joinsIn(each);
    if (typeOf(each) !== "JoinExpr") continue;
    const { larg, rarg, quals } = fieldsOf(each);
    if (quals !== undefined) yield quals;
    yield* joinsIn([larg, rarg]);
  }
}

function* queriesIn(from: unknown): Generator {
  for (const each of listOf(from)) {
    if (Array.isArray(each)) yield* queriesIn(each);
    const { larg, rarg, subquery } = fieldsOf(each);
    if (typeOf(each) === "RangeSubselect") yield subquery;
    else if (typeOf(each) === "JoinExpr") yield* queriesIn([larg, rarg]);
  }
}

/** `SELECT kind AS k`, `UPDATE … SET typ = kind`, `RENAME kind TO typ`: by what other names a column goes. */
function* renamedIn(tree: unknown): Generator<readonly [alias: string, column: string]> {
  for (const { type, fields } of everyNode(tree)) {
    if (type === "ResTarget" && typeOf(fields["val"]) === "ColumnRef") {
      const [name, column] = [textOf(fields["name"]), nameParts(fieldsOf(fields["val"])["fields"]).at(-1)];
      if (name !== undefined && column !== undefined && name !== column) yield [name, column];
    } else if (type === "RenameStmt") {
      const [name, now] = [textOf(fields["subname"]), textOf(fields["newname"])];
      if (fields["renameType"] === "OBJECT_COLUMN" && name !== undefined && now !== undefined) {
        yield [now, name];
      }
    }
  }
}
