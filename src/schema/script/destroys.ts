import { droppedNames } from "./dropped.ts";
import type { Statement } from "./script.ts";
import {
  everyNode,
  fieldsOf,
  listOf,
  nameParts,
  relationParts,
  textOf,
  typeOf,
  type Fields,
} from "./tree.ts";

/** What a statement destroys data of, as it names it. */
export interface Destroyed {
  /**
   * `table`: it goes with its rows; `rows`: some or all rows of it; `column`: it goes; `values`: a column is
   * given another type; `type`, `extension`: columns of its types may go with it; `schema`, `database`: all
   * that is in it.
   */
  readonly what: "table" | "rows" | "column" | "values" | "type" | "extension" | "schema" | "database";
  /** The relation, type, schema or database, schema first where the statement names it. */
  readonly name: readonly string[];
  /** Of `column` and `values`. */
  readonly column?: string;
  /** Of `values` without USING: the new type, as the parser names it, and its modifiers' values. */
  readonly to?: { readonly type: string; readonly modifiers: readonly number[] };
  /** Tables that point at it lose rows too. */
  readonly cascades?: true;
}

/** These hold statements that are not carried out with them. */
const ONLY_KEPT = new Set(["CreateFunctionStmt", "RuleStmt", "ViewStmt"]);

/** What a statement does by its own words; what a function does that it calls is not known here. */
export function destroyedBy({ type, tree }: Pick<Statement, "type" | "tree">): readonly Destroyed[] {
  if (ONLY_KEPT.has(type)) return [];
  const fields = fieldsOf(tree);
  const cascade = fields["behavior"] === "DROP_CASCADE";
  switch (type) {
    case "DropStmt": {
      const named = (kind: string): readonly (readonly string[])[] => droppedNames(type, fields, kind);
      return [
        ...named("OBJECT_TABLE").map((name) => ({ what: "table" as const, name })),
        // Without CASCADE the server refuses to drop what something is in, or is made of.
        ...(cascade ? named("OBJECT_SCHEMA") : []).map((name) => ({ what: "schema" as const, name })),
        ...(cascade ? named("OBJECT_EXTENSION") : []).map((name) => ({ what: "extension" as const, name })),
        ...(cascade ? ["OBJECT_TYPE", "OBJECT_DOMAIN"].flatMap(typesDropped(fields)) : []).map((name) => ({
          what: "type" as const,
          name,
        })),
      ];
    }
    case "DropdbStmt":
      return [{ what: "database", name: [textOf(fields["dbname"]) ?? ""] }];
    case "TruncateStmt":
      return listOf(fields["relations"]).map((each) => ({
        what: "rows",
        name: relationParts(each),
        ...(cascade ? { cascades: true as const } : {}),
      }));
    case "AlterTableStmt":
      return fields["objtype"] === "OBJECT_TYPE" ? attributesDropped(fields) : alterations(fields);
    default:
      return deletions(tree);
  }
}

/** Whether nobody can tell from a statement's text what it does. */
export function isOpaque({ type }: Pick<Statement, "type">): boolean {
  return type === "DoStmt" || type === "CallStmt" || type === "DropOwnedStmt";
}

function typesDropped(fields: Fields): (kind: string) => readonly (readonly string[])[] {
  return (kind) =>
    fields["removeType"] === kind
      ? listOf(fields["objects"]).map((each) => nameParts(fieldsOf(each)["names"]))
      : [];
}

/** With CASCADE the columns of the type lose what the attribute held. */
function attributesDropped(fields: Fields): readonly Destroyed[] {
  const drops = listOf(fields["cmds"]).some(
    (each) => fieldsOf(each)["subtype"] === "AT_DropColumn" && fieldsOf(each)["behavior"] === "DROP_CASCADE",
  );
  return drops ? [{ what: "type", name: relationParts(fields["relation"]) }] : [];
}

