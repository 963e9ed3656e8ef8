import { HoldfastError } from "../../../kernel/errors.ts";
import type { Step } from "../../../nouns/runbook/runbook.ts";
import { markAt, markOf, versionOf } from "../release-mark.ts";
import { probe, type Probed } from "../probe.ts";
import { PRODUCTION_SLOT } from "../../../ports/slot-host.ts";
import { judgedBy } from "../settings.ts";
import { lookStep } from "./look-step.ts";
import { callOf, MINUTE_MS, type OnApp } from "./on-app.ts";

/** Where a build is looked at before production has it: in its slot, or in production where it is already. */
export async function addressOfBuild(
  { host, slot, build }: Pick<OnApp, "host" | "slot" | "build">,
  signal: AbortSignal,
): Promise<string> {
  const call = callOf(signal, MINUTE_MS);
  const isSwapped = (await markAt(host, PRODUCTION_SLOT, call)) === markOf(build);
  const facts = await host.slot(isSwapped ? PRODUCTION_SLOT : slot, call);
  if (facts !== undefined) return facts.address;
  throw new HoldfastError("slots.missing", `there is no slot ${slot} any more`, {
    hint: "Somebody removed it: begin anew.",
  });
}

/** The build answers that it is well, and which it is, before anybody is sent to it. */
export function healthStep(on: OnApp): Step {
  const { web, clock, slot, build, settings, az } = on;
  const { health } = settings;
  const { tries, every } = health;
  return lookStep({
    id: "health",
    title: `see ${slot} well as ${versionOf(build)}`,
    what: `ask ${health.path} of ${slot}, up to ${tries} times`,
    by: judgedBy(health),
    // Each try may wait for its answer.
    timeoutMs: tries * (every + MINUTE_MS),
    onFailure: "undo",
    async look({ signal, progress }) {
      const address = await addressOfBuild(on, signal);
      let last: Probed | undefined;
      for (let tried = 1; tried <= tries; tried += 1) {
        last = await probe(web, address, health, build, signal);
        if (last.kind === "well") return last.what;
        progress(`${tried} of ${tries}: ${last.what}`);
        if (tried < tries) await clock.sleep(every, signal);
      }
      throw new HoldfastError("app.unhealthy", `${last!.what}, ${tries} times`, {
        hint:
          `See what ${slot} logs, with az webapp log tail ${az} --slot ${slot}. ` +
          "Production was not changed.",
      });
    },
  });
}
