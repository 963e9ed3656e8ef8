import type { Statement } from "../script/script.ts";
import { everyRelation, fieldsOf, relationParts } from "../script/tree.ts";

/** Statements that take locks on no table but those that they name. */
const ON_NAMED = new Set([
  "AlterOwnerStmt",
  "AlterSeqStmt",
  "AlterTableStmt",
  "CompositeTypeStmt",
  "CreateDomainStmt",
  "CreateEnumStmt",
  "CreateFunctionStmt",
  "CreatePolicyStmt",
  "CreateSeqStmt",
  "CreateStmt",
  "CreateTrigStmt",
  "GrantStmt",
  "IndexStmt",
  "ViewStmt",
]);

/** What makes a name mean another table than it did, or a table of the script's own nobody's. */
const UNSETTLING = new Set(["DropStmt", "RenameStmt", "VariableSetStmt", "AlterObjectSchemaStmt", "DoStmt"]);

/**
 * The tables and sequences that a script has made so far, by the names that it gives them. Nobody else can be
 * using one, so there is no lock to be seen in what is done to these alone: of a schema that comes as
 * one file, that is nearly all.
 */
export class OwnTables {
  readonly #made = new Set<string>();

  /**
   * To be told every statement once, after it went through.
   *
   * @returns whether it was about nothing but what the script itself has made
   */
  isAlone(statement: Statement): boolean {
    const { type, tree } = statement;
    if (UNSETTLING.has(type)) this.#made.clear();
    if (!ON_NAMED.has(type)) return false;
    const fields = fieldsOf(tree);
    const isNew = (type === "CreateStmt" || type === "CreateSeqStmt") && fields["if_not_exists"] !== true;
    if (isNew) this.#made.add(nameOf(fields[type === "CreateStmt" ? "relation" : "sequence"]));
    if (type === "ViewStmt") this.#made.add(nameOf(fields["view"]));
    return [...everyRelation(tree)].every((relation) => this.#made.has(nameOf(relation)));
  }
}

function nameOf(relation: unknown): string {
  return relationParts(relation).join("\0");
}