function alterations(fields: Fields): readonly Destroyed[] {
  const kind = fields["objtype"] as string | undefined;
  if (kind !== undefined && kind !== "OBJECT_TABLE") return [];
  const name = relationParts(fields["relation"]);
  return listOf(fields["cmds"]).flatMap((each): Destroyed[] => {
    const command = fieldsOf(each);
    const column = textOf(command["name"]) ?? "";
    if (command["subtype"] === "AT_DropColumn") return [{ what: "column", name, column }];
    if (command["subtype"] !== "AT_AlterColumnType") return [];
    const def = fieldsOf(command["def"]);
    if (def["raw_default"] !== undefined) return [{ what: "values", name, column }];
    const type = fieldsOf(def["typeName"]);
    const modifiers = listOf(type["typmods"]).flatMap((modifier) => {
      const value = fieldsOf(fieldsOf(modifier)["ival"])["ival"];
      return typeof value === "number" ? [value] : [];
    });
    const isArray = listOf(type["arrayBounds"]).length > 0;
    return [
      {
        what: "values",
        name,
        column,
        ...(isArray ? {} : { to: { type: nameParts(type["names"]).at(-1) ?? "", modifiers } }),
      },
    ];
  });
}

/** DELETE and MERGE … DELETE, also inside of a WITH. */
function deletions(tree: unknown): readonly Destroyed[] {
  return [...everyNode(tree)].flatMap(({ type, fields }): Destroyed[] => {
    const isMerge =
      type === "MergeStmt" &&
      listOf(fields["mergeWhenClauses"]).some((each) => fieldsOf(each)["commandType"] === "CMD_DELETE");
    if (type !== "DeleteStmt" && !isMerge) return [];
    return [{ what: "rows", name: relationParts(fields["relation"]) }];
  });
}

/** A name that a statement gives to what had none, or had another. */
export interface Naming {
  readonly name: readonly string[];
  readonly column?: string;
  /** What the table was called before; undefined for what is new. */
  readonly from?: readonly string[];
  /** What the column was called before. */
  readonly fromColumn?: string;
}

/**
 * Tables and columns that a statement makes, and tables that it calls otherwise from then on. IF NOT EXISTS
 * does not count: there may be one, with everything in it.
 */
export function namedBy({ type, tree }: Pick<Statement, "type" | "tree">): readonly Naming[] {
  const fields = fieldsOf(tree);
  switch (type) {
    case "CreateStmt":
      return fields["if_not_exists"] === true ? [] : [{ name: relationParts(fields["relation"]) }];
    case "CreateTableAsStmt":
      return fields["if_not_exists"] === true
        ? []
        : [{ name: relationParts(fieldsOf(fields["into"])["rel"]) }];
    case "AlterTableStmt":
      return listOf(fields["cmds"]).flatMap((each) => {
        const { subtype, def, missing_ok: missingOk } = fieldsOf(each);
        const column = textOf(fieldsOf(def)["colname"]);
        return subtype === "AT_AddColumn" && missingOk !== true && column !== undefined
          ? [{ name: relationParts(fields["relation"]), column }]
          : [];
      });
    case "RenameStmt": {
      const from = relationParts(fields["relation"]);
      const name = textOf(fields["newname"]);
      const fromColumn = textOf(fields["subname"]);
      if (fields["renameType"] === "OBJECT_COLUMN" && name !== undefined && fromColumn !== undefined) {
        return [{ name: from, column: name, fromColumn }];
      }
      return fields["renameType"] === "OBJECT_TABLE" && name !== undefined
        ? [{ name: [...from.slice(0, -1), name], from }]
        : [];
    }
    case "AlterObjectSchemaStmt": {
      const from = relationParts(fields["relation"]);
      const schema = textOf(fields["newschema"]);
      return fields["objectType"] === "OBJECT_TABLE" && schema !== undefined
        ? [{ name: [schema, from.at(-1) ?? ""], from }]
        : [];
    }
    default:
      return typeOf(tree) === "SelectStmt" && fields["intoClause"] !== undefined
        ? [{ name: relationParts(fieldsOf(fields["intoClause"])["rel"]) }]
        : [];
  }
}
