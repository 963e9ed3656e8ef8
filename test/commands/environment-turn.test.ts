import { describe, expect, it } from "@jest/globals";
import { inTurn } from "../../src/commands/environment-turn.ts";
import { EXIT } from "../../src/kernel/errors.ts";
import type { Outcome } from "../../src/kernel/outcome.ts";
import { lockEnvironment } from "../../src/nouns/store/environment-lock.ts";
import type { Ports } from "../../src/ports/ports.ts";
import { MemoryStore } from "../fakes/memory-store.ts";
import { testPorts } from "../support/test-ports.ts";

const DONE: Outcome = {
  exit: EXIT.done,
  outputs: {},
  report: { good: true, headline: "done", tables: [], notes: [] },
};
const INPUTS = {
  environment: "production",
  store: "memory://store",
  storeSecret: undefined,
  dryRun: false,
} as const;

function portsOn(store: MemoryStore): Ports {
  return { ...testPorts(), openStore: () => Promise.resolve(store) };
}

const locks = async (store: MemoryStore): Promise<string[]> => {
  const paths: string[] = [];
  for await (const { path } of store.list("locks/")) paths.push(path);
  return paths;
};

describe("the turn of an environment", () => {
  it("is taken while a command works, and given back", async () => {
    const store = new MemoryStore();
    const outcome = await inTurn(INPUTS, "migrate", portsOn(store), async () => {
      expect(await locks(store)).toEqual(["locks/environment/production/000000001.json"]);
      return DONE;
    });
    expect([outcome, await locks(store)]).toEqual([DONE, []]);
  });

  it("of whoever has it is told, whatever he does there, and nothing is begun", async () => {
    const store = new MemoryStore();
    const ports = portsOn(store);
    await using _held = await lockEnvironment("production", "deploy", store, ports);
    const refused = inTurn(INPUTS, "migrate", ports, () => Promise.reject(new Error("was begun")));
    await expect(refused).rejects.toMatchObject({
      code: "lock.held",
      message: expect.stringContaining("deploy"),
    });
    expect(await inTurn({ ...INPUTS, environment: "staging" }, "migrate", ports, async () => DONE)).toBe(
      DONE,
    );
  });

  it("that is lost cancels the command", async () => {
    const store = new MemoryStore();
    const ports = portsOn(store);
    let now = Date.now();
    const clock = {
      now: () => new Date(now),
      elapsed: () => now,
      // Somebody has removed the lock: the next renewal finds out.
      sleep: async (ms: number) => {
        now += ms;
        for (const path of await locks(store)) await store.remove(path);
      },
    };
    const outcome = inTurn(INPUTS, "migrate", { ...ports, clock }, async ({ cancelled }) => {
      await new Promise((resolve) => cancelled.addEventListener("abort", resolve));
      cancelled.throwIfAborted();
      return DONE;
    });
    await expect(outcome).rejects.toMatchObject({ code: "lock.lost" });
  });

  it("is given back where the command fails", async () => {
    const store = new MemoryStore();
    const failing = inTurn(INPUTS, "migrate", portsOn(store), () => Promise.reject(new Error("no")));
    await expect(failing).rejects.toThrow("no");
    expect(await locks(store)).toEqual([]);
  });

  it("is not taken by a dry run or where none is named; without a store it is refused", async () => {
    const store = new MemoryStore();
    const ports = portsOn(store);
    const none = async (): Promise<Outcome> => {
      expect(await locks(store)).toEqual([]);
      return DONE;
    };
    await inTurn({ ...INPUTS, dryRun: true }, "migrate", ports, none);
    await inTurn({ ...INPUTS, environment: undefined, store: undefined }, "migrate", ports, none);
    const without = inTurn({ ...INPUTS, store: undefined }, "migrate", ports, none);
    await expect(without).rejects.toMatchObject({ code: "input.missing" });
  });
});
