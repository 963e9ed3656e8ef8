import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterEach, describe, expect, test } from "@jest/globals";
import { isHoldfastError } from "../../../src/kernel/errors.ts";
import { Secret } from "../../../src/kernel/secret.ts";
import { makeCertificates } from "../../../src/sandbox/router/certificate.ts";
import { listen } from "../../../src/sandbox/router/listen.ts";
import { callFault } from "../../../src/sandbox/router/call-faults.ts";
import { appOf } from "../../support/sandbox.ts";
import { sampled } from "../../support/sampling.ts";
import { quickClock, slotsInSandbox, within, type SlotsInSandbox } from "../../support/slot-host.ts";
import { eventually, temporaryFolder } from "../../support/tools.ts";

let open: SlotsInSandbox | undefined;
afterEach(async () => {
  const bugs = open?.box.bugs ?? [];
  await open?.box[Symbol.asyncDispose]();
  open = undefined;
  expect(bugs).toEqual([]);
});

async function opened(options: Parameters<typeof slotsInSandbox>[0] = {}): Promise<SlotsInSandbox> {
  return (open = await slotsInSandbox(options));
}

/** Production runs build 1, staging build 2. */
async function twoBuilds(options: Parameters<typeof slotsInSandbox>[0] = {}): Promise<SlotsInSandbox> {
  const it = await opened(options);
  const folder = temporaryFolder("builds");
  for (const build of ["1", "2"]) writeFileSync(join(folder, `${build}.zip`), await appOf(build));
  await it.host.makeSlot("staging", within());
  await it.host.deploy("production", join(folder, "1.zip"), within());
  await it.host.deploy("staging", join(folder, "2.zip"), within());
  return it;
}

test("a deployment that the restart of the deployment service has ended is sent again", async () => {
  const message =
    "Deployment has been stopped due to SCM container restart. The restart can happen due to a management " +
    "operation on site.";
  const once = { appService: [{ fault: "fail-build", at: 3, message }] } as const;
  const { host, box } = await twoBuilds({ faults: once });
  const path = join(temporaryFolder("again"), "3.zip");
  writeFileSync(path, await appOf("3"));
  await host.deploy("staging", path, within());
  expect((await box.visit("/", "staging")).json?.build).toBe("3");
});

test.each([
  ["with nothing in its status text", ""],
  ["with another word in its status text", "Failed"],
])("a restart that is told in the message alone, %s, is a restart", async (_, statusText) => {
  const message = "Deployment has been stopped due to SCM container restart.";
  const { host, box } = await opened({
    faults: { appService: [{ fault: "fail-build", at: 1, message, statusText }] },
  });
  const path = join(temporaryFolder("message"), "1.zip");
  writeFileSync(path, await appOf("1"));
  await host.deploy("production", path, within());
  expect((await box.visit()).json?.build).toBe("1");
});

test("a failure whose status text is empty is told by its message", async () => {
  const { host } = await opened({
    faults: { appService: [{ fault: "fail-build", at: 1, message: "npm ended with 1", statusText: " " }] },
  });
  const path = join(temporaryFolder("message"), "1.zip");
  writeFileSync(path, await appOf("1"));
  await expect(host.deploy("production", path, within())).rejects.toMatchObject({
    code: "deployment.failed",
    message: expect.stringContaining("failed: npm ended with 1"),
  });
});

describe("a package that is refused because another deployment has not ended", () => {
  const zipped = async (): Promise<string> => {
    const path = join(temporaryFolder("refused"), "1.zip");
    writeFileSync(path, await appOf("1"));
    return path;
  };
  const sent = ({ box }: SlotsInSandbox): number =>
    box.heard.filter((line) => /POST \/api\/publish/i.test(line)).length;

  test.each([
    [
      "There is a deployment currently in progress. Please try again when it completes.",
      /currently in progress/,
    ],
    ["", /409 it gives no reason; mostly another deployment/],
  ])("is sent again after a while that is told: '%s'", async (text, words) => {
    const it = await opened({ faults: { appService: [{ fault: "refuse-package", at: 1, times: 3, text }] } });
    const began = quickClock.elapsed();
    await it.host.deploy("production", await zipped(), within(600_000));
    expect(quickClock.elapsed() - began).toBeGreaterThanOrEqual(15_000 + 20_000 + 25_000);
    expect(sent(it)).toBe(4);
    const told = it.lines.filter((line) => words.test(line));
    expect(told).toHaveLength(3);
    expect(told[0]).toMatch(/^deploy to production: .*; sent again in 15 s, and for (?:9|10) min.* at most$/);
  });

  test("is given up after a quarter of an hour, with what to do", async () => {
    const it = await opened({ faults: { appService: [{ fault: "refuse-package", at: 1, times: 1000 }] } });
    await expect(it.host.deploy("production", await zipped(), within(3_600_000))).rejects.toMatchObject({
      code: "slots.busy",
      message: expect.stringContaining("409 it gives no reason"),
      hint: expect.stringContaining("stopping the slot and starting it"),
    });
    expect(sent(it)).toBeLessThan(40);
  }, 120_000);
});

