import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { SilenceWatch, type Owing } from "../../src/kernel/silence.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** A watch with a limit of two minutes, and what it did. */
function watched(owing: Partial<Owing> = {}): { told: string[]; over: number[]; watch: SilenceWatch } {
  const told: string[] = [];
  const over: number[] = [];
  const watch = new SilenceWatch({
    limitMs: 120_000,
    heard: () => 0,
    tell: (text) => told.push(text),
    over: (silentMs) => over.push(silentMs),
    ...owing,
  });
  return { told, over, watch };
}

describe("a watch over somebody who owes an answer", () => {
  it("says every half minute how long no byte has come, and ends the wait at the limit", async () => {
    const { told, over } = watched();
    await jest.advanceTimersByTimeAsync(119_000);
    expect([over, told.length]).toEqual([[], 3]);
    expect(told[0]).toBe("no byte for 30 s; given up in 1 min 30 s unless it goes on");
    await jest.advanceTimersByTimeAsync(300_000);
    expect(over).toEqual([120_000]);
    expect(told).toHaveLength(3);
  });

  it("waits on as long as bytes move, however few", async () => {
    let bytes = 0;
    const { told, over } = watched({ heard: () => bytes });
    for (let minute = 0; minute < 60; minute += 1) {
      await jest.advanceTimersByTimeAsync(100_000);
      bytes += 1;
    }
    expect(over).toEqual([]);
    expect(told.length).toBeGreaterThan(60);
  });

  it("waits on as long as the other side is known to be at work, and tells what it does", async () => {
    let doing: string | undefined = "it builds an index";
    const { told, over } = watched({ atWork: () => Promise.resolve(doing) });
    await jest.advanceTimersByTimeAsync(3_600_000);
    expect(over).toEqual([]);
    expect(told.at(-1)).toBe("no byte for 1 h 00 min; it builds an index");
    doing = undefined;
    await jest.advanceTimersByTimeAsync(151_000);
    expect(over).toHaveLength(1);
  });

  it("owes nothing to itself: while it is our turn, no time passes", async () => {
    let turn = undefined as number | undefined;
    const { told, over } = watched({ heard: () => turn });
    await jest.advanceTimersByTimeAsync(3_600_000);
    expect([over, told]).toEqual([[], []]);
    turn = 1;
    await jest.advanceTimersByTimeAsync(130_000);
    expect(over).toHaveLength(1);
  });

  it("is not kept by somebody who does not say what the other side does", async () => {
    const { over } = watched({ atWork: () => Promise.reject(new Error("no way there either")) });
    await jest.advanceTimersByTimeAsync(125_000);
    expect(over).toEqual([120_000]);
  });

  it("says nothing of a silence that ended while it was asked what is at work", async () => {
    for (const [cameAfterMs, answerMs] of [
      [34_000, 60_000],
      [31_000, 4_000],
      [31_000, 12_000],
    ] as const) {
      let bytes = 0;
      setTimeout(() => (bytes = 1), cameAfterMs);
      const { told, watch } = watched({
        heard: () => bytes,
        atWork: () => new Promise((resolve) => setTimeout(() => resolve("it copies"), answerMs)),
      });
      await jest.advanceTimersByTimeAsync(60_000);
      expect(told).toEqual([]);
      watch[Symbol.dispose]();
    }
  });

  it("says in time that no byte has come, though the question about it hangs as well", async () => {
    const { told, over } = watched({
      atWork: () => new Promise((resolve) => setTimeout(() => resolve(undefined), 30_000)),
    });
    await jest.advanceTimersByTimeAsync(36_000);
    expect(told).toEqual(["no byte for 35 s; asking what is at work"]);
    await jest.advanceTimersByTimeAsync(30_000);
    expect(told).toContainEqual(expect.stringMatching(/^no byte for 55 s; given up in /));
    await jest.advanceTimersByTimeAsync(90_000);
    expect(over).toHaveLength(1);
  });

  it("ends with its owner", async () => {
    const { told, over, watch } = watched();
    watch[Symbol.dispose]();
    await jest.advanceTimersByTimeAsync(300_000);
    expect([over, told]).toEqual([[], []]);
  });
});
