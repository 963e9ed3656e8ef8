import { describe, expect, it } from "@jest/globals";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import { reasonOf } from "../../../src/rollout/watch/reason.ts";
import { readWatched, type WatchInputs } from "../../../src/rollout/watch/request.ts";
import { runWatch } from "../../../src/rollout/watch/run.ts";
import { watching } from "../../../src/rollout/watch/watching.ts";
import { testPorts } from "../../support/test-ports.ts";
import { INPUTS, KEY, MINUTE_MS, QuickClock, scripted, type Answered } from "./scripted.ts";

interface Watched {
  readonly outcome: Outcome;
  readonly lines: readonly string[];
  readonly asked: readonly string[];
  readonly minutes: number;
}

async function watched(
  answers: readonly Answered[],
  given: Partial<WatchInputs> = {},
  { isAlone = false, clock = new QuickClock() } = {},
): Promise<Watched> {
  const [ports, web, began] = [testPorts(), scripted(answers, isAlone), clock.elapsed()];
  const outcome = await runWatch({ ...INPUTS, ...given }, { ...ports, clock, web });
  const minutes = (clock.elapsed() - began) / MINUTE_MS;
  return { outcome, lines: ports.lines, asked: web.asked, minutes };
}

const [F, OK] = [503, 200] as const;

describe("watching an address", () => {
  it("that is well ends well, after its time and no later", async () => {
    const { outcome, lines, minutes } = await watched([OK]);
    expect(outcome).toMatchObject({
      exit: 0,
      outputs: {
        healthy: true,
        tries: 110,
        failures: 0,
        last: "https://shop.test/health answers 200",
        started: "",
      },
      report: { good: true, headline: "https://shop.test/health was well: 110 tries in 55 min 00 s" },
    });
    expect(minutes).toBe(54.5);
    // Now and then, and not with each try.
    expect(lines.filter((line) => line.startsWith("info:"))).toHaveLength(6);
  });

  it("that fails five times in a row is ill at once, also where it never was well", async () => {
    for (const before of [[], [OK, OK, F, OK]] as const) {
      const { outcome, minutes } = await watched([...before, F, F, F, F, F]);
      expect(outcome).toMatchObject({
        exit: 3,
        outputs: { healthy: false, tries: before.length + 5, failures: 5, started: "" },
        report: {
          good: false,
          headline: "https://shop.test/health is ill: answers 503, and not 200",
          notes: ["https://shop.test/health answers 503, and not 200: 5 tries in a row failed, 30 s apart"],
        },
      });
      expect(minutes).toBe((before.length + 4) / 2);
    }
  });

  it("that flaps is never ill, however often it fails", async () => {
    const flapping = Array.from({ length: 110 }, (_, at) => (at % 5 === 4 ? OK : F));
    const { outcome, lines } = await watched(flapping);
    expect(outcome).toMatchObject({ exit: 0, outputs: { healthy: true, tries: 110, failures: 0 } });
    expect(outcome.report.headline).toContain("of 110 tries in 55 min 00 s 88 failed, and never 5 in a row");
    expect(lines).toContain("info: https://shop.test/health is well again after 4: answers 200");
    const { outcome: late } = await watched([...flapping.slice(0, 109), F], { for: 54 * MINUTE_MS });
    expect(late).toMatchObject({ exit: 0, outputs: { failures: 3 } });
    expect(late.report.headline).toContain("the last 3");
  });

  it("takes redirects, other statuses and lacking text for failures", async () => {
    const one = { failures: 1 };
    expect((await watched([OK, 302], one)).outcome.outputs).toMatchObject({
      last: "https://shop.test/health answers 302, and not 200",
    });
    expect((await watched([204], { ...one, status: 204 })).outcome.exit).toBe(0);
    expect((await watched([OK], { ...one, contains: "all is well" })).outcome.exit).toBe(0);
    const { outcome } = await watched([OK], { ...one, contains: "version 2" });
    expect(outcome).toMatchObject({
      exit: 3,
      outputs: { last: "https://shop.test/health answers 200 without the text that is asked for" },
      report: { notes: [expect.stringContaining(": 1 try failed")] },
    });
  });

  it("is not begun anew by tries that take long, and makes none up", async () => {
    const clock = new QuickClock();
    const web = scripted([OK]);
    const slow = {
      get: async (...call: Parameters<typeof web.get>) => {
        clock.ms += 45_000;
        return web.get(...call);
      },
    };
    const outcome = await runWatch({ ...INPUTS, for: 6 * MINUTE_MS }, { ...testPorts(), clock, web: slow });
    expect(outcome.outputs["tries"]).toBe(8);
  });

  it("never shows the query, in which a key may be, not even of an address without an answer", async () => {
    const { outcome, lines } = await watched(["silence"]);
    expect(outcome.outputs["last"]).toBe("https://shop.test/health gave no answer: getaddrinfo ENOTFOUND");
    expect(JSON.stringify([outcome, lines])).not.toContain(KEY.slice(6));
  });
});

