import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { compactTime, newBackupId, timeOfBackupId } from "../../../src/nouns/catalog/backup-id.ts";
import { ageMs } from "../../../src/kernel/duration.ts";
import { systemRandom } from "../../../src/adapters/system/random.ts";
import { BACKUP_ID } from "../../../src/nouns/catalog/manifest.ts";
import { anyTime } from "./samples.ts";

describe("a backup id", () => {
  it("gives back the second it was made from, for every time from 2000 to 2199", () => {
    fc.assert(
      fc.property(anyTime, fc.integer({ min: 0, max: 999 }), (time, ms) => {
        const id = newBackupId(new Date(time.getTime() + ms), systemRandom);
        expect(id).toMatch(BACKUP_ID);
        expect(timeOfBackupId(id)).toEqual(time);
      }),
      { numRuns: 500 },
    );
  });

  it("sorts as text as it does by time", () => {
    fc.assert(
      fc.property(anyTime, anyTime, (one, other) => {
        const [a, b] = [newBackupId(one, systemRandom), newBackupId(other, systemRandom)];
        if (one.getTime() !== other.getTime()) expect(a < b).toBe(one < other);
      }),
    );
  });

  it("differs within one second", () => {
    const now = new Date("2026-11-22T03:45:01Z");
    expect(newBackupId(now, systemRandom)).not.toBe(newBackupId(now, systemRandom));
    expect(newBackupId(now, systemRandom)).toMatch(/^20261122T034501Z-[0-9a-f]{6}$/);
    expect(compactTime(now)).toBe("20261122T034501Z");
  });

  it("sorts by time within one second too, for runs a 256th of it apart", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 995 }), fc.integer({ min: 4, max: 999 }), (ms, later) => {
        const second = Date.UTC(2026, 10, 22, 3, 45, 1);
        const [first, next] = [ms, Math.min(999, ms + later)].map((at) =>
          newBackupId(new Date(second + at), systemRandom),
        );
        expect(first! < next!).toBe(true);
      }),
    );
  });

  it.each(["20240229T000000Z-abcdef", "20000229T235959Z-000000"])("knows the leap day %s", (id) =>
    expect(timeOfBackupId(id)).toBeInstanceOf(Date),
  );

  it.each([
    "20260230T000000Z-abcdef",
    "20250229T000000Z-abcdef",
    "21000229T000000Z-abcdef",
    "20261301T000000Z-abcdef",
    "20260001T000000Z-abcdef",
    "20260100T000000Z-abcdef",
    "20260431T000000Z-abcdef",
    "20261122T240000Z-abcdef",
    "20261122T006000Z-abcdef",
    "20261122T000060Z-abcdef",
    "20261122T034501Z-ABCDEF",
    "20261122T034501Z-abcde",
    "20261122T034501Z-abcdefa",
    "20261122T034501Z-abcdeg",
    "20261122T034501-abcdef",
    "2026-11-22T03:45:01Z-abcdef",
    "20261122T034501Z-abcdef\n",
    " 20261122T034501Z-abcdef",
    "20261122T034501Z-abcdef.json",
    "../../20261122T034501Z-abcdef",
    "",
    "latest",
    "٢0261122T034501Z-abcdef",
  ])("is not %j", (id) => expect(timeOfBackupId(id)).toBeUndefined());

  it("has an age that is never negative", () => {
    const clock = { now: () => new Date("2026-11-22T04:00:00Z") };
    expect(ageMs(new Date("2026-11-22T03:00:00Z"), clock)).toBe(3_600_000);
    expect(ageMs(new Date("2026-11-22T05:00:00Z"), clock)).toBe(0);
  });
});
