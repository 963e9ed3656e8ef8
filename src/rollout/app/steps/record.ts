import type { Step } from "../../../nouns/runbook/runbook.ts";
import type { RolloutRecord, RolloutRecords } from "../records.ts";
import { APPLICATION, MINUTE_MS } from "./on-app.ts";

/**
 * What was done is written down, last: a record says that all of it was seen to be good.
 *
 * @param record made when everything else is true
 */
export function recordStep(id: string, records: RolloutRecords, record: () => Promise<RolloutRecord>): Step {
  return {
    id: "record",
    title: "write the record",
    component: APPLICATION,
    isRepeatable: true,
    timeoutMs: 2 * MINUTE_MS,
    retry: { attempts: 3, pauseMs: 1_000, mayHelp: () => true },
    // Production is what was wanted, record or not.
    onFailure: "continue",
    async observe() {
      return (await records.has(id))
        ? { kind: "true", what: "the record is in the store" }
        : { kind: "missing", what: "write the record" };
    },
    async act() {
      await records.write(await record());
    },
    undo: "not-needed",
  };
}