describe("what says nothing about a release", () => {
  const doubtful = (words: string): object => ({
    code: "web.doubtful",
    exitCode: 4,
    message: expect.stringContaining(words),
  });

  const between = [429, 495, 496, 511, 525, 526, "untrusted"] as const;
  it.each(between)("starts nothing at the end of its time, whatever was before: %s", async (answer) => {
    for (const before of [[], [OK, OK], [OK, F, F, F, F]]) {
      const clock = new QuickClock();
      const began = clock.elapsed();
      const failing = watched([...before, answer], { for: 6 * MINUTE_MS }, { clock });
      await expect(failing).rejects.toMatchObject(doubtful("does not mend that: nothing is started"));
      expect(clock.elapsed() - began).toBe(5.5 * MINUTE_MS);
    }
  });

  const others = [204, 301, 302, 400, 401, 403, 404, 405, 407, 418, 451];
  it.each(others)("starts nothing where it was never well: %i", async (answer) => {
    const failing = watched([answer]);
    await expect(failing).rejects.toMatchObject(doubtful("never well in this watch"));
    await expect(failing).rejects.toMatchObject(
      doubtful(`https://shop.test/health answers ${answer}, and not 200: 110 tries said nothing`),
    );
    expect((await watched([OK, answer])).outcome.exit).toBe(3);
  });

  it("neither counts as a failure nor begins the count anew", async () => {
    const few: readonly Answered[][] = [
      [429, 429, 429, 429, F, OK],
      [404, 404, 404, 404, F, 404, OK],
      [F, F, 429, F, F, 526, OK],
      [OK, F, F, "untrusted", F, F, 429, 429, OK],
    ];
    for (const answers of few) expect((await watched(answers)).outcome.exit).toBe(0);
    const { outcome, minutes, lines } = await watched([429, 429, 429, 429, 429, 429, F, F, 526, F, F, F]);
    expect(outcome).toMatchObject({ exit: 3, outputs: { tries: 12, failures: 5, unclear: 7 } });
    expect([minutes, outcome.report.notes[0]]).toEqual([
      5.5,
      "https://shop.test/health answers 503, and not 200: 5 tries in a row failed, 30 s apart, not " +
        "counting 7 that said nothing about a release",
    ]);
    // Once, long before its time is over.
    expect(lines.filter((line) => line.includes("Ask less often (--every)"))).toHaveLength(1);
    expect(lines[0]).toContain("answers 429, and not 200 (says nothing about a release, and does not count)");
  });

  it("ends with exit 4 where the end has too few failures and too few good answers", async () => {
    const short = { for: 4 * MINUTE_MS };
    await expect(watched([OK, OK, OK, F, F, F, F, 429], short)).rejects.toMatchObject(
      doubtful("1 try said nothing about a release, and 4 failed where 5 would be ill"),
    );
    await expect(watched([404, 404, 404, 404, 404, 404, 404, F], short)).rejects.toMatchObject(
      doubtful("answers 404"),
    );
    const { outcome } = await watched([OK, OK, OK, OK, OK, F, F, 429], short);
    expect(outcome).toMatchObject({ exit: 0, outputs: { failures: 2, unclear: 1 } });
    expect(outcome.report.headline).toMatch(
      /^https.* of 8 tries .* 2 failed, the last 2, .*; 1 said nothing/,
    );
    expect((await watched([429, 429, 429, 429, 429, 429, OK])).outcome.report.headline).toContain(
      "of 110 tries in 55 min 00 s 0 failed, and never 5 in a row; 6 said nothing about a release",
    );
  });

  it("ends with exit 4 where it was never well, however few tries there was time for", async () => {
    const [clock, web] = [new QuickClock(), scripted([404])];
    const slow = {
      get: async (...call: Parameters<typeof web.get>) => {
        clock.ms += 2 * MINUTE_MS;
        return web.get(...call);
      },
    };
    const ports = { ...testPorts(), clock, web: slow };
    await expect(runWatch({ ...INPUTS, for: 4 * MINUTE_MS }, ports)).rejects.toMatchObject(
      doubtful("2 tries said nothing"),
    );
  });

  it.each([
    [429, "--every"],
    ["untrusted", "the certificate"],
    [525, "the certificate"],
    [404, "--url or --status"],
    [511, "Sign this machine in"],
  ] as const)("is told with what can be done about it: %s", async (answer, words) => {
    await expect(watched([answer])).rejects.toMatchObject({ hint: expect.stringContaining(words) });
  });

  it("who is kept out says nothing of a release, whatever was before", async () => {
    for (const headers of [{ "x-ms-forbidden-ip": "192.0.2.7" }, { "cf-mitigated": "challenge" }]) {
      const { outcome } = await watched([OK, { status: 403, headers }, OK]);
      expect(outcome).toMatchObject({ exit: 0, outputs: { healthy: true } });
      expect(outcome.report.headline).toContain("0 failed, and never 5 in a row; 1 said nothing");
      const shut = watched([OK, { status: 403, headers }]);
      await expect(shut).rejects.toMatchObject({
        code: "web.doubtful",
        hint: expect.stringContaining("Let this machine in where access is restricted"),
      });
    }
  });

  it("never shows the query either", async () => {
    const error = (await watched(["untrusted"]).catch((thrown: unknown) => thrown)) as Error;
    expect(error.message).not.toContain(KEY.slice(6));
  });
});

