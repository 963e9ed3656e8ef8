import { listOf, nameParts, relationParts, textOf } from "../../script/tree.ts";
import { dropped, hit, written, type Rule } from "./rule.ts";

const RENAMES: Readonly<Record<string, string>> = {
  OBJECT_COLUMN: "column",
  OBJECT_TABLE: "table",
  OBJECT_VIEW: "view",
  OBJECT_MATVIEW: "materialized view",
  OBJECT_SCHEMA: "schema",
  OBJECT_TYPE: "type",
  OBJECT_FUNCTION: "function",
  OBJECT_ATTRIBUTE: "attribute",
};

/** Rules about what is taken away under the hands of whoever uses it. */
export const GONE_RULES: readonly Rule[] = [
  {
    name: "drop-table",
    level: "warning",
    squawk: ["ban-drop-table"],
    problem:
      "Applications that run while the migration does still name the table, and its rows are gone: no " +
      "rollback brings them back.",
    solution:
      "Take it out of the application, deploy, and drop it in a later migration, after a verified backup.",
    find: (statement) =>
      dropped(statement, "OBJECT_TABLE")
        .filter((name) => !statement.isNew(name))
        .map((name) =>
          hit(
            written(name),
            "the table's rows are gone for good, and an application that still runs may name it",
          ),
        ),
  },
  {
    name: "drop-schema",
    level: "warning",
    squawk: [],
    problem: "DROP SCHEMA … CASCADE takes along whatever is in it by then, also what nobody thought of.",
    solution: "Drop what is in it by name, then the schema without CASCADE.",
    find: (statement) =>
      statement.fields["behavior"] === "DROP_CASCADE"
        ? listOf(
            statement.type === "DropStmt" && statement.fields["removeType"] === "OBJECT_SCHEMA"
              ? statement.fields["objects"]
              : [],
          ).map((name) => hit(textOf(name) ?? "", "whatever is in the schema by then goes with it"))
        : [],
  },
  {
    name: "truncate",
    level: "warning",
    squawk: ["ban-truncate-cascade"],
    problem: "TRUNCATE empties the table for good, and with CASCADE every table whose keys point at it.",
    solution: "DELETE what is meant, in batches; or TRUNCATE by hand after a verified backup. Never CASCADE.",
    find: ({ type, fields, isNew }) =>
      type !== "TruncateStmt"
        ? []
        : listOf(fields["relations"])
            .map(relationParts)
            .filter((table) => !isNew(table))
            .map((table) =>
              hit(
                written(table),
                fields["behavior"] === "DROP_CASCADE"
                  ? "the table and every table that points at it are emptied for good"
                  : "the table is emptied for good",
              ),
            ),
  },
  {
    name: "rename",
    level: "warning",
    squawk: ["renaming-column", "renaming-table"],
    problem: "Applications that run while the migration does name the old name.",
    solution:
      "Make a new one beside (a column kept in step by a trigger; a view under the old name), switch " +
      "the application over, remove the old one later.",
    find: ({ type, fields, isNew }) => {
      const kind = RENAMES[String(fields["renameType"])];
      const table = relationParts(fields["relation"]);
      if (type !== "RenameStmt" || kind === undefined || (table.length > 0 && isNew(table))) return [];
      const name =
        kind === "column"
          ? `${written(table)}.${textOf(fields["subname"]) ?? ""}`
          : written(table) || nameParts(fields["object"]).join(".") || (textOf(fields["subname"]) ?? "");
      return [hit(name, `an application that still runs names the ${kind} by its old name`)];
    },
  },
  {
    name: "enum-value-rename",
    level: "warning",
    squawk: [],
    problem: "Applications that run while the migration does write and look for the value by its old name.",
    solution: "Add the new value, change the rows in batches, and let the old value be.",
    find: ({ type, fields, isNew }) => {
      const name = nameParts(fields["typeName"]);
      const old = textOf(fields["oldVal"]);
      if (type !== "AlterEnumStmt" || old === undefined || isNew(name)) return [];
      return [hit(written(name), `an application that still runs names the value '${old}' by its old name`)];
    },
  },
];
