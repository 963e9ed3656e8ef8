import { beforeEach, describe, expect, it } from "@jest/globals";
import { Catalog } from "../../../src/nouns/catalog/catalog.ts";
import { writeDocument } from "../../../src/nouns/store/sealed-document.ts";
import { artifactPath, manifestPath, receiptFolder } from "../../../src/nouns/catalog/paths.ts";
import { FaultyStore } from "../../fakes/faulty-store.ts";
import { LyingStore } from "../../fakes/lying-store.ts";
import { MemoryStore } from "../../fakes/memory-store.ts";
import { keyOf, sampleArtifact, sampleManifest, sampleReceipt } from "./samples.ts";

const A = keyOf("20261121T020000Z-aaaaaa");
const B = keyOf("20261122T020000Z-bbbbbb");
const OTHER = keyOf("20261122T020000Z-cccccc", "blog", "tier1");

let store: MemoryStore;
let catalog: Catalog;
beforeEach(async () => {
  store = new MemoryStore();
  catalog = new Catalog(store);
  for (const key of [A, OTHER, B]) await catalog.commit(sampleManifest(key));
});

function bytesOf(path: string): Buffer {
  const held = store.blobs.get(path);
  if (held === undefined) throw new Error(`${path} is not in the store`);
  return held.bytes;
}

describe("the keys of a catalog", () => {
  it("are newest first, and narrowed to a source and a tier", async () => {
    expect(await catalog.keys()).toEqual([OTHER, B, A]);
    expect(await catalog.keys({ source: "shop" })).toEqual([B, A]);
    expect(await catalog.keys({ tier: "tier1" })).toEqual([OTHER]);
    expect(await catalog.keys({ source: "shop", tier: "tier1" })).toEqual([]);
    expect(await catalog.keys({ source: "sho" })).toEqual([]);
  });

  it("leave out files of others", async () => {
    for (const path of [
      "manifests/README.md",
      "manifests/shop/tier2/notes.json",
      "manifests/shop/tier2/20261122T020000Z-bbbbbb.json.bak",
      "manifests/shop/20261122T020000Z-dddddd.json",
    ]) {
      store.plant(path, Buffer.from("{}"));
    }
    expect(await catalog.keys()).toEqual([OTHER, B, A]);
  });

  it("are never fewer because the store failed in the middle", async () => {
    const failing = (failAt: number): Promise<unknown> =>
      new Catalog(new FaultyStore(store, { failAt })).keys();
    await expect(failing(1)).rejects.toMatchObject({ code: "store.unreachable" });
    await expect(failing(2)).rejects.toMatchObject({ code: "store.unreachable" });
    await expect(failing(3)).resolves.toHaveLength(3);
  });
});

