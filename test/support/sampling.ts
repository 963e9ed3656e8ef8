import { appendFileSync } from "node:fs";

/** `HOLDFAST_TEST_THOROUGH=1`: the long sweeps visit all their places; the scheduled CI run does. */
export const THOROUGH = (process.env["HOLDFAST_TEST_THOROUGH"] ?? "") === "1";

/**
 * What random tests begin with. The same on every change, so that a red run is about the change and not about
 * what was never tried before; HOLDFAST_TEST_SEED takes others, as the scheduled run does.
 */
export const SEED = numberFrom("HOLDFAST_TEST_SEED", 0) ?? 5;

/**
 * Where samples of what is written down begin: `npm test` sets it to the number of commits, so that changes
 * after one another visit different places, and the same commit the same. HOLDFAST_TEST_TURN repeats one.
 */
export const TURN = numberFrom("HOLDFAST_TEST_TURN", 0) ?? 5;

/**
 * What a sweep chooses within a test that takes turns itself must not go by the same number as the test: half
 * of its places would never be met then. So cases go on with every second commit, and places with each, and
 * by one more with every twelve, which are all turns of cases (of two and of three).
 */
export function turnOfCases(turn: number): number {
  return Math.floor(turn / 2);
}
export function turnOfPlaces(turn: number): number {
  return turn + Math.floor(turn / 12);
}

/** Cases that repeat a kind are all run: in a thorough run, and in one of files or titles by name. */
export const EVERY_CASE = THOROUGH || (process.env["HOLDFAST_TEST_EVERY_CASE"] ?? "") === "1";

/**
 * Undefined for a variable that is not set or empty: what is left out by mistake must not make a
 * test of nothing.
 */
function numberFrom(variable: string, least: number): number | undefined {
  const text = (process.env[variable] ?? "").trim();
  if (text === "") return undefined;
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < least) {
    throw new Error(`${variable}=${text}: a whole number, at least ${least}, is wanted`);
  }
  return number;
}

/** How a sweep is thinned out. */
export interface Thinning<T> {
  /** One in so many of each kind, and at least one. */
  readonly every: number;
  /** What a place is like; places of different kinds never stand for each other. Default: all are alike. */
  readonly kind?: (place: T, index: number) => string;
  /**
   * Of so many ways in which the same places go wrong, each with a test of its own; what is chosen takes
   * turns in them.
   */
  readonly share?: { readonly way: number; readonly ways: number };
}

/**
 * The places of a sweep that are visited, in their order: all of them in a thorough run, else a sample
 * which holds every kind and which the same turn chooses again. What was left out is told at the end of
 * `npm test`.
 */
export function sampled<T>(sweep: string, all: readonly T[], thinning: Thinning<T>): T[] {
  const chosen = THOROUGH ? new Set(all.keys()) : thinnedOut(all, thinning, turnOfPlaces(TURN));
  noteSampled(sweep, chosen.size, all.length);
  return all.filter((_, index) => chosen.has(index));
}

/**
 * The rows of a table of tests that are run, as {@link sampled} chooses them. For tests whose kind others
 * hold too; the end of `npm test` says how many were left for the scheduled run.
 */
export function casesInTurn<const T>(what: string, all: readonly T[], thinning: Thinning<T>): T[] {
  const chosen = EVERY_CASE ? new Set(all.keys()) : thinnedOut(all, thinning, turnOfCases(TURN));
  noteCases(what, chosen.size, all.length);
  return all.filter((_, index) => chosen.has(index));
}

/** @param turn whose turn it is, of places or of cases */
export function thinnedOut<T>(
  all: readonly T[],
  { every, kind = () => "", share }: Thinning<T>,
  turn: number,
): Set<number> {
  const kinds = [...Map.groupBy(all.keys(), (index) => kind(all[index]!, index)).values()];
  const chosen = kinds.flatMap((alike) => {
    const first = turn % Math.min(every, alike.length);
    return alike.filter((_, index) => index % every === first);
  });
  // Once every place of a kind had its turn, the kinds change ways.
  const round = Math.floor(turn / every);
  return new Set(chosen.filter((_, at) => share === undefined || (at + round) % share.ways === share.way));
}

/**
 * Places that may go wrong in several ways: each place is visited, in one of the ways, which take turns; in a
 * thorough run in all of them.
 */
export function inTurns<T, W>(
  sweep: string,
  places: readonly T[],
  ways: readonly W[],
): { readonly place: T; readonly way: W }[] {
  const all = places.flatMap((place, at) => ways.map((way, turn) => ({ place, way, at, turn })));
  const chosen = THOROUGH
    ? all
    : all.filter(({ at, turn }) => (at + turnOfPlaces(TURN)) % ways.length === turn);
  noteSampled(sweep, chosen.length, all.length);
  return chosen;
}

/**
 * How often something is done in a default and in a thorough run, such as rounds of the same.
 *
 * @param variable of the environment, which asks for another number
 */
export function rounds(sweep: string, usual: number, thorough: number, variable?: string): number {
  const asked = variable === undefined ? undefined : numberFrom(variable, 1);
  const count = asked ?? (THOROUGH ? thorough : usual);
  noteSampled(sweep, count, thorough);
  return count;
}

/** The first bit of a walk over all bits in steps, and the step; see {@link sampled}. */
export function stride(
  sweep: string,
  length: number,
  every: number,
): { readonly first: number; readonly step: number } {
  const step = THOROUGH ? 1 : every;
  const first = turnOfPlaces(TURN) % step;
  noteSampled(sweep, Math.ceil((length - first) / step), length);
  return { first, step };
}

/** For `npm test`, which says at its end what its samples left out. */
function noteSampled(sweep: string, visited: number, all: number): void {
  const path = process.env["HOLDFAST_TEST_SAMPLED"] ?? "";
  if (path !== "" && visited < all) appendFileSync(path, `${sweep}: ${visited} of ${all}\n`);
}

/**
 * Whether the test at a place, counted from 0, is run on this change: in one turn of so many, and of the
 * tests that stand in so many describes in one of them.
 */
export function isInTurn(at: number, every: number, way: number): boolean {
  return EVERY_CASE || (at + turnOfCases(TURN)) % every === way;
}

/** What stands before a line of {@link noteCases} among those of {@link noteSampled}. */
export const CASES = "cases: ";

/** Tests, each of which is left out as a whole; `npm test` adds them up. */
export function noteCases(what: string, run: number, all: number): void {
  noteSampled(`${CASES}${what}`, run, all);
}
