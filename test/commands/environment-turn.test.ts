import { describe, expect, it } from "@jest/globals";
import { inTurn, turnOf } from "../../src/commands/environment-turn.ts";
import { MENU } from "../../src/commands/menu.ts";
import { parseValue } from "../../src/entry/inputs/parse-values.ts";
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
const MIGRATE = { doing: "migrate", ifLost: "See what was applied." };
const INPUTS = {
  takesTurnsIn: "production",
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
    const outcome = await inTurn(INPUTS, MIGRATE, portsOn(store), async () => {
      expect(await locks(store)).toEqual(["locks/environment/production/000000001.json"]);
      return DONE;
    });
    expect([outcome, await locks(store)]).toEqual([DONE, []]);
  });

  it("of whoever has it is told, whatever he does there, and nothing is begun", async () => {
    const store = new MemoryStore();
    const ports = portsOn(store);
    await using _held = await lockEnvironment("production", { doing: "deploy", ifLost: "" }, store, ports);
    const refused = inTurn(INPUTS, MIGRATE, ports, () => Promise.reject(new Error("was begun")));
    await expect(refused).rejects.toMatchObject({
      code: "lock.held",
      message: expect.stringContaining("deploy"),
    });
    expect(await inTurn({ ...INPUTS, takesTurnsIn: "staging" }, MIGRATE, ports, async () => DONE)).toBe(DONE);
  });

  it.each([
    // As older versions have named it, so that they keep each other out.
    ["prod_2.eu-west", "prod_2.eu-west"],
    ["Production", "production"],
    ["prod/eu", "prod-eu~7394b101994bb89e"],
    ["prod (eu)", "prod-eu-~668e979fcf35efbf"],
    ["../../manifests", "..-..-manifests~e115e81845ade26c"],
    ["Über", "-ber~b51c854170449c38"],
    ["x".repeat(255), `${"x".repeat(40)}~d22609da3ae3956c`],
  ])("of %s is one lock, however the name is written", async (takesTurnsIn, folder) => {
    const store = new MemoryStore();
    const ports = portsOn(store);
    await inTurn({ ...INPUTS, takesTurnsIn }, MIGRATE, ports, async (held) => {
      const other = { ...INPUTS, takesTurnsIn: takesTurnsIn.toUpperCase().normalize("NFD") };
      expect(await locks(store)).toEqual([`locks/environment/${folder}/000000001.json`]);
      await expect(
        inTurn(other, { doing: "restore", ifLost: "" }, held, async () => DONE),
      ).rejects.toMatchObject({
        code: "lock.held",
        message: expect.stringMatching(/^environment\//),
      });
      return DONE;
    });
    expect(await locks(store)).toEqual([]);
  });

  it("that is lost cancels the command", async () => {
    const store = new MemoryStore();
    const ports = portsOn(store);
    let now = Date.now();
    let removed = false;
    const clock = {
      now: () => new Date(now),
      elapsed: () => now,
      // Somebody has removed the lock: the next renewal finds out.
      sleep: async (ms: number) => {
        // Until the next renewal; its answer is waited for without end.
        if (removed) await new Promise(() => undefined);
        removed = true;
        now += ms;
        for (const path of await locks(store)) await store.remove(path);
      },
    };
    const outcome = inTurn(INPUTS, MIGRATE, { ...ports, clock }, async ({ cancelled }) => {
      await new Promise((resolve) => cancelled.addEventListener("abort", resolve));
      cancelled.throwIfAborted();
      return DONE;
    });
    await expect(outcome).rejects.toMatchObject({
      code: "lock.lost",
      message: "the lock of environment/production was lost: somebody removed its blob",
      hint: expect.stringMatching(/^See what was applied\. If it repeats/),
    });
  });

  it("is given back where the command fails", async () => {
    const store = new MemoryStore();
    const failing = inTurn(INPUTS, MIGRATE, portsOn(store), () => Promise.reject(new Error("no")));
    await expect(failing).rejects.toThrow("no");
    expect(await locks(store)).toEqual([]);
  });

  it.each(["Production", "prod/eu", "prod (eu)", "über 🚀", "x".repeat(255)])(
    "may be that of whatever GitHub takes for a name: %s",
    (name) => {
      for (const command of MENU) {
        for (const input of ["takes-turns-in", "environment"] as const) {
          const spec = command.inputs[input];
          if (spec !== undefined) expect(parseValue(spec, [name])).toBe(name);
        }
      }
    },
  );

  it("is given back by the post step of every action that takes one, which knows the store", () => {
    for (const command of MENU) {
      if (!("takes-turns-in" in command.inputs || "environment" in command.inputs)) continue;
      const { name, cleansUp, inputs } = command;
      expect([name, cleansUp, "store" in inputs, "store-secret" in inputs]).toEqual([name, true, true, true]);
    }
  });

  it("is asked for by an input of its own, which HOLDFAST_ENVIRONMENT does not set", () => {
    const taking = (input: string): string[] =>
      MENU.filter(({ inputs }) => input in inputs)
        .map(({ name }) => name)
        .sort();
    expect(taking("takes-turns-in")).toEqual([
      ...["backup", "functions-deploy", "functions-rollback", "migrate", "migrate-rollback", "restore"],
    ]);
    expect(taking("environment")).toEqual(["deploy", "rollback", "rollback-app"]);
  });

  it("is no name that is empty, too long or holds a control character", () => {
    for (const name of ["", "x".repeat(256), "prod\neu", "prod\u0085"]) {
      expect(() => parseValue(turnOf, [name])).toThrow("the name of an environment");
    }
  });

  it("is not taken by a dry run or where none is named; without a store it is refused", async () => {
    const store = new MemoryStore();
    const ports = portsOn(store);
    const none = async (): Promise<Outcome> => {
      expect(await locks(store)).toEqual([]);
      return DONE;
    };
    await inTurn({ ...INPUTS, dryRun: true }, MIGRATE, ports, none);
    await inTurn({ ...INPUTS, takesTurnsIn: undefined, store: undefined }, MIGRATE, ports, none);
    const without = inTurn({ ...INPUTS, store: undefined }, MIGRATE, ports, none);
    await expect(without).rejects.toMatchObject({ code: "input.missing" });
  });
});
