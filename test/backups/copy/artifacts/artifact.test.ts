import { beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { openArtifact, verifyStored } from "../../../../src/backups/copy/artifacts/artifact.ts";
import type { ArtifactRecord } from "../../../../src/nouns/catalog/manifest.ts";
import { HoldfastError } from "../../../../src/kernel/errors.ts";
import { collect, once } from "../../../../src/kernel/streams.ts";
import { MiB } from "../../../../src/kernel/bytes.ts";
import type { BlobStore } from "../../../../src/ports/blob-store.ts";
import { Sealing } from "../../../../src/nouns/seal/seal.ts";
import { keyOf, sampleArtifact } from "../../../nouns/catalog/samples.ts";
import { FaultyStore } from "../../../fakes/faulty-store.ts";
import { LyingStore, type Lie } from "../../../fakes/lying-store.ts";
import { MemoryStore } from "../../../fakes/memory-store.ts";
import { keyPair, noise, outcomeOf, type KeyPair } from "../../../nouns/seal/material.ts";

const KEY = keyOf("20261122T020000Z-bbbbbb");
const OTHER = keyOf("20261121T020000Z-aaaaaa");

let ours: KeyPair;
let store: MemoryStore;
beforeAll(async () => {
  ours = await keyPair();
});
beforeEach(() => {
  store = new MemoryStore("memory://store", 1000);
});

/** Seals bytes into the store, and says what a manifest would say of them. */
async function artifactOf(plain: Buffer, key = KEY, encrypted = true): Promise<ArtifactRecord> {
  const recipients = encrypted ? [ours.recipient] : [];
  const sealing = new Sealing(once(plain), { level: 3, recipients });
  const path = sampleArtifact(key).path;
  store.plant(path, await collect(sealing.content, MiB));
  return sampleArtifact(key, {
    path,
    ...sealing.totals,
    encryption: { format: encrypted ? "age-v1" : "none", recipients },
  });
}

function bytesOf(artifact: ArtifactRecord): Buffer {
  const held = store.blobs.get(artifact.path);
  if (held === undefined) throw new Error(`${artifact.path} is not in the store`);
  return Buffer.from(held.bytes);
}

/** How verifying and opening end. */
async function verdicts(
  artifact: ArtifactRecord,
  from: () => BlobStore = () => store,
): Promise<(string | undefined)[]> {
  const verified = await verifyStored(from(), artifact, () => undefined).then(
    () => undefined,
    (error: unknown) => (error as { code?: string }).code ?? String(error),
  );
  return [verified, (await outcomeOf(openArtifact(from(), artifact, [ours.identity], () => undefined))).code];
}

describe.each([
  ["encrypted", true],
  ["unencrypted", false],
])("an %s artifact", (_, encrypted) => {
  it("is verified and opened to the very bytes dumped, and every stored byte is told of", async () => {
    const artifact = await artifactOf(noise(200_000), KEY, encrypted);
    let told = 0;
    await verifyStored(store, artifact, (bytes) => (told += bytes));
    expect(told).toBe(artifact.stored.size);
    told = 0;
    const opened = await collect(
      openArtifact(store, artifact, [ours.identity], (bytes) => (told += bytes)),
      MiB,
    );
    expect([opened.equals(noise(200_000)), told]).toEqual([true, artifact.stored.size]);
  });

  it("that is gone is artifact.missing", async () => {
    const artifact = await artifactOf(noise(100), KEY, encrypted);
    await store.remove(artifact.path);
    expect(await verdicts(artifact)).toEqual(["artifact.missing", "artifact.missing"]);
  });

  it("that is cut short or has grown anywhere is damaged", async () => {
    const artifact = await artifactOf(noise(3000), KEY, encrypted);
    const whole = bytesOf(artifact);
    for (const size of [0, 1, 100, 999, 1000, 1001, whole.length - 17, whole.length - 1]) {
      store.plant(artifact.path, whole.subarray(0, size));
      expect([size, ...(await verdicts(artifact))]).toEqual([size, "artifact.damaged", "artifact.damaged"]);
    }
    for (const extra of [Buffer.from("x"), Buffer.alloc(20), whole]) {
      store.plant(artifact.path, Buffer.concat([whole, extra]));
      expect(await verdicts(artifact)).toEqual(["artifact.damaged", "artifact.damaged"]);
    }
  });

  it("with any single bit flipped is damaged, exit 5", async () => {
    const artifact = await artifactOf(noise(24), KEY, encrypted);
    const whole = bytesOf(artifact);
    const wrong: string[] = [];
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      const copy = Buffer.from(whole);
      copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      store.plant(artifact.path, copy);
      const { code } = await outcomeOf(openArtifact(store, artifact, [ours.identity], () => undefined));
      if (code !== "artifact.damaged") wrong.push(`bit ${bit}: ${code}`);
      if (bit % 16 === 0) expect((await verdicts(artifact))[0]).toBe("artifact.damaged");
    }
    expect(wrong).toEqual([]);
    expect(new HoldfastError("artifact.damaged", "").exitCode).toBe(5);
  });

  it("swapped with another backup's, or replaced by an older one of the same size, is damaged", async () => {
    const older = await artifactOf(noise(500), OTHER, encrypted);
    const artifact = await artifactOf(Buffer.from(noise(1000).subarray(500)), KEY, encrypted);
    expect(bytesOf(older).length).toBe(bytesOf(artifact).length);
    store.plant(artifact.path, bytesOf(older));
    expect(await verdicts(artifact)).toEqual(["artifact.damaged", "artifact.damaged"]);
  });

  it.each<[Lie, (string | undefined)[]]>([
    [{ kind: "short-read", missing: 7 }, ["store.lied", "store.lied"]],
    [{ kind: "short-read", missing: 7, once: true }, ["store.lied", "store.lied"]],
    [{ kind: "short-read", missing: 2500 }, ["store.lied", "store.lied"]],
    [{ kind: "last-byte-wrong", once: true }, ["store.lied", "store.lied"]],
    [{ kind: "last-byte-wrong" }, ["artifact.damaged", "artifact.damaged"]],
    [{ kind: "wrong-length", by: 9 }, ["store.lied", "store.lied"]],
    [{ kind: "wrong-length", by: -9 }, ["store.lied", "store.lied"]],
    [{ kind: "wrong-length", by: 9, once: true }, ["store.lied", "store.lied"]],
  ])("from a store that lies (%j) ends as %j", async (lie, expected) => {
    const artifact = await artifactOf(noise(3000), KEY, encrypted);
    expect(await verdicts(artifact, () => new LyingStore(store, lie))).toEqual(expected);
  });

  it("passes the store's own errors through unchanged, at every call and in the stream", async () => {
    const artifact = await artifactOf(noise(3000), KEY, encrypted);
    const own = new HoldfastError("store.denied", "the store's own words");
    for (const failAt of [1, 2]) {
      const faulty = (): BlobStore => new FaultyStore(store, { failAt, error: own });
      await expect(verifyStored(faulty(), artifact, () => undefined)).rejects.toBe(own);
      expect(
        (await outcomeOf(openArtifact(faulty(), artifact, [ours.identity], () => undefined))).error,
      ).toBe(own);
    }
  });

  it("that turned out damaged is not blamed when the second look fails: the store's error is", async () => {
    const artifact = await artifactOf(noise(3000), KEY, encrypted);
    const bytes = bytesOf(artifact);
    bytes[1500] = (bytes[1500] ?? 0) ^ 1;
    store.plant(artifact.path, bytes);
    for (const failAt of [3, 4]) {
      expect(await verdicts(artifact, () => new FaultyStore(store, { failAt }))).toEqual([
        "store.unreachable",
        "store.unreachable",
      ]);
    }
  });

  it("whose plain hash is not the manifest's is damaged although it opens", async () => {
    const artifact = await artifactOf(noise(3000), KEY, encrypted);
    const other = { ...artifact, plain: { ...artifact.plain, sha256: "0".repeat(64) } };
    expect(await verdicts(other)).toEqual([undefined, "artifact.damaged"]);
    expect(await verdicts({ ...artifact, plain: { ...artifact.plain, size: 2999 } })).toEqual([
      undefined,
      "artifact.damaged",
    ]);
  });
});

