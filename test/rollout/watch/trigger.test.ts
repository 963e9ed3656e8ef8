import { describe, expect, it } from "@jest/globals";
import type { KeptRun } from "../../support/github/fake-releases.ts";
import { MINUTE_MS, type Answered } from "./scripted.ts";
import { watchWorld, type WatchWorld } from "./support.ts";

const [F, OK] = [503, 200] as const;
const START = "POST /repos/acme/shop/actions/workflows/rollback.yml/dispatches";
const RUNS = "GET /repos/acme/shop/actions/workflows/rollback.yml/runs";
const RUN_1 = "https://github.com/acme/shop/actions/runs/1";

function runOf(world: WatchWorld, minutesAgo: number, given: Partial<KeptRun> = {}): KeptRun {
  return {
    workflow: "rollback.yml",
    ref: "main",
    sha: world.fake.ref("refs/heads/main")!,
    inputs: {},
    status: "completed",
    conclusion: "success",
    created: new Date(world.clock.ms - minutesAgo * MINUTE_MS),
    ...given,
  };
}

const starts = ({ fake }: WatchWorld): number => fake.written.filter(({ call }) => call === START).length;

describe("an address that is ill", () => {
  it("starts the workflow on the default branch, says why, and tells where it runs", async () => {
    await using world = await watchWorld();
    expect(await world.watch([OK, F])).toMatchObject({
      exit: 3,
      outputs: { healthy: false, tries: 6, failures: 5, started: RUN_1 },
      report: { notes: [expect.any(String), expect.stringContaining("acme/shop on its default branch")] },
    });
    expect(world.fake.runs).toMatchObject([
      {
        ref: "main",
        inputs: {
          trigger: "health-check",
          reason: "https://shop.test/health answers 503, and not 200: 5 tries in a row failed, 30 s apart",
        },
      },
    ]);
    expect(world.fake.written.find(({ call }) => call === START)!.body).toMatchObject({
      ref: "refs/heads/main",
    });
    expect(world.fake.wrong).toEqual([]);
    expect(JSON.stringify([world.fake.written, world.lines])).not.toContain("very-secret");
  });

  it("starts it on a branch or tag that is named; one that is not there is found out first", async () => {
    for (const [ref, whole] of [
      ["hotline", "refs/heads/hotline"],
      ["refs/tags/v1.2.0", "refs/tags/v1.2.0"],
    ] as const) {
      await using world = await watchWorld();
      await world.watch([F], { ref });
      expect(world.fake.written.at(-1)).toMatchObject({ call: START, body: { ref: whole } });
    }
    await using world = await watchWorld();
    const refused = world.watch([F], { ref: "hotlin" });
    await expect(refused).rejects.toMatchObject({ code: "input.malformed", exitCode: 2 });
    expect(world.lines).toEqual([]);
  });

  it("starts nothing where it flaps, or where only that was to be shown", async () => {
    await using world = await watchWorld();
    const flapping: Answered[] = [F, F, OK, F, F, F, F, OK, F, F, F, F, OK];
    expect(await world.watch(flapping)).toMatchObject({ exit: 0, outputs: { healthy: true, started: "" } });
    expect(await world.watch([F], { dryRun: true })).toMatchObject({
      exit: 3,
      outputs: { started: "" },
      report: { notes: [expect.any(String), "would start rollback.yml of acme/shop on its default branch"] },
    });
    expect(world.fake.written).toEqual([]);
  });

  it.each(["queued", "in_progress", "waiting", "pending"])(
    "does not start it a second time while a run is %s, however old that is",
    async (status) => {
      await using world = await watchWorld();
      const finished = runOf(world, 90);
      world.fake.runs = [finished, runOf(world, 3000, { status, conclusion: null })];
      const outcome = await world.watch([F]);
      expect(outcome).toMatchObject({ exit: 3, outputs: { started: RUN_1 } });
      expect(outcome.report.notes[1]).toContain(`was not started again: ${RUN_1} counts, it is `);
      expect(starts(world)).toBe(0);
    },
  );

  it("does not start it within the cool-down of a run, whatever that came to", async () => {
    await using world = await watchWorld();
    // Two minutes pass until it is ill.
    world.fake.runs = [runOf(world, 27, { conclusion: "failure" })];
    const outcome = await world.watch([F]);
    expect(outcome).toMatchObject({ exit: 3, outputs: { started: RUN_1 } });
    expect(outcome.report.notes[1]).toMatch(
      /it began 29 min 00 s ago, within 30 min 00 s, and came to failure$/,
    );
    expect(starts(world)).toBe(0);
    world.fake.runs = [runOf(world, 29)];
    expect((await world.watch([F])).outputs["started"]).toBe("https://github.com/acme/shop/actions/runs/2");
    // The one that was just started keeps the next watch from it, also by a clock that is behind.
    world.fake.runs[0]!.status = "completed";
    expect(await world.watch([F], {}, -10 * MINUTE_MS)).toMatchObject({ exit: 3 });
    expect(starts(world)).toBe(1);
  });
});