test("a deployment service that does not let this machine in is told so, and no role is missed", async () => {
  const { host, box } = await opened();
  const rules = [{ ipAddress: "10.0.0.0/8", action: "Allow", priority: 100 }];
  await box.arm("PATCH", "config/web", { properties: { scmIpSecurityRestrictions: rules } });
  const path = join(temporaryFolder("blocked"), "1.zip");
  writeFileSync(path, await appOf("1"));
  await expect(host.deploy("production", path, within())).rejects.toMatchObject({
    code: "slots.blocked",
    message:
      "App Service refused to deploy to production: 403 Ip Forbidden access restrictions keep out 127.0.0.1",
    hint: expect.stringMatching(/scm, has rules of its own.*No role helps\./),
  });
});

test("a deployment service that never stops restarts is told of, and not tried for ever", async () => {
  const appService = [1, 2, 3, 4, 5].map((at) => ({
    fault: "fail-build" as const,
    at,
    message: "SCM container restart",
  }));
  const { host } = await opened({ faults: { appService } });
  const path = join(temporaryFolder("never"), "1.zip");
  writeFileSync(path, await appOf("1"));
  await expect(host.deploy("production", path, within())).rejects.toMatchObject({
    code: "deployment.failed",
    message: expect.stringContaining("SCM container restart"),
  });
});

const live = async ({ box }: SlotsInSandbox): Promise<unknown> => (await box.visit()).json?.build;

describe("what became of a swap is found by looking", () => {
  test.each([
    [
      "it fails at the poll, and did not happen",
      { appService: [{ fault: "fail-swap", at: 1, afterMs: 50, code: "ExpectationFailed", status: 417 }] },
      { outcome: "did-not", build: "1", failure: "slots.refused" },
    ],
    [
      "it fails at the poll, and happened",
      { appService: [{ fault: "fail-swap", at: 1, happened: true, status: 500 }] },
      { outcome: "happened", build: "2", failure: "slots.unreachable" },
    ],
    [
      "it is said to have succeeded, and did not happen",
      { appService: [{ fault: "pretend-swap", at: 1 }] },
      { outcome: "did-not", build: "1", failure: "slots.refused" },
    ],
    [
      "its request is cut after it arrived",
      { calls: [{ fault: "cut-after", at: 1, route: "slotsswap" }] },
      { outcome: "happened", build: "2", failure: "slots.unreachable" },
    ],
    [
      "its request is cut before it arrived",
      { calls: [{ fault: "cut-before", at: 1, route: "slotsswap" }] },
      { outcome: "unknown", build: "1", failure: "slots.unreachable" },
    ],
    [
      "asking how it goes is cut each time",
      { calls: [{ fault: "cut-before", at: 1, times: 50, route: "operationresults" }] },
      { outcome: "happened", build: "2", failure: "slots.unreachable" },
    ],
    [
      "the token ends in its midst",
      { calls: [{ fault: "expired-token", at: 1, route: "operationresults" }] },
      { outcome: "happened", build: "2", failure: undefined },
    ],
    [
      "the host asks to wait before it takes it",
      { calls: [{ fault: "throttle", at: 1, times: 3, route: "slotsswap", retryAfterSeconds: 1 }] },
      { outcome: "happened", build: "2", failure: undefined },
    ],
    [
      "nobody can be asked afterwards",
      { calls: [{ fault: "cut-before", at: 3, times: 500, route: "get /" }] },
      { outcome: "unknown", build: "2", failure: "slots.unreachable" },
    ],
  ])("when %s", async (_, faults, expected) => {
    const { calls: callFaults = [], ...others } = faults as { calls?: unknown[] };
    const again = await twoBuilds({ faults: others });
    // From here on: what set the slots up asks for the same.
    again.box.router.play(callFaults.map((each) => callFault.parse(each)));
    const calls = again.box.router.calls;
    const told = await again.host.swap("staging", "production", within(60_000));
    expect(again.box.router.calls - calls).toBeLessThan(300);
    expect({ outcome: told.outcome, failure: told.failure?.code }).toEqual({
      outcome: expected.outcome,
      failure: expected.failure,
    });
    // Addresses are asked for as well; and where nobody could be asked, the swap may still be on its way.
    again.box.router.play([]);
    await eventually("what it was to come to", async () => (await live(again)) === expected.build);
    const swaps = again.box.heard.filter((line) => /slotsswap (202|cut|.*told)/.test(line));
    expect(swaps).toHaveLength(1);
  });
});

