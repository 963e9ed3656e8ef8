import { HoldfastError } from "../../../kernel/errors.ts";
import type { Json } from "../../../kernel/outcome.ts";
import type { Observed, Step } from "../../../nouns/runbook/runbook.ts";
import { PRODUCTION_SLOT, type SwapTold } from "../../../ports/slot-host.ts";
import { probe } from "../probe.ts";
import { markAt, markOf, productionIn } from "../release-mark.ts";
import {
  changeWords,
  swapDifferences,
  unmeantChanges,
  unmeantHelp,
  type SwapChange,
} from "../swap-changes.ts";
import { APPLICATION, callOf, MINUTE_MS, ONCE, type OnApp } from "./on-app.ts";

/** Swaps of 23 minutes have been seen: https://github.com/microsoft/azure-pipelines-tasks/issues/19273 */
const TIMEOUT_MS = 40 * MINUTE_MS;
/** What was brought back starts anew; when it is not well by then, people are needed. */
const WELL_AGAIN_MS = 5 * MINUTE_MS;

/** A swap whose answer was lost has begun by then, or never will. */
const UNKNOWN_MS = 5 * MINUTE_MS;
const UNKNOWN: Observed = { kind: "moving", what: "nobody has said whether the swap was begun" };

/**
 * Production is the build. A swap that is repeated is undone, so that whether it has happened is told by the
 * mark that goes along with a swap, never by what the call said.
 */
export function swapStep(on: OnApp): Step {
  const { host, slot, build, settings, way } = on;
  const mark = markOf(build);
  const look = async (
    signal: AbortSignal,
  ): Promise<{ readonly at: string | undefined; readonly busy: string | undefined }> => {
    const call = callOf(signal, TIMEOUT_MS);
    const busy = (await host.slot(PRODUCTION_SLOT, call))?.inProgress;
    return { at: await markAt(host, PRODUCTION_SLOT, call), busy };
  };
  const { swap } = settings;
  const changes = async (signal: AbortSignal): Promise<readonly SwapChange[]> => {
    const call = callOf(signal, TIMEOUT_MS);
    return (await swapDifferences(host, await host.slot(slot, call), { swap, way }, call)).changes;
  };
  // The host gave no answer, and may still begin: what is seen until then says nothing.
  let unknownUntil: number | undefined;
  // By this process: only what was swapped back has to be seen well again.
  let back: number | undefined;
  return {
    id: "swap",
    title: `swap ${slot} with production`,
    component: APPLICATION,
    isRepeatable: false,
    timeoutMs: TIMEOUT_MS,
    retry: ONCE,
    onFailure: "undo",
    async observe({ signal }): Promise<Observed> {
      const { at, busy } = await look(signal);
      if (at === mark) return { kind: "true", what: `production is ${mark}` };
      if (busy !== undefined) return { kind: "moving", what: `production: ${busy} is at work` };
      if (unknownUntil !== undefined && on.clock.elapsed() < unknownUntil) return UNKNOWN;
      const evidence: Json = { production: at ?? null };
      // An approval covers what production gets by it.
      const what = [
        `swap ${slot} with production, which is ${at ?? "nothing of ours"}`,
        ...changeWords(slot, await changes(signal)),
      ];
      return { kind: "missing", what: what.join("; "), evidence };
    },
    async act({ signal }) {
      // Somebody may have changed it since, or this run was gone on with.
      const unmeant = way === "forward" ? unmeantChanges(slot, await changes(signal)) : undefined;
      if (unmeant !== undefined) {
        throw new HoldfastError("app.settings-differ", unmeant, {
          hint: `Production was not changed: ${unmeantHelp(slot)}. Then deploy anew: this run has ended.`,
        });
      }
      const told = await host.swap(slot, PRODUCTION_SLOT, callOf(signal, TIMEOUT_MS));
      if (told.outcome === "unknown") unknownUntil = on.clock.elapsed() + UNKNOWN_MS;
      failIfNot(told);
    },
    undo: {
      title: `swap back, and see production well`,
      async observe({ signal, actedOn }): Promise<Observed> {
        const { at, busy } = await look(signal);
        if (busy !== undefined) return { kind: "moving", what: `production: ${busy} is at work` };
        if (at === mark) {
          const there = await markAt(host, slot, callOf(signal, TIMEOUT_MS));
          if ((there ?? null) !== productionIn(actedOn?.evidence)) return exchanged(slot, there);
          return { kind: "missing", what: `swap ${slot} with production, back to what it was` };
        }
        if (unknownUntil !== undefined) {
          return {
            kind: "wrong",
            what: `production is ${at ?? "what it was"}, and whether the swap comes yet nobody can say`,
            hint: "Look in the portal; then go on with this run, which looks as well.",
          };
        }
        // It never was the build, or is what it was again: how well it was then is not ours to mend.
        if (back === undefined) return { kind: "true", what: `production is ${at ?? "what it was"}` };
        const address = (await host.slot(PRODUCTION_SLOT, callOf(signal, TIMEOUT_MS)))!.address;
        const { health } = on.settings;
        // What was there before Holdfast need not say which build it is.
        const asked = productionIn(actedOn?.evidence) === null ? { ...health, build: undefined } : health;
        const seen = await probe(on.web, address, asked, undefined, signal);
        if (seen.kind !== "well" && on.clock.elapsed() - back < WELL_AGAIN_MS) {
          return { kind: "moving", what: `production is ${at ?? "as before"}: ${seen.what}` };
        }
        if (seen.kind !== "well") {
          return {
            kind: "wrong",
            what: `production is ${at ?? "what it was"} again, and not well: ${seen.what}`,
            hint: "It was so before, or something else has changed: see its logs.",
          };
        }
        return { kind: "true", what: `production is ${at ?? "what it was"} again: ${seen.what}` };
      },
      async act({ signal }) {
        back = on.clock.elapsed();
        failIfNot(await host.swap(slot, PRODUCTION_SLOT, callOf(signal, TIMEOUT_MS)));
        back = on.clock.elapsed();
      },
    },
  };
}

/** A swap would bring what nobody has seen well. */
function exchanged(slot: string, there: string | undefined): Observed {
  return {
    kind: "wrong",
    what: `${slot} holds ${there ?? "nothing of ours"} by now, and not what production was before`,
    hint: "Go back to that release with rollback, which has its package.",
  };
}

/** What the host says is for people: whether it happened is looked at right after, by the mark. */
function failIfNot({ outcome, failure }: SwapTold): void {
  if (outcome === "happened") return;
  throw (
    failure ??
    new HoldfastError("slots.refused", "the swap did not happen, and the host does not say why", {
      hint: "Look at the app's activity log, then go on with the same run.",
    })
  );
}
