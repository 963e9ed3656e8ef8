import { describe, expect, test } from "@jest/globals";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import { chosenRecord, LAST_KNOWN_GOOD, newestBefore } from "../../../src/rollout/app/choose-record.ts";
import type { RecordsRead, RolloutRecord, UnreadRecord } from "../../../src/rollout/app/records.ts";
import { MemoryStore } from "../../fakes/memory-store.ts";

const [ONE, TWO, THREE, FOUR] = ["1.0.0 a", "2.0.0 b", "3.0.0 c", "4.0.0 d"] as const;

function record(mark: string, before: string | null = null, kind: RolloutRecord["kind"] = "deploy"): Kept {
  return { kind, mark, before, version: mark.split(" ")[0]!, build: null } as Kept;
}

type Kept = RolloutRecord | "unread";

/** As they lie in a store, the oldest first; each is called after its place. */
function kept(...all: readonly Kept[]): RecordsRead {
  const records: RolloutRecord[] = [];
  const unread: UnreadRecord[] = [];
  for (const [place, each] of all.entries()) {
    if (each !== "unread") records.push({ ...each, id: String(place) });
    else {
      const error = new HoldfastError("store.archived", "it is archived", { hint: "Rehydrate it." });
      unread.push({ path: `rollouts/${place}.json`, after: records.length, error });
    }
  }
  return { records, unread, newestId: all.length === 0 ? null : String(all.length - 1) };
}

/** The version that is gone back to, or what is said instead. */
function back(read: RecordsRead, now: string | undefined, to = LAST_KNOWN_GOOD): string {
  try {
    return chosenRecord(to, read, now, "the app").version;
  } catch (error) {
    const { code, message, hint } = error as HoldfastError;
    return `${code}: ${message} ${hint}`;
  }
}

const untold = (place: number): RegExp =>
  new RegExp(
    `^input\\.conflict: .*nobody can tell: what rollouts/${place}\\.json says .*with --to <release>`,
  );

describe("a record that cannot be read, where the last good release is gone back to", () => {
  test("is no obstacle where it is older than the one that is chosen", () => {
    expect(back(kept("unread", record(TWO), record(THREE, TWO)), THREE)).toBe("2.0.0");
    expect(back(kept("unread", record(TWO), record(THREE, TWO), record(TWO, THREE, "rollback")), TWO)).toBe(
      "2.0.0",
    );
  });

  test("may be a rollback's own, from the release that would be chosen without it", () => {
    const [one, two] = [record(ONE), record(TWO, ONE)];
    const [fled, three] = [record(ONE, TWO, "rollback"), record(THREE, ONE)];
    expect(back(kept(one, two, fled, three), THREE)).toBe("1.0.0");
    expect(back(kept(one, two, "unread", three), THREE)).toMatch(untold(2));
  });

  test("may be the newest of all, whatever production is", () => {
    for (const now of [ONE, TWO, THREE, undefined]) {
      expect(back(kept(record(ONE), record(TWO, ONE), "unread"), now)).toMatch(untold(2));
    }
  });

  test("may be of the old release that somebody went back to by other means", () => {
    expect(back(kept("unread", record(TWO), record(THREE, TWO)), ONE)).toMatch(untold(0));
    expect(back(kept(record(ONE), record(TWO), record(THREE, TWO)), FOUR)).toBe("3.0.0");
  });

  test("may be the only good one before this", () => {
    expect(back(kept("unread", record(TWO)), TWO)).toMatch(
      /^input\.malformed: .* that can be read, and may have it in rollouts\/0\.json: it is archived .*--to/,
    );
    expect(back(kept("unread"), undefined)).toMatch(untold(0));
  });
});

describe("a record that cannot be read, where a version is named", () => {
  test("is no obstacle, however new it is", () => {
    expect(back(kept(record(ONE), "unread", record(TWO, ONE), "unread"), TWO, "v1.0.0")).toBe("1.0.0");
  });

  test("may be of that version where no other is", () => {
    expect(back(kept(record(ONE), "unread"), ONE, "v2.0.0")).toMatch(/may have it in rollouts\/1\.json/);
    expect(back(kept(record(ONE)), ONE, "v2.0.0")).toMatch(
      /^input\.malformed: the store has no record of v2/,
    );
  });
});

test("that somebody came in between is told by the name of a record, too", async () => {
  const store = new MemoryStore();
  expect(await newestBefore(kept(record(ONE), "unread"), undefined, store, ONE)).toBe("1");
  expect(await newestBefore(kept(), undefined, store, ONE)).toBeNull();
});
