import type { Clock, Random } from "../../ports/clock.ts";
import type { Claim } from "../../ports/forge-claims.ts";
import type { Forge } from "../../ports/forge.ts";
import type { Log } from "../../ports/log.ts";
import { toldOrAbsent } from "./told.ts";

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

/** What one try to claim came to. */
export type Tried =
  | { readonly kind: "ours"; readonly claim: HeldClaim }
  /** Somebody else has it, or has taken it just now; `isNews` where that was not said of this one before. */
  | { readonly kind: "theirs"; readonly since: Date | undefined; readonly isNews: boolean };

/** Tries to claim one thing, again and again; it remembers how long it has met another's claim. */
export interface Claimant {
  /** @throws forge.untold, and what asking and writing at a forge throw */
  once(): Promise<Tried>;
}

/** What is claimed, and the commit that it is about. */
interface Claimed {
  readonly on: string;
  readonly commit: string;
}

/** Of several who find a claim old one takes it over. */
export function claimant(
  { on, commit }: Claimed,
  { forge, clock, random, by }: Pick<Claiming, "forge" | "clock" | "random" | "by">,
): Claimant {
  // Clocks of two machines may differ, so nobody's claim counts for longer than this, whatever it says.
  let met: { readonly number: number; readonly from: number } | undefined;
  return {
    async once() {
      const newest = toldOrAbsent(await forge.claims.newest(on), `the claims on ${on}`);
      if (newest !== undefined && isHeld(newest)) {
        const isNews = met?.number !== newest.number;
        if (isNews) met = { number: newest.number, from: clock.elapsed() };
        return { kind: "theirs", since: newest.since, isNews };
      }
      const number = (newest?.number ?? 0) + 1;
      const from = clock.elapsed();
      const claim = { on, number, commit, since: clock.now(), by: `By ${by}, ${random.hex(16)}` };
      if (!(await forge.claims.take(claim))) return { kind: "theirs", since: undefined, isNews: false };
      return {
        kind: "ours",
        claim: {
          isUsable: () => clock.elapsed() - from < USABLE_MS,
          giveUp: () => forge.claims.giveUp(claim),
        },
      };
    },
  };

  function isHeld({ number, since }: Claim): boolean {
    if (since === undefined || clock.now().getTime() - since.getTime() >= CLAIM_MS) return false;
    return met?.number !== number || clock.elapsed() - met.from < CLAIM_MS;
  }
}

/**
 * Takes what must not be done twice upon this run. While another has it, it is waited until that one has done
 * it, or its claim is old.
 *
 * @param isMissing whether it has still to be done
 * @returns undefined where it has not
 * @throws forge.untold, and what asking and writing at a forge throw
 */
export async function claimed(
  what: Claimed,
  isMissing: () => Promise<boolean>,
  around: Claiming,
): Promise<HeldClaim | undefined> {
  const { clock, log, cancelled } = around;
  const trying = claimant(what, around);
  for (;;) {
    const tried = await trying.once();
    if (tried.kind === "ours") {
      // The one whose claim was old may have done it all the same.
      return (await isMissing()) ? tried.claim : undefined;
    }
    if (tried.isNews) {
      log.info(`another run is at ${what.on}, since ${tried.since?.toISOString()}; waiting for it`);
    }
    await clock.sleep(PAUSE_MS, cancelled);
    if (!(await isMissing())) return undefined;
  }
}
