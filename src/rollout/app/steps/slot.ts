import type { Step } from "../../../nouns/runbook/runbook.ts";
import { APPLICATION, callOf, MINUTE_MS, ONCE, type OnApp } from "./on-app.ts";

const TIMEOUT_MS = 10 * MINUTE_MS;

/** The slot is there, and nothing else is at work on it. */
export function slotStep({ host, slot }: Pick<OnApp, "host" | "slot">): Step {
  return {
    id: "slot",
    title: `have the slot ${slot}`,
    component: APPLICATION,
    isRepeatable: true,
    timeoutMs: TIMEOUT_MS,
    retry: ONCE,
    onFailure: "stop",
    async observe({ signal }) {
      const facts = await host.slot(slot, callOf(signal, TIMEOUT_MS));
      if (facts === undefined) {
        return { kind: "missing", what: `make the slot ${slot} like production` };
      }
      if (facts.inProgress !== undefined) {
        return { kind: "moving", what: `${slot}: ${facts.inProgress} is at work` };
      }
      return { kind: "true", what: `the slot ${slot} is there` };
    },
    async act({ signal }) {
      await host.makeSlot(slot, callOf(signal, TIMEOUT_MS));
    },
    undo: "not-needed",
  };
}
