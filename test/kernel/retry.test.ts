import { describe, expect, it } from "@jest/globals";
import { HoldfastError, withHint } from "../../src/kernel/errors.ts";
import { isTriedOut, withRetry, type RetryPolicy } from "../../src/kernel/retry.ts";

function policy(slept: number[], changes: Partial<RetryPolicy> = {}): RetryPolicy {
  return {
    attempts: 5,
    firstDelayMs: 100,
    delayMsMax: 300,
    isTransient: () => true,
    random: () => 0.5,
    sleep: async (ms) => void slept.push(ms),
    ...changes,
  };
}

describe("a retried operation", () => {
  it("waits longer each time up to a limit, and throws the last error in the end", async () => {
    const slept: number[] = [];
    const tries: number[] = [];
    const work = withRetry(policy(slept), async (attempt) => {
      tries.push(attempt);
      throw new Error(`try ${attempt}`);
    });
    await expect(work).rejects.toThrow("try 5");
    expect(tries).toEqual([1, 2, 3, 4, 5]);
    expect(slept).toEqual([75, 150, 225, 225]);
  });

  it("keeps every delay between half and all of its ceiling", async () => {
    for (const [fraction, first] of [
      [0, 50],
      [0.999_999, 100],
    ] as const) {
      const slept: number[] = [];
      await withRetry(policy(slept, { attempts: 2, random: () => fraction }), async () =>
        Promise.reject(new Error("no")),
      ).catch(() => undefined);
      expect(slept).toEqual([first]);
    }
  });

  it("gives back the first success and tells of each retry", async () => {
    const told: string[] = [];
    const result = await withRetry(
      policy([], {
        onRetry: (error, attempt, ms) => told.push(`${(error as Error).message} ${attempt} ${ms}`),
      }),
      async (attempt) => {
        if (attempt < 3) throw new Error(`fault`);
        return attempt;
      },
    );
    expect(result).toBe(3);
    expect(told).toEqual(["fault 1 75", "fault 2 150"]);
  });

  it("throws at once what is not transient", async () => {
    const slept: number[] = [];
    const final = new Error("denied");
    await expect(
      withRetry(policy(slept, { isTransient: (error) => error !== final }), async () =>
        Promise.reject(final),
      ),
    ).rejects.toBe(final);
    expect(slept).toEqual([]);
  });

  it("is tried out, whatever is made of its error further outside", async () => {
    const inner = new HoldfastError("store.unreachable", "no answer", { hint: "Wait." });
    expect(isTriedOut(withHint(inner, "Nothing was written."))).toBe(false);
    await expect(withRetry(policy([]), () => Promise.reject(inner))).rejects.toBe(inner);
    const outer = new HoldfastError("store.unreachable", "it may be there", { cause: withHint(inner, "x") });
    expect([inner, withHint(inner, "x"), outer].map(isTriedOut)).toEqual([true, true, true]);
    const round: { cause?: unknown } = {};
    round.cause = round;
    expect([round, null, "x"].map(isTriedOut)).toEqual([false, false, false]);
  });
});
