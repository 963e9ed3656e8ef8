import { describe, expect, it } from "@jest/globals";
import { inOrder } from "../../src/kernel/in-order.ts";
import { together } from "../../src/kernel/together.ts";

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const never = new AbortController().signal;

/** Waits for its signal, then takes a while to clean up, then throws the reason as most work does. */
function obedient(ended: string[], name: string): (signal: AbortSignal) => Promise<string> {
  return async (signal) => {
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    await pause(20);
    ended.push(name);
    throw signal.reason;
  };
}

describe("tasks run together", () => {
  it("give their results in the order of the tasks", async () => {
    expect(
      await together<[string, number]>(never, [() => pause(10).then(() => "slow"), async () => 2]),
    ).toEqual(["slow", 2]);
  });

  it("are stopped by the first failure, all waited for, and the first cause is thrown", async () => {
    const first = new Error("first");
    const ended: string[] = [];
    await expect(
      together(never, [obedient(ended, "a"), async () => Promise.reject(first), obedient(ended, "b")]),
    ).rejects.toBe(first);
    expect(ended.sort()).toEqual(["a", "b"]);
  });

  it("throw the first failure even when another task fails in its own way while stopping", async () => {
    const first = new Error("first");
    const clumsy = async (signal: AbortSignal): Promise<void> => {
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
      throw new Error("connection closed");
    };
    await expect(together(never, [clumsy, () => pause(5).then(() => Promise.reject(first))])).rejects.toBe(
      first,
    );
  });

  it("are stopped from outside, and the outer reason is thrown whatever they throw", async () => {
    const outer = new AbortController();
    const reason = new Error("cancelled");
    const ended: string[] = [];
    const work = together(outer.signal, [
      obedient(ended, "a"),
      async (signal) => {
        await new Promise<void>((resolve) =>
          signal.addEventListener("abort", () => resolve(), { once: true }),
        );
        throw new Error("something else");
      },
    ]);
    setTimeout(() => outer.abort(reason), 5);
    await expect(work).rejects.toBe(reason);
    expect(ended).toEqual(["a"]);
  });

  it("are not begun when already stopped", async () => {
    let begun = false;
    await expect(
      together(AbortSignal.abort(new Error("before")), [async () => (begun = true)]),
    ).rejects.toThrow("before");
    expect(begun).toBe(false);
  });
});

describe("mapping in order", () => {
  it("yields in the order of the items and has no more under way than allowed", async () => {
    let underWay = 0;
    let most = 0;
    const map = async (ms: number): Promise<number> => {
      underWay += 1;
      most = Math.max(most, underWay);
      await pause(ms);
      underWay -= 1;
      return ms;
    };
    const items = [20, 1, 15, 2, 10, 3, 1, 1];
    const results: number[] = [];
    for await (const result of inOrder(items, 3, map)) results.push(result);
    expect(results).toEqual(items);
    expect(most).toBe(3);
  });

  it("throws a failure where its item would have come", async () => {
    const results: number[] = [];
    const map = async (item: number): Promise<number> => {
      if (item === 3) throw new Error("three");
      await pause(5);
      return item;
    };
    const read = async (): Promise<void> => {
      for await (const result of inOrder([1, 2, 3, 4], 4, map)) results.push(result);
    };
    await expect(read()).rejects.toThrow("three");
    expect(results).toEqual([1, 2]);
  });

  it("of nothing yields nothing", async () => {
    for await (const result of inOrder([], 4, async () => 1)) throw new Error(`got ${result}`);
  });
});
