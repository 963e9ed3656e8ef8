import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { CATALOG_TIERS } from "../../../src/nouns/catalog/manifest.ts";
import { manifestPath, type BackupKey } from "../../../src/nouns/catalog/paths.ts";
import { parseSelection, selectKeys, type Selection } from "../../../src/nouns/catalog/selection.ts";
import { anyKey, anyTime, keyOf } from "./samples.ts";

const EVERY = ["id", "latest", "latest-per-tier", "latest-verified", "day"] as const;
const ids = (keys: readonly BackupKey[]): string[] => keys.map((key) => key.id.slice(0, 16));

describe("a selection in words", () => {
  it.each<[string, Selection]>([
    ["latest", { by: "latest" }],
    ["Latest per Tier", { by: "latest-per-tier" }],
    ["latest_per_tier", { by: "latest-per-tier" }],
    [" latest-verified ", { by: "latest-verified" }],
    ["2024-02-29", { by: "day", day: "2024-02-29" }],
    ["20261122T020000Z-1a2b3c", { by: "id", id: "20261122T020000Z-1a2b3c" }],
  ])("%j is understood", (text, selection) => expect(parseSelection(text, EVERY)).toEqual(selection));

  it.each([
    "",
    "newest",
    "2025-02-29",
    "2026-13-01",
    "2026-1-1",
    "22.11.2026",
    "20261122T020000Z-1A2B3C",
    "20261122T020000Z",
    "latest;rm",
    "since",
  ])("%j is refused with the accepted forms", (text) => {
    expect(() => parseSelection(text, EVERY)).toThrow(
      expect.objectContaining({
        code: "input.malformed",
        exitCode: 2,
        hint: expect.stringContaining("latest-verified, a day (2026-11-22)"),
      }),
    );
  });

  it("is refused where it is not allowed", () => {
    expect(() => parseSelection("latest-per-tier", ["id", "latest"])).toThrow(
      expect.objectContaining({
        code: "input.malformed",
        hint: "Use a backup id (20261122T020000Z-1a2b3c), latest.",
      }),
    );
  });
});

