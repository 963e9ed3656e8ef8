import { formatDuration } from "../../kernel/duration.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import type { Ports } from "../../ports/ports.ts";
import { Count, type Seen, type Taken } from "./count.ts";
import { mendingOf, whyOf } from "./doubt.ts";
import type { Watched } from "./request.ts";
import { silenceOfAll, tryAddress, type Tried, type UnclearTry } from "./try-address.ts";

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
  ports: WatchingPorts,
): Promise<Watching> {
  const { clock, cancelled } = ports;
  const { everyMs, forMs, failures } = watched;
  const began = clock.elapsed();
  const tell = teller(watched, ports);
  const count = new Count();
  const network = new OwnNetwork(watched, count, ports);
  for (let next = began; ;) {
    const last = await network.judged(await tryAddress(ports.web, watched, cancelled));
    tell(last, count.take(last));
    if (count.seen(last).inRow >= failures) await network.ask();
    const seen = count.seen(last);
    const isIll = seen.inRow >= failures;
    if (isIll && last === seen.lastFailure && (await onIll(seen))) return { ...seen, isIll };
    // A try that took longer than the time between two is followed at once, and none is made up for.
    next = Math.max(next + everyMs, clock.elapsed());
    if (next - began >= forMs) {
      if (!isIll && count.isInDoubt(failures)) throw doubtful(watched, seen);
      return { ...seen, isIll };
    }
    await clock.sleep(next - clock.elapsed(), cancelled);
  }
}

/** Whether this machine hears anybody, which is asked before silence is called an app's illness. */
class OwnNetwork {
  readonly #watched: Watched;
  readonly #count: Count;
  readonly #ports: WatchingPorts;
  /** Nobody was heard when it was asked last. */
  #isDown = false;
  /** Somebody else was heard while the address was silent: the row of failures is its own. */
  #isVouchedFor = false;

  constructor(watched: Watched, count: Count, ports: WatchingPorts) {
    this.#watched = watched;
    this.#count = count;
    this.#ports = ports;
  }

  /** A try as it counts: while nobody is heard, silence says nothing. @throws the signal's reason */
  async judged(tried: Tried): Promise<Tried> {
    if (this.#count.isWithoutFailures) this.#isVouchedFor = false;
    if (!tried.isSilence) this.#isDown = false;
    if (!this.#isDown) return tried;
    const silence = await this.#silenceOfAll();
    this.#isDown = silence !== undefined;
    return silence ?? tried;
  }

  /** Asks once for each row of failures that were all silence, and takes them back where nobody is heard. */
  async ask(): Promise<void> {
    if (this.#isVouchedFor || !this.#count.isAllSilence) return;
    const silence = await this.#silenceOfAll();
    this.#isVouchedFor = silence === undefined;
    if (silence === undefined) return;
    this.#isDown = true;
    this.#count.takeBack(silence);
    const { address } = this.#watched;
    this.#ports.log.warn(`${address.shown} ${silence.what}: it may be well, and is watched on`);
  }

  async #silenceOfAll(): Promise<UnclearTry | undefined> {
    return await silenceOfAll(this.#ports.web, this.#watched, this.#ports.cancelled);
  }
}

/** It is not ill, and nobody may call it well. */
function doubtful({ address, failures }: Watched, seen: Seen): HoldfastError {
  const { inRow, unclearInRow, last, lastUnclear } = seen;
  const { what, doubt } = lastUnclear!;
  const times = `${unclearInRow} ${unclearInRow === 1 ? "try" : "tries"} said nothing about a release`;
  const failed = inRow === 0 ? "" : `, and ${inRow} failed where ${failures} would be ill`;
  const isOffline = doubt === "offline";
  // Whoever was heard since is not out of reach.
  const isHeard = isOffline && inRow > 0;
  return new HoldfastError(
    isOffline && !isHeard ? "web.offline" : "web.doubtful",
    `${address.shown} ${isHeard ? last.what : what}: ${times}${failed}; ${whyOf(doubt)}: nothing is started`,
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