describe("reading a manifest", () => {
  it("gives what was committed, and the checksum that commit gave", async () => {
    const key = keyOf("20261123T020000Z-eeeeee");
    const sha256 = await catalog.commit(sampleManifest(key));
    expect(await catalog.read(key)).toEqual({ key, manifest: sampleManifest(key), sha256 });
  });

  it("is create-only: a second manifest of the same id leaves the first as it was", async () => {
    const before = bytesOf(manifestPath(A));
    await expect(
      catalog.commit(sampleManifest(A, { snapshotAt: "2026-01-01T00:00:00Z" })),
    ).rejects.toMatchObject({ code: "store.exists" });
    expect(bytesOf(manifestPath(A)).equals(before)).toBe(true);
  });

  it("does not commit what it could not read again", async () => {
    await expect(
      catalog.commit({ ...sampleManifest(keyOf("20261123T020000Z-eeeeee")), artifacts: [] }),
    ).rejects.toThrow();
    expect(await catalog.keys()).toHaveLength(3);
  });

  it.each([
    ["another id", A, B],
    ["another source and tier", A, OTHER],
  ])("refuses a whole manifest moved to %s", async (_, from, to) => {
    store.plant(manifestPath(to), bytesOf(manifestPath(from)));
    await expect(catalog.read(to)).rejects.toMatchObject({
      code: "catalog.damaged",
      exitCode: 5,
      message: expect.stringContaining(`is that of ${from.source}/${from.tier}/${from.id}`),
    });
    await expect(catalog.read(from)).resolves.toBeDefined();
  });

  it.each([
    artifactPath(A, "full", true),
    "database/shop/tier2/20261122T020000Z-bbbbbb",
    "database/shop/tier2/20261122T020000Z-bbbbbbx/full.dump.zst",
    "/etc/passwd",
    "manifests/shop/tier2/x.json",
  ])("refuses an artifact that lies at %s", async (path) => {
    store.plant(
      manifestPath(B),
      writeDocument(sampleManifest(B, { artifacts: [sampleArtifact(B), sampleArtifact(B, { path })] })).bytes,
    );
    await expect(catalog.read(B)).rejects.toMatchObject({
      code: "catalog.damaged",
      message: expect.stringContaining("outside its own folder"),
    });
  });

  it("refuses a damaged one after looking twice, and a huge one without reading it", async () => {
    const bytes = Buffer.from(bytesOf(manifestPath(A)));
    bytes[40] = (bytes[40] ?? 0) ^ 1;
    store.plant(manifestPath(A), bytes);
    const counting = new FaultyStore(store, { failAt: 0 });
    await expect(new Catalog(counting).read(A)).rejects.toMatchObject({ code: "catalog.damaged" });
    expect(counting.log.filter((event) => event === `get ${manifestPath(A)}`)).toHaveLength(2);
    const huge = new LyingStore(store, { kind: "wrong-length", by: 1e9 });
    await expect(new Catalog(huge).read(B)).rejects.toMatchObject({
      code: "catalog.damaged",
      message: expect.stringContaining("which no manifest"),
    });
  });

  it.each([
    { kind: "short-read", missing: 3, once: true },
    { kind: "short-read", missing: 3 },
    { kind: "last-byte-wrong", once: true },
    { kind: "wrong-length", by: 5 },
    { kind: "wrong-length", by: -5, once: true },
  ] as const)("tells a store that lies (%j) from a damaged manifest", async (lie) => {
    await expect(new Catalog(new LyingStore(store, lie)).read(A)).rejects.toMatchObject({
      code: "store.lied",
      exitCode: 4,
    });
  });

  it("takes a last byte that is always wrong for damage", async () => {
    await expect(
      new Catalog(new LyingStore(store, { kind: "last-byte-wrong" })).read(A),
    ).rejects.toMatchObject({ code: "catalog.damaged", exitCode: 5 });
  });

  it("passes the store's own errors through", async () => {
    for (const failAt of [1, 2]) {
      await expect(new Catalog(new FaultyStore(store, { failAt })).read(A)).rejects.toMatchObject({
        code: "store.unreachable",
      });
    }
    await expect(catalog.read(keyOf("20261123T020000Z-eeeeee"))).rejects.toMatchObject({
      code: "store.not-found",
    });
  });
});

describe("receipts", () => {
  it("of the same second and kind are both kept, and read back", async () => {
    const paths = [
      await catalog.addReceipt(sampleReceipt(A)),
      await catalog.addReceipt(sampleReceipt(A, { verdict: "failed" })),
      await catalog.addReceipt(sampleReceipt(A, { kind: "stored" })),
    ];
    expect(paths).toEqual([
      `${receiptFolder(A.id)}20261122T041000Z-restored.json`,
      `${receiptFolder(A.id)}20261122T041000Z-restored.2.json`,
      `${receiptFolder(A.id)}20261122T041000Z-stored.json`,
    ]);
    expect((await catalog.receiptPaths()).get(A.id)?.sort()).toEqual([...paths].sort());
    expect(
      (await Promise.all(paths.map((path) => catalog.readReceipt(path)))).map(({ value }) => value.verdict),
    ).toEqual(["proved", "failed", "proved"]);
  });

  it("are all kept when many are added at once", async () => {
    await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        catalog.addReceipt(sampleReceipt(A, { against: `scratch ${index}` })),
      ),
    );
    const paths = (await catalog.receiptPaths()).get(A.id) ?? [];
    const against = new Set(
      (await Promise.all(paths.map((path) => catalog.readReceipt(path)))).map(({ value }) => value.against),
    );
    expect(against.size).toBe(12);
  });

  it("that fail to be written are not counted as written", async () => {
    await expect(
      new Catalog(new FaultyStore(store, { failAt: 1 })).addReceipt(sampleReceipt(A)),
    ).rejects.toMatchObject({ code: "store.unreachable" });
    expect(await catalog.receiptPaths()).toEqual(new Map());
  });
});

describe("orphans", () => {
  it("are artifacts without a manifest, newest first; backups' and others' files are none", async () => {
    const lost = keyOf("20261120T020000Z-dddddd");
    const later = keyOf("20261123T020000Z-eeeeee", "blog");
    for (const path of [
      artifactPath(A, "full", true),
      artifactPath(lost, "schema", true),
      artifactPath(lost, "data", true),
      artifactPath(later, "full", false),
      "database/notes.txt",
    ]) {
      store.plant(path, Buffer.alloc(7));
    }
    expect(await catalog.orphans()).toMatchObject([
      { key: later, blobs: 1, bytes: 7 },
      { key: lost, blobs: 2, bytes: 14 },
    ]);
  });
});
