import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "@jest/globals";
import { FunctionCaller } from "../../../src/adapters/supabase/call-function.ts";
import { systemClock } from "../../../src/adapters/system/clock.ts";
import { supabaseFunctions } from "../../../src/adapters/supabase/supabase-functions.ts";
import { Secret } from "../../../src/kernel/secret.ts";
import type { FunctionAnswer, FunctionHost } from "../../../src/ports/function-host.ts";
import type { CallFault } from "../../../src/sandbox/router/call-faults.ts";
import { codeOf, functionHostLaws, upload } from "../../ports/function-host.laws.ts";
import { FakeSupabase, PROJECT } from "../../support/supabase/fake-functions.ts";

const signal = new AbortController().signal;
const TOKEN = "sbp_0123456789abcdef0123456789abcdef01234567";

/** Waits are told and not waited for. */
function hostAt(fake: Pick<FakeSupabase, "api" | "functions">, waits: number[] = []): FunctionHost {
  let elapsed = 0;
  return supabaseFunctions({
    project: PROJECT,
    api: fake.api,
    functions: fake.functions,
    token: new Secret(TOKEN),
    key: undefined,
    version: "0.0.0-test",
    clock: {
      now: () => new Date(Date.UTC(2026, 10, 28)),
      elapsed: () => elapsed,
      sleep: async (ms) => {
        waits.push(ms);
        elapsed += ms;
      },
    },
    random: { fraction: () => 0.5 },
    log: { debug: () => undefined, info: () => undefined },
    cancelled: signal,
  });
}

functionHostLaws("Supabase's Management API", async () => {
  const fake = await FakeSupabase.start();
  return {
    host: hostAt(fake),
    async [Symbol.asyncDispose]() {
      await fake[Symbol.asyncDispose]();
      expect(fake.wrong).toEqual([]);
    },
  };
});

async function withFaults(faults: readonly Partial<CallFault>[]): Promise<FakeSupabase> {
  return await FakeSupabase.start({
    faults: faults.map((each) => ({ fault: "throttle", at: 1, times: 1, retryAfterSeconds: 0, ...each })),
  });
}

it("429s are waited for as long as the host says, and by everybody who comes after", async () => {
  await using fake = await withFaults([{ fault: "throttle", times: 3, retryAfterSeconds: 7 }]);
  const waits: number[] = [];
  expect(await hostAt(fake, waits).list(signal)).toEqual([]);
  expect([waits, fake.allCalls]).toEqual([[7000, 7000, 7000], 4]);
});

it("a limit that lasts longer than is waited ends with its own error", async () => {
  await using fake = await withFaults([{ fault: "throttle", times: 100, retryAfterSeconds: 60 }]);
  expect(await codeOf(hostAt(fake).list(signal))).toBe("functions.rate-limited");
  expect(fake.allCalls).toBeLessThan(8);
});

it("an expired token is denied at once, and never read as an empty project", async () => {
  await using fake = await withFaults([{ fault: "expired-token", times: 100 }]);
  expect(await codeOf(hostAt(fake).list(signal))).toBe("functions.denied");
  expect(await codeOf(hostAt(fake).remove("orders", signal))).toBe("functions.denied");
  expect(fake.allCalls).toBe(2);
});

it("a host that fails for a moment is asked again, one that stays silent is given up", async () => {
  await using fake = await withFaults([{ fault: "unavailable", times: 2 }]);
  expect(await hostAt(fake).list(signal)).toEqual([]);
  await using broken = await withFaults([{ fault: "unavailable", times: 100 }]);
  expect(await codeOf(hostAt(broken).list(signal))).toBe("functions.unreachable");
  expect(broken.allCalls).toBe(5);
});

it("a connection that is cut at each call, before or after it is done, ends in the same state", async () => {
  for (const fault of ["cut-before", "cut-after"] as const) {
    for (let at = 1; at <= 5; at += 1) {
      await using fake = await withFaults([{ fault, at }]);
      const host = hostAt(fake);
      await host.activate([await host.upload(upload("orders", "one"), signal)], signal);
      await host.remove("gone", signal);
      expect(await host.list(signal)).toMatchObject([{ slug: "orders", version: 1 }]);
      expect((await host.body("orders", signal)).length).toBe(2);
      expect(fake.wrong).toEqual([]);
    }
  }
});

it("a function that is not reached is an error, and is not called again", async () => {
  await using fake = await withFaults([{ fault: "cut-before", route: "/functions/v1/" }]);
  const call = { slug: "orders", method: "GET", path: "/", headers: {}, body: undefined };
  expect(await codeOf(hostAt(fake).call(call, signal))).toBe("functions.unreachable");
  expect(fake.allCalls).toBe(1);
});