describe("a network that is down", () => {
  const reference = "https://example.test/";

  it("is told from an address that is ill by another address", async () => {
    const failing = watched(["silence"], { reference }, { isAlone: true });
    await expect(failing).rejects.toMatchObject({
      code: "web.offline",
      exitCode: 4,
      message: expect.stringContaining("neither does https://example.test/"),
    });
    const { outcome, asked } = await watched(["silence"], { reference });
    expect([outcome.exit, asked.filter((host) => host === "example.test")]).toEqual([3, ["example.test"]]);
    const after = watched(["silence", "silence", 511, "silence"], { reference }, { isAlone: true });
    await expect(after).rejects.toMatchObject({ code: "web.offline" });
  });

  it("does not end a watch: whoever is heard again is watched on, and may be ill or well", async () => {
    const quiet: Answered[] = Array.from({ length: 7 }, () => "silence");
    const { outcome, lines } = await watched([OK, ...quiet, OK], { reference }, { isAlone: true });
    expect(outcome).toMatchObject({ exit: 0, outputs: { healthy: true, failures: 0, unclear: 0 } });
    expect(lines).toContainEqual(
      expect.stringMatching(/gives no answer, and neither does https:\/\/example\.test\/ .*watched on$/),
    );
    // All seven were of the network: the first failure is the one that was heard.
    const ill = await watched([OK, ...quiet, F], { reference }, { isAlone: true });
    expect(ill.outcome).toMatchObject({ exit: 3, outputs: { failures: 5, unclear: 7 } });
    expect(ill.minutes).toBe(6);
    const once = await watched([OK, ...quiet, ...quiet, F, OK], { reference }, { isAlone: true });
    expect(once.outcome).toMatchObject({ exit: 0, outputs: { healthy: true } });
  });

  it("is not what is told where the address was heard at the end", async () => {
    const quiet: Answered[] = Array.from({ length: 5 }, () => "silence");
    const heard = watched([OK, ...quiet, F], { reference, for: 4.5 * MINUTE_MS }, { isAlone: true });
    await expect(heard).rejects.toMatchObject({
      code: "web.doubtful",
      message: expect.stringMatching(/answers 503, and not 200: 5 tries said nothing .* 3 failed where 5/),
    });
  });

  it("takes no verdict back that the network has been asked for", async () => {
    const quiet: Answered[] = Array.from({ length: 8 }, () => "silence");
    const web = scripted(quiet);
    const [ports, clock] = [testPorts(), new QuickClock()];
    let asked = 0;
    const get: typeof web.get = async (address, call) => {
      if (!address.startsWith("https://shop.test")) {
        asked += 1;
        // Asked once more it would be silent.
        if (asked > 1) {
          throw new HoldfastError("web.unreachable", `${address} gave no answer`, { hint: "Look." });
        }
      }
      return await web.get(address, call);
    };
    let pulls = 0;
    const watchedOn = { ...readWatched({ ...INPUTS, reference }), forMs: 4 * MINUTE_MS };
    const seen = await watching(
      watchedOn,
      () => {
        pulls += 1;
        return Promise.resolve(pulls === 3);
      },
      { ...ports, clock, web: { get } },
    );
    expect([seen.isIll, pulls, asked]).toEqual([true, 3, 1]);
  });

  it("is not looked for where one of the failures was an answer, or without a reference", async () => {
    const mixed: Answered[] = ["silence", "silence", F, "silence", "silence"];
    const { outcome, asked } = await watched(mixed, { reference }, { isAlone: true });
    expect([outcome.exit, asked.includes("example.test")]).toEqual([3, false]);
    expect((await watched(["silence"], {}, { isAlone: true })).outcome.exit).toBe(3);
  });
});

