import { describe, expect, it } from "@jest/globals";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import { once } from "../../../src/kernel/streams.ts";
import { readJournal } from "../../../src/nouns/runbook/journal.ts";
import { MemoryStore } from "../../fakes/memory-store.ts";
import { endOf, PROJECT, World } from "./world.ts";

const V1 = {
  auth: { version: "1.0.0" },
  orders: { version: "1.0.0", needs: ["auth@^1.0.0"] },
  mail: { version: "1.0.0" },
};
const V2 = {
  auth: { version: "1.1.0" },
  orders: { version: "2.0.0", needs: ["auth@^1.1.0"], target: "orders@1.0.0" },
  mail: { version: "1.0.0" },
};
const TEXTS_1 = { auth: "serve auth 1.0.0", mail: "serve mail 1.0.0", orders: "serve orders 1.0.0" };
const TEXTS_2 = { auth: "serve auth 1.1.0", mail: "serve mail 1.0.0", orders: "serve orders 2.0.0" };

async function at1(): Promise<World> {
  const world = new World();
  world.commit(V1, "v1.0.0");
  expect(await endOf(world.deploy())).toBe("0 done");
  world.commit(V2, "v2.0.0");
  world.calls();
  return world;
}

describe("deploying functions", () => {
  it("uploads what others need first, activates by one call, and calls every one", async () => {
    const world = await at1();
    const outcome = await world.deploy();
    expect([outcome.exit, outcome.outputs["changed"]]).toEqual([0, ["auth@1.1.0", "orders@2.0.0"]]);
    expect(world.served).toEqual(TEXTS_2);
    const calls = world.calls().filter((call) => call !== "list");
    expect(calls.slice(0, 3)).toEqual(["upload auth", "upload orders", "activate"]);
    expect(calls.slice(3).sort()).toEqual(["call GET auth", "call GET mail", "call GET orders"]);
  });

  it("leaves alone what is served already, and begins no run where nothing is to be done", async () => {
    const world = await at1();
    await world.deploy();
    world.calls();
    expect(await endOf(world.deploy())).toBe("0 nothing");
    expect(world.calls()).toEqual(["list", "list"]);
  });

  it("a dry run looks at everything, changes nothing and binds the hash of its plan", async () => {
    const world = await at1();
    const before = [...world.store.blobs.keys()];
    const dry = await world.deploy({ dryRun: true });
    expect([dry.outputs["planned"], world.calls(), [...world.store.blobs.keys()]]).toEqual([
      ["auth@1.1.0", "orders@2.0.0"],
      ["list", "list"],
      before,
    ]);
    const planHash = String(dry.outputs["plan-hash"]);
    world.shelf.deploy("mail", { entrypoint_path: "m.ts" }, new Map([["m.ts", Buffer.from("other")]]), {
      bundleOnly: false,
    });
    expect(await endOf(world.deploy({ planHash }))).toBe("refused.unconfirmed");
    expect(world.served).toEqual({ ...TEXTS_1, mail: "other" });
    const again = String((await world.deploy({ dryRun: true })).outputs["plan-hash"]);
    expect(await endOf(world.deploy({ planHash: again }))).toBe("0 done");
  });

  it("says where other sources come under the version that is served", async () => {
    const world = await at1();
    world.commit({ ...V1, auth: { version: "1.0.0", text: "serve auth 1.0.0, mended" } });
    expect(await endOf(world.deploy())).toBe("0 done");
    const told = world.lines.filter((line) => line.includes("is served already"));
    expect(told).toEqual([
      expect.stringMatching(/^warn: auth 1\.0\.0 is served already, with other sources: /),
    ]);
  });

  it("only the named functions go, with everything that they need", async () => {
    const world = new World();
    world.commit(V2);
    expect((await world.deploy({ functions: ["orders"] })).outputs["changed"]).toEqual([
      "auth@1.1.0",
      "orders@2.0.0",
    ]);
    expect(Object.keys(world.served)).toEqual(["auth", "orders"]);
    await expect(world.deploy({ functions: ["order"] })).rejects.toThrow("did you mean orders?");
  });

  it("keeps whether a token is asked for, where the manifest does not say", async () => {
    const world = new World();
    world.commit({ auth: { version: "1.0.0", verifyJwt: true, smoke: { method: "OPTIONS" } } });
    await world.deploy();
    const files = world.commits.get("HEAD")!;
    const path = "supabase/functions/function-manifest.json";
    files.set(
      path,
      Buffer.from(
        files
          .get(path)!
          .toString()
          .replace(/"verify_jwt": true,/, ""),
      ),
    );
    files.set("supabase/functions/auth/index.ts", Buffer.from("another"));
    expect((await world.deploy()).exit).toBe(0);
    expect(world.shelf.list()).toMatchObject([{ version: 2, verify_jwt: true }]);
  });

  it("refuses to try a function that asks for a token without a key for it", async () => {
    const world = new World();
    world.commit({ auth: { version: "1.0.0", verifyJwt: true } });
    expect(await endOf(world.deploy())).toBe("input.missing");
    expect(world.served).toEqual({});
  });
});

