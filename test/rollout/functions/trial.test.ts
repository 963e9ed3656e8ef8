import { describe, expect, it } from "@jest/globals";
import type { FunctionCall } from "../../../src/ports/function-host.ts";
import { smoke, type Smoke } from "../../../src/rollout/functions/manifest/manifest.ts";
import { tryFunction, type Trial } from "../../../src/rollout/functions/carry/try-function.ts";

const signal = new AbortController().signal;
const clock = { sleep: () => Promise.resolve() };

async function tried(
  status: number,
  declared?: Partial<Smoke>,
  text = "",
): Promise<{ readonly trial: Trial; readonly calls: readonly FunctionCall[] }> {
  const calls: FunctionCall[] = [];
  const host = {
    call: (call: FunctionCall) => {
      calls.push(call);
      return Promise.resolve({ status, text, tookMs: 1 });
    },
  };
  const request = declared === undefined ? undefined : smoke.parse(declared);
  return { trial: await tryFunction("orders", request, host, clock, signal), calls };
}

describe("a function that declares no request", () => {
  it.each([200, 204, 400, 401, 404, 405, 500, 501])(
    "has started where it answers OPTIONS by %i",
    async (each) => {
      const { trial, calls } = await tried(each);
      expect(trial.isGood).toBe(true);
      expect(calls.map(({ method, path, awaits }) => [method, path, awaits])).toEqual([
        ["OPTIONS", "/", undefined],
      ]);
    },
  );

  it.each([502, 503, 504, 546])("has not where the gateway answers for it: %i", async (status) => {
    const { trial, calls } = await tried(status);
    expect([trial.isGood, calls.length]).toEqual([false, 3]);
  });
});

describe("a function that declares one", () => {
  it("has its words waited for, and fails without them", async () => {
    const declared = { path: "/health", contains: "2.0.0" };
    const { trial, calls } = await tried(200, declared, "version 2.0.0");
    expect([trial.isGood, calls]).toEqual([
      true,
      [{ slug: "orders", method: "GET", path: "/health", headers: {}, body: undefined, awaits: "2.0.0" }],
    ]);
    expect((await tried(200, declared, "version 1.0.0")).trial).toMatchObject({
      isGood: false,
      what: "GET orders/health answered 200 in 1 ms, without the words that are expected",
    });
  });
});
