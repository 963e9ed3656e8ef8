import { parseScript } from "./parse-script.ts";
import type { Script } from "./script.ts";
import { executionOf, type Execution } from "./transactions.ts";

/** A script's text and place, as a folder gives it. */
export interface ScriptSource {
  readonly file: string;
  readonly text: string;
  readonly firstLine: number;
  /** Comments that stand in the file before its first part. */
  readonly before?: string;
  readonly transaction: boolean;
}

/** A script that was read and can be carried out. */
export interface PreparedScript {
  readonly source: ScriptSource;
  readonly script: Script;
  readonly execution: Execution;
  /** It forgets prepared statements, or the whole session: what runs it has to begin a new one. */
  readonly forgets: boolean;
  /**
   * It may change how the server reads what comes after: only statement by statement does that show here as
   * it would in production.
   */
  readonly changesReading: boolean;
  /** Nothing that the server does: white space, comments, and a BEGIN and COMMIT around these. */
  readonly empty: boolean;
}

/** What every dump sets at its beginning changes nothing. */
const CHANGES_READING =
  /standard_conforming_strings(?!\s*(?:=|to)\s*'?on\b)|client_encoding(?!\s*(?:=|to)\s*'?utf-?8\b)/i;

/** Reads a script; what its tool's own mark says about transactions counts. */
export async function prepareScript(source: ScriptSource): Promise<PreparedScript> {
  const script = await parseScript(source.text, source.firstLine);
  const execution = executionOf(script);
  const alone = !source.transaction && execution.mode === "one-transaction" && script.problem === undefined;
  return {
    source,
    script,
    forgets: script.statements.some(({ type }) => type === "DeallocateStmt" || type === "DiscardStmt"),
    changesReading: CHANGES_READING.test(source.text),
    empty: script.problem === undefined && execution.statements.length === 0,
    execution: alone ? { mode: "no-transaction", statements: script.statements, because: [] } : execution,
  };
}