/** A function that answers as it is told, tried by one who waits no longer than these milliseconds. */
async function called(
  type: string,
  answer: (response: ServerResponse) => void,
  { awaits, stop = signal, wholeMs = 10_000 }: { awaits?: string; stop?: AbortSignal; wholeMs?: number } = {},
): Promise<FunctionAnswer> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": type });
    answer(response);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const functions = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const calling = { functions, key: undefined, version: "0.0.0-test", clock: systemClock, cancelled: signal };
  const caller = new FunctionCaller(calling, { wholeMs, silenceMs: 150, streamMs: 400 });
  const call = { slug: "chat", method: "GET", path: "/", headers: {}, body: undefined, awaits };
  try {
    return await caller.call(call, stop);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

it.each([
  ["silent", 0],
  ["talkative", 20],
])("a function that streams has answered: a %s one is not waited for to the end", async (_, everyMs) => {
  const stream = (response: ServerResponse): void => {
    response.write("data: ready\n\n");
    const timer = everyMs > 0 ? setInterval(() => response.write("data: more\n\n"), everyMs) : undefined;
    response.on("close", () => clearInterval(timer));
  };
  expect(await called("text/event-stream; charset=utf-8", stream)).toMatchObject({
    status: 200,
    text: expect.stringMatching(/^data: ready/),
  });
  const stopped = new AbortController();
  setTimeout(() => stopped.abort(new Error("told to stop")), 50);
  await expect(called("text/event-stream", stream, { stop: stopped.signal })).rejects.toThrow("told to stop");
});

it("a stream of events is read until the words that are asked for, however late they come", async () => {
  const stream = (response: ServerResponse): void => {
    response.write("data: wait\n\n");
    setTimeout(() => response.write("data: ver"), 300);
    setTimeout(() => response.write("sion 2\n\n"), 600);
  };
  const began = performance.now();
  expect((await called("text/event-stream", stream, { awaits: "version 2" })).text).toContain("version 2");
  expect(performance.now() - began).toBeLessThan(5000);
  const lacking = await called("text/event-stream", stream, { awaits: "version 3", wholeMs: 900 });
  expect(lacking.text).toBe("data: wait\n\ndata: version 2\n\n");
});

it.each(["application/json", "text/plain", "text/event-streams"])(
  "any other answer is read to its end, over its pauses: %s",
  async (type) => {
    const { status, text } = await called(type, (response) => {
      response.write("{");
      setTimeout(() => response.write('"version":'), 300);
      setTimeout(() => response.end('"2"}'), 600);
    });
    expect([status, text]).toEqual([200, '{"version":"2"}']);
  },
);

it("one that hangs in its midst, or breaks off, has not answered, and says how far it came", async () => {
  const hanging = called("application/json", (response) => response.write("{"), { wholeMs: 500 });
  await expect(hanging).rejects.toMatchObject({
    code: "functions.unreachable",
    message: expect.stringMatching(
      /^the function chat answered 200 at .*, and its answer did not end: not in 0.5 s$/,
    ),
    hint: expect.stringContaining("the function's log"),
  });
  const broken = called("text/event-stream", (response) => {
    response.write("data: one\n\n", () => response.destroy());
  });
  await expect(broken).rejects.toMatchObject({
    message: expect.stringContaining("answered 200 at"),
  });
  const endless = await called("text/plain", (response) => {
    response.write("x".repeat(80_000));
  });
  expect(endless.text).toHaveLength(64 * 1024);
});

it("a project that is not there is named, and no error holds the token", async () => {
  await using fake = await FakeSupabase.start();
  const other = hostAt({ api: `${fake.api}/elsewhere/${TOKEN}`, functions: fake.functions });
  const error = await other.list(signal).catch((thrown: unknown) => thrown as Error);
  expect([(error as { code?: string }).code, (error as Error).message.includes(TOKEN)]).toEqual([
    "functions.no-project",
    false,
  ]);
});

it("sources that the host gives as a bundle are told as what cannot be had back", async () => {
  await using fake = await FakeSupabase.start();
  const host = hostAt(fake);
  await host.activate([await host.upload(upload("orders", "one"), signal)], signal);
  const { fetch } = globalThis;
  globalThis.fetch = (url, init) =>
    fetch(url, { ...init, headers: { ...(init?.headers as object), accept: "*/*" } });
  try {
    expect(await codeOf(host.body("orders", signal))).toBe("functions.refused");
  } finally {
    globalThis.fetch = fetch;
  }
});
