import type { Clock } from "../../../ports/clock.ts";
import type { Log } from "../../../ports/log.ts";
import type { Programs } from "../../../ports/programs.ts";
import type { SlotCall, SlotHost } from "../../../ports/slot-host.ts";
import type { Web } from "../../../ports/web.ts";
import type { RetryRule } from "../../../nouns/runbook/runbook.ts";
import type { Build } from "../release-mark.ts";
import type { RolloutSettings } from "../settings.ts";

/** What every step on an app needs. */
export interface OnApp {
  readonly host: SlotHost;
  readonly web: Web;
  readonly programs: Programs;
  readonly clock: Pick<Clock, "elapsed" | "sleep">;
  readonly log: Pick<Log, "info">;
  readonly settings: Pick<RolloutSettings, "health" | "tests" | "soak" | "swap">;
  /** The slot beside production. */
  readonly slot: string;
  /** What shall be production. */
  readonly build: Build;
  readonly way: Way;
  /** The app in a line of Azure's own client. */
  readonly az: string;
}

/** Whether a build is new to production, or production goes back to it. */
export type Way = "forward" | "back";

export const APPLICATION = "application";

/** The host tries again by itself what may be done twice. */
export const ONCE: RetryRule = { attempts: 1, pauseMs: 0, mayHelp: () => false };

export const MINUTE_MS = 60_000;

/** A call of a step: it may take what is left of the step's time, which its signal ends. */
export function callOf(signal: AbortSignal, withinMs: number): SlotCall {
  return { signal, withinMs };
}
