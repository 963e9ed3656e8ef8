import { parseScript } from "./parse-script.ts";
import type { Script } from "./script.ts";
import { executionOf, type Execution } from "./transactions.ts";

/** A script's text and place, as a folder gives it. */
export interface ScriptSource {
  readonly file: string;
  readonly text: string;
  readonly firstLine: number;
  readonly transaction: boolean;
}

/** A script that was read and can be carried out. */
export interface PreparedScript {
  readonly source: ScriptSource;
  readonly script: Script;
  readonly execution: Execution;
  /** It forgets prepared statements, or the whole session: what runs it has to begin a new one. */
  readonly forgets: boolean;
  /** Nothing but white space and comments. */
  readonly empty: boolean;
}

/** Reads a script; what its tool's own mark says about transactions counts. */
export async function prepareScript(source: ScriptSource): Promise<PreparedScript> {
  const script = await parseScript(source.text, source.firstLine);
  const execution = executionOf(script);
  const alone = !source.transaction && execution.mode === "one-transaction" && script.problem === undefined;
  return {
    source,
    script,
    forgets: script.statements.some(({ type }) => type === "DeallocateStmt" || type === "DiscardStmt"),
    empty: script.problem === undefined && script.statements.length === 0,
    execution: alone ? { mode: "no-transaction", statements: script.statements, because: [] } : execution,
  };
}
