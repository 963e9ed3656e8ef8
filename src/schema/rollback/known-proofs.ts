import { sha256 } from "../../kernel/streams.ts";
import { scriptOf } from "../history/script-of.ts";
import type { proveHistory, HistoryProofs } from "./prove-history.ts";

type Asked = Parameters<typeof proveHistory>;

/**
 * What one process has proved: whoever plans a rollback and then carries it out builds the history anew but
 * once. The same scripts on a server of the same kind come to the same; nothing of it is written down, so
 * that no other run trusts it.
 */
export class KnownProofs {
  readonly #known = new Map<string, HistoryProofs>();

  /** Those that were made of the very same, or else those that `prove` makes now. */
  async of(
    history: Asked[0],
    going: Asked[1],
    ground: Asked[2],
    prove: () => Promise<HistoryProofs>,
  ): Promise<HistoryProofs> {
    const key = sha256(
      JSON.stringify([
        ground,
        history.map((entry) => [entry.version, scriptOf(entry, "forward") ?? null]),
        going.map(({ entry, rollback }) => [entry.version, rollback.source]),
      ]),
    );
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const proofs = await prove();
    // What kept them from being made may be over by the next time.
    if (proofs.why === undefined) this.#known.set(key, proofs);
    return proofs;
  }
}
