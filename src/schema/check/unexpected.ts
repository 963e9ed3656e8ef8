import { isHoldfastError } from "../../kernel/errors.ts";
import type { Chain } from "../proof/chain.ts";
import type { Proved } from "../proof/prove-pair.ts";
import type { PreparedScript } from "../script/prepare.ts";
import type { ScriptFailure } from "../shadow/run-script.ts";

/**
 * Of the server and not of what it was asked: resources are short, the system failed.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const OF_THE_SERVER = /^(?:53|58)/;

/**
 * An error that no script's refusal is, while one migration was tried: it takes away nobody else's verdict.
 *
 * @returns its words
 * @throws the error itself, where the run is stopped or its server is gone or in trouble: then every further
 *   pair would get a verdict that says nothing of it
 */
export async function wordsOfUnexpected(chain: Chain, error: unknown, stop: AbortSignal): Promise<string> {
  if (stop.aborted || OF_THE_SERVER.test(stateOf(error) ?? "") || !(await isThere(chain))) throw error;
  if (isHoldfastError(error)) {
    return `could not be tried: ${error.message}${error.hint === undefined ? "" : ` (${error.hint})`}`;
  }
  const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `could not be tried for a mistake in Holdfast itself; please report it: ${words}`;
}

async function isThere({ shadow }: Chain): Promise<boolean> {
  try {
    await using session = await shadow.maintenance();
    await session.query("SELECT 1");
    return true;
  } catch {
    // Why is told by the error that made us ask.
    return false;
  }
}

/** The server's own code for why it refused, where there is one. */
function stateOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = (error.cause ?? {}) as { readonly code?: unknown };
  return typeof code === "string" ? code : undefined;
}

/** What is known of a pair that could not be tried. */
export function unproved({ source }: PreparedScript, words: string): Proved {
  return {
    proof: {
      verdict: "failed",
      differences: [{ object: "", message: words, at: { file: source.file, line: source.firstLine } }],
      notes: [],
      destroys: [],
      forward: [],
      rollback: [],
      failsWithRows: undefined,
    },
    after: undefined,
  };
}

/** The same, of a script that was to be applied. */
export function unapplied({ source }: PreparedScript, words: string): ScriptFailure {
  return {
    file: source.file,
    line: source.firstLine,
    statement: undefined,
    message: words,
    hint: undefined,
    refusal: undefined,
  };
}
