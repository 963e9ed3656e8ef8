import { cpus } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import type { Cost } from "./measure.ts";
import { machineSeconds } from "./processes.ts";

/** Share of the machine that others may use during a run that counts. */
const FOREIGN_MAX = 0.08;
const TRIES = 3;
const LOOK_MS = 1000;
const PATIENCE_LOOKS = 30;

/**
 * Measures until nobody else was busy meanwhile, three times at most; then the least disturbed one is taken.
 *
 * @param say hears of every run that is repeated, and why
 */
export async function undisturbed<Run extends Cost>(
  run: () => Promise<Run>,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<Run> {
  let best: Run | undefined;
  for (let tries = 1; tries <= TRIES; tries += 1) {
    await quiet(signal);
    const found = await run();
    if (best === undefined || found.foreign < best.foreign) best = found;
    if (found.foreign <= FOREIGN_MAX) return found;
    say(
      `repeated: others used ${(found.foreign * 100).toFixed(0)} % of the machine during ` +
        `${found.wall.toFixed(1)} s`,
    );
  }
  return best!;
}

/** Waits until the machine has nothing to do for a second; goes on after half a minute all the same. */
export async function quiet(signal: AbortSignal): Promise<void> {
  for (let looks = 0; looks < PATIENCE_LOOKS; looks += 1) {
    const before = machineSeconds();
    await delay(LOOK_MS, undefined, { signal });
    if ((machineSeconds() - before) / (cpus().length * (LOOK_MS / 1000)) < FOREIGN_MAX) return;
  }
}