describe("a GitHub that cannot be asked", () => {
  it("is not taken for one without runs: it is asked again with each try, until it answers", async () => {
    await using world = await watchWorld();
    world.fake.runs = [runOf(world, 10)];
    // The look at the beginning passes; then each try is asked five times by the client itself.
    world.fake.faults = [{ on: RUNS, after: 1, times: 10, status: 500 }];
    expect(await world.watch([F])).toMatchObject({ exit: 3, outputs: { tries: 7, started: RUN_1 } });
    expect(world.lines.filter((line) => line.startsWith("rollback.yml was not started: "))).toHaveLength(2);
    expect(starts(world)).toBe(0);
  });

  it.each([
    ["500", { status: 500 }, "forge.unreachable"],
    ["no answer", { status: "cut" }, "forge.unreachable"],
    ["403", { status: 403, message: "Resource not accessible by integration" }, "forge.untold"],
  ] as const)("until the end (%s) ends with exit 4, says so, and starts nothing", async (_, fault, code) => {
    await using world = await watchWorld();
    world.fake.faults = [{ on: RUNS, after: 1, ...fault }];
    await expect(world.watch([F], { for: 4 * MINUTE_MS })).rejects.toMatchObject({
      code,
      exitCode: 4,
      message: expect.stringContaining("on its default branch was NOT started"),
    });
    expect(starts(world)).toBe(0);
  });

  it("is asked again with a failure, and not by an answer that says nothing about a release", async () => {
    await using world = await watchWorld();
    // The first asking fails to its end; the next one would be answered.
    world.fake.faults = [{ on: RUNS, after: 1, times: 5, status: 500 }];
    const limited: Answered[] = [OK, F, F, F, F, F, 429];
    await expect(world.watch(limited, { for: 6 * MINUTE_MS })).rejects.toMatchObject({
      code: "forge.unreachable",
      message: expect.stringContaining("answers 503, and not 200: 5 tries in a row failed"),
    });
    expect(starts(world)).toBe(0);
    world.fake.faults = [{ on: RUNS, after: 1, times: 5, status: 500 }];
    expect(await world.watch([...limited, F])).toMatchObject({
      exit: 3,
      outputs: { started: RUN_1, tries: 8 },
    });
  });

  it("does not keep a watch from going on where the address is well again", async () => {
    await using world = await watchWorld();
    world.fake.faults = [{ on: RUNS, after: 1, status: 500 }];
    expect(await world.watch([F, F, F, F, F, F, OK])).toMatchObject({ exit: 0, outputs: { healthy: true } });
    expect(starts(world)).toBe(0);
  });

  it("in the beginning is no reason not to watch; a workflow that is not shown is one", async () => {
    await using world = await watchWorld();
    world.fake.faults = [{ on: RUNS, times: 5, status: 502 }];
    expect(await world.watch([F])).toMatchObject({ exit: 3, outputs: { started: RUN_1 } });
    expect(world.lines[0]).toContain("it is asked again when the workflow is to be started");
    world.lines.length = 0;
    const misspelt = world.watch([F], { workflow: "rolback.yml" });
    await expect(misspelt).rejects.toMatchObject({
      code: "forge.untold",
      hint: expect.stringContaining("correct --workflow"),
    });
    world.fake.rights = "none";
    await expect(world.watch([F])).rejects.toMatchObject({ code: "forge.untold", exitCode: 4 });
    world.fake.faults = [{ status: 401 }];
    await expect(world.watch([F])).rejects.toMatchObject({ code: "forge.denied" });
    expect(world.lines).toEqual([]);
  });

  it("that refuses the start ends the watch, and leaves nobody waiting", async () => {
    await using world = await watchWorld();
    world.fake.mayStart = false;
    const denied = world.watch([F]);
    await expect(denied).rejects.toMatchObject({
      code: "forge.denied",
      hint: expect.stringContaining("actions: write"),
    });
    world.fake.mayStart = true;
    world.fake.faults = [{ on: START, times: 1, status: 422, message: "Unexpected inputs provided" }];
    await expect(world.watch([F])).rejects.toMatchObject({ code: "forge.refused", exitCode: 4 });
    expect(await world.watch([F])).toMatchObject({ outputs: { tries: 5, started: RUN_1 } });
  });
});

