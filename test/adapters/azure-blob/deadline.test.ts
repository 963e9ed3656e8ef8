import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { moved, withDeadline } from "../../../src/adapters/azure-blob/deadline.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** Ends when the signal does. */
function silent(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) =>
    signal.addEventListener("abort", () => reject(new Error("The operation was aborted"))),
  );
}

describe("a request with a deadline", () => {
  it("ends when nothing moves, with what was being done", async () => {
    const work = withDeadline(30_000, "listing p/", silent);
    const ended = expect(work).rejects.toMatchObject({
      code: "store.unreachable",
      message: "listing p/: no answer within 30 s",
    });
    await jest.advanceTimersByTimeAsync(30_000);
    await ended;
  });

  it("goes on as long as something moves, and ends so long after it did", async () => {
    let asked: AbortSignal | undefined;
    let isOver = false;
    const work = withDeadline(1000, "writing a", (signal) => {
      asked = signal;
      return silent(signal);
    });
    work.catch(() => (isOver = true));
    for (let count = 0; count < 50; count += 1) {
      await jest.advanceTimersByTimeAsync(900);
      moved(asked);
    }
    moved(asked, 5000);
    await jest.advanceTimersByTimeAsync(5900);
    expect(isOver).toBe(false);
    await jest.advanceTimersByTimeAsync(100);
    expect(isOver).toBe(true);
    await expect(work).rejects.toThrow("no answer within 6 s");
  });

  it("ends with the reason of whoever stops it, and leaves no timer behind", async () => {
    const stop = new AbortController();
    const work = withDeadline(1000, "writing a", silent, stop.signal);
    const ended = expect(work).rejects.toThrow("stopped");
    stop.abort(new Error("stopped"));
    await ended;
    expect(jest.getTimerCount()).toBe(0);
  });
});
