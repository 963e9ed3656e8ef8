import { PREPARED_PREFIX, type DatabaseSession, type ServerRefusal } from "../../ports/database.ts";
import { quoteIdentifier } from "../../postgres/quoting.ts";
import { codeUnits } from "../script/parse-script.ts";
import type { PreparedScript } from "../script/prepare.ts";
import { lineAt, type Statement } from "../script/script.ts";
import { transactionHint } from "../script/transaction-hint.ts";

/** Why a script did not go through. */
export interface ScriptFailure {
  readonly file: string;
  /** The line at which the server points, or the statement's first. */
  readonly line: number;
  /**
   * The statement that was refused; undefined where it was the end of the transaction, or the text
   * as a whole.
   */
  readonly statement: Statement | undefined;
  readonly message: string;
  readonly hint: string | undefined;
  /** The server's words; undefined where the script was not sent at all. */
  readonly refusal: ServerRefusal | undefined;
}

/** Why a script did not go through, with what to do where that is known. */
export function toldFailure({ message, hint }: ScriptFailure): string {
  return `${message}${hint === undefined ? "" : ` (${hint})`}`;
}

/** How a script is run. */
export interface RunOptions {
  /** Told after every statement, in the same transaction. */
  readonly after?: (statement: Statement) => Promise<void>;
  /**
   * Statements of which {@link after} need not hear one by one: a run of them goes as one message, and it is
   * told the last. Of one transaction only.
   */
  readonly uniform?: (statement: Statement) => boolean;
  /** Told how many rows each statement met, where the server says a number. */
  readonly met?: (statement: Statement, rows: number) => void;
  /** Statements that are left out: what no server of this machine could carry out. */
  readonly skip?: (statement: Statement) => boolean;
}

/**
 * Carries out the statements of a script in the session as it is: in an open transaction where there is one.
 * The first refusal ends it.
 *
 * @returns why it did not go through, or undefined
 */
export async function runStatements(
  session: DatabaseSession,
  prepared: PreparedScript,
  options: RunOptions = {},
): Promise<ScriptFailure | undefined> {
  const { script, source, execution } = prepared;
  if (script.problem !== undefined) {
    return {
      file: source.file,
      line: script.problem.line,
      statement: undefined,
      message: script.problem.message,
      hint: script.problem.hint,
      refusal: undefined,
    };
  }
  const statements = execution.statements.filter((each) => options.skip?.(each) !== true);
  const together =
    options.after === undefined &&
    !prepared.changesReading &&
    execution.mode === "one-transaction" &&
    statements.length === execution.statements.length;
  if (together && statements.length > 1) return await runTogether(session, prepared, options);
  const whole = execution.mode === "one-transaction" && statements.length === execution.statements.length;
  for (const run of runsOf(statements, whole ? options.uniform : undefined)) {
    const [first, last] = [run[0]!, run.at(-1)!];
    const refusal = await session.execute(
      script.text.slice(first.start, last.start + last.text.length),
      countedOf(run, options),
    );
    if (refusal !== undefined) {
      return failureAt(prepared, refusal, first.start, run.length === 1 ? first : undefined);
    }
    await options.after?.(last);
  }
  return undefined;
}

/** A rule may make several answers of one statement, or none: then nobody knows whose they are. */
function countedOf(
  run: readonly Statement[],
  { met }: RunOptions,
): ((rows: readonly (number | null)[]) => void) | undefined {
  if (met === undefined) return undefined;
  return (rows) => {
    if (rows.length !== run.length) return;
    for (const [at, count] of rows.entries()) if (count !== null) met(run[at]!, count);
  };
}

/** Neighbours that are uniform together, everything else alone. */
function runsOf(statements: readonly Statement[], uniform: RunOptions["uniform"]): Statement[][] {
  const runs: Statement[][] = [];
  let open = false;
  for (const statement of statements) {
    const joins = uniform?.(statement) === true;
    if (open && joins) runs.at(-1)!.push(statement);
    else runs.push([statement]);
    open = joins;
  }
  return runs;
}

