import { afterEach, expect, test } from "@jest/globals";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import { Secret } from "../../../src/kernel/secret.ts";
import type { BlobStore } from "../../../src/ports/blob-store.ts";
import { RELEASE_MARK } from "../../../src/rollout/app/release-mark.ts";
import type { SandboxOptions } from "../../../src/sandbox/start.ts";
import { appWorld, told, type AppWorld } from "./support.ts";
import { testInTurn } from "../../support/cases-in-turn.ts";

/** What others, and the world, do meanwhile. */

const worlds: AppWorld[] = [];
afterEach(async () => {
  for (const each of worlds.splice(0)) await each[Symbol.asyncDispose]();
});
async function world(options: Partial<SandboxOptions> = {}): Promise<AppWorld> {
  const app = await appWorld(options);
  worlds.push(app);
  app.declare({ soak: "{ for: 2s, every: 1s }" });
  return app;
}
const call = { signal: new AbortController().signal, withinMs: 60_000 };

function through(store: BlobStore, more: Partial<BlobStore>): BlobStore {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(more, name) ?? Reflect.get(target, name);
      return typeof value === "function" ? (value as () => unknown).bind(target) : value;
    },
  });
}

/** Everything fails from the moment on at which it would swap for the nth time. */
async function killedAtSwap(nth: number, app: AppWorld, deploy: () => Promise<unknown>): Promise<string> {
  const { aroundStore } = app;
  let swaps = 0;
  let isDead = false;
  const wrap = <T extends object>(port: T): T =>
    new Proxy(port, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return (...args: readonly unknown[]): unknown => {
          if (name === "swap" && ++swaps === nth) isDead = true;
          if (isDead) throw new Error("killed");
          return (value as (...all: readonly unknown[]) => unknown).apply(target, [...args]);
        };
      },
    });
  app.around = wrap;
  app.aroundStore = (store) => wrap(aroundStore(store));
  await deploy().catch(() => undefined);
  expect(isDead).toBe(true);
  app.around = (host) => host;
  app.aroundStore = aroundStore;
  rmSync(join(app.store, "locks"), { recursive: true, force: true });
  return readdirSync(join(app.store, "journals")).sort().at(-1)!;
}

const inTurn = testInTurn("what happens around a deployment", 3);

inTurn("a rollback of an ill app whose swap is refused releases its preview", async () => {
  const app = await world({
    faults: {
      appService: [{ fault: "fail-swap", at: 3, happened: false, status: 400, message: "could not" }],
    },
  });
  await app.deploy("v1.2.0", await app.packaged("1.2.0"));
  // Well while it is watched, ill a while later: the reason why anybody goes back.
  const bad = await app.packaged(
    "1.3.0",
    "import { existsSync } from 'node:fs'; if (process.env.ILL === '1') setTimeout(() => process.exit(1), " +
      "1);",
  );
  expect((await app.deploy("v1.3.0", bad)).exit).toBe(0);
  await app.host.putSettings(
    "production",
    new Map([...(await app.host.settings("production", call)), ["ILL", new Secret("1")]]),
    call,
  );
  const found = await app.rollback();
  const pending = (await app.host.slot("staging", call))!.previewInto;
  expect([found.outputs["outcome"], pending]).toEqual(["undone", undefined]);
  // App Service swaps again from here on.
  expect(told(await app.rollback())).toMatchObject({ exit: 0, production: "1.2.0" });
});

test("a swap back brings back what was there before, not what the slot holds by then", async () => {
  const app = await world();
  await app.deploy("v1.2.0", await app.packaged("1.2.0"));
  const bad = await app.packaged(
    "1.3.0",
    "if (process.env.ROLE === undefined) setTimeout(() => process.exit(1), 400);",
  );
  app.declare({ soak: "{ for: 40s, every: 1s }" });
  // Killed right before it swaps back.
  const run = await killedAtSwap(2, app, () => app.deploy("v1.3.0", bad));
  // Somebody tries a fix, whose tests fail: it stays in the slot, and never comes to production.
  app.declare({ tests: "{ command: exit 1 }" });
  await app.deploy("v1.4.0", await app.packaged("1.4.0"));
  app.declare({ soak: "{ for: 40s, every: 1s }" });
  await app.deploy("v1.3.0", bad, { resume: run });
  expect(await app.live()).not.toBe("1.4.0");
});

