import { everyNode, fieldsOf, nameParts, textOf, type Fields } from "../../script/tree.ts";
import { constraints, contype, onActions, type Action } from "./actions.ts";
import { impactOn, written, type Rule } from "./rule.ts";

/** Rules about ALTER TABLE: https://www.postgresql.org/docs/current/sql-altertable.html */
export const ALTER_TABLE_RULES: readonly Rule[] = [
  {
    name: "required-column",
    level: "error",
    squawk: ["adding-required-field"],
    problem:
      "A new column that may not be null and has no default cannot be added to a table that has rows: " +
      "the migration works on an empty database and fails in production.",
    solution:
      "Add it with a DEFAULT, or without NOT NULL; fill it; then make it required in a later migration.",
    find: onActions((action) => {
      const kinds = action.subtype === "AT_AddColumn" ? constraints(action).map(contype) : [];
      const isFilled =
        kinds.some((kind) => ["CONSTR_DEFAULT", "CONSTR_IDENTITY", "CONSTR_GENERATED"].includes(kind)) ||
        isSerial(action.def);
      if (isFilled || !kinds.some((kind) => kind === "CONSTR_NOTNULL" || kind === "CONSTR_PRIMARY")) {
        return [];
      }
      return [
        {
          object: `${written(action.table)}.${columnName(action)}`,
          message: "a required column without a default cannot be added to a table that has rows",
        },
      ];
    }),
  },
  {
    name: "rewriting-default",
    level: "warning",
    squawk: ["adding-field-with-default"],
    problem:
      "A default that is another one for every row (`gen_random_uuid()`, `clock_timestamp()`), a serial " +
      "or identity column or a stored generated column makes the server write the whole table anew, " +
      "and nobody can read or write it meanwhile.",
    solution:
      "Add the column without a default, set the default, fill old rows in batches; for a generated " +
      "column use a trigger or compute it when reading.",
    find: onActions((action, statement) => {
      if (action.subtype !== "AT_AddColumn" || !fillsEveryRow(action)) return [];
      // Where it was watched, that counts: a default that is one value for all rows costs nothing (since 11).
      if (statement.impact !== undefined && impactOn(statement, action.table)?.rewrites !== true) return [];
      return [
        {
          object: `${written(action.table)}.${columnName(action)}`,
          message:
            "adding this column writes the whole table anew, and nobody can read or write it meanwhile",
        },
      ];
    }),
  },
  {
    name: "type-change",
    level: "warning",
    squawk: ["changing-column-type"],
    problem:
      "Most changes of a column's type write the whole table and its indexes anew, or read all of it, " +
      "while nobody can read or write it. Those that do not (a longer varchar, varchar to text) are " +
      "found out by trying and are not reported.",
    solution:
      "Add a column of the new type, keep both in step by a trigger, fill it in batches, switch the " +
      "application over, drop the old one later.",
    find: onActions((action, statement) => {
      if (action.subtype !== "AT_AlterColumnType") return [];
      const object = `${written(action.table)}.${action.column}`;
      const meanwhile = "and nobody can read or write it meanwhile";
      if (statement.impact === undefined) {
        return [{ object, message: `changing this type may write the whole table anew, ${meanwhile}` }];
      }
      const impact = impactOn(statement, action.table);
      if (impact?.rewrites === true) {
        return [{ object, message: `changing this type writes the whole table anew, ${meanwhile}` }];
      }
      return impact?.scans === true
        ? [{ object, message: `changing this type reads the whole table, ${meanwhile}` }]
        : [];
    }),
  },
  {
    name: "not-null-scan",
    level: "warning",
    squawk: ["adding-not-nullable-field"],
    problem: "SET NOT NULL reads the whole table while nobody can read or write it.",
    solution:
      "ADD CONSTRAINT … CHECK (column IS NOT NULL) NOT VALID, VALIDATE CONSTRAINT in a later migration, " +
      "then SET NOT NULL, which reads nothing any more, and drop the check.",
    find: onActions((action, statement) => {
      if (action.subtype !== "AT_SetNotNull") return [];
      if (statement.impact !== undefined && impactOn(statement, action.table)?.scans !== true) return [];
      return [
        {
          object: `${written(action.table)}.${action.column}`,
          message: "SET NOT NULL reads the whole table while nobody can read or write it",
        },
      ];
    }),
  },
  {
    name: "json-column",
    level: "note",
    squawk: [],
    problem: "`json` has no equality: SELECT DISTINCT, GROUP BY and UNION over the column fail.",
    solution: "Use `jsonb`.",
    find: onActions((action) =>
      action.subtype === "AT_AddColumn" && typeName(action.def) === "json"
        ? [
            {
              object: `${written(action.table)}.${columnName(action)}`,
              message: "json has no equality, so SELECT DISTINCT over the table fails from now on",
            },
          ]
        : [],
    ),
  },
  {
    name: "drop-column",
    level: "warning",
    squawk: ["ban-drop-column"],
    problem:
      "Applications that run while the migration does still name the column, and its values are gone: " +
      "no rollback brings them back.",
    solution:
      "Take the column out of the application, deploy, and drop it in a later migration, after a " +
      "verified backup.",
    find: onActions((action) =>
      action.subtype === "AT_DropColumn"
        ? [
            {
              object: `${written(action.table)}.${action.column}`,
              message:
                "the column's values are gone for good, and an application that still runs may name it",
            },
          ]
        : [],
    ),
  },
  {
    name: "drop-not-null",
    level: "note",
    squawk: ["ban-drop-not-null"],
    problem: "Code that never met a NULL in this column will.",
    solution: "Make the application ready for NULL first.",
    find: onActions((action) =>
      action.subtype === "AT_DropNotNull"
        ? [
            {
              object: `${written(action.table)}.${action.column}`,
              message: "code that never met a NULL in this column may meet one now",
            },
          ]
        : [],
    ),
  },
  {
    name: "detach-blocks",
    level: "warning",
    squawk: ["require-concurrent-partition-detach"],
    problem: "DETACH PARTITION keeps everybody from the parent while it waits and works.",
    solution: "DETACH PARTITION … CONCURRENTLY (since 14), in a migration of its own.",
    find: onActions((action) =>
      action.subtype === "AT_DetachPartition" && action.def["concurrent"] !== true
        ? [
            {
              object: written(action.table),
              message: "nobody can read or write the partitioned table while the partition is detached",
            },
          ]
        : [],
    ),
  },
];

