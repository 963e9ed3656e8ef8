import type { Json } from "../../../kernel/outcome.ts";
import type { Acting, FailureRule, Step } from "../../../nouns/runbook/runbook.ts";
import { APPLICATION, ONCE } from "./on-app.ts";

/** What is only looked at: it changes nothing, so that nothing of it is taken back. */
export interface Look {
  readonly id: string;
  readonly title: string;
  /** What looking does. */
  readonly what: string;
  /** By what it judges: an approval covers it. */
  readonly by?: Json;
  /** {@link APPLICATION} where it is not said. */
  readonly component?: string;
  readonly timeoutMs: number;
  readonly onFailure: FailureRule;
  /** @returns what was seen, where it is good; throws where it is not */
  readonly look: (acting: Acting) => Promise<string>;
}

/**
 * A step that is true once it was seen to be good. Nobody remembers that but the journal: where a run was
 * killed before it wrote it down, it is looked again.
 */
export function lookStep({
  id,
  title,
  what,
  by = null,
  component = APPLICATION,
  timeoutMs,
  onFailure,
  look,
}: Look): Step {
  let seen: string | undefined;
  return {
    id,
    title,
    component,
    isRepeatable: true,
    timeoutMs,
    retry: ONCE,
    onFailure,
    observe: () =>
      Promise.resolve(
        seen === undefined ? { kind: "missing", what, evidence: by } : { kind: "true", what: seen },
      ),
    async act(acting) {
      seen = await look(acting);
    },
    undo: "not-needed",
  };
}
