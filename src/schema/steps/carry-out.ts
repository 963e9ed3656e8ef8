import type { DatabaseSession } from "../../ports/database.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import type { PreparedScript } from "../script/prepare.ts";
import { segmentsOf, type Segment } from "../script/segments.ts";
import type { Statement } from "../script/script.ts";
import { fieldsOf, relationParts, textOf } from "../script/tree.ts";
import { quoteIdentifier } from "../../postgres/quoting.ts";
import type { ServerRefusal } from "../../ports/database.ts";

/** Waits of a migration's transactions. */
export interface Timeouts {
  /** Longest wait for a lock, in milliseconds: whoever comes later waits behind us. */
  readonly lockMs: number;
  /** Longest time for one statement, in milliseconds; 0 for no end. */
  readonly statementMs: number;
}

/** Where a script is begun. */
export interface Beginning {
  /** Statements that are done already. */
  readonly from: number;
  /** An earlier run or try had begun it: the next statement may have happened without being written down. */
  readonly again: boolean;
}

/** What is written down as a script goes on, in the transaction of what it did. */
export interface Ledger {
  /** @param steps statements that are done; `whole`: all of them */
  done(session: DatabaseSession, steps: number, whole: boolean): Promise<void>;
}

/** A statement that the server refused. */
export interface Refused {
  readonly statement: Statement | undefined;
  readonly refusal: ServerRefusal;
  /** Statements that are done for good. */
  readonly steps: number;
  readonly statements: number;
}

/**
 * Carries a script out for good, from the statement after `from`. Each segment is one transaction, in which
 * the ledger says that it is done; so wherever the run is killed, what is written down is what happened. A
 * statement that no transaction may hold is looked at before it is repeated.
 *
 * @returns what was refused, or undefined
 */
export async function carryOut(
  session: DatabaseSession,
  script: PreparedScript,
  { from, again }: Beginning,
  timeouts: Timeouts,
  ledger: Ledger,
): Promise<Refused | undefined> {
  const segments = segmentsOf(script).filter(({ upTo }) => upTo > from);
  const count = script.execution.statements.length;
  // For the whole session, so that a script's own SET wins.
  await session.query(
    `SET lock_timeout = ${timeouts.lockMs}; SET statement_timeout = ${timeouts.statementMs}`,
  );
  for (const setUp of segments[0]?.setUp ?? []) {
    const refusal = await session.execute(setUp.text);
    if (refusal !== undefined) return { statement: setUp, refusal, steps: from, statements: count };
  }
  let steps = from;
  for (const segment of segments) {
    const whole = segment === segments.at(-1);
    // Only what a run was killed at may have happened without being written down.
    const repeated = again && segment === segments[0];
    const refused =
      segment.kind === "transaction"
        ? await inTransaction(session, segment, whole, ledger)
        : await alone(session, segment, { whole, again: repeated }, timeouts, ledger);
    if (refused !== undefined) return { ...refused, steps, statements: count };
    steps = segment.upTo;
  }
  if (segments.length === 0) {
    await session.query("BEGIN");
    await ledger.done(session, count, true);
    await session.query("COMMIT");
  }
  return undefined;
}

type Failed = Pick<Refused, "statement" | "refusal">;

async function inTransaction(
  session: DatabaseSession,
  segment: Segment,
  whole: boolean,
  ledger: Ledger,
): Promise<Failed | undefined> {
  const begun = await session.execute(segment.begin);
  if (begun !== undefined) return { statement: undefined, refusal: begun };
  for (const statement of [...segment.statements, undefined]) {
    // What waits for the end is done under the script's own settings and role, before ours.
    const refusal = await session.execute(statement?.text ?? "SET CONSTRAINTS ALL IMMEDIATE");
    if (refusal === undefined) continue;
    await session.query("ROLLBACK");
    return { statement, refusal };
  }
  try {
    await writeDown(session, segment.upTo, whole, ledger);
  } catch (error) {
    if (session.transaction !== "none" && !session.lost.aborted) await session.query("ROLLBACK");
    throw error;
  }
  const ended = await session.execute("COMMIT");
  return ended === undefined ? undefined : { statement: undefined, refusal: ended };
}

