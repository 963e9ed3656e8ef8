/** Places that only read are tried one in so many; HOLDFAST_TEST_EVERY=1 tries all of them. */
const EVERY = Number(process.env["HOLDFAST_TEST_EVERY"] ?? "3");

/** Statements without an effect at the server: a fault there can leave nothing behind that a fault at its neighbour did not leave. */
const READS = /^ ?(SELECT (?!pg_catalog\.pg_terminate)|WITH|SHOW|SET|BEGIN)/;

/**
 * The statements and connections of a run to put a fault at, counted from 1: each that has an effect, and one in so many of those that only read. The log is of a
 * run without a fault; the place after its end, where no fault happens and the run must be clean, is always the last one.
 */
export function placesTried(log: readonly string[]): number[] {
  let reads = 0;
  const tried = log.flatMap((event, index) => (!READS.test(event) || reads++ % EVERY === 0 ? [index + 1] : []));
  return [...tried, log.length + 1];
}