inTurn("a store that does not answer for one record is not the reason to go back further", async () => {
  const app = await world();
  for (const version of ["1.1.0", "1.2.0", "1.3.0"]) {
    expect((await app.deploy(`v${version}`, await app.packaged(version))).exit).toBe(0);
  }
  const second = readdirSync(join(app.store, "journals")).sort()[1]!;
  app.aroundStore = (store) =>
    through(store, {
      get: (path) =>
        path.startsWith("rollouts/") && path.includes(second)
          ? Promise.reject(new HoldfastError("store.unreachable", "503 from the store", { hint: "again" }))
          : store.get(path),
    });
  await app.rollback().then(
    (done) => [told(done), done.report.notes],
    (error: unknown) => String(error),
  );
  expect(await app.live()).not.toBe("1.1.0");
});

inTurn(
  "an old record that a rule of the store's has archived ends no deployment and no rollback",
  async () => {
    const app = await world();
    for (const version of ["1.1.0", "1.2.0"]) await app.deploy(`v${version}`, await app.packaged(version));
    const [oldest] = readdirSync(join(app.store, "journals")).sort();
    const path = (asked: string): boolean => asked.startsWith("rollouts/") && asked.includes(oldest!);
    app.aroundStore = (store) =>
      through(store, {
        get: (asked, range) =>
          path(asked)
            ? Promise.reject(
                new HoldfastError("store.archived", `${asked} is archived`, { hint: "rehydrate" }),
              )
            : store.get(asked, range),
      });
    expect(told(await app.deploy("v1.3.0", await app.packaged("1.3.0")))).toMatchObject({ exit: 0 });
    const back = await app.rollback();
    expect(told(back)).toMatchObject({ exit: 0, production: "1.2.0" });
    expect(back.report.notes.filter((note) => note.includes("could not be read"))).toEqual([
      expect.stringContaining(`${oldest!}.json could not be read, and does not count: `),
    ]);
  },
);

/** Of the first record's file neither what it says is there, nor its date: a bad inode. */
function rotten(store: BlobStore, run: string): BlobStore {
  const isIt = (path: string): boolean => path.startsWith("rollouts/") && path.includes(run);
  return through(store, {
    get: (path, range) =>
      isIt(path)
        ? Promise.reject(new HoldfastError("store.unreadable", "EBADMSG", { hint: "x" }))
        : store.get(path, range),
    async *list(prefix) {
      for await (const blob of store.list(prefix)) {
        yield isIt(blob.path) ? { ...blob, size: 0, etag: "", modifiedAt: new Date(0) } : blob;
      }
    },
  });
}

inTurn("a run is not gone on with over a newer one because an old record lost its date", async () => {
  const app = await world();
  await app.deploy("v1.1.0", await app.packaged("1.1.0"));
  const [oldest] = readdirSync(join(app.store, "journals"));
  app.aroundStore = (store) => rotten(store, oldest!);
  const two = await app.packaged("1.2.0");
  const killed = await killedAtSwap(1, app, () => app.deploy("v1.2.0", two));
  expect(told(await app.deploy("v1.3.0", await app.packaged("1.3.0")))).toMatchObject({ exit: 0 });
  await expect(app.deploy("v1.2.0", two, { resume: killed })).rejects.toMatchObject({
    code: "input.conflict",
    message: expect.stringContaining("1.3.0 was deployed"),
  });
  expect(await app.live()).toBe("1.3.0");
});

inTurn("a run is gone on with though an old record has lost its date since", async () => {
  const app = await world();
  await app.deploy("v1.0.0", await app.packaged("1.0.0"));
  await app.deploy("v1.1.0", await app.packaged("1.1.0"));
  const [oldest] = readdirSync(join(app.store, "journals")).sort();
  const two = await app.packaged("1.2.0");
  const killed = await killedAtSwap(1, app, () => app.deploy("v1.2.0", two));
  app.aroundStore = (store) => rotten(store, oldest!);
  const done = await app.deploy("v1.2.0", two, { resume: killed });
  expect(told(done)).toMatchObject({ exit: 0, production: "1.2.0" });
});

inTurn("a runner whose clock goes wrong does not close the button", async () => {
  const app = await world();
  const clocked = (ms: number) => {
    const ports = app.ports();
    const { clock } = ports;
    return {
      ...ports,
      clock: new Proxy(clock, {
        get(target, name) {
          if (name === "now") return () => new Date(target.now().getTime() + ms);
          const value: unknown = Reflect.get(target, name);
          return typeof value === "function" ? (value as () => unknown).bind(target) : value;
        },
      }),
    };
  };
  await app.deploy("v1.1.0", await app.packaged("1.1.0"));
  await app.deploy("v1.2.0", await app.packaged("1.2.0"), {}, clocked(20 * 60_000));
  await app.deploy("v1.3.0", await app.packaged("1.3.0"));
  await app.rollback().then(told, (error: unknown) => String(error));
  expect(await app.live()).toBe("1.2.0");
});

