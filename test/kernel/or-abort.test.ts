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
});