describe("selecting", () => {
  const anySelection: fc.Arbitrary<Selection> = fc.oneof(
    fc.constantFrom<Selection>({ by: "latest" }, { by: "latest-per-tier" }, { by: "latest-verified" }),
    anyTime.map((since): Selection => ({ by: "since", since })),
    anyTime.map((before): Selection => ({ by: "before", before })),
    anyTime.map((time): Selection => ({ by: "day", day: time.toISOString().slice(0, 10) })),
  );
  const anyKeys = fc
    .uniqueArray(anyKey, { maxLength: 12, selector: manifestPath })
    .map((keys) => keys.map((key, index) => ({ ...key, source: index % 2 === 0 ? "shop" : "blog" })));

  it("gives a subset, newest first, without repeats, whatever order the keys come in", () => {
    fc.assert(
      fc.property(
        anySelection,
        anyKeys,
        fc.option(fc.constantFrom(...CATALOG_TIERS), { nil: undefined }),
        (selection, keys, tier) => {
          const selected = selectKeys(selection, keys, tier);
          for (const key of selected) expect(keys).toContain(key);
          expect(new Set(selected).size).toBe(selected.length);
          for (const [index, key] of selected.slice(1).entries()) {
            expect(selected[index]!.time >= key.time).toBe(true);
          }
          expect(selectKeys(selection, [...keys].reverse(), tier)).toEqual(selected);
          expect(selected.every((key) => (tier ? key.tier === tier : key.tier !== "safety"))).toBe(true);
        },
      ),
    );
  });

  it("of the latest gives one per source, or per source and tier, and nothing newer is left out", () => {
    fc.assert(
      fc.property(anyKeys, (keys) => {
        const candidates = keys.filter((key) => key.tier !== "safety");
        const latest = selectKeys({ by: "latest" }, keys);
        expect(latest.map((key) => key.source).sort()).toEqual(
          [...new Set(candidates.map((key) => key.source))].sort(),
        );
        for (const key of candidates) {
          expect(latest.find((one) => one.source === key.source)!.time >= key.time).toBe(true);
        }
        const perTier = selectKeys({ by: "latest-per-tier" }, keys);
        expect(perTier.map((key) => `${key.source}/${key.tier}`).sort()).toEqual(
          [...new Set(candidates.map((key) => `${key.source}/${key.tier}`))].sort(),
        );
      }),
    );
  });

  it("splits time without gap or overlap: day by day, before and since", () => {
    fc.assert(
      fc.property(anyKeys, anyTime, (keys, instant) => {
        const candidates = keys.filter((key) => key.tier !== "safety");
        const days = [...new Set(candidates.map((key) => key.time.toISOString().slice(0, 10)))];
        expect(days.flatMap((day) => selectKeys({ by: "day", day }, keys)).length).toBe(candidates.length);
        const before = selectKeys({ by: "before", before: new Date(instant.getTime() - 1) }, keys);
        const since = selectKeys({ by: "since", since: instant }, keys);
        expect([...since, ...before].map((key) => key.id)).toEqual(
          selectKeys({ by: "latest-verified" }, keys).map((key) => key.id),
        );
      }),
    );
  });

  const EDGE = [
    "20240228T235959Z-000001",
    "20240229T000000Z-000002",
    "20240229T235959Z-000003",
    "20240301T000000Z-000004",
  ].map((id) => keyOf(id));

  it("of a day takes its first and last second in UTC, on a leap day too", () => {
    expect(ids(selectKeys({ by: "day", day: "2024-02-29" }, EDGE))).toEqual([
      "20240229T235959Z",
      "20240229T000000Z",
    ]);
    expect(ids(selectKeys({ by: "day", day: "2024-02-28" }, EDGE))).toEqual(["20240228T235959Z"]);
  });

  it("knows no summer time: the hours around a change are ordinary hours", () => {
    const hours = [
      "20260329T005959Z-000001",
      "20260329T010000Z-000002",
      "20260329T020000Z-000003",
      "20261025T010000Z-000004",
    ].map((id) => keyOf(id));
    expect(ids(selectKeys({ by: "since", since: new Date("2026-03-29T01:00:00Z") }, hours))).toEqual([
      "20261025T010000Z",
      "20260329T020000Z",
      "20260329T010000Z",
    ]);
  });

  it("includes the very instant in both since and before, and not a millisecond more", () => {
    const at = new Date("2024-02-29T00:00:00Z");
    expect(ids(selectKeys({ by: "since", since: at }, EDGE))).toEqual([
      "20240301T000000Z",
      "20240229T235959Z",
      "20240229T000000Z",
    ]);
    expect(ids(selectKeys({ by: "before", before: at }, EDGE))).toEqual([
      "20240229T000000Z",
      "20240228T235959Z",
    ]);
    expect(ids(selectKeys({ by: "since", since: new Date(at.getTime() + 1) }, EDGE))).toEqual([
      "20240301T000000Z",
      "20240229T235959Z",
    ]);
    expect(ids(selectKeys({ by: "before", before: new Date(at.getTime() - 1) }, EDGE))).toEqual([
      "20240228T235959Z",
    ]);
  });

  it("takes a safety backup only by its id or by naming its tier", () => {
    const safety = keyOf("20261122T020000Z-5afe00", "shop", "safety");
    for (const by of ["latest", "latest-per-tier", "latest-verified"] as const) {
      expect(selectKeys({ by }, [safety])).toEqual([]);
      expect(selectKeys({ by }, [safety], "safety")).toEqual([safety]);
    }
    expect(selectKeys({ by: "day", day: "2026-11-22" }, [safety])).toEqual([]);
    expect(selectKeys({ by: "id", id: safety.id }, [safety])).toEqual([safety]);
  });
});
