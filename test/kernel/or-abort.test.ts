import { describe, expect, it } from "@jest/globals";
import { orAbort } from "../../src/kernel/or-abort.ts";

describe("orAbort", () => {
  it("gives the work's result, or its failure as it is", async () => {
    const failure = new Error("no");
    expect(await orAbort(new AbortController().signal, Promise.resolve(7))).toBe(7);
    await expect(orAbort(new AbortController().signal, Promise.reject(failure))).rejects.toBe(failure);
  });

  it("does not wait for work that never answers once the signal is aborted", async () => {
    const stop = new AbortController();
    const reason = new Error("enough");
    const waiting = orAbort(stop.signal, new Promise(() => undefined));
    stop.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });

  it("throws at once when it is aborted already", async () => {
    const reason = new Error("too late");
    await expect(orAbort(AbortSignal.abort(reason), Promise.resolve(1))).rejects.toBe(reason);
  });

  it("leaves no rejection that nobody handles, also where it was told to stop before", async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on("unhandledRejection", note);
    try {
      const reason = new Error("stop");
      const fails = async (): Promise<never> => {
        await new Promise((resolve) => setImmediate(resolve));
        throw new Error("the session was closed");
      };
      await expect(orAbort(AbortSignal.abort(reason), fails())).rejects.toBe(reason);
      await new Promise((resolve) => setTimeout(resolve, 20));
    } finally {
      process.off("unhandledRejection", note);
    }
    expect(unhandled).toEqual([]);
  });
});
