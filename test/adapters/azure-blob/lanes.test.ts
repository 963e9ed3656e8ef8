import { describe, expect, it } from "@jest/globals";
import { Lanes } from "../../../src/adapters/azure-blob/lanes.ts";

const SLOW = new Error("slow");
const NEVER = new AbortController().signal;

function lanes(): { lanes: Lanes; told: number[] } {
  const told: number[] = [];
  return {
    lanes: new Lanes(
      (error) => error === SLOW,
      (active) => void told.push(active),
    ),
    told,
  };
}

/** Work that ends when it is told to. */
function held(): { work: () => Promise<undefined>; end: (error?: Error) => void; begun: () => boolean } {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  let isBegun = false;
  return {
    work: () => {
      isBegun = true;
      return promise;
    },
    end: (error) => (error === undefined ? resolve(undefined) : reject(error)),
    begun: () => isBegun,
  };
}

describe("lanes", () => {
  it("narrow once to one where several fail together for being slow, and widen again", async () => {
    const { lanes: line, told } = lanes();
    const four = Array.from({ length: 4 }, held);
    const running = four.map(({ work }) => line.run(NEVER, work).catch(() => undefined));
    for (const { end } of four) end(SLOW);
    await Promise.all(running);
    expect([line.width, told]).toEqual([1, [4]]);
    const [first, second] = [held(), held()];
    const both = [line.run(NEVER, first.work), line.run(NEVER, second.work)];
    await new Promise(setImmediate);
    expect([first.begun(), second.begun()]).toEqual([true, false]);
    first.end();
    second.end();
    await Promise.all(both);
    for (let count = 0; count < 6; count += 1) await line.run(NEVER, async () => undefined);
    expect(line.width).toBe(2);
  });

  it("stay as they are where one alone is slow, or the failure is another", async () => {
    const { lanes: line, told } = lanes();
    await line.run(NEVER, async () => Promise.reject(SLOW)).catch(() => undefined);
    const two = [held(), held()];
    const running = two.map(({ work }) => line.run(NEVER, work).catch(() => undefined));
    for (const { end } of two) end(new Error("denied"));
    await Promise.all(running);
    expect([line.width, told]).toEqual([Number.POSITIVE_INFINITY, []]);
  });

  it("let nobody wait who is stopped", async () => {
    const { lanes: line } = lanes();
    const two = [held(), held()];
    const running = two.map(({ work }) => line.run(NEVER, work).catch(() => undefined));
    for (const { end } of two) end(SLOW);
    await Promise.all(running);
    const holder = held();
    const holding = line.run(NEVER, holder.work);
    const stop = new AbortController();
    const waiting = line.run(stop.signal, async () => undefined);
    stop.abort(new Error("stopped"));
    await expect(waiting).rejects.toThrow("stopped");
    holder.end();
    await holding;
  });
});
