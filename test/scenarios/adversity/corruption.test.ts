import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { Catalog } from "../../../src/nouns/catalog/catalog.ts";
import type { Manifest } from "../../../src/nouns/catalog/manifest.ts";
import { manifestPath } from "../../../src/nouns/catalog/paths.ts";
import { once } from "../../../src/kernel/streams.ts";
import type { ToolSet } from "../../../src/ports/dump-tools.ts";
import type { ScratchServers } from "../../../src/ports/scratch-server.ts";
import { Sealing } from "../../../src/nouns/seal/seal.ts";
import { runValidate } from "../../../src/backups/validate/run.ts";
import { MemoryStore } from "../../fakes/memory-store.ts";
import { createDatabase, type TestDatabase } from "../../support/postgres.ts";
import { casesInTurn, sampled, stride } from "../../support/sampling.ts";
import {
  backup,
  bytesOf,
  ended,
  newKeys,
  ONE_TABLE,
  paths,
  portsAround,
  restore,
  validate,
  validateInputs,
  type KeyPair,
} from "./support.ts";

const CHUNK = 64 * 1024 + 16;

describe("a damaged backup", () => {
  let database: TestDatabase;
  let empty: TestDatabase;
  let keys: KeyPair;
  let store: MemoryStore;
  let artifact: string;
  let manifest: string;

  beforeAll(async () => {
    keys = await newKeys();
    [database, empty] = await Promise.all([createDatabase({ sql: ONE_TABLE }), createDatabase()]);
    store = new MemoryStore();
    await backup(database.url, keys.recipient, { store });
    [artifact = "", manifest = ""] = [
      (await paths(store, "database/"))[0],
      (await paths(store, "manifests/"))[0],
    ];
  });
  afterAll(async () => {
    await database.drop();
    await empty.drop();
  });

  /** A copy of the store in which one blob has other bytes. */
  function damaged(path: string, bytes: Uint8Array, from = store): MemoryStore {
    const copy = from.clone();
    copy.plant(path, bytes);
    return copy;
  }

  /**
   * `validate --depth opened` as it is, but for pg_restore, which is only started once every byte has passed:
   * a process per flipped bit would take hours and could only find what the bytes' hashes have found before.
   */
  async function verdict(of: MemoryStore): Promise<number> {
    const ports = portsAround({ store: of });
    const real = await ports.dumpTools();
    const found = await (installed ??= real.installed());
    const patient = {
      ...real,
      installed: () => Promise.resolve(found),
      async listContents(
        tools: Parameters<typeof real.listContents>[0],
        archive: Parameters<typeof real.listContents>[1],
      ) {
        const chunks: Uint8Array[] = [];
        for await (const chunk of archive) chunks.push(chunk);
        return real.listContents(tools, once(Buffer.concat(chunks)));
      },
    };
    return (
      await runValidate(validateInputs(keys.identity), {
        ...ports,
        dumpTools: () => Promise.resolve(patient),
        scratchServers: noServers,
      })
    ).exit;
  }
  // The machine is searched for programs once, not per flip.
  let installed: Promise<readonly ToolSet[]> | undefined;
  const noServers = (): Promise<ScratchServers> =>
    Promise.resolve({
      available: () => Promise.resolve({ major: undefined, reason: "not needed" }),
      start: () => Promise.reject(new Error("depth opened needs no server")),
    });

  /** @param every a number that is odd comes to every place within bytes, one below eight to every byte */
  async function flips(
    path: string,
    every: number,
  ): Promise<{ bits: number; flipped: number; missed: string[] }> {
    const bytes = await bytesOf(store, path);
    const missed: string[] = [];
    const copy = store.clone();
    let tried = 0;
    const { first, step } = stride(
      `bits of ${path === manifest ? "a manifest" : "an artifact"} flipped`,
      bytes.length * 8,
      every,
    );
    for (let bit = first; bit < bytes.length * 8; bit += step) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      copy.plant(path, flipped);
      tried += 1;
      if ((await verdict(copy)) !== 5) missed.push(`bit ${bit & 7} of byte ${bit >> 3}`);
      for (const receipt of await paths(copy, "receipts/")) copy.blobs.delete(receipt);
    }
    return { bits: bytes.length * 8, flipped: tried, missed };
  }

  it("is proved as long as it is whole, by the same means that find every flip below", async () => {
    expect(await verdict(store.clone())).toBe(0);
  });

  it("is found for a flipped bit in every byte of its artifact; thorough, all 5,000 to 40,000", async () => {
    const { bits, flipped, missed } = await flips(artifact, 7);
    expect([missed, flipped >= Math.floor(bits / 7)]).toEqual([[], true]);
    expect(bits).toBeGreaterThan(5_000);
  }, 900_000);

  it("is found for bits all over its manifest; thorough, each of the 20,000 to 100,000", async () => {
    const { bits, flipped, missed } = await flips(manifest, 31);
    expect([missed, flipped >= Math.floor(bits / 31)]).toEqual([[], true]);
    expect(bits).toBeGreaterThan(20_000);
  }, 1_800_000);

  it("is found when any of its two files ends at any byte before its end, or goes on after it", async () => {
    let tried = 0;
    for (const path of [artifact, manifest]) {
      const bytes = await bytesOf(store, path);
      const { first, step } = stride(
        `ends of ${path === artifact ? "an artifact" : "a manifest"}`,
        bytes.length,
        path === artifact ? 3 : 29,
      );
      for (const size of new Set([0, 1, ...range(first, bytes.length, step), bytes.length - 1])) {
        expect([path, size, await verdict(damaged(path, bytes.subarray(0, size)))]).toEqual([path, size, 5]);
        tried += 1;
      }
      for (const tail of [Buffer.from([0]), Buffer.from("\n"), bytes]) {
        expect([path, tail.length, await verdict(damaged(path, Buffer.concat([bytes, tail])))]).toEqual([
          path,
          tail.length,
          5,
        ]);
        tried += 1;
      }
    }
    expect(tried).toBeGreaterThan(300);
  }, 900_000);

  /**
   * Puts another plain archive in the backup's place, with a manifest that promises it: a backup of many
   * chunks and frames.
   */
  async function bigBackup(
    recipients: readonly string[],
  ): Promise<{ big: MemoryStore; path: string; bytes: Buffer }> {
    const big = new MemoryStore();
    const catalog = new Catalog(store);
    const { manifest: small } = await catalog.read((await catalog.keys())[0]!);
    const plain = Buffer.from(randomBytes(3_300_000).toString("base64"));
    const sealing = new Sealing(once(plain), { level: 1, recipients });
    const [first] = small.artifacts;
    const path = recipients.length > 0 ? first!.path : first!.path.replace(/\.age$/, "");
    await big.put(path, sealing.content);
    const encryption = {
      format: recipients.length > 0 ? ("age-v1" as const) : ("none" as const),
      recipients: [...recipients],
    };
    const value: Manifest = { ...small, artifacts: [{ ...first!, path, ...sealing.totals, encryption }] };
    await new Catalog(big).commit(value);
    return { big, path, bytes: await bytesOf(big, path) };
  }

  it("is found when cut at or around every edge of its encrypted chunks", async () => {
    const { big, path, bytes } = await bigBackup([keys.recipient]);
    const payload = bytes.indexOf("\n", bytes.indexOf("\n--- ") + 1) + 1 + 16;
    const edges = [...range(payload, bytes.length, CHUNK)];
    expect(edges.length).toBeGreaterThanOrEqual(50);
    const kind = (edge: number, at: number): string =>
      at < 2 || at > edges.length - 3 ? String(edge) : "between";
    for (const edge of sampled("edges of encrypted chunks", edges, { every: 6, kind })) {
      for (const size of [edge - 1, edge, edge + 1, edge + 16].filter((at) => at < bytes.length)) {
        expect([size, await verdict(damaged(path, bytes.subarray(0, size), big))]).toEqual([size, 5]);
      }
    }
    // Whole chunks exchanged or left out in the middle.
    const chunk = (index: number): Buffer =>
      bytes.subarray(payload + index * CHUNK, payload + (index + 1) * CHUNK);
    const rest = bytes.subarray(payload + 2 * CHUNK);
    expect(
      await verdict(
        damaged(path, Buffer.concat([bytes.subarray(0, payload), chunk(1), chunk(0), rest]), big),
      ),
    ).toBe(5);
    expect(
      await verdict(damaged(path, Buffer.concat([bytes.subarray(0, payload), chunk(0), rest]), big)),
    ).toBe(5);
  }, 900_000);

  it("is found, unencrypted, when cut at its compressed frames, where zstd sees a whole file", async () => {
    const { big, path, bytes } = await bigBackup([]);
    const frames = [...allIndexes(bytes, Buffer.from([0x28, 0xb5, 0x2f, 0xfd]))];
    expect(frames.length).toBeGreaterThanOrEqual(2);
    for (const edge of frames.slice(1)) {
      for (const size of [edge - 4, edge - 1, edge, edge + 1, edge + 4]) {
        expect([size, await verdict(damaged(path, bytes.subarray(0, size), big))]).toEqual([size, 5]);
      }
      const second = bytes.subarray(edge);
      expect(await verdict(damaged(path, Buffer.concat([second, bytes.subarray(0, edge)]), big))).toBe(5);
      expect(await verdict(damaged(path, second, big))).toBe(5);
    }
  }, 900_000);

  describe("by an exchange of whole files", () => {
    let second: MemoryStore;
    let old: { artifact: string; manifest: string };
    let young: { artifact: string; manifest: string };
    let tier1: { schema: string; data: string };

    beforeAll(async () => {
      second = store.clone();
      await database.query("insert into t values (3, 'three')");
      const id = String((await backup(database.url, keys.recipient, { store: second })).outputs["id"]);
      old = { artifact, manifest };
      young = {
        artifact: `database/shop/tier2/${id}/full.dump.zst.age`,
        manifest: `manifests/shop/tier2/${id}.json`,
      };
      const one = String(
        (await backup(database.url, keys.recipient, { store: second }, { tier: "tier1" })).outputs["id"],
      );
      tier1 = {
        schema: `database/shop/tier1/${one}/schema.dump.zst.age`,
        data: `database/shop/tier1/${one}/data.dump.zst.age`,
      };
    });

    async function verdicts(change: (copy: MemoryStore) => Promise<void>, path: string): Promise<number> {
      const copy = second.clone();
      await change(copy);
      const match = /\/([^/]+)\/(tier\d)\/([^/.]+)/.exec(path);
      const outcome = await validate(
        keys.identity,
        { store: copy },
        { backup: match![3]!, source: match![1], tier: match![2] as "tier1" },
      );
      return outcome.exit;
    }
    const copyOver =
      (from: string, to: string) =>
      async (copy: MemoryStore): Promise<void> =>
        void copy.plant(to, await bytesOf(second, from));
    const exchange =
      (a: string, b: string) =>
      async (copy: MemoryStore): Promise<void> => {
        await copyOver(a, b)(copy);
        await copyOver(b, a)(copy);
      };

    it("is found: an artifact replayed from an older backup, or exchanged with another", async () => {
      expect(await verdicts(copyOver(old.artifact, young.artifact), young.artifact)).toBe(5);
      for (const path of [old.artifact, young.artifact]) {
        expect(await verdicts(exchange(old.artifact, young.artifact), path)).toBe(5);
      }
      expect(await verdicts(exchange(tier1.schema, tier1.data), tier1.data)).toBe(5);
      expect(await verdicts(copyOver(tier1.schema, tier1.data), tier1.data)).toBe(5);
    });

    it("is found: a deleted artifact", async () => {
      for (const path of [old.artifact, young.artifact, tier1.schema, tier1.data]) {
        expect([path, await verdicts((copy) => copy.remove(path), path)]).toEqual([path, 5]);
      }
    });

    it("is found: a manifest replayed from another backup, another tier or another source", async () => {
      expect(await verdicts(copyOver(old.manifest, young.manifest), young.manifest)).toBe(5);
      const elsewhere = [old.manifest.replace("tier2", "tier3"), old.manifest.replace("/shop/", "/other/")];
      for (const path of elsewhere) {
        expect([path, await verdicts(copyOver(old.manifest, path), path)]).toEqual([path, 5]);
      }
    });

    it("is found: a whole older backup in the place of one that a later was made after", async () => {
      const third = second.clone();
      const id = String((await backup(database.url, keys.recipient, { store: third })).outputs["id"]);
      // The forger gives the document a right checksum of its own; the chain tells.
      const catalog = new Catalog(third);
      const key = (await catalog.keys({ source: "shop", tier: "tier2" })).find(
        (one) => young.manifest === manifestPath(one),
      )!;
      const { manifest: value } = await catalog.read(key);
      third.blobs.delete(young.manifest);
      await catalog.commit({ ...value, startedAt: "2020-01-01T00:00:00.000Z" });
      expect((await validate(keys.identity, { store: third }, { backup: id })).exit).toBe(5);
    });
  });

  describe("is never restored silently", () => {
    const damages: [string, (bytes: Buffer) => Buffer][] = [
      ["a flipped bit in the header", (bytes) => flip(bytes, 30)],
      ["a flipped bit in the recipient's stanza", (bytes) => flip(bytes, 100)],
      ["a flipped bit in the body", (bytes) => flip(bytes, bytes.length >> 1)],
      ["a flipped bit in the last byte", (bytes) => flip(bytes, bytes.length - 1)],
      ["a missing last byte", (bytes) => bytes.subarray(0, -1)],
      ["a missing half", (bytes) => bytes.subarray(0, bytes.length >> 1)],
      ["nothing left", () => Buffer.alloc(0)],
      ["a byte too many", (bytes) => Buffer.concat([bytes, Buffer.from([0])])],
    ];
    const damagesIn = (what: string, way: number): typeof damages =>
      casesInTurn(`damages, ${what}`, damages, {
        every: 1,
        kind: ([name]) => name,
        share: { way, ways: 2 },
      });

    it.each(damagesIn("beside", 0))("beside: %s", async (_, change) => {
      await using target = await createDatabase({
        sql: "create table mine (x int); insert into mine values (42)",
      });
      const copy = damaged(artifact, change(await bytesOf(store, artifact)));
      const run = await ended(
        restore(target.url, keys.identity, { store: copy }, { mode: "beside", confirm: target.name }),
      );
      expect([run.exit, run.error?.code]).toEqual([5, "artifact.damaged"]);
      expect(await target.query("select x from mine")).toEqual([{ x: 42 }]);
      expect(
        await target.admin("select datname from pg_database where datname like $1", [`${target.name}\\_%`]),
      ).toEqual([]);
      expect(await paths(copy, "receipts/")).toEqual([]);
    });

    it.each(damagesIn("into an empty database", 1))("into an empty database: %s", async (_, change) => {
      const copy = damaged(artifact, change(await bytesOf(store, artifact)));
      for (const jobs of [1, 2]) {
        await using target = await createDatabase();
        const run = await ended(restore(target.url, keys.identity, { store: copy }, { jobs }));
        expect([jobs, run.exit, run.error?.code]).toEqual([jobs, 5, "artifact.damaged"]);
        expect(await paths(copy, "receipts/")).toEqual([]);
      }
    });

    it("a damaged manifest stops it before the target is asked anything", async () => {
      const bytes = await bytesOf(store, manifest);
      for (const at of [0, 500, bytes.length - 2]) {
        const run = await ended(
          restore(empty.url, keys.identity, { store: damaged(manifest, flip(bytes, at)), database: unasked }),
        );
        expect([at, run.exit, run.error?.code]).toEqual([at, 5, "catalog.damaged"]);
      }
    });
    const unasked = <T extends { address: unknown }>(real: T): T => ({
      ...real,
      connect: () => {
        throw new Error("the target was asked");
      },
    });
  });
});

function flip(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 4;
  return copy;
}

function* range(from: number, end: number, step: number): Generator<number> {
  for (let at = from; at < end; at += step) yield at;
}

function* allIndexes(bytes: Buffer, needle: Buffer): Generator<number> {
  for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + 1)) yield at;
}
