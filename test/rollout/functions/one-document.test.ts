import { describe, expect, it } from "@jest/globals";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import { once } from "../../../src/kernel/streams.ts";
import type { BlobStore } from "../../../src/ports/blob-store.ts";
import { FunctionArchive } from "../../../src/rollout/functions/archive/archive.ts";
import { forwarding } from "../../support/decorators.ts";
import { endOf, PROJECT, World } from "./world.ts";

/** One document of functions that cannot be read is a line beside the others. */

const V1 = { one: { version: "1.0.0" }, two: { version: "1.0.0" } };
const V2 = {
  one: { version: "1.0.0", target: "one@0.9.0" },
  two: { version: "2.0.0", target: "two@1.0.0" },
};

interface Archived {
  readonly world: World;
  /** As the world's, with what a rule of the store's has archived. */
  readonly store: BlobStore;
  /** Warnings that name such a document. */
  readonly warned: () => readonly string[];
}

/** After one deployment. @param which by their paths */
async function archived(which: (path: string) => boolean): Promise<Archived> {
  const world = new World();
  world.commit(V1, "v1.0.0");
  expect(await endOf(world.deploy())).toBe("0 done");
  world.calls();
  const paths = new Set([...world.store.blobs.keys()].filter(which));
  expect(paths.size).toBeGreaterThan(0);
  const store = forwarding(world.store, {
    get: (path, range) =>
      paths.has(path)
        ? Promise.reject(new HoldfastError("store.archived", "it is archived", { hint: "Rehydrate it." }))
        : world.store.get(path, range),
  });
  const warned = (): readonly string[] =>
    world.lines.filter((line) => line.startsWith("warn: ") && line.includes("could not be read"));
  return { world, store, warned };
}

const sourcesOf = (slug: string) => (path: string) => path.includes(`/sources/${slug}/`);
const isSnapshot = (path: string): boolean => path.includes("/snapshots/");

describe("sources of a function that are archived", () => {
  it("are one line of the status, which tells the state all the same", async () => {
    const { world, store, warned } = await archived(sourcesOf("one"));
    expect((await world.status(world.ports({ store }))).exit).toBe(0);
    world.commit({ ...V1, one: { version: "1.1.0" } });
    const { outputs } = await world.status(world.ports({ store }));
    expect(outputs["functions"]).toMatchObject([
      // Not of others: the store knows the bundle by its name.
      { name: "one", state: "other", served: "" },
      { name: "two", state: "as-declared" },
    ]);
    expect(warned()[0]).toMatch(
      /sources\/one\/.*\.json could not be read, and does not count: it is archived$/,
    );
  });

  it("are had from the host by a snapshot, which is whole without them", async () => {
    const { world, store, warned } = await archived(sourcesOf("one"));
    const { exit, outputs } = await world.snapshot(world.ports({ store }));
    expect([exit, outputs["fetched"], warned().length]).toEqual([0, 1, 1]);
    world.commit(V2);
    await world.deploy({}, world.ports({ store }));
    expect(await endOf(world.rollback({ to: String(outputs["snapshot"]) }, world.ports({ store })))).toBe(
      "0 done",
    );
    expect(world.served).toEqual({ one: "serve one 1.0.0", two: "serve two 1.0.0" });
  });

  it("do not end the deployment of another function", async () => {
    const { world, store } = await archived(sourcesOf("one"));
    world.commit(V2);
    expect(await endOf(world.deploy({ functions: ["two"] }, world.ports({ store })))).toBe("0 done");
  });

  it("leave that function as it is where each goes back, and end where it is named", async () => {
    const { world, store } = await archived(sourcesOf("one"));
    world.commit(V2);
    await world.deploy({}, world.ports({ store }));
    const named = world.rollback({ functions: ["one"] }, world.ports({ store }));
    await expect(named).rejects.toMatchObject({
      code: "source.missing",
      message: expect.stringContaining("one@0.9.0 is in nothing that can be read of what the store keeps"),
    });
    await world.rollback({}, world.ports({ store }));
    expect(world.served["two"]).toBe("serve two 1.0.0");
    expect(world.lines.join("\n")).toContain("one of rollback_target is left as it is: one@0.9.0 is in");
  });

  it("are told each once, the first of many by their names", async () => {
    const { world, store, warned } = await archived(sourcesOf("one"));
    const lines: string[] = [];
    for (let count = 0; count < 9; count += 1) {
      const path = `functions/${PROJECT}/sources/two/${String(count).repeat(8)}/${"a".repeat(64)}.json`;
      await world.store.put(path, once(Buffer.from("damaged")));
    }
    const archive = await FunctionArchive.open(store, PROJECT, (text) => void lines.push(text));
    for (const _ of [1, 2]) {
      const { sources, unread } = await archive.allSourcesOf("two");
      expect([sources.map(({ version }) => version), unread.length]).toEqual([["1.0.0"], 9]);
    }
    expect([lines.length, lines.at(-1)]).toEqual([6, "more of what is kept of functions could not be read"]);
    expect(warned()).toEqual([]);
  });
});

describe("a snapshot that is archived", () => {
  it("is one line of the status, which does not say that it has none of them", async () => {
    const { world, store, warned } = await archived(isSnapshot);
    const { exit, outputs } = await world.status(world.ports({ store }));
    expect([exit, outputs["functions"]]).toMatchObject([
      0,
      [
        { name: "one", snapshot: "unknown" },
        { name: "two", snapshot: "unknown" },
      ],
    ]);
    expect(warned()).toEqual([
      expect.stringMatching(/^warn: the snapshot .* could not be read, and does not/),
    ]);
  });

  it("ends only the rollback to it", async () => {
    const { world, store } = await archived(isSnapshot);
    const [id] = (await world.status()).outputs["snapshots"] as string[];
    expect(await endOf(world.rollback({ to: id! }, world.ports({ store })))).toBe("store.archived");
    expect(await endOf(world.rollback({ to: "v1.0.0" }, world.ports({ store })))).toMatch(/^0 /);
  });
});

it("what the host said of an upload ends the run that needs it, and a new one uploads", async () => {
  const { world, warned } = await archived(isSnapshot);
  world.commit({ one: { version: "2.0.0" }, two: { version: "2.0.0", needs: ["one@^2.0.0"] } });
  world.host.meddle = (call, when) => {
    if (when === "before" && call === "upload two") throw new HoldfastError("functions.denied", "expired");
  };
  const run = String((await world.deploy()).outputs["run"]);
  const path = [...world.store.blobs.keys()].find((each) => each.includes(`/runs/${run}/one/`))!;
  await world.store.remove(path);
  await world.store.put(path, once(Buffer.from("{")));
  world.host.meddle = () => undefined;
  const { outputs, report } = await world.deploy({ resume: run });
  expect([outputs["outcome"], world.served["one"], warned().length]).toEqual([
    "undone",
    "serve one 1.0.0",
    1,
  ]);
  expect(report.notes[0]).toMatch(new RegExp(`${path} does not have the checksum .* Or begin a new run`));
  expect(await endOf(world.deploy())).toBe("0 done");
  expect(world.served).toEqual({ one: "serve one 2.0.0", two: "serve two 2.0.0" });
});
