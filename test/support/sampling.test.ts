import { describe, expect, it } from "@jest/globals";
import {
  casesInTurn,
  EVERY_CASE,
  inTurns,
  isInTurn,
  sampled,
  stride,
  THOROUGH,
  thinnedOut,
  TURN,
  turnOfCases,
  turnOfPlaces,
} from "./sampling.ts";

// These samples are of nothing, and not to be told at the end of the run.
delete process.env["HOLDFAST_TEST_SAMPLED"];

const PLACES = Array.from({ length: 100 }, (_, index) => `${index % 10 === 0 ? "write" : "read"} ${index}`);
const kind = (place: string): string => place.split(" ")[0]!;

describe("a sample of a sweep", () => {
  it("holds every kind, keeps the order, and is the same again; a thorough run leaves nothing out", () => {
    const chosen = sampled("of its own test", PLACES, { every: 20, kind });
    expect(new Set(chosen.map(kind))).toEqual(new Set(["write", "read"]));
    expect(PLACES.filter((place) => chosen.includes(place))).toEqual(chosen);
    expect(sampled("of its own test", PLACES, { every: 20, kind })).toEqual(chosen);
    expect(chosen.length).toBe(
      THOROUGH ? 100 : 1 + Math.floor((90 - (turnOfPlaces(TURN) % 20) - 1) / 20) + 1,
    );
  });

  it("holds at least one of the rarest kind, and nothing of nothing", () => {
    expect(sampled("of its own test", ["only one"], { every: 1000 })).toEqual(["only one"]);
    expect(sampled("of its own test", [], { every: 3 })).toEqual([]);
  });

  it("is divided among the ways of the same sweep, every place to one of them", () => {
    const ways = [0, 1].map((way) =>
      sampled("of its own test", PLACES, { every: 20, kind, share: { way, ways: 2 } }),
    );
    const whole = sampled("of its own test", PLACES, { every: 20, kind });
    expect(ways.flat().sort()).toEqual((THOROUGH ? [...PLACES, ...PLACES] : whole).sort());
    expect(Math.abs(ways[0]!.length - ways[1]!.length)).toBeLessThan(2);
  });

  it("walks over bits from below the step on", () => {
    const { first, step } = stride("of its own test", 800, 7);
    expect([first < step, step]).toEqual([true, THOROUGH ? 1 : 7]);
  });
});

describe("cases that take turns", () => {
  it("hold every kind, and are all run where files are named, and in a thorough run", () => {
    const chosen = casesInTurn("of its own test", PLACES, { every: 3, kind });
    expect(new Set(chosen.map(kind))).toEqual(new Set(["write", "read"]));
    expect(chosen.length).toBe(EVERY_CASE ? 100 : 30 + (turnOfCases(TURN) % 3 === 0 ? 4 : 3));
  });
});

describe("tests that take turns", () => {
  it("are run one in so many, and of several describes each in one of them", () => {
    const run = [0, 1, 2].map((way) => PLACES.filter((_, at) => isInTurn(at, 3, way)));
    const all = EVERY_CASE ? [100, 100, 100] : [33, 33, 34];
    expect(run.map(({ length }) => length).sort()).toEqual(all);
    expect(new Set(run.flat())).toEqual(new Set(PLACES));
  });
});

describe("places that may go wrong in several ways", () => {
  it("are all visited, and every way is", () => {
    const chosen = inTurns("of its own test", PLACES, ["before", "after"]);
    expect(new Set(chosen.map(({ place }) => place))).toEqual(new Set(PLACES));
    expect(new Set(chosen.map(({ way }) => way))).toEqual(new Set(["before", "after"]));
    expect(chosen).toHaveLength(THOROUGH ? 2 * PLACES.length : PLACES.length);
  });
});

describe("turns within turns", () => {
  it("come to every place of a sweep, whichever of the tests that take turns it is in", () => {
    const met = new Map<string, Set<number>>();
    for (let turn = 0; turn < 5_000; turn += 1) {
      for (const way of [0, 1]) {
        const cases = turnOfCases(turn);
        const of = `of two tests ${cases % 2}, of three ${cases % 3}, way ${way}`;
        const places = met.get(of) ?? new Set<number>();
        met.set(of, places);
        const thinning = { every: 12, kind, share: { way, ways: 2 } };
        for (const place of thinnedOut(PLACES, thinning, turnOfPlaces(turn))) places.add(place);
      }
    }
    expect([...met.values()].map(({ size }) => size)).toEqual(Array.from({ length: 12 }, () => 100));
  });
});
