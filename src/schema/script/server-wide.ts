import type { Statement } from "./script.ts";
import { fieldsOf, listOf } from "./tree.ts";

/**
 * What a statement does to the whole server, outside of every database, in the words of its command;
 * undefined where it does no such thing. No transaction takes it back and no copy of a database has
 * it, so it is never carried out to try it: a shadow may be a server that others use.
 */
export function serverWide({ type, tree }: Statement): string | undefined {
  switch (type) {
    case "AlterSystemStmt":
      return "ALTER SYSTEM";
    case "CreatedbStmt":
      return "CREATE DATABASE";
    case "DropdbStmt":
      return "DROP DATABASE";
    case "CreateTableSpaceStmt":
      return "CREATE TABLESPACE";
    case "DropTableSpaceStmt":
      return "DROP TABLESPACE";
    case "AlterTableSpaceOptionsStmt":
      return "ALTER TABLESPACE";
    case "RenameStmt":
      return fieldsOf(tree)["renameType"] === "OBJECT_TABLESPACE" ? "ALTER TABLESPACE" : undefined;
    default:
      return undefined;
  }
}

/**
 * What a statement changes that no session can read back, or that belongs to no database; undefined where it
 * does no such thing.
 */
export function notComparable({ type, tree }: Statement): string | undefined {
  const fields = fieldsOf(tree);
  if (type === "AlterRoleStmt") {
    const isPassword = (option: unknown): boolean => fieldsOf(option)["defname"] === "password";
    return listOf(fields["options"]).some(isPassword) ? "a role's password" : undefined;
  }
  return type === "GrantStmt" && fields["objtype"] === "OBJECT_PARAMETER_ACL"
    ? "rights on the server's settings"
    : undefined;
}