describe("a watch", () => {
  it("that is cancelled ends at once, in a pause as in a try", async () => {
    const controller = new AbortController();
    const clock = new QuickClock();
    clock.slept = () => controller.abort(new Error("told to stop"));
    const web = scripted([OK]);
    const ports = { ...testPorts({ cancelled: controller.signal }), clock, web };
    await expect(runWatch(INPUTS, ports)).rejects.toThrow("told to stop");
    expect(web.asked).toHaveLength(1);
    await expect(runWatch(INPUTS, ports)).rejects.toThrow("told to stop");
    expect(web.asked).toHaveLength(1);
  });

  it.each([
    ["no address", { url: "shop.test/health" }, "input.malformed"],
    ["another protocol", { url: "ftp://shop.test/" }, "input.malformed"],
    ["a password", { url: "https://ada:s3cr3t@shop.test/" }, "input.malformed"],
    ["a reference with a user", { reference: "https://s3cr3t@shop.test/" }, "input.malformed"],
    ["too short a pause", { every: 999 }, "input.malformed"],
    ["a pause that is longer than the watch", { every: 56 * MINUTE_MS, failures: 1 }, "input.malformed"],
    ["too long a try", { timeout: 6 * MINUTE_MS }, "input.malformed"],
    ["too little time to be ill", { for: 2 * MINUTE_MS }, "input.conflict"],
    ["a branch and no workflow", { ref: "main" }, "input.conflict"],
  ])("refuses %s before anything is asked", async (_, given, code) => {
    const [ports, web] = [testPorts(), scripted([OK])];
    const refused = runWatch({ ...INPUTS, ...given }, { ...ports, web }).catch((error: unknown) => error);
    const error = (await refused) as Error;
    expect(error).toMatchObject({ code, exitCode: 2 });
    expect(JSON.stringify([error.message, error])).not.toMatch(/s3cr3t|very-secret/);
    expect(web.asked).toEqual([]);
  });

  it("gives a reason that means nothing to a shell, and is one short line", () => {
    const hostile = 'https://shop.test/a\'b answers 503`id` $(id) "x" && rm -rf |\n> <y> \\; (5 tries, 30 s)';
    expect(reasonOf(hostile)).toBe("https://shop.test/ab answers 503id id x  rm -rf  y  5 tries, 30 s");
    expect(reasonOf("a".repeat(1000))).toHaveLength(300);
  });
});
