import type { Observed, Step } from "../../../nouns/runbook/runbook.ts";
import { PRODUCTION_SLOT } from "../../../ports/slot-host.ts";
import { markAt, markOf } from "../release-mark.ts";
import { APPLICATION, callOf, MINUTE_MS, ONCE, type OnApp } from "./on-app.ts";

const TIMEOUT_MS = 15 * MINUTE_MS;

/** The slot runs with the settings of production, before anybody is sent to it. */
export function previewStep({ host, slot, build, az }: OnApp): Step {
  const into = async (signal: AbortSignal): Promise<string | undefined> =>
    (await host.slot(slot, callOf(signal, TIMEOUT_MS)))?.previewInto;
  return {
    id: "preview",
    title: `run ${slot} with the settings of production`,
    component: APPLICATION,
    isRepeatable: true,
    timeoutMs: TIMEOUT_MS,
    retry: ONCE,
    onFailure: "undo",
    async observe({ signal }): Promise<Observed> {
      if ((await markAt(host, PRODUCTION_SLOT, callOf(signal, TIMEOUT_MS))) === markOf(build)) {
        return { kind: "true", what: "production holds the build already" };
      }
      const pending = await into(signal);
      // Left by a run that was killed: taken over, so that it is ours to be released.
      if (pending === PRODUCTION_SLOT) {
        return { kind: "missing", what: `take over the swap of ${slot} that was prepared before` };
      }
      if (pending !== undefined) {
        return {
          kind: "wrong",
          what: `${slot} waits to be swapped with ${pending}`,
          hint:
            "Finish or cancel that first, in the portal or with az webapp deployment slot swap " +
            `${az} --slot ${slot} --target-slot ${pending} --action swap, or reset.`,
        };
      }
      return { kind: "missing", what: `bring production's settings to ${slot}` };
    },
    async confirm({ signal }): Promise<Observed> {
      return (await into(signal)) === PRODUCTION_SLOT
        ? { kind: "true", what: `${slot} runs as production would` }
        : { kind: "missing", what: `${slot} does not run as production would` };
    },
    async act({ signal }) {
      await host.preview(slot, PRODUCTION_SLOT, callOf(signal, TIMEOUT_MS));
    },
    undo: {
      title: `release the pending swap of ${slot}`,
      async observe({ signal }) {
        return (await into(signal)) === undefined
          ? { kind: "true", what: "no swap is pending" }
          : { kind: "missing", what: `release the pending swap of ${slot}` };
      },
      async act({ signal }) {
        await host.release(slot, callOf(signal, TIMEOUT_MS));
      },
    },
  };
}