describe("a host that is not well", () => {
  test("wherever one connection is cut, each step ends in time, and what is told is true", async () => {
    const whole = await road(undefined);
    expect(whole).toMatchObject({ failed: undefined, told: "happened", build: "2" });
    const places = Array.from({ length: whole.calls }, (__, index) => index + 1).flatMap((at) => [
      { fault: "cut-before", at },
      { fault: "cut-after", at },
    ]);
    for (const place of sampled("connection cut at a call to App Service", places, {
      every: 4,
      kind: ({ fault }) => fault,
    })) {
      const { failed, told, build, isLost } = await road({ calls: [place] });
      const truth = { ...place, failed: isHoldfastError(failed) ? failed.code : failed, told, build };
      // One cut is mended everywhere but at the swap, which is told by what the host remembers.
      expect(truth).toEqual({
        ...place,
        failed: undefined,
        told: isLost ? "unknown" : "happened",
        build: isLost ? "1" : "2",
      });
    }
  }, 300_000);

  async function road(
    faults: unknown,
  ): Promise<{ failed: unknown; told: string | undefined; build: unknown; calls: number; isLost: boolean }> {
    const it = await slotsInSandbox({ faults });
    await using _box = it.box;
    const { host, box } = it;
    const zip = join(temporaryFolder("road"), "app.zip");
    writeFileSync(zip, await appOf("2"));
    let told: string | undefined;
    let failed: unknown;
    try {
      await host.app(within());
      await host.makeSlot("staging", within());
      await host.putSettings("staging", new Map([["A", new Secret("1")]]), within());
      await host.deploy("staging", zip, within());
      await host.preview("staging", "production", within());
      told = (await host.swap("staging", "production", within())).outcome;
      if (told === "happened") {
        await host.release("staging", within());
        await host.restart("staging", within());
        await host.removeSlot("staging", within());
      }
    } catch (error) {
      failed = error;
    }
    const calls = box.router.calls;
    expect(box.bugs).toEqual([]);
    const build = (await box.visit()).json?.build ?? "1";
    // The swap never arrived, so it is not known and did not happen.
    const isLost = box.heard.some((line) => /slotsswap cut before/.test(line));
    return { failed, told, build, calls, isLost };
  }

  test("others' work on the app is waited for, and never for a swap", async () => {
    const it = await twoBuilds({ phases: { provisionMs: 0, buildMs: 0, applyMs: 0, flipMs: 2_500 } });
    const { host } = it;
    const first = host.swap("staging", "production", within());
    await untilBusy(it);
    await expect(host.swap("staging", "production", within())).rejects.toMatchObject({
      code: "slots.busy",
      message: expect.stringContaining("OperationName: SwapSiteSlots"),
    });
    await host.putSettings("staging", new Map([["A", new Secret("1")]]), within());
    expect((await first).outcome).toBe("happened");
    expect(await live(it)).toBe("2");
  });

  async function untilBusy({ host }: SlotsInSandbox): Promise<void> {
    while ((await host.slot("production", within()))?.inProgress === undefined);
  }

  test("a plan without room says so", async () => {
    const { host } = await opened({
      sites: [
        { subscription: "00000000-0000-0000-0000-000000000001", group: "shop-rg", name: "shop", sku: "B1" },
      ],
    });
    await expect(host.makeSlot("staging", within())).rejects.toMatchObject({ code: "slots.full" });
  });

  test("waits that the host asks for end with the call's time", async () => {
    const { host } = await opened({
      faults: { calls: [{ fault: "throttle", at: 1, times: 1000, retryAfterSeconds: 30 }] },
    });
    await expect(host.app(within(50_000))).rejects.toMatchObject({
      code: "slots.timeout",
      message: expect.stringMatching(/within 50 s.*429/),
    });
  });

  test("a wait of nothing is none: it is asked again after pauses that grow", async () => {
    const { host, lines } = await opened({
      faults: { calls: [{ fault: "throttle", at: 1, times: 10_000, retryAfterSeconds: 0 }] },
    });
    await expect(host.app(within(50_000))).rejects.toMatchObject({ code: "slots.timeout" });
    expect(lines.filter((line) => line.includes("429")).length).toBeLessThan(20);
  });

  test("an answer of 503 is asked again, and not for ever", async () => {
    const few = await opened({ faults: { calls: [{ fault: "unavailable", at: 1, times: 3 }] } });
    expect((await few.host.app(within())).tier).toBe("Standard");
    await few.box[Symbol.asyncDispose]();
    const { host, box } = await opened({ faults: { calls: [{ fault: "unavailable", at: 1, times: 1000 }] } });
    await expect(host.app(within())).rejects.toMatchObject({ code: "slots.unreachable" });
    expect(box.router.calls).toBe(5);
  });

  test("a token that has ended is exchanged once; a second refusal is told", async () => {
    const one = await opened({ faults: { calls: [{ fault: "expired-token", at: 2 }] } });
    expect((await one.host.app(within())).tier).toBe("Standard");
    expect(one.tokens()).toBe(2);
    await one.box[Symbol.asyncDispose]();
    const { host } = await opened({ faults: { calls: [{ fault: "expired-token", at: 1, times: 100 }] } });
    await expect(host.app(within())).rejects.toMatchObject({
      code: "slots.denied",
      message: expect.stringContaining("ExpiredAuthenticationToken"),
    });
  });

  test("a host that has gone silent does not outlast the call's time or its signal", async () => {
    const { host } = await opened({ faults: { calls: [{ fault: "silence", at: 1, times: 100 }] } });
    const stop = new AbortController();
    const reason = new Error("told to stop");
    const work = host.app(within(600_000, stop.signal));
    setTimeout(() => stop.abort(reason), 50);
    await expect(work).rejects.toBe(reason);
    await expect(host.app(within(400))).rejects.toMatchObject({
      code: expect.stringMatching(/^slots\.(unreachable|timeout)$/),
    });
  });

  test("who points elsewhere has done nothing, and is not followed with the token", async () => {
    const certificates = makeCertificates(new Date(), "00112233445566");
    let asked = 0;
    await using elsewhere = await listen((_, response) => {
      asked += 1;
      response.writeHead(302, { location: "/login" }).end();
    }, certificates);
    const { host } = await opened({ endpoint: `https://${elsewhere.host}` });
    setDefaultCACertificates([...getCACertificates("default"), certificates.ca]);
    await expect(host.restart("production", within())).rejects.toMatchObject({ code: "slots.refused" });
    expect(asked).toBe(1);
  });

  test("nobody there is an error with the address and without the token", async () => {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    server.close();
    await once(server, "close");
    const { host, lines } = await opened({ endpoint: `https://127.0.0.1:${port}` });
    const failed: unknown = await host.app(within()).catch((error: unknown) => error);
    expect(failed).toMatchObject({
      code: "slots.unreachable",
      message: expect.stringContaining(`127.0.0.1:${port}`),
    });
    expect(`${String(failed)}${lines.join()}`).not.toContain("token-1");
  });

  test("a package of a hung build ends with the call's time", async () => {
    const { host } = await opened({ faults: { appService: [{ fault: "hang-build", at: 1 }] } });
    const zip = join(temporaryFolder("hung"), "app.zip");
    writeFileSync(zip, await appOf("1"));
    await expect(host.deploy("production", zip, within(10_000))).rejects.toMatchObject({
      code: "slots.timeout",
    });
  });
});
