import { describe, expect, it } from "@jest/globals";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import { MemoryFunctions } from "../../fakes/memory-functions.ts";
import { forwarding } from "../../support/decorators.ts";
import { PROJECT, World } from "./world.ts";

const V1 = { auth: { version: "1.0.0" }, orders: { version: "1.0.0", needs: ["auth@^1.0.0"] } };
const V2 = {
  auth: { version: "1.1.0" },
  orders: { version: "2.0.0", needs: ["auth@^1.1.0"] },
  mail: { version: "1.0.0" },
};
const BROKEN = { ...V2, orders: { ...V2.orders, text: "CRASH" } };
const TEXTS_1 = { auth: "serve auth 1.0.0", orders: "serve orders 1.0.0" };
const TEXTS_2 = { auth: "serve auth 1.1.0", mail: "serve mail 1.0.0", orders: "serve orders 2.0.0" };

/** A process that is killed at one of its calls of the outside, before or after that is done. */
class Process {
  readonly killed: Promise<"killed">;
  readonly #at: number;
  readonly #when: "before" | "after";
  #calls = 0;
  #isDead = false;
  #die: (word: "killed") => void = () => undefined;

  constructor(at: number, when: "before" | "after") {
    this.#at = at;
    this.#when = when;
    this.killed = new Promise((resolve) => (this.#die = resolve));
  }

  get calls(): number {
    return this.#calls;
  }

  async around<T>(work: () => Promise<T>): Promise<T> {
    await this.#moment("none");
    this.#calls += 1;
    const isIt = this.#calls === this.#at;
    if (isIt) await this.#moment("before");
    try {
      return await work();
    } finally {
      await this.#moment(isIt ? "after" : "none");
    }
  }

  /** What is dead waits for ever. */
  async #moment(moment: "before" | "after" | "none"): Promise<void> {
    if (moment === this.#when && !this.#isDead) {
      this.#isDead = true;
      this.#die("killed");
    }
    if (this.#isDead) await new Promise<never>(() => undefined);
  }
}

/** The world as one process reaches it. */
function portsOf(world: World, process: Process): ReturnType<World["ports"]> {
  const host = new MemoryFunctions(PROJECT, world.shelf);
  const guarded = new Proxy(host, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function"
        ? (...args: unknown[]) => process.around(() => Reflect.apply(value, target, args) as Promise<unknown>)
        : value;
    },
  });
  const { store: real } = world;
  const store = forwarding(real, {
    get: (...args) => process.around(() => real.get(...args)),
    put: (...args) => process.around(() => real.put(...args)),
    replace: (...args) => process.around(() => real.replace(...args)),
    remove: (path) => process.around(() => real.remove(path)),
  });
  return world.ports({ host: guarded, store });
}

async function at1(next: Parameters<World["commit"]>[0]): Promise<World> {
  const world = new World();
  world.commit(V1);
  await world.deploy();
  world.commit(next);
  return world;
}

/** The run that was begun and has not ended; undefined where there is none. */
function openRun(world: World): string | undefined {
  const runs = [...world.store.blobs.keys()].flatMap((path) => /^journals\/([^/]+)\//.exec(path)?.[1] ?? []);
  return [...new Set(runs)].sort()[1];
}

/** Kills a deployment at its nth call; `undefined` where it has fewer. */
async function killedAt(world: World, at: number, when: "before" | "after"): Promise<Outcome | "killed"> {
  const process = new Process(at, when);
  const work = world.deploy({}, portsOf(world, process));
  work.catch(() => undefined);
  const end = await Promise.race([work, process.killed]);
  if (end === "killed") {
    // Four minutes after its last sign of life a lock counts as left behind.
    world.clock.sleep(10 * 60_000).catch(() => undefined);
    await world.clock.run(world.clock.sleep(10 * 60_000));
  }
  return end;
}

describe("a deployment that is killed at any call of host or store", () => {
  for (const when of ["before", "after"] as const) {
    it(`${when} it is done, is gone on with to the same end, and does only what is missing`, async () => {
      let kills = 0;
      for (let at = 1; ; at += 1) {
        const world = await at1(V2);
        if ((await killedAt(world, at, when)) !== "killed") break;
        kills += 1;
        const run = openRun(world);
        world.calls();
        const outcome = await world.deploy(run === undefined ? {} : { resume: run });
        expect([at, outcome.exit, world.served]).toEqual([at, 0, TEXTS_2]);
        expect(
          world.shelf
            .list()
            .map(({ slug, version }) => `${slug} ${version}`)
            .sort(),
        ).toEqual(["auth 2", "mail 1", "orders 2"]);
        const calls = world.calls();
        expect(calls.filter((call) => call === "activate").length).toBeLessThanOrEqual(1);
        for (const slug of ["auth", "orders", "mail"]) {
          expect(calls.filter((call) => call === `upload ${slug}`).length).toBeLessThanOrEqual(1);
        }
      }
      expect(kills).toBeGreaterThan(40);
    });

    it(`${when} it is done, and that would have failed, is taken back to what was served`, async () => {
      let kills = 0;
      for (let at = 1; ; at += 1) {
        const world = await at1(BROKEN);
        if ((await killedAt(world, at, when)) !== "killed") break;
        kills += 1;
        const run = openRun(world);
        const outcome = await world.deploy(run === undefined ? {} : { resume: run });
        expect([at, outcome.outputs["outcome"], world.served]).toEqual([at, "undone", TEXTS_1]);
      }
      expect(kills).toBeGreaterThan(40);
    });
  }
});
