import { describe, expect, it } from "@jest/globals";
import { artifactSets } from "../../../../src/backups/copy/artifacts/artifact-set.ts";
import { interruptible } from "../../../../src/backups/copy/artifacts/interruptible.ts";
import { loadSet, type LoadContext } from "../../../../src/backups/copy/artifacts/load.ts";
import { collect, drain, once, type ByteStream } from "../../../../src/kernel/streams.ts";
import type { LoadRequest } from "../../../../src/ports/dump-tools.ts";
import { keyOf, sampleArtifact, sampleManifest } from "../../../nouns/catalog/samples.ts";
import { MemoryStore } from "../../../fakes/memory-store.ts";

const KEY = keyOf("20261120T020000Z-aaaaaa");
const GB = 1_000_000_000;

/** Loads an artifact that claims to have 1 GB with so much free, and says how pg_restore was asked. */
async function askedWith(
  free: number,
  context: Partial<LoadContext>,
): Promise<{ jobs: number; archive: string }> {
  const artifact = sampleArtifact(KEY, { plain: { size: GB, sha256: "0".repeat(64) } });
  const [set] = artifactSets(sampleManifest(KEY, { artifacts: [artifact] }));
  let asked: LoadRequest | undefined;
  const disk = {
    free: () => Promise.resolve(free),
    privateFolder: () => Promise.resolve({ path: "/spool", [Symbol.asyncDispose]: () => Promise.resolve() }),
    write: () => Promise.resolve(),
  };
  await loadSet(set!, {
    store: new MemoryStore(),
    disk,
    log: { progress: () => ({ add: () => undefined, done: () => undefined }) },
    identities: [],
    jobs: 4,
    signal: new AbortController().signal,
    tools: { load: (request: LoadRequest) => ((asked = request), Promise.resolve([])) },
    ...context,
  } as unknown as LoadContext);
  return { jobs: asked?.jobs ?? 0, archive: "path" in asked!.archive ? asked!.archive.path : "stream" };
}

describe("loading with several connections", () => {
  it("spools the plain archive only where it fits beside the database that grows on that disk", async () => {
    expect(await askedWith(1.6 * GB, {})).toEqual({ jobs: 4, archive: "/spool/full.dump" });
    expect(await askedWith(1.5 * GB, {})).toEqual({ jobs: 1, archive: "stream" });
    expect(await askedWith(3.9 * GB, { isOnThisDisk: true })).toEqual({ jobs: 1, archive: "stream" });
    expect(await askedWith(4.1 * GB, { isOnThisDisk: true })).toEqual({
      jobs: 4,
      archive: "/spool/full.dump",
    });
    expect(await askedWith(9 * GB, { jobs: 1 })).toEqual({ jobs: 1, archive: "stream" });
  });
});

describe("an interruptible store", () => {
  it("ends a read that hangs with the reason, and reads nothing more", async () => {
    const store = new MemoryStore();
    await store.put("a", once(Buffer.from("content")));
    const stop = new AbortController();
    const hanging = {
      url: store.url,
      get: () =>
        Promise.resolve({
          size: 10,
          content: (async function* (): ByteStream {
            yield Buffer.from("a");
            await new Promise(() => undefined);
          })(),
        }),
    } as unknown as MemoryStore;
    const reading = interruptible(hanging, stop.signal)
      .get("a")
      .then(({ content }) => drain(content));
    setTimeout(() => stop.abort(new Error("Ctrl-C")), 10);
    await expect(reading).rejects.toThrow("Ctrl-C");
    await expect(interruptible(store, stop.signal).get("a")).rejects.toThrow("Ctrl-C");
    expect(
      (
        await collect((await interruptible(store, new AbortController().signal).get("a")).content, 10)
      ).toString(),
    ).toBe("content");
  });
});
