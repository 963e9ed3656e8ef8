import { afterEach, describe, expect, test } from "@jest/globals";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { sampled } from "../../support/sampling.ts";
import { appWorld, told, type AppWorld } from "./support.ts";

const worlds: AppWorld[] = [];
afterEach(async () => {
  for (const each of worlds.splice(0)) await each[Symbol.asyncDispose]();
});

/** That the process is gone: whatever it would do next never happens. */
class Killed extends Error {}

/** All places of a thorough run. */
const SWEEP_MS = 30 * 60_000;

/** Calls of a port are counted; from one of them on nothing gets through. */
function dying(
  at: number,
  when: "before" | "after",
): { readonly wrap: <T extends object>(port: T) => T; readonly calls: string[] } {
  const calls: string[] = [];
  let isDead = false;
  const wrap = <T extends object>(port: T): T =>
    new Proxy(port, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return (...args: readonly unknown[]): unknown => {
          if (isDead) throw new Killed();
          calls.push(String(name));
          isDead = calls.length === at;
          if (isDead && when === "before") throw new Killed();
          const given: unknown = (value as (...all: readonly unknown[]) => unknown).apply(target, [...args]);
          if (!isDead) return given;
          // A listing is one call, and dies where it is looked at.
          if (!(given instanceof Promise)) return dead();
          return Promise.resolve(given).then(() => {
            throw new Killed();
          });
        };
      },
    });
  return { wrap, calls };
}

function dead(): AsyncIterable<never> {
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Killed()) }) };
}

/** Locks live for minutes after their owner; how they are taken over is another test. */
function forgetLocks({ store }: AppWorld): void {
  rmSync(join(store, "locks"), { recursive: true, force: true });
}

/** A question that was not answered is like any other; what changes something is like none. */
function kindOf({ call, when }: { readonly call: string; readonly when: string }): string {
  const isQuestion = /^(?:get|stat|list|check|app|slot|settings|differences|pack)$/.test(call);
  return isQuestion ? `${when} asking` : `${when} ${call}`;
}

async function halfway(): Promise<{ readonly app: AppWorld; readonly path: string }> {
  const app = await appWorld();
  worlds.push(app);
  app.declare({ soak: "{ for: 2s, every: 1s }" });
  await app.deploy("v1.2.0", await app.packaged("1.2.0"));
  return { app, path: await app.packaged("1.3.0") };
}

describe("killed before or after any call of host or store", () => {
  test(
    "the run that is gone on with ends in the new build, swapped once",
    async () => {
      const counting = dying(0, "before");
      const { app: first, path: one } = await halfway();
      first.around = counting.wrap;
      first.aroundStore = counting.wrap;
      await first.deploy("v1.3.0", one);
      expect(counting.calls.length).toBeGreaterThan(50);
      const places = counting.calls.flatMap((call, index) =>
        (["before", "after"] as const).map((when) => ({ at: index + 1, when, call })),
      );
      const thinning = { every: 30, kind: kindOf, share: { way: 0, ways: 2 } };
      for (const place of sampled("a deployment killed at any call", places, thinning)) {
        const { app, path } = await halfway();
        const { wrap } = dying(place.at, place.when);
        app.around = wrap;
        app.aroundStore = wrap;
        await app.deploy("v1.3.0", path).catch(() => undefined);
        app.around = (each) => each;
        app.aroundStore = (each) => each;
        forgetLocks(app);
        const [, run] = runs(app);
        const found = await app.deploy("v1.3.0", path, run === undefined ? {} : { resume: run });
        expect({ ...place, ...told(found) }).toMatchObject({ ...place, exit: 0, production: "1.3.0" });
        expect({ ...place, live: await app.live(), slot: await app.live("staging") }).toEqual({
          ...place,
          live: "1.3.0",
          slot: "1.2.0",
        });
        // One brought 1.2.0, one 1.3.0; a third would have taken it back.
        expect({ ...place, swaps: swaps(app) }).toMatchObject({ ...place, swaps: 2 });
        await app[Symbol.asyncDispose]();
        worlds.splice(worlds.indexOf(app), 1);
      }
    },
    SWEEP_MS,
  );
});

function runs({ store }: AppWorld): readonly string[] {
  return readdirSync(join(store, "journals")).sort();
}

function swaps({ box }: AppWorld): number {
  return box.heard.filter((line) => /slotsswap/.test(line)).length;
}
