import { afterEach, expect, test } from "@jest/globals";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import type { BlobStore } from "../../../src/ports/blob-store.ts";
import { appWorld, type AppWorld } from "./support.ts";

/** The store goes away: before anything is begun, and in the midst of it. */

const worlds: AppWorld[] = [];
afterEach(async () => {
  for (const each of worlds.splice(0)) await each[Symbol.asyncDispose]();
});

async function world(): Promise<AppWorld> {
  const app = await appWorld();
  worlds.push(app);
  app.declare({ soak: "{ for: 2s, every: 1s }" });
  expect((await app.deploy("v1.0.0", await app.packaged("1.0.0"))).exit).toBe(0);
  return app;
}

/**
 * A store into which no journal can be written from the nth entry on.
 *
 * @param also what else can not be written from then on
 */
function lostFrom(nth: number, inner: BlobStore, also: (path: string) => boolean = () => false): BlobStore {
  let entries = 0;
  return new Proxy(inner, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (name === "put") {
        return async (...call: Parameters<BlobStore["put"]>) => {
          const [path] = call;
          const isJournal = path.startsWith("journals/");
          if (isJournal) entries += 1;
          if (entries >= nth && (isJournal || also(path))) {
            throw new HoldfastError("store.unreachable", "the store is gone", { hint: "Look." });
          }
          return await target.put(...call);
        };
      }
      return typeof value === "function" ? (value as () => unknown).bind(target) : value;
    },
  });
}

test("a deployment is not begun where its journal cannot be", async () => {
  const app = await world();
  app.aroundStore = (store) => lostFrom(1, store);
  await expect(app.deploy("v1.1.0", await app.packaged("1.1.0"))).rejects.toMatchObject({
    code: "store.unreachable",
  });
  expect(await app.live()).toBe("1.0.0");
});

test.each([2, 5, 9, 13])("one that loses it at entry %i is carried through, and says so", async (nth) => {
  const app = await world();
  app.aroundStore = (store) => lostFrom(nth, store);
  const outcome = await app.deploy("v1.1.0", await app.packaged("1.1.0"));
  expect(outcome).toMatchObject({ exit: 0, outputs: { outcome: "done", production: "1.1.0" } });
  expect(outcome.report.notes).toContainEqual(expect.stringContaining("the journal in the store ends early"));
  expect(await app.live()).toBe("1.1.0");
});

test("one that loses the whole store is carried through, and tells that it has no record", async () => {
  const app = await world();
  app.aroundStore = (store) => lostFrom(5, store, () => true);
  const path = await app.packaged("1.1.0");
  const outcome = await app.deploy("v1.1.0", path);
  expect(outcome).toMatchObject({ exit: 4, outputs: { outcome: "incomplete", production: "1.1.0" } });
  expect(await app.live()).toBe("1.1.0");
  // Once it is back, the same run writes what is missing, and does nothing twice.
  app.aroundStore = (store) => store;
  const restarts = await app.box.visit();
  const resume = outcome.outputs["run"] as string;
  expect(await app.deploy("v1.1.0", path, { resume })).toMatchObject({ exit: 0 });
  expect((await app.box.visit()).json).toEqual(restarts.json);
  expect(await app.rollback()).toMatchObject({ exit: 0, outputs: { production: "1.0.0" } });
});
