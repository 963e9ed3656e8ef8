import { everyNode, fieldsOf, listOf, relationParts, textOf, typeOf } from "../../script/tree.ts";
import { constantOf, elementsOf } from "./constants.ts";
import type { MeantRow, MeantValue } from "./meant-row.ts";

/** What a script itself writes into columns, or takes rows away by. */
export class Written {
  readonly #values = new Set<string>();
  readonly #unknown = new Set<string>();
  readonly #besides: Written | undefined;

  /** @param besides what is written besides */
  constructor(besides?: Written) {
    this.#besides = besides;
  }

  /** @param column undefined for whichever of the table */
  add(relation: string | undefined, column: string | undefined, value: string): void {
    for (const place of placesOf(relation, column)) this.#values.add(`${place}\0${value}`);
  }

  /** Something that is no constant, or any row at all. */
  addUnknown(relation: string | undefined, column: string | undefined): void {
    for (const place of placesOf(relation, column)) this.#unknown.add(place);
  }

  /** What INSERT, UPDATE and MERGE write, in a statement and in those within it. */
  addStatement(tree: unknown, withUpdates: boolean): void {
    const isForEffect = ["SelectStmt", "CallStmt"].includes(typeOf(tree));
    for (const { type, fields } of everyNode(tree)) {
      // `SELECT vault.create_secret('s3cret', 'key')`: where a function writes them only its body would say.
      if (isForEffect && type === "FuncCall") this.#addArguments(fields["args"]);
      const relation = relationParts(fields["relation"]).at(-1);
      if (type === "UpdateStmt") {
        if (withUpdates) this.#addTargets(relation, fields["targetList"]);
      } else if (type === "InsertStmt") {
        const columns = listOf(fields["cols"]).map((each) => textOf(fieldsOf(each)["name"]));
        this.addUnknown(relation, undefined);
        this.#addQuery(relation, fields["selectStmt"], columns);
        this.#addTargets(relation, fieldsOf(fields["onConflictClause"])["targetList"]);
      } else if (type === "MergeStmt") this.#addMerge(relation, fields["mergeWhenClauses"], withUpdates);
    }
  }

  #addArguments(list: unknown): void {
    for (const argument of listOf(list)) {
      const named = fieldsOf(argument)["arg"];
      const text = constantOf(typeOf(argument) === "NamedArgExpr" ? named : argument);
      if (typeof text === "string") this.add(undefined, undefined, text);
    }
  }

  /** MERGE … WHEN NOT MATCHED THEN INSERT names its columns, and has the values beside. */
  #addMerge(relation: string | undefined, clauses: unknown, withUpdates: boolean): void {
    for (const clause of listOf(clauses)) {
      const { targetList, values, commandType } = fieldsOf(clause);
      const isInsert = commandType === "CMD_INSERT";
      if (isInsert) this.addUnknown(relation, undefined);
      else if (withUpdates) this.#addTargets(relation, targetList);
      const names = listOf(targetList).map((each) => textOf(fieldsOf(each)["name"]));
      for (const [at, value] of listOf(values).entries()) this.#addValue(relation, names[at], value);
    }
  }

  #addTargets(relation: string | undefined, list: unknown): void {
    for (const target of listOf(list)) {
      this.#addValue(relation, textOf(fieldsOf(target)["name"]), fieldsOf(target)["val"]);
    }
  }

  #addQuery(relation: string | undefined, query: unknown, columns: readonly (string | undefined)[]): void {
    const { valuesLists, targetList, larg, rarg } = fieldsOf(query);
    for (const row of listOf(valuesLists)) {
      for (const [at, value] of listOf(row).entries()) this.#addValue(relation, columns[at], value);
    }
    for (const [at, target] of listOf(targetList).entries()) {
      this.#addValue(relation, columns[at], fieldsOf(target)["val"]);
    }
    for (const part of [larg, rarg]) if (part !== undefined) this.#addQuery(relation, part, columns);
  }

  /** Constants of the value, and those of every branch of a CASE. */
  #addValue(relation: string | undefined, column: string | undefined, value: unknown): void {
    const fields = fieldsOf(value);
    const results =
      typeOf(value) === "CaseExpr"
        ? [fields["defresult"], ...listOf(fields["args"]).map((each) => fieldsOf(each)["result"])]
        : [value];
    for (const result of results) {
      const text = constantOf(result);
      const all = typeof text === "string" ? [text, ...elementsOf(result)] : elementsOf(result);
      for (const each of all) if (each !== null) this.add(relation, column, each);
      if (text === undefined && all.length === 0) this.addUnknown(relation, column);
    }
  }

  /**
   * Whether a row has a value that is written here.
   *
   * @param relations tables of the statement, for what it does not qualify
   */
  hasOf(row: MeantRow, relations: ReadonlySet<string>): boolean {
    if (this.#besides?.hasOf(row, relations) === true) return true;
    return row.some((each) =>
      askedOf(each, relations).some((place) => this.#values.has(`${place}\0${each.value ?? ""}`)),
    );
  }

  /** Whether a row may have come by what is written here: by this value, or by one that no text says. */
  mayHave(row: MeantRow, relations: ReadonlySet<string>): boolean {
    return (
      this.hasOf(row, relations) ||
      row.some((each) => askedOf(each, relations).some((place) => this.#unknown.has(place)))
    );
  }
}

const ANY = "*";

/** Where something is kept that is of a column; what names no table or column is of all. */
function placesOf(relation: string | undefined, column: string | undefined): readonly string[] {
  const of = column ?? ANY;
  return relation === undefined ? [`${ANY}\0${of}`] : [`${relation}\0${of}`, `\0${of}`];
}

/** Where that is kept which a value may be of. */
function askedOf({ relation, column }: MeantValue, relations: ReadonlySet<string>): readonly string[] {
  const names = relation === undefined ? (relations.size === 0 ? [""] : [...relations]) : [relation];
  return [...names, ANY].flatMap((name) => [`${name}\0${column}`, `${name}\0${ANY}`]);
}
