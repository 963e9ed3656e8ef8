import { fieldsOf } from "./tree.ts";
import type { PreparedScript } from "./prepare.ts";
import type { Statement } from "./script.ts";

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const ACTIVE_TRANSACTION = "25001";
const NO_TRANSACTION = "25P01";
const INVALID_TERMINATION = "2D000";
const NEW_ENUM_VALUE = "55P04";

/** Statements that call what is not written out in the file. */
const CALLING = new Set(["CallStmt", "DoStmt", "SelectStmt"]);

/**
 * What to do where a statement was refused for the transaction around it, or for want of one, and only the
 * server could know: what a procedure does, what kind of table an index is on. Undefined where it was refused
 * for something else.
 */
export function transactionHint(
  script: PreparedScript,
  statement: Statement | undefined,
  state: string | undefined = "",
): string | undefined {
  const isOne = script.execution.mode === "one-transaction";
  const calls = statement !== undefined && CALLING.has(statement.type);
  switch (state) {
    case ACTIVE_TRANSACTION:
      if (statement !== undefined && isOfTransactions(statement)) return undefined;
      if (isOne) return `${withoutTransaction(script)}${calls ? `. ${NOT_FROM_FUNCTIONS}` : ""}`;
      return calls ? NOT_FROM_FUNCTIONS : OUT_OF_BEGIN;
    case INVALID_TERMINATION:
      // A function can end none, wherever it is called.
      if (statement !== undefined && !["CallStmt", "DoStmt"].includes(statement.type)) return ONLY_PROCEDURES;
      return isOne ? `${withoutTransaction(script)}. ${ENDING}` : `${OUT_OF_BEGIN}. ${ENDING}`;
    case NEW_ENUM_VALUE:
      return isOne
        ? `Put ALTER TYPE … ADD VALUE into a migration of its own before this one; or ${small(
            withoutTransaction(script),
          )}`
        : OUT_OF_BEGIN;
    case NO_TRANSACTION:
      return isOne
        ? undefined
        : "The file is carried out statement by statement: put BEGIN before what needs a transaction, and " +
            "COMMIT behind it";
    default:
      return undefined;
  }
}

const NOT_FROM_FUNCTIONS =
  "Where a function, procedure or DO block makes the statement, write it into the file itself: none of " +
  "these can carry it out";
const OUT_OF_BEGIN = "Take it out of the transaction that the file's own BEGIN or START TRANSACTION begins";
const ONLY_PROCEDURES =
  "A function can end no transaction: make it a procedure, and CALL it in a file without a transaction";
const ENDING =
  "A procedure that is SECURITY DEFINER or has SET, and one that is called by a function or in a block " +
  "with EXCEPTION, can end none at all";

/** `SET TRANSACTION` comes first in a transaction: that is another matter. */
function isOfTransactions({ type, tree }: Statement): boolean {
  return (
    type === "TransactionStmt" ||
    (type === "VariableSetStmt" && String(fieldsOf(tree)["name"]).includes("TRANSACTION"))
  );
}

const small = (text: string): string => `${text.charAt(0).toLowerCase()}${text.slice(1)}`;

/**
 * The mark that takes the transaction away from a file of this layout: what the layout's own tool understands
 * too, where it has one. The layouts are those of docs/migrations.md.
 */
function withoutTransaction({ source: { file, text } }: PreparedScript): string {
  const [, way] = /^--[ \t]*migrate:(up|down)\b/i.exec(text) ?? [];
  const [nodeMark] = /^[ \t]*--[ \t-]*(?:up|down)[ \t]+migration\b/i.exec(text) ?? [];
  const mark =
    way !== undefined
      ? `write '-- migrate:${way.toLowerCase()} transaction:false'`
      : nodeMark !== undefined
        ? `put the line '-- no-transaction' below '${nodeMark.trim()}'`
        : /\/(?:up|down)\.sql\b/i.test(file)
          ? "put 'run_in_transaction = false' into metadata.toml beside it"
          : "put the line '-- no-transaction' at the top of the file";
  return (
    `A file is one transaction: to have its statements carried out one by one, each by itself, ${mark}; ` +
    "best with this statement alone in it"
  );
}
