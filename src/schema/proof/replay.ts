import type { ScriptFailure } from "../shadow/run-script.ts";
import { prepareScript, type PreparedScript, type ScriptSource } from "../script/prepare.ts";
import type { Chain } from "./chain.ts";

/** Where building a history anew ended before its end. */
export interface Stopped {
  readonly file: string;
  readonly failure: ScriptFailure;
}

/**
 * Builds a history anew, script by script, up to the first that does not go through.
 *
 * @param inFrontOf told of each script before it is applied
 */
export async function replay<Source extends ScriptSource>(
  chain: Chain,
  history: readonly Source[],
  inFrontOf: (source: Source, forward: PreparedScript) => Promise<void> = () => Promise.resolve(),
): Promise<Stopped | undefined> {
  for (const source of history) {
    const forward = await prepareScript(source);
    await inFrontOf(source, forward);
    const failure = await chain.apply(forward);
    if (failure !== undefined) return { file: source.file, failure };
  }
  return undefined;
}
