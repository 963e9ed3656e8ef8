import { describe, expect, it } from "@jest/globals";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import type { WorkTree } from "../../../src/ports/work-tree.ts";
import { endOf, World } from "./world.ts";

const V1 = { auth: { version: "1.0.0" }, orders: { version: "1.0.0", needs: ["auth@^1.0.0"] } };
const V2 = {
  auth: { version: "1.1.0", target: "auth@1.0.0" },
  orders: { version: "2.0.0", needs: ["auth@^1.1.0"], target: "orders@1.0.0" },
  mail: { version: "1.0.0" },
};
const TEXTS_1 = { auth: "serve auth 1.0.0", orders: "serve orders 1.0.0" };
const TEXTS_2 = { auth: "serve auth 1.1.0", mail: "serve mail 1.0.0", orders: "serve orders 2.0.0" };

async function at2(): Promise<World & { readonly before: string }> {
  const world = new World();
  world.commit(V1, "v1.0.0");
  await world.deploy();
  world.commit(V2, "v2.0.0");
  const { outputs } = await world.deploy();
  expect(world.served).toEqual(TEXTS_2);
  world.calls();
  return Object.assign(world, { before: String(outputs["snapshot"]) });
}

describe("taking functions back", () => {
  it("to the snapshot that a deployment took, without a checkout, and without fetching", async () => {
    const world = await at2();
    world.commits.clear();
    const outcome = await world.rollback({ to: world.before });
    expect([outcome.exit, world.served]).toEqual([0, { ...TEXTS_1, mail: TEXTS_2.mail }]);
    expect(outcome.report.notes.join()).toContain(
      "1 function not in what is gone back to, left as they are: mail",
    );
    expect(world.calls().filter((call) => call.startsWith("body"))).toEqual([]);
  });

  it("to a release's tag, by the order of its own manifest", async () => {
    const world = await at2();
    expect(await endOf(world.rollback({ to: "v1.0.0" }))).toBe("0 done");
    expect(world.served).toEqual({ ...TEXTS_1, mail: TEXTS_2.mail });
    const calls = world.calls().filter((call) => !/^(?:list|call)/.test(call));
    expect(calls).toEqual(["upload auth", "upload orders", "activate"]);
  });

  it("leaves a manifest without what was just taken back, and says what else to commit", async () => {
    const world = await at2();
    const path = "supabase/functions/function-manifest.json";
    let written = world.commits.get("HEAD")!.get(path)!.toString("utf8");
    const tree: Pick<WorkTree, "look" | "write"> = {
      look: () => Promise.resolve({ kind: "file", text: written, executable: false, size: written.length }),
      write: (_, text) => Promise.resolve(void (written = text)),
    };
    const ports = { ...world.ports(), workTree: () => Promise.resolve(tree as WorkTree) };
    const { report } = await world.rollback({ to: "v1.0.0", updateManifest: true }, ports);
    expect(report.notes.at(-1)).toMatch(/bring those that are served back too .*, and commit both as one/);
    const { functions } = JSON.parse(written) as { functions: Record<string, Record<string, unknown>> };
    expect([functions["auth"]!["version"], functions["orders"]!["version"]]).toEqual(["1.0.0", "1.0.0"]);
    expect(Object.values(functions).map((each) => each["rollback_target"])).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("each to the target that the manifest declares", async () => {
    const world = await at2();
    expect(await endOf(world.rollback())).toBe("0 done");
    expect(world.served).toEqual({ ...TEXTS_1, mail: TEXTS_2.mail });
  });

  it("one alone goes with what it needs; what does not need to change is left alone", async () => {
    const world = await at2();
    expect(await endOf(world.rollback({ functions: ["auth"] }))).toBe("0 done");
    expect(world.served).toEqual({ ...TEXTS_2, auth: TEXTS_1.auth });
    expect(await endOf(world.rollback({ functions: ["auth"] }))).toBe("0 nothing");
  });

  it("and back again: a rollback keeps what it takes away", async () => {
    const world = await at2();
    const { outputs } = await world.rollback({ to: world.before });
    expect(await endOf(world.rollback({ to: String(outputs["snapshot"]) }))).toBe("0 done");
    expect(world.served).toEqual(TEXTS_2);
  });

  it("to something that is not there is an error that says what, and nothing is touched", async () => {
    const world = await at2();
    expect(await endOf(world.rollback({ to: "20200101T000000Z-000000" }))).toBe("input.no-such-snapshot");
    expect(await endOf(world.rollback({ to: world.before, functions: ["mail"] }))).toBe(
      "input.no-such-snapshot",
    );
    world.commit({ ...V2, auth: { ...V2.auth, target: "auth@0.9.0" } });
    expect(await endOf(world.rollback())).toBe("input.no-such-snapshot");
    world.commit(V1);
    expect(await endOf(world.rollback())).toBe("input.missing");
    expect(world.served).toEqual(TEXTS_2);
  });

  it("to sources that were damaged in the store stops before anything is served", async () => {
    const world = await at2();
    const [path] = [...world.store.blobs].find(([, { bytes }]) => bytes.toString() === "serve orders 1.0.0")!;
    world.store.plant(path, Buffer.from("serve orders 6.6.6"));
    const outcome = await world.rollback({ to: world.before });
    expect([outcome.exit, outcome.outputs["outcome"], world.served]).toEqual([4, "stopped", TEXTS_2]);
    expect(outcome.report.notes.join()).toContain("is not what was kept");
  });

  it("that fails puts back what was served before it", async () => {
    const world = await at2();
    world.host.meddle = (call, when) => {
      if (when === "before" && call === "call GET orders") {
        throw new HoldfastError("functions.unreachable", "silent");
      }
    };
    expect(await endOf(world.rollback({ to: world.before }))).toBe("3 undone");
    expect(world.served).toEqual(TEXTS_2);
  });
});

describe("a snapshot of what others have deployed", () => {
  async function theirs(): Promise<World> {
    const world = new World();
    const deploy = (slug: string, text: string): void => {
      const files = new Map([
        ["index.ts", Buffer.from(text)],
        ["../_shared/a.ts", Buffer.from("a")],
        ["page.html", Buffer.from("<p>")],
      ]);
      world.shelf.deploy(slug, { entrypoint_path: "index.ts", static_patterns: ["*.html"] }, files, {
        bundleOnly: false,
      });
    };
    for (const slug of ["one", "two", "three"]) deploy(slug, `their ${slug}`);
    return world;
  }

  it("fetches each once, keeps a file once, and is what can be gone back to", async () => {
    const world = await theirs();
    const first = await world.snapshot();
    expect(first.outputs).toMatchObject({ functions: 3, fetched: 3 });
    expect([...world.store.blobs.keys()].filter((path) => path.includes("/files/")).length).toBe(5);
    expect((await world.snapshot()).outputs).toMatchObject({ functions: 3, fetched: 0 });
    const served = world.served;
    world.shelf.deploy("two", { entrypoint_path: "x.ts" }, new Map([["x.ts", Buffer.from("bad")]]), {
      bundleOnly: false,
    });
    expect(await endOf(world.rollback({ to: String(first.outputs["snapshot"]) }))).toBe("0 done");
    expect(world.served).toEqual(served);
    expect([...world.shelf.served("two")!.bundle.files.values()]).toContainEqual(Buffer.from("<p>"));
  });

  it("exists only once all that it names is there", async () => {
    const world = await theirs();
    world.host.meddle = (call) => {
      if (call === "body two") throw new HoldfastError("functions.unreadable", "no sources");
    };
    expect(await endOf(world.snapshot())).toBe("functions.unreadable");
    expect([...world.store.blobs.keys()].filter((path) => path.includes("/snapshots/"))).toEqual([]);
  });

  it("is none where somebody deploys meanwhile", async () => {
    const world = await theirs();
    world.host.meddle = (call, when) => {
      if (call !== "body two" || when !== "after") return;
      world.shelf.deploy("one", { entrypoint_path: "x.ts" }, new Map([["x.ts", Buffer.from("new")]]), {
        bundleOnly: false,
      });
    };
    expect(await endOf(world.snapshot())).toBe("functions.moved");
  });
});

it("the status tells each function against the commit and the last snapshot", async () => {
  const world = await at2();
  expect((await world.status()).exit).toBe(0);
  world.shelf.deploy("auth", { entrypoint_path: "x.ts" }, new Map([["x.ts", Buffer.from("theirs")]]), {
    bundleOnly: false,
  });
  world.shelf.deploy("extra", { entrypoint_path: "x.ts" }, new Map([["x.ts", Buffer.from("more")]]), {
    bundleOnly: false,
  });
  world.commit({ ...V2, orders: { ...V2.orders, version: "3.0.0" }, soon: { version: "0.1.0" } });
  const outcome = await world.status();
  const functions = outcome.outputs["functions"] as {
    name: string;
    state: string;
    served: string;
    snapshot: string;
  }[];
  expect([
    outcome.exit,
    functions.map(({ name, state, served, snapshot }) => [name, state, served, snapshot]),
  ]).toEqual([
    3,
    [
      ["auth", "unknown", "", "other"],
      ["extra", "undeclared", "", "none"],
      ["mail", "as-declared", "1.0.0", "none"],
      ["orders", "other", "2.0.0", "other"],
      ["soon", "not-deployed", "", "none"],
    ],
  ]);
  expect(world.calls().every((call) => call === "list")).toBe(true);
});
