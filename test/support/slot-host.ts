import { tmpdir } from "node:os";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import type { TokenSource } from "../../src/adapters/app-service/arm-client.ts";
import { appServiceSlots } from "../../src/adapters/app-service/slots.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import type { SlotCall, SlotHost } from "../../src/ports/slot-host.ts";
import { GROUP, SITE, SUBSCRIPTION, testSandbox, type TestSandbox } from "./sandbox.ts";
import type { SandboxOptions } from "../../src/sandbox/start.ts";

/** Waits pass this many times faster; what others do takes as long as it takes. */
const FASTER = 25;
const started = systemClock.elapsed();
export const quickClock = {
  now: () => new Date(),
  elapsed: () => (systemClock.elapsed() - started) * FASTER,
  sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms / FASTER, signal),
};

/** The adapter on a sandbox of its own. */
export interface SlotsInSandbox {
  readonly box: TestSandbox;
  readonly host: SlotHost;
  readonly lines: string[];
  /** How often a token was asked for. */
  readonly tokens: () => number;
}

/** A call's time, in milliseconds of the quick clock. */
export function within(withinMs = 120_000, signal = new AbortController().signal): SlotCall {
  return { withinMs, signal };
}

export async function slotsInSandbox(
  options: Partial<SandboxOptions> & { readonly site?: string; readonly endpoint?: string } = {},
): Promise<SlotsInSandbox> {
  const box = await testSandbox(options);
  setDefaultCACertificates([...getCACertificates("default"), box.ca]);
  const lines: string[] = [];
  let asked = 0;
  const tokens: TokenSource = {
    getToken: async () => {
      asked += 1;
      return { token: `token-${asked}`, expiresOnTimestamp: Date.now() + 3_600_000 };
    },
  };
  const host = appServiceSlots(
    { subscription: SUBSCRIPTION, group: GROUP, site: options.site ?? SITE },
    {
      endpoint: options.endpoint ?? box.address,
      tokens,
      version: "0.0.0-test",
      clock: quickClock,
      random: { fraction: () => 0 },
      log: { debug: (text) => lines.push(text), info: (text) => lines.push(text) },
      temporary: tmpdir(),
    },
  );
  return { box, host, lines, tokens: () => asked };
}
