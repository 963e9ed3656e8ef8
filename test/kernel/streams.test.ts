import { describe, expect, it } from "@jest/globals";
import { createHash } from "node:crypto";
import {
  abortable,
  collect,
  counted,
  drain,
  fork,
  Meter,
  metered,
  once,
  sha256,
  type ByteStream,
} from "../../src/kernel/streams.ts";

const PIECES = ["one", "two", "three", "four", "five"].map((text) => Buffer.from(text));
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The five pieces; says how many were pulled and whether it was released. */
function source(failure?: Error): { stream: ByteStream; pulled: () => number; released: () => boolean } {
  let pulled = 0;
  let released = false;
  const stream = async function* (): ByteStream {
    try {
      for (const piece of PIECES) {
        pulled += 1;
        yield piece;
      }
      if (failure) throw failure;
    } finally {
      released = true;
    }
  };
  return { stream: stream(), pulled: () => pulled, released: () => released };
}

const text = async (stream: ByteStream): Promise<string> => (await collect(stream, 1000)).toString();
const ALL = "onetwothreefourfive";

describe("a meter", () => {
  it("counts and hashes what passes, and changes nothing", async () => {
    const meter = new Meter();
    let bytes = 0;
    expect(
      await text(
        metered(
          counted(source().stream, (count) => (bytes += count)),
          meter,
        ),
      ),
    ).toBe(ALL);
    expect([meter.size, bytes]).toEqual([ALL.length, ALL.length]);
    expect(meter.sha256).toBe(createHash("sha256").update(ALL).digest("hex"));
    expect(meter.sha256).toBe(sha256(ALL));
  });
});

describe("collecting", () => {
  it("refuses more than it was allowed, and releases the source", async () => {
    const { stream, released } = source();
    await expect(collect(stream, 7)).rejects.toThrow(RangeError);
    expect(released()).toBe(true);
    expect((await collect(once(Buffer.alloc(7)), 7)).length).toBe(7);
  });
});

describe("a forked stream", () => {
  it("gives both readers everything", async () => {
    const { main, side } = fork(source().stream);
    expect(await Promise.all([text(main), text(side)])).toEqual([ALL, ALL]);
  });

  it("is held back by a slow side: main is never more than one chunk ahead", async () => {
    const { main, side } = fork(source().stream);
    let taken = 0;
    let ahead = 0;
    let reached = 0;
    const reading = (async () => {
      for await (const chunk of side) {
        await pause(5);
        taken += chunk.length > 0 ? 1 : 0;
      }
    })();
    for await (const chunk of main) {
      reached += chunk.length > 0 ? 1 : 0;
      ahead = Math.max(ahead, reached - taken);
    }
    await reading;
    expect([taken, reached]).toEqual([5, 5]);
    expect(ahead).toBeLessThanOrEqual(2);
  });

  it("goes on for main when the side leaves early", async () => {
    const { main, side } = fork(source().stream);
    const reading = (async () => {
      for await (const chunk of side) return Buffer.from(chunk).toString();
      return "nothing";
    })();
    expect(await text(main)).toBe(ALL);
    expect(await reading).toBe("one");
  });

  it("goes on for main when the side is never read and left", async () => {
    const { main, leave } = fork(source().stream);
    setTimeout(leave, 10);
    expect(await text(main)).toBe(ALL);
  });

  it("releases the source and tells the side when main leaves early", async () => {
    const { stream, pulled, released } = source();
    const { main, side } = fork(stream);
    const reading = text(side).catch((error: unknown) => error);
    for await (const chunk of main) if (Buffer.from(chunk).toString() === "two") break;
    expect(await reading).toMatchObject({ message: expect.stringContaining("left before its end") });
    expect([pulled(), released()]).toEqual([2, true]);
  });

  it("gives the source's own error to both", async () => {
    const own = new Error("its own words");
    const { main, side } = fork(source(own).stream);
    const failures = await Promise.allSettled([drain(main), drain(side)]);
    expect(failures.map((failure) => (failure as PromiseRejectedResult).reason)).toEqual([own, own]);
    expect((failures[0] as PromiseRejectedResult).reason).toBe(own);
  });

  it("ends a side that waits for a main that is never read, once it is left", async () => {
    const { side, leave } = fork(source().stream);
    const reading = text(side).catch((error: unknown) => error);
    await pause(5);
    leave();
    expect(await reading).toMatchObject({ message: expect.stringContaining("left before its end") });
  });

  it("ends normally for a side that comes late", async () => {
    const { main, side } = fork(once(Buffer.from(ALL)));
    const whole = text(main);
    await pause(10);
    expect(await text(side)).toBe(ALL);
    expect(await whole).toBe(ALL);
  });
});

describe("a stream that can be interrupted", () => {
  it("passes everything on, and the source's own error", async () => {
    const signal = new AbortController().signal;
    expect((await collect(abortable(source().stream, signal), 100)).toString()).toBe("onetwothreefourfive");
    const broken = new RangeError("the source broke");
    await expect(drain(abortable(source(broken).stream, signal))).rejects.toBe(broken);
    await expect(drain(abortable(source().stream, AbortSignal.abort(new Error("enough"))))).rejects.toThrow(
      "enough",
    );
  });

  it("ends at once with the reason, also while a chunk is awaited that never comes", async () => {
    const stop = new AbortController();
    const stalled = async function* (): ByteStream {
      yield Buffer.from("a");
      await new Promise(() => undefined);
    };
    const reading = drain(abortable(stalled(), stop.signal));
    setTimeout(() => stop.abort(new Error("enough")), 10);
    await expect(reading).rejects.toThrow("enough");
  });

  it("releases what is behind it when its reader leaves or it is interrupted", async () => {
    const left = source();
    for await (const chunk of abortable(left.stream, new AbortController().signal)) {
      if (chunk.length > 0) break;
    }
    expect([left.released(), left.pulled()]).toEqual([true, 1]);
    const [stop, interrupted] = [new AbortController(), source()];
    const reading = (async () => {
      for await (const chunk of abortable(interrupted.stream, stop.signal)) {
        if (chunk.length > 0) stop.abort(new Error("enough"));
      }
    })();
    await expect(reading).rejects.toThrow("enough");
    expect([interrupted.released(), interrupted.pulled()]).toEqual([true, 1]);
  });
});