describe("a start whose answer is lost", () => {
  it("is found by the run, and not made again", async () => {
    await using world = await watchWorld();
    world.fake.faults = [{ on: START, times: 1, status: "done-then-cut" }];
    expect(await world.watch([F])).toMatchObject({ exit: 3, outputs: { tries: 6, started: RUN_1 } });
    expect(world.fake.runs).toHaveLength(1);
  });

  it("is made again once it is certain that it never arrived", async () => {
    await using world = await watchWorld();
    world.fake.faults = [{ on: START, times: 1, status: "cut" }];
    expect(await world.watch([F])).toMatchObject({ exit: 3, outputs: { started: RUN_1, tries: 15 } });
    expect(world.lines).toContainEqual(
      expect.stringContaining("its run is looked for before it is started again"),
    );
    expect(world.fake.runs).toHaveLength(1);
  });
});

describe("several watchers", () => {
  /** Lets nobody write there before all of them are about to. */
  function meetingAt(world: WatchWorld, path: string, count: number): void {
    let waiting = 0;
    let all: () => void = () => undefined;
    const met = new Promise<void>((resolve) => (all = resolve));
    world.fake.beforeWrite = async (call) => {
      if (call !== path) return;
      waiting += 1;
      if (waiting === count) all();
      await met;
    };
  }

  it("that all find it ill in the same moment start it once", async () => {
    await using world = await watchWorld();
    meetingAt(world, "POST /repos/acme/shop/git/refs", 3);
    const outcomes = await Promise.all([world.watch([F]), world.watch([F]), world.watch([F])]);
    expect(outcomes.map(({ exit, outputs }) => [exit, outputs["started"]])).toEqual(
      Array(3).fill([3, RUN_1]),
    );
    expect([starts(world), world.fake.wrong]).toEqual([1, []]);
  });

  it("without `contents: write` are not kept apart, which each of them says", async () => {
    await using world = await watchWorld();
    world.fake.mayWriteContents = false;
    meetingAt(world, START, 2);
    const outcomes = await Promise.all([world.watch([F]), world.watch([F])]);
    expect(outcomes.map(({ exit }) => exit)).toEqual([3, 3]);
    expect(starts(world)).toBe(2);
    const said = world.lines.filter((line) => line.startsWith("no other watcher is kept from starting it"));
    expect(said).toHaveLength(2);
    // Whoever looks later finds what was started.
    expect(await world.watch([F])).toMatchObject({ exit: 3 });
    expect(starts(world)).toBe(2);
  });

  it("take over from one that was killed right after its claim, once that is old", async () => {
    await using world = await watchWorld();
    await world.leaveClaim();
    const both = [world.watch([F]), world.watch([F])];
    const [began, outcomes] = [world.clock.ms, await Promise.all(both)];
    expect(outcomes.map(({ exit, outputs }) => [exit, outputs["started"]])).toEqual(
      Array(2).fill([3, RUN_1]),
    );
    expect(world.clock.ms - began).toBeGreaterThanOrEqual(5 * MINUTE_MS);
    expect(world.lines).toContainEqual(expect.stringContaining("another watcher is starting it"));
    expect(starts(world)).toBe(1);
  });

  it("look again while they have the claim: a run that came meanwhile counts", async () => {
    await using world = await watchWorld();
    world.fake.beforeWrite = (call) => {
      if (call.endsWith("/git/refs")) world.fake.runs.unshift(runOf(world, 0, { status: "queued" }));
      return Promise.resolve();
    };
    expect(await world.watch([F])).toMatchObject({ exit: 3, outputs: { started: RUN_1 } });
    expect(starts(world)).toBe(0);
  });

  it("start nothing by a claim that has grown old meanwhile, and begin anew", async () => {
    await using world = await watchWorld();
    let isSlow = true;
    world.fake.beforeWrite = (call) => {
      if (call.endsWith("/git/refs") && isSlow) world.clock.ms += 4 * MINUTE_MS;
      if (call.endsWith("/git/refs")) isSlow = false;
      return Promise.resolve();
    };
    expect(await world.watch([F])).toMatchObject({ exit: 3, outputs: { started: RUN_1 } });
    expect(world.lines).toContainEqual(expect.stringContaining("took so long to answer"));
    expect(starts(world)).toBe(1);
  });

  it("say so where another's claim is held until the end", async () => {
    await using world = await watchWorld();
    await world.leaveClaim();
    expect(await world.watch([F], { for: 4 * MINUTE_MS })).toMatchObject({
      exit: 3,
      outputs: { started: "" },
      report: { notes: [expect.any(String), expect.stringContaining("another watcher is starting it")] },
    });
    expect(starts(world)).toBe(0);
  });
});
