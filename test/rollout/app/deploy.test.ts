import { afterEach, describe, expect, test } from "@jest/globals";
import { appendFileSync, chmodSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { appWorld, told, type AppWorld } from "./support.ts";
import { testInTurn } from "../../support/cases-in-turn.ts";
import { forwarding } from "../../support/decorators.ts";

const worlds: AppWorld[] = [];
async function world(...given: Parameters<typeof appWorld>): Promise<AppWorld> {
  const made = await appWorld(...given);
  worlds.push(made);
  return made;
}
afterEach(async () => {
  const bugs = worlds.flatMap(({ box }) => box.bugs);
  for (const each of worlds.splice(0)) await each[Symbol.asyncDispose]();
  expect(bugs).toEqual([]);
});

const inTurn = testInTurn("deployments of an app", 3);

describe("a good build", () => {
  inTurn("comes to production, and the one of before is a swap away", async () => {
    const app = await world();
    const first = await app.deploy("v1.2.0", await app.packaged("1.2.0"));
    expect(told(first)).toEqual({
      exit: 0,
      outcome: "done",
      production: "1.2.0",
      headline: "shop-rg/shop is 1.2.0, seen well and watched",
    });
    expect(await app.live()).toBe("1.2.0");
    const path = await app.packaged("1.3.0");
    expect(told(await app.deploy("v1.3.0", path))).toMatchObject({ exit: 0, production: "1.3.0" });
    expect(await app.live()).toBe("1.3.0");
    // Twice is as once.
    expect(told(await app.deploy("v1.3.0", path))).toMatchObject({ exit: 0, outcome: "nothing" });
    const back = await app.rollback({ reason: "it is slow" });
    expect(told(back)).toMatchObject({ exit: 0, outcome: "done", production: "1.2.0" });
    expect(await app.live()).toBe("1.2.0");
    expect(await app.live("staging")).toBe("1.3.0");
  });
});

inTurn("a release that no slot holds any more comes back from the store", async () => {
  const app = await world();
  for (const version of ["1.2.0", "1.3.0", "1.4.0"]) {
    expect((await app.deploy(`v${version}`, await app.packaged(version))).exit).toBe(0);
  }
  const found = await app.rollback({ to: "v1.2.0" });
  expect(told(found)).toMatchObject({ exit: 0, outcome: "done", production: "1.2.0" });
  expect([await app.live(), await app.live("staging")]).toEqual(["1.2.0", "1.4.0"]);
  // Where it was not kept, it has to be given, and has to be that one.
  const path = await app.packaged("1.5.0");
  expect((await app.deploy("v1.5.0", path, { keepPackage: false })).exit).toBe(0);
  for (const version of ["1.6.0", "1.7.0"]) await app.deploy(`v${version}`, await app.packaged(version));
  expect(told(await app.rollback({ to: "v1.5.0" }))).toMatchObject({ exit: 3, outcome: "hindered" });
  await expect(app.rollback({ to: "v1.5.0", package: await app.packaged("1.2.0") })).rejects.toMatchObject({
    code: "input.conflict",
  });
  expect(told(await app.rollback({ to: "v1.5.0", package: path }))).toMatchObject({ exit: 0 });
});

inTurn("a package that was changed in the store is not deployed", async () => {
  const app = await world();
  for (const version of ["1.2.0", "1.3.0", "1.4.0"]) {
    await app.deploy(`v${version}`, await app.packaged(version));
  }
  const folder = join(app.store, "packages");
  for (const name of readdirSync(folder)) {
    chmodSync(join(folder, name), 0o600);
    appendFileSync(join(folder, name), "x");
  }
  const found = await app.rollback({ to: "v1.2.0" });
  expect(told(found)).toMatchObject({ exit: 4, outcome: "stopped", production: "1.4.0" });
  expect(found.report.notes.join("\n")).toMatch(/in the store is another package/);
});

describe("a bad build", () => {
  inTurn("that does not answer never comes to production", async () => {
    const app = await world();
    await app.deploy("v1.2.0", await app.packaged("1.2.0"));
    const found = await app.deploy(
      "v1.3.0",
      await app.packaged("1.3.0", "setTimeout(() => process.exit(1), 1);"),
    );
    // The host itself refuses it: that is no verdict of ours.
    expect(told(found)).toMatchObject({ exit: 4, outcome: "undone", production: "1.2.0" });
    expect(await app.live()).toBe("1.2.0");
    // Nothing stays locked.
    expect(
      (await app.host.slot("staging", { signal: new AbortController().signal, withinMs: 60_000 }))!
        .previewInto,
    ).toBeUndefined();
  });

  inTurn("that is another one than was said never comes to production", async () => {
    const app = await world();
    await app.deploy("v1.2.0", await app.packaged("1.2.0"));
    const found = await app.deploy("v1.3.0", await app.packaged("1.2.9"));
    expect(told(found)).toMatchObject({ exit: 3, outcome: "undone", production: "1.2.0" });
    expect(found.report.notes.join("\n")).toMatch(/is well, and is 1\.2\.9 instead of 1\.3\.0/);
    expect(await app.live()).toBe("1.2.0");
  });

  inTurn("whose tests fail never comes to production, and its output is shown", async () => {
    const app = await world();
    await app.deploy("v1.2.0", await app.packaged("1.2.0"));
    app.declare({ tests: "{ paths: [/], command: 'echo asked $HOLDFAST_VERSION; exit 4' }" });
    const found = await app.deploy("v1.3.0", await app.packaged("1.3.0"));
    expect(told(found)).toMatchObject({ exit: 3, outcome: "undone", production: "1.2.0" });
    expect(found.report.notes.join("\n")).toMatch(/ended with 4/);
    expect(await app.live()).toBe("1.2.0");
  });

  inTurn("that is ill once it is production is swapped back, and that is seen well", async () => {
    const app = await world();
    await app.deploy("v1.2.0", await app.packaged("1.2.0"));
    const bad = await app.packaged(
      "1.3.0",
      "if (process.env.ROLE === undefined) setTimeout(() => process.exit(1), 400);",
    );
    app.declare({ soak: "{ for: 40s, every: 1s }" });
    const found = await app.deploy("v1.3.0", bad);
    expect(told(found)).toMatchObject({ exit: 3, outcome: "undone", production: "1.2.0" });
    expect(await app.live()).toBe("1.2.0");
  });
});

inTurn("a preview that a killed run has left is taken over, and released", async () => {
  const app = await world();
  await app.deploy("v1.2.0", await app.packaged("1.2.0"));
  app.declare({ tests: "{ command: exit 1 }" });
  const path = await app.packaged("1.3.0");
  await app.deploy("v1.3.0", path);
  const call = { signal: new AbortController().signal, withinMs: 60_000 };
  await app.host.preview("staging", "production", call);
  expect((await app.host.slot("staging", call))!.previewInto).toBe("production");
  app.declare({ health: "{ path: /, contains: nowhere, tries: 1 }" });
  expect(told(await app.deploy("v1.3.0", path))).toMatchObject({
    exit: 3,
    outcome: "undone",
    production: "1.2.0",
  });
  expect((await app.host.slot("staging", call))!.previewInto).toBeUndefined();
});

inTurn(
  "a rollback that was killed after its swap goes on to where it was going, and no further",
  async () => {
    const app = await world();
    for (const version of ["1.2.0", "1.3.0"]) {
      expect((await app.deploy(`v${version}`, await app.packaged(version))).exit).toBe(0);
    }
    // The store is gone once production is 1.2.0: the journal ends, and no record is written.
    app.aroundStore = (store) =>
      forwarding(store, {
        async put(path, ...given) {
          if (path.startsWith("rollouts/")) throw new Error("killed");
          return await store.put(path, ...given);
        },
      });
    const ended = await app.rollback();
    expect(told(ended)).toMatchObject({ outcome: "incomplete", production: "1.2.0" });
    app.aroundStore = (store) => store;
    // Not to 1.3.0, which is what production was taken back from.
    await expect(app.rollback()).rejects.toMatchObject({ code: "input.conflict" });
    const found = await app.rollback({ resume: String(ended.outputs["run"]) });
    expect(told(found)).toMatchObject({ exit: 0, outcome: "done", production: "1.2.0" });
    expect([await app.live(), await app.live("staging")]).toEqual(["1.2.0", "1.3.0"]);
  },
);

describe("a swap", () => {
  test("that reports failure and happened is believed by what is there", async () => {
    const app = await world({
      faults: {
        appService: [{ fault: "fail-swap", at: 2, happened: true, status: 417, message: "took too long" }],
      },
    });
    await app.deploy("v1.2.0", await app.packaged("1.2.0"));
    const found = await app.deploy("v1.3.0", await app.packaged("1.3.0"));
    expect(told(found)).toMatchObject({ exit: 0, outcome: "done", production: "1.3.0" });
    expect(await app.live()).toBe("1.3.0");
  });

  test("that reports success and did not happen is told, and nothing is swapped back", async () => {
    const app = await world({ faults: { appService: [{ fault: "pretend-swap", at: 2 }] } });
    await app.deploy("v1.2.0", await app.packaged("1.2.0"));
    const found = await app.deploy("v1.3.0", await app.packaged("1.3.0"));
    expect(told(found)).toMatchObject({ exit: 4, outcome: "undone", production: "1.2.0" });
    expect(await app.live()).toBe("1.2.0");
  });

  inTurn("that fails leaves production as it was, and no lock", async () => {
    const app = await world({
      faults: {
        appService: [
          { fault: "fail-swap", at: 2, happened: false, status: 400, message: "could not be started" },
        ],
      },
    });
    await app.deploy("v1.2.0", await app.packaged("1.2.0"));
    expect(told(await app.deploy("v1.3.0", await app.packaged("1.3.0")))).toMatchObject({
      exit: 4,
      outcome: "undone",
      production: "1.2.0",
    });
    expect(told(await app.deploy("v1.3.1", await app.packaged("1.3.1")))).toMatchObject({
      exit: 0,
      production: "1.3.1",
    });
  });
});

inTurn("two at once: one does it, and the other is told who", async () => {
  const app = await world();
  const [one, other] = [await app.packaged("1.2.0"), await app.packaged("1.2.1")];
  const first = app.deploy("v1.2.0", one);
  await pause(150);
  await expect(app.deploy("v1.2.1", other)).rejects.toMatchObject({ code: "lock.held" });
  expect((await first).exit).toBe(0);
});

inTurn("a dry run looks and changes nothing, and its hash is that of the run", async () => {
  const app = await world();
  const path = await app.packaged("1.2.0");
  const dry = await app.deploy("v1.2.0", path, { dryRun: true });
  expect(told(dry)).toMatchObject({ exit: 0, outcome: "planned", production: "" });
  expect(await app.live()).toBeUndefined();
  await expect(app.deploy("v1.2.0", path, { planHash: "0".repeat(64) })).rejects.toMatchObject({
    code: "refused.unconfirmed",
  });
  const done = await app.deploy("v1.2.0", path, { planHash: String(dry.outputs["plan-hash"]) });
  expect(done.exit).toBe(0);
});
