import { HoldfastError } from "../../kernel/errors.ts";
import type { Outcome } from "../../kernel/outcome.ts";
import type { Ports } from "../../ports/ports.ts";
import { reasonOf } from "./reason.ts";
import { watchOutcome } from "./report.ts";
import { readWanted, readWatched, type WatchInputs } from "./request.ts";
import { openTrigger, type Pulled, type Trigger, type TriggerPorts } from "./trigger.ts";
import { toldOf, watching, type WatchingPorts } from "./watching.ts";

export type WatchPorts = WatchingPorts & TriggerPorts & Pick<Ports, "openForge">;

/**
 * `holdfast watch`: an address is asked until it is ill for long enough; then a workflow is started, where
 * one is named, and where it was not started already.
 *
 * @throws input.malformed, input.conflict, web.offline; what {@link openTrigger} and its trigger throw;
 *   the reason why a workflow could not be started until the end
 */
export async function runWatch(inputs: WatchInputs, ports: WatchPorts): Promise<Outcome> {
  const watched = readWatched(inputs);
  const wanted = readWanted(inputs);
  let trigger: Trigger | undefined;
  if (wanted !== undefined) {
    trigger = await openTrigger(await ports.openForge(inputs.repository, inputs.token), wanted, ports);
  }
  let pulled: Pulled | undefined;
  const seen = await watching(
    watched,
    async (now) => {
      pulled = await trigger?.pull(reasonOf(toldOf(watched, now)));
      return pulled?.kind !== "later";
    },
    ports,
  );
  if (seen.isIll && pulled?.kind === "later" && pulled.error !== undefined) {
    throw new HoldfastError(
      pulled.error.code,
      `${toldOf(watched, seen)}, and ${trigger!.what} was NOT started: ${pulled.why}`,
      { hint: pulled.error.hint, cause: pulled.error },
    );
  }
  return watchOutcome(watched, seen, seen.isIll ? pulled : undefined, trigger?.what);
}
