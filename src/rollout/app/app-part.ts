import { PRODUCTION_SLOT, type SlotHost } from "../../ports/slot-host.ts";
import { preflight, type Preflight } from "./preflight.ts";
import { markAt, type Build } from "./release-mark.ts";
import type { AppPorts, AppSettings } from "./request.ts";
import { azOf } from "./target.ts";
import { callOf, MINUTE_MS, type OnApp, type Way } from "./steps/on-app.ts";

/** An app as a part of a runbook: what was seen of it before, and what its steps reach. */
export interface AppPart {
  readonly checked: Preflight;
  readonly on: OnApp;
}

const LOOK_MS = 2 * MINUTE_MS;

/**
 * Looks at the app, before anything of it is changed.
 *
 * @param way where it goes: back, in an emergency, a swap is not kept from changing settings, but told
 * @throws what the host throws
 */
export async function lookAtApp(
  build: Build,
  way: Way,
  { target, settings }: AppSettings,
  host: SlotHost,
  { web, programs, clock, log }: Pick<AppPorts, "web" | "programs" | "clock" | "log">,
  cancelled: AbortSignal,
): Promise<AppPart> {
  log.stage(`looking at ${target.address.site}`);
  const checked = await preflight(
    { host, web },
    target,
    settings,
    { build, way },
    callOf(cancelled, LOOK_MS),
  );
  return {
    checked,
    on: {
      host,
      web,
      programs,
      clock,
      log,
      settings,
      slot: target.slot,
      build,
      way,
      az: azOf(target.address),
    },
  };
}

/** The mark of production; null where it holds nothing of ours, undefined where nobody could say. */
export async function productionNow(host: SlotHost, signal: AbortSignal): Promise<string | null | undefined> {
  try {
    return (await markAt(host, PRODUCTION_SLOT, callOf(signal, LOOK_MS))) ?? null;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
