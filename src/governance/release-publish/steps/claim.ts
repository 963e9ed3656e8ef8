import type { Clock, Random } from "../../../ports/clock.ts";
import type { Claim } from "../../../ports/forge-claims.ts";
import type { Forge } from "../../../ports/forge.ts";
import type { Log } from "../../../ports/log.ts";
import { toldOrAbsent } from "../../steps/told.ts";

/**
 * How long a run may have a claim without having done what it is on: then it was killed, and another takes
 * its place. From the claim to a run that GitHub shows it is some seconds.
 */
const CLAIM_MS = 5 * 60_000;
/** After that long nobody begins any more what the claim is on: the next run must not begin it too. */
const USABLE_MS = CLAIM_MS / 2;
/** Between two looks of who waits for somebody else. */
const PAUSE_MS = 10_000;

/** A claim that this run has. */
export interface HeldClaim {
  /** Whether it is young enough to begin. */
  isUsable(): boolean;
  /** For whoever could not begin: nobody has to wait then. */
  giveUp(): Promise<void>;
}

/** What claiming needs. */
export interface Claiming {
  readonly forge: Forge;
  readonly clock: Clock;
  readonly random: Pick<Random, "hex">;
  readonly log: Pick<Log, "info">;
  readonly cancelled: AbortSignal;
  /** Who claims it, for people: the id of a run. */
  readonly by: string;
}

/**
 * Takes what must not be done twice upon this run. While another has it, it is waited until that one has done
 * it, or its claim is old; of several who find it old one takes it over.
 *
 * @param isMissing whether it has still to be done
 * @returns undefined where it has not
 * @throws forge.untold, and what asking and writing at a forge throw
 */
export async function claimed(
  { on, commit }: { readonly on: string; readonly commit: string },
  isMissing: () => Promise<boolean>,
  { forge, clock, random, log, cancelled, by }: Claiming,
): Promise<HeldClaim | undefined> {
  // Clocks of two machines may differ, so nobody's claim is waited for longer than this, whatever it says.
  let waitedFor: { readonly number: number; readonly from: number } | undefined;
  for (;;) {
    const newest = toldOrAbsent(await forge.claims.newest(on), `the claims on ${on}`);
    if (newest !== undefined && isHeld(newest)) {
      if (waitedFor?.number !== newest.number) {
        log.info(`another run is at ${on}, since ${newest.since?.toISOString()}; waiting for it`);
        waitedFor = { number: newest.number, from: clock.elapsed() };
      }
    } else {
      const number = (newest?.number ?? 0) + 1;
      const from = clock.elapsed();
      const claim = { on, number, commit, since: clock.now(), by: `By ${by}, ${random.hex(16)}` };
      if (await forge.claims.take(claim)) {
        // The one whose claim was old may have done it all the same.
        if (!(await isMissing())) return undefined;
        return {
          isUsable: () => clock.elapsed() - from < USABLE_MS,
          giveUp: () => forge.claims.giveUp(claim),
        };
      }
    }
    await clock.sleep(PAUSE_MS, cancelled);
    if (!(await isMissing())) return undefined;
  }

  function isHeld({ number, since }: Claim): boolean {
    if (since === undefined || clock.now().getTime() - since.getTime() >= CLAIM_MS) return false;
    return waitedFor?.number !== number || clock.elapsed() - waitedFor.from < CLAIM_MS;
  }
}
