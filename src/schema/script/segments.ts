import type { PreparedScript } from "./prepare.ts";
import type { Statement } from "./script.ts";
import { whyNoTransaction } from "./transactions.ts";
import { fieldsOf } from "./tree.ts";

/**
 * What of a script happens whole or not at all. A script that is one transaction is one segment; any other is
 * carried out segment by segment, and where it stopped is written down, so that the next run goes on there.
 *
 * - `transaction`: statements in one transaction; what was done is written down inside of it.
 * - `alone`: a statement that no transaction may hold; between it and the note that it is done the run
 *   can be killed.
 */
export interface Segment {
  readonly kind: "transaction" | "alone";
  readonly statements: readonly Statement[];
  /** The script's own BEGIN, with its isolation level and the like; a plain one where it has none. */
  readonly begin: string;
  /** How many of the script's statements are done once this segment is. */
  readonly upTo: number;
  /** Statements before it that only set the session up, to be said again by a run that begins here. */
  readonly setUp: readonly Statement[];
}

const PLAIN_BEGIN = "BEGIN";
/** Outside of a transaction alone: https://www.postgresql.org/docs/current/plpgsql-transactions.html */
const MAY_END_TRANSACTIONS = new Set(["CallStmt", "DoStmt"]);

/**
 * What of a script is left to do after its first `from` statements. A script that was mended meanwhile may be
 * cut otherwise than the one that was begun, one transaction perhaps: what is done is done in no segment
 * again, and settings that it made are made once more.
 */
export function segmentsAfter(script: PreparedScript, from: number): readonly Segment[] {
  const done = new Set(script.execution.statements.slice(0, from));
  return segmentsOf(script)
    .filter(({ upTo }) => upTo > from)
    .map((segment) => {
      const again = segment.statements.filter((each) => done.has(each) && each.type === "VariableSetStmt");
      return {
        ...segment,
        statements: segment.statements.filter((each) => !done.has(each)),
        setUp: [...segment.setUp, ...again],
      };
    });
}

/** The segments of a script, in its order. */
export function segmentsOf({ source, execution: { mode, statements } }: PreparedScript): readonly Segment[] {
  if (mode === "one-transaction") {
    return statements.length === 0
      ? []
      : [{ kind: "transaction", statements, begin: PLAIN_BEGIN, upTo: statements.length, setUp: [] }];
  }
  const segments: Segment[] = [];
  const setUp: Statement[] = [];
  let open: { readonly begin: string; readonly statements: Statement[] } | undefined;
  for (const [at, statement] of statements.entries()) {
    const control = controlOf(statement);
    if (control === "begin" && open === undefined) open = { begin: statement.text, statements: [] };
    else if (control === "commit" && open !== undefined) {
      segments.push({
        kind: "transaction",
        statements: open.statements,
        begin: open.begin,
        upTo: at + 1,
        setUp: [...setUp],
      });
      open = undefined;
    } else if (control === "rollback" && open !== undefined) {
      // What is taken back was not done, and there is nothing to do again.
      open = undefined;
    } else if (open !== undefined) open.statements.push(statement);
    else if (control === undefined) {
      const isAlone =
        whyNoTransaction(statement) !== undefined ||
        statement.type === "VariableSetStmt" ||
        // Whoever marks the file so may call what ends transactions.
        (!source.transaction && MAY_END_TRANSACTIONS.has(statement.type));
      const kind = isAlone ? "alone" : "transaction";
      segments.push({ kind, statements: [statement], begin: PLAIN_BEGIN, upTo: at + 1, setUp: [...setUp] });
      if (statement.type === "VariableSetStmt") setUp.push(statement);
    }
  }
  if (open !== undefined) {
    segments.push({
      kind: "transaction",
      statements: open.statements,
      begin: open.begin,
      upTo: statements.length,
      setUp: [...setUp],
    });
  }
  return segments;
}

function controlOf({ type, tree }: Statement): "begin" | "commit" | "rollback" | undefined {
  if (type !== "TransactionStmt") return undefined;
  switch (fieldsOf(tree)["kind"]) {
    case "TRANS_STMT_BEGIN":
    case "TRANS_STMT_START":
      return "begin";
    case "TRANS_STMT_COMMIT":
      return "commit";
    case "TRANS_STMT_ROLLBACK":
      return "rollback";
    default:
      return undefined;
  }
}
