import { formatDuration } from "../../../kernel/duration.ts";
import { HoldfastError } from "../../../kernel/errors.ts";
import type { FailureRule, Step } from "../../../nouns/runbook/runbook.ts";
import { PRODUCTION_SLOT } from "../../../ports/slot-host.ts";
import { probe } from "../probe.ts";
import { versionOf } from "../release-mark.ts";
import { judgedBy } from "../settings.ts";
import { lookStep } from "./look-step.ts";
import { callOf, MINUTE_MS, type OnApp } from "./on-app.ts";

/** So few requests say nothing of a share. */
const REQUESTS_MIN = 3;
/** Right after a swap some instances may still answer as before: so long that is no failure. */
const SETTLING_MS = 20_000;

/**
 * Production stays well after the swap: minutes, because errors come seconds after a swap that went well, and
 * several requests, because there are several instances. Where that is the end of a whole rollback nothing is
 * taken back for it: database and functions have moved as well.
 * https://github.com/Azure/azure-functions-host/issues/6109
 */
export function soakStep(on: OnApp, onFailure: FailureRule = "undo"): Step {
  const { host, web, clock, build, settings } = on;
  const { soak, health } = settings;
  return lookStep({
    id: "soak",
    title: `see production stay well as ${versionOf(build)}`,
    what: `watch production for ${formatDuration(soak.for)}`,
    by: judgedBy({ soak, health }),
    timeoutMs: soak.for + REQUESTS_MIN * (soak.every + MINUTE_MS) + MINUTE_MS,
    onFailure,
    async look({ signal, progress }) {
      const facts = await host.slot(PRODUCTION_SLOT, callOf(signal, MINUTE_MS));
      const began = clock.elapsed();
      const ill: string[] = [];
      let requests = 0;
      while (requests < REQUESTS_MIN || clock.elapsed() - began < soak.for) {
        if (requests > 0) await clock.sleep(soak.every, signal);
        const seen = await probe(web, facts!.address, health, build, signal);
        const isSettling = clock.elapsed() - began < Math.min(SETTLING_MS, soak.for);
        if (seen.kind === "other" && isSettling) {
          await clock.sleep(soak.every, signal);
          continue;
        }
        requests += 1;
        if (seen.kind === "well") continue;
        progress(seen.what);
        ill.push(seen.what);
        if (seen.kind === "other") throw unwell(seen.what);
        // What can no longer come to a good end need not be waited for.
        const atMost = Math.max(REQUESTS_MIN, Math.ceil(soak.for / Math.max(1, soak.every)));
        if (ill.length > soak.failures * atMost) throw unwell(told(ill, requests));
      }
      if (ill.length > soak.failures * requests) throw unwell(told(ill, requests));
      return `well for ${formatDuration(clock.elapsed() - began)}: ${told(ill, requests)}`;
    },
  });
}

function told(ill: readonly string[], requests: number): string {
  const last = ill.at(-1);
  const why = last === undefined ? "" : `, the last because ${last}`;
  return `${ill.length} of ${requests} requests failed${why}`;
}

function unwell(why: string): HoldfastError {
  return new HoldfastError("app.unhealthy", `production is not well after the swap: ${why}`, {
    hint: "See its logs.",
  });
}
