import { isHoldfastError } from "../../kernel/errors.ts";
import type { RollbackPorts } from "./ports.ts";
import type { HistoryEntry } from "../history/entry.ts";
import { scriptOf, withoutScript } from "../history/script-of.ts";
import { Chain } from "../proof/chain.ts";
import { COLUMN_ORDER_TOLD } from "../proof/judge.ts";
import { provePair } from "../proof/prove-pair.ts";
import { replay } from "../proof/replay.ts";
import { toldDifference, type PairProof, type Verdict } from "../proof/verdict.ts";
import type { PreparedScript } from "../script/prepare.ts";
import { preludeFor, type Platform } from "../shadow/platform.ts";
import { privateShadow } from "../shadow/shadow.ts";
import { toldFailure } from "../shadow/run-script.ts";

/** What proving one pair of the history came to. */
export interface HistoryProof {
  readonly verdict: Verdict;
  readonly what: string;
  /** What the rollback takes away of what came after. */
  readonly destroys: readonly string[];
  /** Columns of a table stand in another order afterwards. */
  readonly reorders: boolean;
}

/** The schema comes back; what is lost is told and counted, and confirmed by whoever goes back. */
export function isSound({ verdict }: HistoryProof): boolean {
  return verdict === "proved" || verdict === "column-order" || verdict === "loses-data";
}

/** Proofs by version, or why there are none. */
export interface HistoryProofs {
  readonly of: ReadonlyMap<string, HistoryProof>;
  readonly why: string | undefined;
}

/** The live database, as far as the private server has to be like it. */
export interface Ground {
  readonly major: number;
  readonly platform: Platform | undefined;
}

/**
 * Builds the history anew on a private server of the same kind, from the scripts on record, and tries the
 * pairs that are to be taken back. The live database is not asked.
 */
export async function proveHistory(
  history: readonly HistoryEntry[],
  going: readonly { readonly entry: HistoryEntry; readonly rollback: PreparedScript }[],
  { major, platform }: Ground,
  ports: RollbackPorts,
): Promise<HistoryProofs> {
  if (going.length === 0) return { of: new Map(), why: undefined };
  const unknown = history.filter(({ forward }) => forward === null);
  if (unknown.length > 0) {
    return {
      of: new Map(),
      why: `${withoutScript(unknown)}, so the history cannot be built anew`,
    };
  }
  try {
    await using shadow = await privateShadow(major, ports);
    await using chain = await Chain.open(shadow, preludeFor(platform));
    const of = new Map<string, HistoryProof>();
    const sources = history.map((entry) => ({ ...scriptOf(entry, "forward")!, entry }));
    const stopped = await replay(chain, sources, async ({ entry }, forward) => {
      const step = going.find((each) => each.entry === entry);
      if (step === undefined) return;
      const { proof } = await provePair(chain, { forward, rollback: step.rollback }, () =>
        ports.clock.elapsed(),
      );
      of.set(entry.version, {
        verdict: proof.verdict,
        what: words(proof),
        destroys: proof.destroys,
        reorders: proof.differences.some(({ message }) => message.startsWith(COLUMN_ORDER_TOLD)),
      });
    });
    if (stopped !== undefined) {
      return {
        of,
        why: `${stopped.file} does not go through on a private server: ${toldFailure(stopped.failure)}`,
      };
    }
    return { of, why: undefined };
  } catch (error) {
    if (!isHoldfastError(error, "tool.missing", "tool.too-old", "disk.full")) throw error;
    return { of: new Map(), why: error.message };
  }
}

function words({ differences }: PairProof): string {
  return differences.map(toldDifference).join("; ");
}
