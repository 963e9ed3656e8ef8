import { formatDuration } from "../../kernel/duration.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import type { Ports } from "../../ports/ports.ts";
import { Count, type Seen, type Taken } from "./count.ts";
import { mendingOf, whyOf } from "./doubt.ts";
import type { Watched } from "./request.ts";
import { silenceOfAll, tryAddress, type Tried } from "./try-address.ts";

/** How watching ended. */
export interface Watching extends Seen {
  readonly isIll: boolean;
}

export type WatchingPorts = Pick<Ports, "clock" | "web" | "log" | "cancelled">;

/** Between two lines of an address that stays well. */
const SILENT_MS = 10 * 60_000;

/**
 * Asks an address again and again, from one beginning of a try to the next, until its time is over or it is
 * ill: failed so often in a row. A single good answer begins the count anew, so that one which flaps never
 * is. A try that says nothing about a release neither counts nor begins it anew: what comes after it may.
 *
 * @param onIll called with each failure by which it is ill; true ends the watch, false goes on
 * @throws web.offline, web.doubtful; the reason of a cancelled run; what `onIll` throws
 */
export async function watching(
  watched: Watched,
  onIll: (seen: Seen) => Promise<boolean>,
  { clock, web, log, cancelled }: WatchingPorts,
): Promise<Watching> {
  const { everyMs, forMs, failures } = watched;
  const began = clock.elapsed();
  const tell = teller(watched, { clock, log });
  const count = new Count();
  for (let next = began; ;) {
    const last = await tryAddress(web, watched, cancelled);
    tell(last, count.take(last));
    let seen = count.seen(last);
    if (seen.inRow >= failures && last === seen.lastFailure) {
      const silence = count.isAllSilence ? await silenceOfAll(web, watched, cancelled) : undefined;
      if (silence === undefined) {
        if (await onIll(seen)) return { ...seen, isIll: true };
      } else {
        count.takeBack(silence);
        seen = count.seen(last);
        log.warn(`${watched.address.shown} ${silence.what}: it may be well, and is watched on`);
      }
    }
    const isIll = seen.inRow >= failures;
    // A try that took longer than the time between two is followed at once, and none is made up for.
    next = Math.max(next + everyMs, clock.elapsed());
    if (next - began >= forMs) {
      if (!isIll && count.isInDoubt(failures)) throw doubtful(watched, seen);
      return { ...seen, isIll };
    }
    await clock.sleep(next - clock.elapsed(), cancelled);
  }
}

/** It is not ill, and nobody may call it well. */
function doubtful({ address, failures }: Watched, { inRow, unclearInRow, lastUnclear }: Seen): HoldfastError {
  const { what, doubt } = lastUnclear!;
  const code = doubt === "offline" ? "web.offline" : "web.doubtful";
  const times = `${unclearInRow} ${unclearInRow === 1 ? "try" : "tries"} said nothing about a release`;
  const failed = inRow === 0 ? "" : `, and ${inRow} failed where ${failures} would be ill`;
  return new HoldfastError(
    code,
    `${address.shown} ${what}: ${times}${failed}; ${whyOf(doubt)}: nothing is started`,
    { hint: `${mendingOf(doubt)} Where a release did it, go back by hand.` },
  );
}

/** Says what changes, and now and then that nothing does. */
function teller(
  { address: { shown }, failures }: Watched,
  { clock, log }: Pick<WatchingPorts, "clock" | "log">,
): (tried: Tried, taken: Taken) => void {
  let saidAt = clock.elapsed();
  return (tried, { as, tries, inRow, unclearInRow }) => {
    const isDue = tries === 1 || inRow + unclearInRow > 0 || clock.elapsed() - saidAt >= SILENT_MS;
    if (as === "failure") {
      log.warn(`${shown} ${tried.what} (failure ${inRow + 1} in a row; from ${failures} on it is ill)`);
    } else if (as === "unclear") {
      log.warn(`${shown} ${tried.what} (says nothing about a release, and does not count)`);
      if (unclearInRow + 1 === failures) {
        log.warn(`${shown} is watched on; meanwhile: ${mendingOf(tried.doubt!)}`);
      }
    } else if (!isDue) {
      log.debug(`${shown} ${tried.what}`);
      return;
    } else if (inRow + unclearInRow > 0) {
      log.info(`${shown} is well again after ${inRow + unclearInRow}: ${tried.what}`);
    } else log.info(`${shown} is well: ${tried.what} (try ${tries})`);
    saidAt = clock.elapsed();
  };
}

/** What was seen, for people and as the reason of what is started. */
export function toldOf({ address, everyMs }: Watched, seen: Seen): string {
  const { inRow, unclearInRow, last, lastFailure } = seen;
  const times = inRow === 1 ? "1 try failed" : `${inRow} tries in a row failed`;
  const how = inRow === 1 ? "" : `, ${formatDuration(everyMs)} apart`;
  const rest = unclearInRow === 0 ? "" : `, not counting ${unclearInRow} that said nothing about a release`;
  return `${address.shown} ${(lastFailure ?? last).what}: ${times}${how}${rest}`;
}