describe("an identity that does not open an artifact", () => {
  it("is the reader's mistake when he is none of its recipients, and nothing more is read", async () => {
    const artifact = await artifactOf(noise(300_000));
    const counting = new FaultyStore(store, { failAt: 0 });
    const { error } = await outcomeOf(
      openArtifact(counting, artifact, [(await keyPair()).identity], () => undefined),
    );
    expect(error).toMatchObject({ code: "seal.identity", exitCode: 2 });
    expect(counting.log.filter((event) => event === `get ${artifact.path}`)).toHaveLength(1);
  });

  it("is the artifact's damage when the manifest says that it must open it", async () => {
    const stranger = await keyPair();
    const artifact = await artifactOf(noise(100));
    const sealing = new Sealing(once(noise(100)), { level: 3, recipients: [stranger.recipient] });
    store.plant(artifact.path, await collect(sealing.content, MiB));
    const promised = { ...artifact, ...sealing.totals };
    expect(
      (await outcomeOf(openArtifact(store, promised, [ours.identity], () => undefined))).error,
    ).toMatchObject({
      code: "artifact.damaged",
      message: expect.stringContaining("do not decrypt"),
    });
  });
});

describe("a reader who leaves an artifact early", () => {
  it("has the store's stream released", async () => {
    const artifact = await artifactOf(noise(300_000));
    let released = false;
    const watching = Object.create(store) as BlobStore;
    watching.get = async (path) => {
      const { size, content } = await store.get(path);
      return {
        size,
        content: (async function* () {
          try {
            yield* content;
          } finally {
            released = true;
          }
        })(),
      };
    };
    for await (const chunk of openArtifact(watching, artifact, [ours.identity], () => undefined)) {
      void chunk;
      break;
    }
    expect(released).toBe(true);
  });
});
