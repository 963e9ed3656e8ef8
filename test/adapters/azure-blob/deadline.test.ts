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

  it("that asks ends soon after the run is stopped, one that changes something as lost", async () => {
    const stop = new AbortController();
    const asks = withDeadline(60_000, "asking for a", silent, { stop: stop.signal });
    const changes = withDeadline(60_000, "removing a", silent, { stop: stop.signal, isChange: true });
    const ends = [
      expect(asks).rejects.toThrow("stopped"),
      expect(changes).rejects.toMatchObject({
        code: "store.unreachable",
        message: "removing a: no answer within 30 s",
      }),
    ];
    await jest.advanceTimersByTimeAsync(1000);
    stop.abort(new Error("stopped"));
    await jest.advanceTimersByTimeAsync(4999);
    expect(await Promise.race([asks, "waits"].map((each) => Promise.resolve(each)))).toBe("waits");
    await jest.advanceTimersByTimeAsync(25_001);
    await Promise.all(ends);
    // What is begun afterwards tidies up, and has all of its time.
    const tidies = withDeadline(60_000, "removing a", silent, { stop: stop.signal });
    const late = expect(tidies).rejects.toThrow("no answer within 60 s");
    await jest.advanceTimersByTimeAsync(60_000);
    await late;
    expect(jest.getTimerCount()).toBe(0);
  });

  it("ends with the reason of whoever stops it, and leaves no timer behind", async () => {
    const stop = new AbortController();
    const work = withDeadline(1000, "writing a", silent, { outer: stop.signal });
    const ended = expect(work).rejects.toThrow("stopped");
    stop.abort(new Error("stopped"));
    await ended;
    expect(jest.getTimerCount()).toBe(0);
  });
});
