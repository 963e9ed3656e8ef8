import type { Step } from "../../../nouns/runbook/runbook.ts";
import { PRODUCTION_SLOT } from "../../../ports/slot-host.ts";
import { markAt, markOf, RELEASE_MARK } from "../release-mark.ts";
import { APPLICATION, callOf, MINUTE_MS, ONCE, type OnApp } from "./on-app.ts";

/** What a copy of production's settings would make two apps share, or say of a slot that is not so. */
const OF_ITS_OWN = [RELEASE_MARK, "WEBSITE_CONTENTSHARE"];

const TIMEOUT_MS = 10 * MINUTE_MS;

/** The slot is there, and nothing else is at work on it. */
export function slotStep({ host, slot, build }: Pick<OnApp, "host" | "slot" | "build">): Step {
  const isOther = async (signal: AbortSignal): Promise<boolean> =>
    (await markAt(host, slot, callOf(signal, TIMEOUT_MS))) !== markOf(build);
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
      if (facts.isUnfinished) return { kind: "missing", what: `finish making the slot ${slot}` };
      if (facts.inProgress !== undefined) {
        return { kind: "moving", what: `${slot}: ${facts.inProgress} is at work` };
      }
      // A run that was killed has left it, with another build: nothing can be deployed to a slot that is
      // locked.
      if (facts.previewInto === PRODUCTION_SLOT && (await isOther(signal))) {
        return {
          kind: "missing",
          what: `release the swap of ${slot} that was prepared before`,
        };
      }
      return { kind: "true", what: `the slot ${slot} is there` };
    },
    async act({ signal }) {
      const call = callOf(signal, TIMEOUT_MS);
      const there = await host.slot(slot, call);
      if (there !== undefined && !there.isUnfinished) await host.release(slot, call);
      else await host.makeSlot(slot, call, OF_ITS_OWN);
    },
    undo: "not-needed",
  };
}