inTurn("a slot that was only made is not marked with what it does not hold", async () => {
  const app = await world();
  await app.deploy("v1.2.0", await app.packaged("1.2.0"));
  await app.host.removeSlot("staging", call);
  await app.host.makeSlot("staging", call, [RELEASE_MARK]);
  const mark = (await app.host.settings("staging", call)).get(RELEASE_MARK)?.reveal();
  expect(mark).toBeUndefined();
});

test("one app has one change at a time, however its environment is called", async () => {
  const app = await world();
  const [one, other] = [await app.packaged("1.2.0"), await app.packaged("1.2.1")];
  const ends = await Promise.allSettled([
    app.deploy("v1.2.0", one),
    app.deploy("v1.2.1", other, { environment: "prod" }),
  ]);
  expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

inTurn("what a deployment is judged by is part of what is approved", async () => {
  const app = await world();
  const path = await app.packaged("1.2.0");
  const dry = await app.deploy("v9.9.9", path, { dryRun: true });
  // Nobody asks which build it is any more, and every request may fail.
  app.declare({
    health: "{ path: /, status: 200, tries: 3, every: 1s }",
    soak: "{ for: 2s, every: 1s, failures: 1 }",
  });
  await app
    .deploy("v9.9.9", path, { planHash: String(dry.outputs["plan-hash"]) })
    .then(told, (error: unknown) => String(error));
  expect(await app.live()).toBeUndefined();
});

inTurn("a swap of which nobody knows yet is not said to be taken back", async () => {
  const app = await world();
  await app.deploy("v1.2.0", await app.packaged("1.2.0"));
  const path = await app.packaged("1.3.0");
  let late: Promise<unknown> | undefined;
  // The host took it, its answer was lost, and it shows it a while later: "unknown", as the port has it.
  app.around = (host) =>
    new Proxy(host, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        if (name !== "swap" || late !== undefined) return (value as () => unknown).bind(target);
        return (...given: Parameters<typeof host.swap>) => {
          const signal = new AbortController().signal;
          late = new Promise((done) => setTimeout(done, 1_500)).then(() =>
            target.swap(given[0], given[1], { signal, withinMs: 600_000 }),
          );
          return Promise.resolve({
            outcome: "unknown",
            failure: undefined,
            before: undefined,
            after: undefined,
          });
        };
      },
    });
  const found = await app.deploy("v1.3.0", path);
  await late;
  expect([found.outputs["outcome"], await app.live()]).not.toEqual(["undone", "1.3.0"]);
});

inTurn("a swap that a killed run has prepared for another build is released by the next one", async () => {
  const app = await world();
  await app.deploy("v1.2.0", await app.packaged("1.2.0"));
  await app.deploy("v1.3.0", await app.packaged("1.3.0"));
  await app.host.preview("staging", "production", call);
  const dry = await app.deploy("v1.4.0", await app.packaged("1.4.0"), { dryRun: true });
  expect(JSON.stringify(dry.outputs["plan"])).toContain(
    "release the swap of staging that was prepared before",
  );
  expect(told(await app.deploy("v1.4.0", await app.packaged("1.4.0")))).toMatchObject({
    exit: 0,
    production: "1.4.0",
  });
});

inTurn("a mark that sticks to its slot is refused before anything is begun", async () => {
  const app = await world();
  await app.deploy("v1.2.0", await app.packaged("1.2.0"));
  await app.box.arm("PUT", "config/slotConfigNames", { properties: { appSettingNames: [RELEASE_MARK] } });
  const found = await app.deploy("v1.3.0", await app.packaged("1.3.0"));
  expect(told(found)).toMatchObject({ exit: 3, outcome: "hindered", production: "1.2.0" });
  expect(found.report.notes.join("\n")).toContain("sticks to its slot");
});

inTurn("where somebody has left what was ours nobody guesses what was good", async () => {
  const app = await world();
  for (const version of ["1.2.0", "1.3.0"]) await app.deploy(`v${version}`, await app.packaged(version));
  const settings = new Map(await app.host.settings("production", call));
  settings.delete(RELEASE_MARK);
  await app.host.putSettings("production", settings, call);
  await expect(app.rollback()).rejects.toMatchObject({ code: "input.conflict" });
});

inTurn("a run's timeline is a page that stands alone", async () => {
  const app = await world();
  const timeline = join(app.store, "..", "timeline.html");
  const done = await app.deploy("v1.2.0", await app.packaged("1.2.0"), { timeline });
  expect(done.report.mermaid).toMatch(/^gantt\n/);
  expect(readFileSync(timeline, "utf8")).toMatch(/<svg [^]*swap staging with production/);
});
