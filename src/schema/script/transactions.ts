import { withoutQuoted } from "./quoted.ts";
import type { Script, Statement } from "./script.ts";
import { fieldsOf, listOf, textOf, type Fields } from "./tree.ts";

/**
 * How a script can be carried out.
 *
 * - `one-transaction`: as one transaction of ours, so that it happens whole or not at all.
 * - `own-transactions`: it begins and ends transactions itself, more than one around everything;
 *   never wrapped.
 * - `no-transaction`: it holds a statement that no transaction block may hold, so each is carried out alone.
 */
export type TransactionMode = "one-transaction" | "own-transactions" | "no-transaction";

/** A script as it will be carried out. */
export interface Execution {
  readonly mode: TransactionMode;
  /**
   * Without the BEGIN and COMMIT around the whole of it, where it has these: the transaction is ours then.
   */
  readonly statements: readonly Statement[];
  /** The statements because of which it is not one transaction. */
  readonly because: readonly Statement[];
}

const BEGINS = new Set(["TRANS_STMT_BEGIN", "TRANS_STMT_START"]);

/** How a script is carried out, by what its statements are. */
export function executionOf(script: Script): Execution {
  const { statements } = script;
  const outside = statements.filter((each) => whyNoTransaction(each) !== undefined);
  const controls = statements.filter(
    ({ type, tree }) => type === "TransactionStmt" && !isSavepoint(fieldsOf(tree)),
  );
  if (isWrapped(statements, controls)) {
    const inner = statements.slice(1, -1);
    if (outside.length === 0) return { mode: "one-transaction", statements: inner, because: [] };
  }
  if (controls.length > 0) return { mode: "own-transactions", statements, because: controls };
  if (outside.length > 0) return { mode: "no-transaction", statements, because: outside };
  return { mode: "one-transaction", statements, because: [] };
}

/** The statement that begins a transaction which the script does not end; undefined where there is none. */
export function leftOpen({ statements }: Execution): Statement | undefined {
  let open: Statement | undefined;
  for (const statement of statements) {
    const { kind, chain } = fieldsOf(statement.tree);
    if (statement.type !== "TransactionStmt") continue;
    if (BEGINS.has(String(kind))) open ??= statement;
    else if (kind === "TRANS_STMT_COMMIT" || kind === "TRANS_STMT_ROLLBACK") {
      open = chain === true && open !== undefined ? statement : undefined;
    }
  }
  return open;
}

function isSavepoint({ kind }: Fields): boolean {
  return (
    kind === "TRANS_STMT_SAVEPOINT" || kind === "TRANS_STMT_RELEASE" || kind === "TRANS_STMT_ROLLBACK_TO"
  );
}

/** BEGIN first, COMMIT last, and nothing of the kind between. */
function isWrapped(statements: readonly Statement[], controls: readonly Statement[]): boolean {
  const [first, last] = [statements[0], statements.at(-1)];
  if (
    controls.length !== 2 ||
    controls[0] !== first ||
    controls[1] !== last ||
    first === undefined ||
    last === undefined
  ) {
    return false;
  }
  return (
    BEGINS.has(String(fieldsOf(first.tree)["kind"])) &&
    fieldsOf(first.tree)["options"] === undefined &&
    fieldsOf(last.tree)["kind"] === "TRANS_STMT_COMMIT"
  );
}

/**
 * Why a statement cannot run inside a transaction block, in words; undefined where it can. Each is so by
 * `PreventInTransactionBlock` in the server's source; the manual says it on the page of the command.
 */
export function whyNoTransaction({ type, tree }: Statement): string | undefined {
  const fields = fieldsOf(tree);
  switch (type) {
    case "IndexStmt":
      return fields["concurrent"] === true ? "CREATE INDEX CONCURRENTLY" : undefined;
    case "DropStmt":
      return fields["concurrent"] === true ? "DROP INDEX CONCURRENTLY" : undefined;
    case "ReindexStmt":
      if (hasOption(fields["params"], "concurrently")) return "REINDEX CONCURRENTLY";
      return ["REINDEX_OBJECT_SCHEMA", "REINDEX_OBJECT_SYSTEM", "REINDEX_OBJECT_DATABASE"].includes(
        String(fields["kind"]),
      )
        ? "REINDEX of a schema or database"
        : undefined;
    case "DoStmt":
      return endsTransactions(fields) ? "DO with COMMIT or ROLLBACK in it" : undefined;
    case "VacuumStmt":
      return fields["is_vacuumcmd"] === true ? "VACUUM" : undefined;
    case "ClusterStmt":
      return fields["relation"] === undefined ? "CLUSTER of every table" : undefined;
    case "CreatedbStmt":
      return "CREATE DATABASE";
    case "DropdbStmt":
      return "DROP DATABASE";
    case "AlterDatabaseStmt":
      return hasOption(fields["options"], "tablespace") ? "ALTER DATABASE … SET TABLESPACE" : undefined;
    case "CreateTableSpaceStmt":
      return "CREATE TABLESPACE";
    case "DropTableSpaceStmt":
      return "DROP TABLESPACE";
    case "AlterSystemStmt":
      return "ALTER SYSTEM";
    case "DiscardStmt":
      return fields["target"] === "DISCARD_ALL" ? "DISCARD ALL" : undefined;
    case "CreateSubscriptionStmt":
      return hasOption(fields["options"], "create_slot", "false") ||
        hasOption(fields["options"], "connect", "false")
        ? undefined
        : "CREATE SUBSCRIPTION";
    case "DropSubscriptionStmt":
      return "DROP SUBSCRIPTION";
    case "AlterTableStmt":
      return listOf(fields["cmds"]).some(detachesConcurrently) ? "DETACH PARTITION CONCURRENTLY" : undefined;
    default:
      return undefined;
  }
}

/**
 * A block may end the transaction it runs in, but not one that somebody else began:
 * https://www.postgresql.org/docs/current/plpgsql-transactions.html
 */
function endsTransactions({ args }: Fields): boolean {
  const body = listOf(args)
    .flatMap((option) =>
      fieldsOf(option)["defname"] === "as" ? (textOf(fieldsOf(option)["arg"]) ?? []) : [],
    )
    .join("\n");
  return /\b(?:COMMIT|ROLLBACK)\s*(?:;|AND\b)/i.test(withoutQuoted(body));
}

function detachesConcurrently(command: unknown): boolean {
  const { subtype, def } = fieldsOf(command);
  return subtype === "AT_DetachPartition" && fieldsOf(def)["concurrent"] === true;
}

function hasOption(options: unknown, name: string, value?: string): boolean {
  return listOf(options).some((option) => {
    const { defname, arg } = fieldsOf(option);
    if (defname !== name) return false;
    const written = Object.values(fieldsOf(arg))[0];
    return value === undefined ? written !== "false" && written !== false : String(written) === value;
  });
}
