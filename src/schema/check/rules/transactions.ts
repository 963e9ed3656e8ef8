import { fieldsOf } from "../../script/tree.ts";
import { whyNoTransaction } from "../../script/transactions.ts";
import type { PreparedScript } from "../../script/prepare.ts";
import type { Statement } from "../../script/script.ts";
import type { Hit, Rule } from "./rule.ts";

/** Asked for every statement of a script, of which there may be a hundred thousand. */
const OPEN_BEFORE = new WeakMap<PreparedScript["script"], ReadonlyMap<Statement, boolean>>();

/** Where a script's own BEGIN and COMMIT leave it before each statement. */
function openBefore({ script }: PreparedScript): ReadonlyMap<Statement, boolean> {
  const known = OPEN_BEFORE.get(script);
  if (known !== undefined) return known;
  let open = false;
  const found = new Map<Statement, boolean>();
  OPEN_BEFORE.set(script, found);
  for (const statement of script.statements) {
    found.set(statement, open);
    if (statement.type !== "TransactionStmt") continue;
    const kind = String(fieldsOf(statement.tree)["kind"]);
    if (kind === "TRANS_STMT_BEGIN" || kind === "TRANS_STMT_START") open = true;
    else if (kind === "TRANS_STMT_COMMIT" || kind === "TRANS_STMT_ROLLBACK") open = false;
  }
  return found;
}

const isKind = (statement: Statement, ...kinds: string[]): boolean =>
  statement.type === "TransactionStmt" && kinds.includes(String(fieldsOf(statement.tree)["kind"]));

/** Rules about transactions that a script begins and ends itself. */
export const TRANSACTION_RULES: readonly Rule[] = [
  {
    name: "concurrently-in-transaction",
    level: "error",
    squawk: ["ban-concurrent-index-creation-in-transaction"],
    problem: "The statement cannot run inside of a transaction, and the file begins one around it.",
    solution: "Take BEGIN and COMMIT out; put the statement into a migration of its own.",
    find: ({ statement, script }) => {
      const why = whyNoTransaction(statement);
      return why !== undefined && openBefore(script).get(statement) === true
        ? [{ message: `${why} cannot run inside of the transaction that the file begins` }]
        : [];
    },
  },
  {
    name: "nested-transaction",
    level: "warning",
    squawk: ["transaction-nesting"],
    problem:
      "PostgreSQL has no transactions inside of others: the second BEGIN is a warning, the first COMMIT " +
      "ends everything, and what follows is not in any.",
    solution: "Leave BEGIN and COMMIT out: each file is a transaction anyway.",
    find: ({ statement, script }): readonly Hit[] => {
      const open = openBefore(script).get(statement);
      if (isKind(statement, "TRANS_STMT_BEGIN", "TRANS_STMT_START") && open === true) {
        return [{ message: "a transaction is open already, so this BEGIN begins none" }];
      }
      return isKind(statement, "TRANS_STMT_COMMIT", "TRANS_STMT_ROLLBACK") && open === false
        ? [{ message: "no transaction of the file's own is open here, so this ends the one around it" }]
        : [];
    },
  },
  {
    name: "uncommitted-transaction",
    level: "error",
    squawk: ["ban-uncommitted-transaction"],
    problem: "The file begins a transaction and does not end it, so nothing of it happens.",
    solution: "Leave BEGIN out: each file is a transaction anyway.",
    find: ({ statement, script }) => {
      if (statement.type !== "TransactionStmt") return [];
      const last = script.script.statements.findLast((each) =>
        isKind(each, "TRANS_STMT_BEGIN", "TRANS_STMT_START", "TRANS_STMT_COMMIT", "TRANS_STMT_ROLLBACK"),
      );
      return last === statement && isKind(statement, "TRANS_STMT_BEGIN", "TRANS_STMT_START")
        ? [{ message: "the transaction that begins here is never committed" }]
        : [];
    },
  },
  {
    name: "several-steps",
    level: "note",
    squawk: ["prefer-robust-stmts"],
    problem:
      "A file with a statement that no transaction may hold is carried out step by step: when one " +
      "fails, those before it have happened.",
    solution: "Put that statement into a migration of its own.",
    find: ({ statement, script }) => {
      const { mode, because, statements } = script.execution;
      return mode === "no-transaction" && because[0] === statement && statements.length > 1
        ? [
            {
              message:
                `${whyNoTransaction(statement) ?? "this statement"} makes the whole file run step by ` +
                "step: when a later one fails, this has happened",
            },
          ]
        : [];
    },
  },
];
