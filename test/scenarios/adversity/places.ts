import { KEEPS } from "../../fakes/faulty-database.ts";
import { sampled, type Thinning } from "../../support/sampling.ts";

/** Statements that begin as those do which have no effect at the server. */
const BEGINS_AS_READ = /^ ?(SELECT|WITH|SHOW|SET|BEGIN|LOCK TABLE|(ROLLBACK TO |RELEASE )?SAVEPOINT)\b/;
/** What of these has one all the same. */
const WRITES =
  /\b(?:INSERT INTO|UPDATE|DELETE FROM)\b|\b(?:setval|nextval|pg_terminate_backend|lo_\w+|cron\.\w+)\s*\(/;

/**
 * Whether an event, with or without its number, is of a session that is given back or taken again: where that
 * fails, a new one takes its place.
 */
export function isOfKeeping(event: string): boolean {
  return KEEPS.some((what) => event.replace(/^\d+ /, "") === what);
}

/**
 * One in so many reads between two statements that have an effect, and one in so many connections for the
 * same purpose; at least one of each.
 */
const EVERY_READ = 12;
const EVERY_CONNECTION = 4;

/**
 * The statements and connections of a run to put a fault at, counted from 1: each that has an effect (a
 * fault at a read can leave nothing behind that a fault at its neighbour did not leave), and
 * some of the reads between two of those and of the connections; a thorough run takes all. The log is of a
 * run without a fault; the place after its end, where no fault happens and the run must be clean, is always
 * the last one.
 *
 * @param share which of the ways this is in which the same run is swept
 */
export function placesTried(
  sweep: string,
  log: readonly string[],
  share: NonNullable<Thinning<string>["share"]>,
): number[] {
  let effects = 0;
  const places = log.map((event, index) => {
    const [connects, reads] = [
      event.startsWith("connect "),
      BEGINS_AS_READ.test(event) && !WRITES.test(event),
    ];
    if (isOfKeeping(event)) return { at: index + 1, connects, kind: "keeps a session" };
    if (!connects && !reads) effects += 1;
    return {
      at: index + 1,
      connects,
      kind: connects ? event : reads ? `reads after effect ${effects}` : `effect ${effects}`,
    };
  });
  const of = (what: string, connects: boolean, every: number): number[] =>
    sampled(
      `${sweep}: ${what}`,
      places.filter((place) => place.connects === connects),
      { every, kind: ({ kind }) => kind, share },
    ).map(({ at }) => at);
  const tried = [...of("statements", false, EVERY_READ), ...of("connections", true, EVERY_CONNECTION)].sort(
    (a, b) => a - b,
  );
  return [...tried, log.length + 1];
}

/** Places of a store's log that are like each other: the same call on the same class of blob. */
export function kindOfBlobCall(event: string): string {
  return event.replace(/\d{8}T\d{6}Z-[0-9a-f]{6}|\d{8}T\d{6}Z|\bt_[0-9a-f]{12}\b|\d{9}/g, "…");
}
