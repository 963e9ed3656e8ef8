import { formatDuration } from "../../kernel/duration.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import type { Ports } from "../../ports/ports.ts";
import type { Watched } from "./request.ts";
import { requireNetwork, tryAddress, type Tried } from "./try-address.ts";

/** What was seen of an address so far. */
export interface Seen {
  readonly tries: number;
  /** Failed tries in all. */
  readonly failed: number;
  /** Failed tries since the last good one. */
  readonly inRow: number;
  readonly last: Tried;
}

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
 * is.
 *
 * @param onIll called with each try by which it is ill; true ends the watch, false goes on
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
  let [tries, failed, inRow, silent, doubtful] = [0, 0, 0, 0, 0];
  let wasWell = false;
  for (let next = began; ;) {
    const last = await tryAddress(web, watched, cancelled);
    tries += 1;
    if (!last.isWell) failed += 1;
    tell(last, inRow, tries);
    inRow = last.isWell ? 0 : inRow + 1;
    silent = last.isSilence ? silent + 1 : 0;
    wasWell ||= last.isWell;
    const isDoubtful = last.doubt === "never" || (last.doubt === "unless-well-before" && !wasWell);
    doubtful = isDoubtful ? doubtful + 1 : 0;
    const seen = { tries, failed, inRow, last };
    const isIll = inRow >= failures;
    if (isIll) {
      if (silent >= inRow) await requireNetwork(web, watched, cancelled);
      if (doubtful >= inRow) throw doubt(watched, seen);
      if (await onIll(seen)) return { ...seen, isIll };
    }
    // A try that took longer than the time between two is followed at once, and none is made up for.
    next = Math.max(next + everyMs, clock.elapsed());
    if (next - began >= forMs) return { ...seen, isIll };
    await clock.sleep(next - clock.elapsed(), cancelled);
  }
}

/** Going back mends nothing of it, or nobody can say that it would. */
function doubt(watched: Watched, seen: Seen): HoldfastError {
  const isMistaken = seen.last.doubt === "unless-well-before";
  return new HoldfastError(
    "web.doubtful",
    `${toldOf(watched, seen)}; ` +
      (isMistaken
        ? "it was never well in this watch, and a wrong address, a sign-in or a firewall answers like that"
        : "going back to another release does not mend that") +
      ": nothing is started",
    {
      hint: isMistaken
        ? "Correct --url or --status, or let this machine in; where a release did it, go back by hand."
        : "Renew the certificate, or ask less often (--every); where a release did it, go back by hand.",
    },
  );
}

/** Says what changes, and now and then that nothing does. */
function teller(
  { address: { shown }, failures }: Watched,
  { clock, log }: Pick<WatchingPorts, "clock" | "log">,
): (tried: Tried, inRow: number, tries: number) => void {
  let saidAt = clock.elapsed();
  return (tried, inRow, tries) => {
    const isDue = tries === 1 || inRow > 0 || clock.elapsed() - saidAt >= SILENT_MS;
    if (!tried.isWell) {
      log.warn(`${shown} ${tried.what} (failure ${inRow + 1} in a row; from ${failures} on it is ill)`);
    } else if (!isDue) {
      log.debug(`${shown} ${tried.what}`);
      return;
    } else if (inRow > 0) log.info(`${shown} is well again after ${inRow}: ${tried.what}`);
    else log.info(`${shown} is well: ${tried.what} (try ${tries})`);
    saidAt = clock.elapsed();
  };
}

/** What was seen, for people and as the reason of what is started. */
export function toldOf({ address, everyMs }: Watched, { inRow, last }: Seen): string {
  const times = inRow === 1 ? "1 try failed" : `${inRow} tries in a row failed`;
  const how = inRow === 1 ? "" : `, ${formatDuration(everyMs)} apart`;
  return `${address.shown} ${last.what}: ${times}${how}`;
}
