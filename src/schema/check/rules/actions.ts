import { fieldsOf, listOf, relationParts, textOf, type Fields } from "../../script/tree.ts";
import type { Hit, Rule, RuleStatement } from "./rule.ts";

/** One action of an ALTER TABLE on a table that was there before. */
export interface Action {
  readonly table: readonly string[];
  readonly subtype: string;
  /** Of an action about a column: its name. */
  readonly column: string;
  readonly def: Fields;
}

function actions(statement: RuleStatement): readonly Action[] {
  if (
    statement.type !== "AlterTableStmt" ||
    !["OBJECT_TABLE", undefined].includes(statement.fields["objtype"] as string | undefined)
  ) {
    return [];
  }
  const table = relationParts(statement.fields["relation"]);
  if (statement.isNew(table)) return [];
  return listOf(statement.fields["cmds"]).map((each) => {
    const command = fieldsOf(each);
    return {
      table,
      subtype: String(command["subtype"]),
      column: textOf(command["name"]) ?? "",
      def: fieldsOf(command["def"]),
    };
  });
}

/** A constraint that is added to the table, or comes with a new column. */
export function constraints({ subtype, def }: Action): readonly Fields[] {
  if (subtype === "AT_AddConstraint") return [def];
  return subtype === "AT_AddColumn" ? listOf(def["constraints"]).map(fieldsOf) : [];
}

/** Its kind, as the parser calls it. */
export const contype = (constraint: Fields): string => String(constraint["contype"]);

/** A rule that looks at each action. */
export function onActions(find: (action: Action, statement: RuleStatement) => readonly Hit[]): Rule["find"] {
  return (statement) => actions(statement).flatMap((action) => find(action, statement));
}