describe("bad days of a deployment", () => {
  it("a function that deploys and crashes: what was served before is served again", async () => {
    const world = await at1();
    world.commit({ ...V2, orders: { ...V2.orders, text: "CRASH 2.0.0" }, extra: { version: "0.1.0" } });
    const outcome = await world.deploy();
    expect([outcome.exit, outcome.outputs["outcome"], world.served]).toEqual([3, "undone", TEXTS_1]);
    expect(outcome.report.notes.join("\n")).toContain(
      "GET orders/health answered 503 in 1 ms, and 200 is expected",
    );
    // And the next deployment is not confused by it.
    world.commit({ ...V2, extra: { version: "0.1.0" } });
    expect(await endOf(world.deploy())).toBe("0 done");
    expect(world.served).toEqual({ ...TEXTS_2, extra: "serve extra 0.1.0" });
  });

  it("puts back what was served even where the same sources give another bundle", async () => {
    const world = new World({ bundlesDiffer: true });
    world.commit(V1);
    await world.deploy();
    world.commit({ ...V2, orders: { ...V2.orders, text: "FAIL 500" } });
    expect(await endOf(world.deploy())).toBe("3 undone");
    expect(world.served).toEqual(TEXTS_1);
    world.commit(V1);
    expect(await endOf(world.deploy())).toBe("0 nothing");
  });

  it("an unsound manifest is a verdict at its lines, and nothing is asked of the host", async () => {
    const world = new World();
    world.commit({
      a: { version: "1.0.0", needs: ["b@1.0.0"] },
      b: { version: "1.0.0", needs: ["a@1.0.0"] },
    });
    const outcome = await world.deploy();
    expect([outcome.exit, outcome.annotations?.[0]?.line, world.calls()]).toEqual([3, 5, []]);
    expect(outcome.report.tables[0]!.rows.flat().join(" ")).toContain("in a circle: a → b → a");
  });

  it("two operators at once: the second is told who is at work, and changes nothing", async () => {
    const world = await at1();
    let second = "";
    world.host.meddle = async (call, when) => {
      if (call !== "activate" || when !== "before") return;
      second = await endOf(world.rollback({ to: "v1.0.0" }));
    };
    const ports = world.ports();
    expect(await endOf(world.deploy({}, ports))).toBe("0 done");
    expect([second, world.served]).toEqual(["lock.held", TEXTS_2]);
  });

  it("the lock is remembered while held, so that a cancelled job's post step gives it back", async () => {
    const world = await at1();
    const remembered = new Map<string, string>();
    const remember = (key: string, value: string): void => void remembered.set(key, value);
    let isThere = false;
    world.host.meddle = () => {
      isThere ||= world.store.blobs.has(remembered.get("functions-path") ?? "");
    };
    await world.deploy({}, { ...world.ports(), remember });
    expect([isThere, remembered.get("functions-path"), remembered.has("functions-token")]).toEqual([
      true,
      `locks/${PROJECT}/functions/000000001.json`,
      true,
    ]);
  });

  it("a store that cannot be written: nothing is begun", async () => {
    const world = await at1();
    const store = new MemoryStore();
    for (const [path, { bytes }] of world.store.blobs) await store.put(path, once(bytes));
    const put = store.put.bind(store);
    store.put = (path, ...rest) =>
      path.startsWith("journals/")
        ? Promise.reject(new HoldfastError("store.unreachable", "the store is gone"))
        : put(path, ...rest);
    expect(await endOf(world.deploy({}, world.ports({ store })))).toBe("store.unreachable");
    expect([world.calls().filter((call) => call !== "list"), world.served]).toEqual([[], TEXTS_1]);
  });

  it("sources that cannot be had back: nothing is uploaded, and the run goes on once they can", async () => {
    const world = await at1();
    world.shelf.deploy("old", { entrypoint_path: "o.ts" }, new Map([["o.ts", Buffer.from("old")]]), {
      bundleOnly: false,
    });
    world.host.meddle = (call) => {
      if (call === "body old") throw new HoldfastError("functions.unreadable", "old is a bundle");
    };
    const outcome = await world.deploy();
    expect([outcome.exit, outcome.outputs["outcome"], world.served]).toEqual([
      4,
      "stopped",
      { ...TEXTS_1, old: "old" },
    ]);
    expect(world.calls().filter((call) => call.startsWith("upload"))).toEqual([]);
    world.host.meddle = () => undefined;
    expect(await endOf(world.deploy({ resume: String(outcome.outputs["run"]) }))).toBe("0 done");
    expect(world.served).toEqual({ ...TEXTS_2, old: "old" });
  });

  it("a token expires midway: nothing served has changed, and only what is missing is done", async () => {
    const world = await at1();
    let uploads = 0;
    world.host.meddle = (call, when) => {
      if (when === "before" && call.startsWith("upload") && (uploads += 1) === 2) {
        throw new HoldfastError("functions.denied", "expired");
      }
    };
    const outcome = await world.deploy();
    expect([outcome.outputs["outcome"], world.served]).toEqual(["stopped", TEXTS_1]);
    world.host.meddle = () => undefined;
    world.calls();
    expect(await endOf(world.deploy({ resume: String(outcome.outputs["run"]) }))).toBe("0 done");
    expect(world.calls().filter((call) => call.startsWith("upload"))).toEqual(["upload orders"]);
    expect(world.served).toEqual(TEXTS_2);
  });

  it("an activation whose answer is lost is not done twice", async () => {
    const world = await at1();
    world.host.meddle = (call, when) => {
      if (call === "activate" && when === "after") {
        throw new HoldfastError("functions.unreachable", "cut off");
      }
    };
    expect(await endOf(world.deploy())).toBe("0 done");
    expect(world.calls().filter((call) => call === "activate")).toEqual(["activate"]);
  });

  it("somebody else deploys between snapshot and activation: it is told, and theirs stays", async () => {
    const world = await at1();
    world.host.meddle = (call) => {
      if (call !== "upload orders") return;
      world.shelf.deploy("auth", { entrypoint_path: "a.ts" }, new Map([["a.ts", Buffer.from("theirs")]]), {
        bundleOnly: false,
      });
    };
    const outcome = await world.deploy();
    expect(outcome.exit).not.toBe(0);
    expect(outcome.report.notes.join()).toContain("somebody else deployed auth");
    expect(world.served["orders"]).toBe("serve orders 1.0.0");
    expect(world.served["auth"]).toBe("theirs");
  });

  it("a resumed run with other functions than it was begun with is refused", async () => {
    const world = await at1();
    world.host.meddle = (call) => {
      if (call === "upload orders") throw new HoldfastError("functions.denied", "expired");
    };
    const { outputs } = await world.deploy();
    world.commit(V1);
    expect(await endOf(world.deploy({ resume: String(outputs["run"]) }))).toBe("input.conflict");
  });

  it("no journal and no report holds the token", async () => {
    const world = await at1();
    world.host.meddle = (call) => {
      if (call === "upload orders") throw new HoldfastError("functions.refused", "Bearer sbp_secret is bad");
    };
    const outcome = await world.deploy();
    await readJournal(String(outcome.outputs["run"]), world.store);
    const kept = [...world.store.blobs.values()].map(({ bytes }) => bytes.toString("utf8")).join();
    expect(kept).toContain("Bearer *** is bad");
    expect(kept).not.toContain("sbp_secret");
  });
});

it("130 functions go in one run, by one activation, with a handful of calls to list them", async () => {
  const world = new World();
  const set = (version: string): Record<string, { version: string; needs: string[] }> =>
    Object.fromEntries(
      Array.from({ length: 130 }, (_, index) => [
        `f${index}`,
        { version, needs: index < 10 ? [] : [`f${index % 10}@^${version}`] },
      ]),
    );
  world.commit(set("1.0.0"));
  expect(await endOf(world.deploy())).toBe("0 done");
  world.commit(set("1.1.0"));
  world.calls();
  const outcome = await world.deploy();
  expect([outcome.exit, (outcome.outputs["changed"] as unknown[]).length]).toEqual([0, 130]);
  const calls = world.calls();
  const count = (start: string): number => calls.filter((call) => call.startsWith(start)).length;
  expect([count("upload"), count("activate"), count("call"), count("body")]).toEqual([130, 1, 130, 0]);
  expect(count("list")).toBeLessThan(20);
});