/** As one message: a seed file may have a hundred thousand statements. */
async function runTogether(
  session: DatabaseSession,
  prepared: PreparedScript,
  options: RunOptions,
): Promise<ScriptFailure | undefined> {
  const { statements } = prepared.execution;
  const [first, last] = [statements[0]!, statements.at(-1)!];
  const refusal = await session.execute(
    prepared.script.text.slice(first.start, last.start + last.text.length),
    countedOf(statements, options),
  );
  if (refusal === undefined) return undefined;
  const place = first.start + codeUnits(prepared.script.text.slice(first.start), (refusal.position ?? 1) - 1);
  const statement =
    refusal.position === undefined ? undefined : statements.findLast(({ start }) => start <= place);
  return failureAt(prepared, refusal, first.start, statement);
}

function failureAt(
  prepared: PreparedScript,
  refusal: ServerRefusal,
  start: number,
  statement: Statement | undefined,
): ScriptFailure {
  const { source, script } = prepared;
  const hints = [refusal.hint, transactionHint(prepared, statement, refusal.state)].filter(
    (hint) => hint !== undefined,
  );
  const at =
    refusal.position === undefined
      ? undefined
      : start + codeUnits(script.text.slice(start), refusal.position - 1);
  const line =
    at === undefined ? (statement?.line ?? source.firstLine) : lineAt(script.text, at) + source.firstLine - 1;
  const detail = refusal.detail === undefined ? "" : `: ${refusal.detail}`;
  return {
    file: source.file,
    line,
    statement,
    refusal,
    hint: hints.length === 0 ? undefined : hints.join(" "),
    message: `${refusal.message}${detail} (SQLSTATE ${refusal.state})`,
  };
}

/**
 * Carries out a whole script as it would be in production: in a transaction of ours, or statement by
 * statement where it cannot be in one. What is left open at its end is taken back and told.
 */
export async function runScript(
  session: DatabaseSession,
  prepared: PreparedScript,
  options: RunOptions = {},
): Promise<ScriptFailure | undefined> {
  const { source, execution } = prepared;
  if (execution.mode === "one-transaction") await session.query("BEGIN");
  const failure = await runStatements(session, prepared, options);
  if (failure !== undefined) {
    // A script may end the session itself.
    if (session.lost.aborted) return failure;
    if (session.transaction !== "none") await session.query("ROLLBACK");
    return execution.mode === "one-transaction" && failure.statement === undefined
      ? await located(session, prepared, options, failure)
      : failure;
  }
  if (execution.mode === "one-transaction") {
    const refusal = await session.execute("COMMIT");
    return refusal === undefined
      ? undefined
      : failureAt(prepared, refusal, prepared.script.text.length, undefined);
  }
  if (session.transaction === "none") return undefined;
  await session.query("ROLLBACK");
  const begun = execution.because.at(-1);
  return {
    file: source.file,
    line: begun?.line ?? source.firstLine,
    statement: begun,
    refusal: undefined,
    message: "the script ends inside of a transaction that it began",
    hint: "Put COMMIT at its end, or leave BEGIN out: each file is a transaction anyway.",
  };
}

/**
 * Of many statements in one message the server does not always say which one it refused: then they are run
 * once more, one by one.
 */
async function located(
  session: DatabaseSession,
  prepared: PreparedScript,
  options: RunOptions,
  failure: ScriptFailure,
): Promise<ScriptFailure> {
  if (failure.refusal === undefined || prepared.execution.statements.length < 2) return failure;
  await session.query("BEGIN");
  const again = await runStatements(session, prepared, { ...options, after: () => Promise.resolve() });
  if (!session.lost.aborted && session.transaction !== "none") await session.query("ROLLBACK");
  return again ?? failure;
}

/**
 * Makes a session what it was when it began, also inside of a transaction, where DISCARD ALL
 * may not be: settings, role, temporary tables, prepared statements but our own, cursors.
 * https://www.postgresql.org/docs/current/sql-discard.html
 */
export async function forgetSession(session: DatabaseSession): Promise<void> {
  await session.query(
    "CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; UNLISTEN *; DISCARD TEMP; DISCARD SEQUENCES",
  );
  const prepared = await session.query<{ name: string }>(
    "SELECT name FROM pg_catalog.pg_prepared_statements WHERE NOT pg_catalog.starts_with(name, $1)",
    [PREPARED_PREFIX],
  );
  for (const { name } of prepared) await session.query(`DEALLOCATE ${quoteIdentifier(name)}`);
}