function columnName({ def }: Action): string {
  return textOf(def["colname"]) ?? "";
}

/** The last part of a type's name as the parser has it: `int8`, `json`. */
function typeName(def: Fields): string {
  return nameParts(fieldsOf(def["typeName"])["names"]).at(-1) ?? "";
}

/** A serial column brings its default. */
function isSerial(def: Fields): boolean {
  return /^(?:small|big)?serial\d?$/.test(typeName(def));
}

/** Functions of PostgreSQL's own that give one value to all rows of a statement. */
const STEADY = new Set([
  "now",
  "transaction_timestamp",
  "statement_timestamp",
  "current_database",
  "current_schema",
  "current_setting",
  "jsonb_build_object",
  "jsonb_build_array",
  "json_build_object",
  "json_build_array",
  "lower",
  "upper",
  "concat",
  "make_interval",
  "date_trunc",
  "to_timestamp",
  "md5",
  "timezone",
]);

/** Whether a new column may have another value in every row; a function that is not known may give any. */
function fillsEveryRow(action: Action): boolean {
  if (isSerial(action.def)) return true;
  return constraints(action).some((constraint) => {
    const kind = contype(constraint);
    if (kind === "CONSTR_IDENTITY") return true;
    if (kind === "CONSTR_GENERATED") return constraint["generated_kind"] !== "v";
    if (kind !== "CONSTR_DEFAULT") return false;
    const calls = [...everyNode(constraint["raw_expr"])].filter(({ type }) => type === "FuncCall");
    return calls.some(({ fields }) => !STEADY.has(nameParts(fields["funcname"]).at(-1) ?? ""));
  });
}