async function alone(
  session: DatabaseSession,
  segment: Segment,
  { whole, again }: { readonly whole: boolean; readonly again: boolean },
  timeouts: Timeouts,
  ledger: Ledger,
): Promise<Failed | undefined> {
  const [statement] = segment.statements;
  const isDone = again && (await lookBefore(session, statement!));
  if (!isDone) {
    const refusal =
      statement!.type === "VariableSetStmt"
        ? await session.execute(statement!.text)
        : await unhurried(session, statement!, timeouts);
    if (refusal !== undefined) {
      await dropInvalid(session, statement!);
      return { statement, refusal };
    }
  }
  await session.query("BEGIN");
  await writeDown(session, segment.upTo, whole, ledger);
  await session.query("COMMIT");
  return undefined;
}

/** Building an index takes as long as it takes, unless the script itself has said how long. */
async function unhurried(
  session: DatabaseSession,
  statement: Statement,
  { statementMs }: Timeouts,
): Promise<ServerRefusal | undefined> {
  const [row] = await session.query<{ ours: boolean }>(
    "SELECT setting = $1 AS ours FROM pg_catalog.pg_settings WHERE name = 'statement_timeout'",
    [String(statementMs)],
  );
  if (row?.ours !== true) return await session.execute(statement.text);
  await session.query("SET statement_timeout = 0");
  const refusal = await session.execute(statement.text);
  await session.query(`SET statement_timeout = ${statementMs}`);
  return refusal;
}

/** As whoever the session began as, until the transaction ends: a script may have become another role. */
async function writeDown(
  session: DatabaseSession,
  steps: number,
  whole: boolean,
  ledger: Ledger,
): Promise<void> {
  await session.query("SET LOCAL SESSION AUTHORIZATION DEFAULT; SET LOCAL ROLE NONE");
  await ledger.done(session, steps, whole);
}

/** Of an index that is built concurrently: where it is to stand. */
function concurrentIndex({
  type,
  tree,
}: Statement): { readonly table: readonly string[]; readonly name: string } | undefined {
  const fields = fieldsOf(tree);
  const name = textOf(fields["idxname"]);
  return type !== "IndexStmt" || fields["concurrent"] !== true || name === undefined
    ? undefined
    : { table: relationParts(fields["relation"]), name };
}

interface Index {
  readonly schema: string;
  readonly name: string;
  readonly valid: boolean;
}

async function indexThere(
  session: DatabaseSession,
  index: { readonly table: readonly string[]; readonly name: string },
): Promise<Index | undefined> {
  const [row] = await session.query<Index>(
    `
      SELECT n.nspname::text AS schema, c.relname::text AS name, i.indisvalid AND i.indisready AS valid
        FROM pg_catalog.pg_index i
        JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relname::text = $1 AND i.indrelid = pg_catalog.to_regclass($2)
    `,
    [index.name, index.table.map(quoteIdentifier).join(".")],
  );
  return row;
}

/**
 * Whether a statement that may have been carried out by a run that was killed is done already. An index that
 * a failed build left behind is not valid, helps nobody and slows every write, and IF NOT EXISTS would take
 * it for the real one: it is dropped.
 */
async function lookBefore(session: DatabaseSession, statement: Statement): Promise<boolean> {
  const wanted = concurrentIndex(statement);
  if (wanted === undefined) return false;
  const found = await indexThere(session, wanted);
  if (found === undefined) return false;
  if (found.valid) return true;
  await drop(session, found);
  return false;
}

async function dropInvalid(session: DatabaseSession, statement: Statement): Promise<void> {
  const wanted = concurrentIndex(statement);
  const found = wanted === undefined ? undefined : await indexThere(session, wanted);
  if (found !== undefined && !found.valid) await drop(session, found);
}

async function drop(session: DatabaseSession, { schema, name }: Index): Promise<void> {
  const refusal = await session.execute(
    `DROP INDEX CONCURRENTLY IF EXISTS ${quoteIdentifier(schema)}.${quoteIdentifier(name)}`,
  );
  if (refusal === undefined) return;
  throw new HoldfastError(
    "database.query",
    `the index ${schema}.${name}, which a failed build left behind, could not be dropped: ${refusal.message}`,
    {
      hint:
        "It is not valid and slows every write. Drop it by hand: DROP INDEX CONCURRENTLY " +
        `${quoteIdentifier(schema)}.${quoteIdentifier(name)};`,
    },
  );
}
