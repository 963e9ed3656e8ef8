import { beforeAll, describe, expect, it } from "@jest/globals";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import fc from "fast-check";
import { giveBack, LentBlocks } from "../../../src/kernel/lent-chunks.ts";
import { collect, once, type ByteStream } from "../../../src/kernel/streams.ts";
import { MiB } from "../../../src/kernel/bytes.ts";
import { Sealing, unseal } from "../../../src/nouns/seal/seal.ts";
import {
  chunked,
  chunkSizes,
  failing,
  keyPair,
  noise,
  outcomeOf,
  watched,
  type KeyPair,
} from "./material.ts";
import { casesInTurn } from "../../support/sampling.ts";

const SIZES = [
  0,
  1,
  65_535,
  65_536,
  65_537,
  131_072,
  2 * MiB - 1,
  2 * MiB,
  2 * MiB + 1,
  4 * MiB - 1,
  4 * MiB,
  4 * MiB + 1,
  12 * MiB + 3,
];
const hash = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

let ours: KeyPair;
let theirs: KeyPair;
beforeAll(async () => {
  [ours, theirs] = await Promise.all([keyPair(), keyPair()]);
});

async function seal(plain: Uint8Array, recipients: readonly string[] = [ours.recipient]): Promise<Buffer> {
  return await collect(new Sealing(once(plain), { level: 3, recipients }).content, 64 * MiB);
}

describe("a sealed stream", () => {
  it.each(casesInTurn("sizes of a sealed stream", SIZES, { every: 2 }))(
    "of %i bytes comes back the same, however both sides are cut into chunks",
    async (size) => {
      const plain = noise(size);
      await fc.assert(
        fc.asyncProperty(chunkSizes, chunkSizes, fc.boolean(), async (plainSizes, sealedSizes, encrypted) => {
          const sealing = new Sealing(chunked(plain, plainSizes), {
            level: 1,
            recipients: encrypted ? [ours.recipient] : [],
          });
          const sealed = await collect(sealing.content, 64 * MiB);
          const opened = await collect(
            unseal(chunked(sealed, sealedSizes), encrypted ? [ours.identity] : null),
            64 * MiB,
          );
          expect(opened.equals(plain)).toBe(true);
          expect(sealing.totals).toEqual({
            plain: { size, sha256: hash(plain) },
            stored: { size: sealed.length, sha256: hash(sealed) },
          });
        }),
        { numRuns: size < MiB ? 20 : 3 },
      );
    },
  );

  it.each([
    ["sealed", true],
    ["unencrypted", false],
  ])(
    "comes back the same from chunks that are written over once they are given back: %s",
    async (_, isSealed) => {
      const plain = noise(9 * MiB + 7);
      const blocks = new LentBlocks();
      let reused = 0;
      const seen = new Set<ArrayBufferLike>();
      const source = async function* (): ByteStream {
        for (let at = 0; at < plain.length; at += 100_000) {
          const block = blocks.take(100_000).fill(0);
          reused += seen.has(block.buffer) ? 1 : 0;
          seen.add(block.buffer);
          yield blocks.lend(block, plain.copy(block, 0, at));
        }
      };
      const stored: Buffer[] = [];
      const recipients = isSealed ? [ours.recipient] : [];
      const sealing = new Sealing(source(), { level: 1, recipients });
      for await (const chunk of sealing.content) {
        stored.push(Buffer.from(chunk));
        giveBack(chunk);
        chunk.fill(0);
      }
      const sealed = Buffer.concat(stored);
      expect(hash(sealed)).toBe(sealing.totals.stored.sha256);
      const identities = isSealed ? [ours.identity] : null;
      expect((await collect(unseal(once(sealed), identities), 64 * MiB)).equals(plain)).toBe(true);
      expect(reused).toBeGreaterThan(90);
    },
  );

  it("comes back the same when it is compressible text at every level", async () => {
    const plain = Buffer.from(
      Array.from({ length: 60_000 }, (_, row) => `${row}\tperson ${row % 977}\n`).join(""),
    );
    for (const level of [1, 3, 9, 19]) {
      const sealed = await collect(
        new Sealing(once(plain), { level, recipients: [ours.recipient] }).content,
        MiB,
      );
      expect(sealed.length).toBeLessThan(plain.length / 3);
      expect((await collect(unseal(once(sealed), [ours.identity]), 8 * MiB)).equals(plain)).toBe(true);
    }
  });

  it("is opened by each of its recipients, and by a ring of keys of which one fits", async () => {
    const third = await keyPair();
    const sealed = await seal(noise(1000), [ours.recipient, theirs.recipient, third.recipient]);
    for (const ring of [
      [ours.identity],
      [theirs.identity],
      [third.identity],
      [(await keyPair()).identity, theirs.identity],
    ]) {
      expect((await collect(unseal(once(sealed), ring), MiB)).equals(noise(1000))).toBe(true);
    }
  });

  it("is not opened by another identity: seal.identity, exit 2, and no key in the text", async () => {
    const { error, bytes } = await outcomeOf(unseal(once(await seal(noise(1000))), [theirs.identity]));
    expect(error).toMatchObject({ code: "seal.identity", exitCode: 2 });
    expect(bytes.length).toBe(0);
    expect(JSON.stringify([String(error), (error as { hint?: string }).hint])).not.toContain(
      theirs.identity.slice(0, 24),
    );
  });

  it("is different every time, also for the same plain bytes", async () => {
    const [one, other] = [await seal(noise(100)), await seal(noise(100))];
    expect(one.equals(other)).toBe(false);
  });

  it("gives its totals only after its end", async () => {
    const sealing = new Sealing(once(noise(10)), { level: 3, recipients: [] });
    expect(() => sealing.totals).toThrow("before its stream ended");
    for await (const chunk of sealing.content) {
      void chunk;
      break;
    }
    expect(() => sealing.totals).toThrow("before its stream ended");
  });
});

describe("a source that fails", () => {
  const own = new Error("the source's own words");

  it.each([0, 10, 70_000, 5 * MiB])(
    "after %i bytes passes its own error through while sealing",
    async (size) => {
      for (const recipients of [[], [ours.recipient]]) {
        const sealing = new Sealing(failing(noise(size), own), { level: 1, recipients });
        expect((await outcomeOf(sealing.content)).error).toBe(own);
        expect(() => sealing.totals).toThrow();
      }
    },
  );

  it("passes its own error through while opening, wherever it stops", async () => {
    const sealed = await seal(noise(200_000));
    for (const size of [0, 10, 300, 70_000, sealed.length]) {
      expect((await outcomeOf(unseal(failing(sealed.subarray(0, size), own), [ours.identity]))).error).toBe(
        own,
      );
    }
    const packed = await seal(noise(200_000), []);
    for (const size of [0, 3, 70_000, packed.length]) {
      expect((await outcomeOf(unseal(failing(packed.subarray(0, size), own), null))).error).toBe(own);
    }
  });
});

describe("a reader who leaves early", () => {
  it("has the source released before going on, while sealing and while opening", async () => {
    const plain = noise(9 * MiB);
    const sealing = watched(plain, 65_536);
    let seen = 0;
    for await (const chunk of new Sealing(sealing.stream, { level: 1, recipients: [ours.recipient] })
      .content) {
      seen += chunk.length;
      // Past the header, which is given before anything is pulled.
      if (seen > 1000) break;
    }
    expect(sealing.released()).toBe(true);
    expect(sealing.pulled()).toBeLessThan(plain.length + 1);

    const opening = watched(await seal(plain), 65_536);
    for await (const chunk of unseal(opening.stream, [ours.identity])) {
      void chunk;
      break;
    }
    expect(opening.released()).toBe(true);
    expect(opening.pulled()).toBeLessThan(3 * MiB);
  });

  it("has the source released also when the bytes turn out to be damaged", async () => {
    const sealed = await seal(noise(3 * MiB));
    sealed.writeUInt8(sealed.readUInt8(100_000) ^ 1, 100_000);
    const source = watched(sealed, 65_536);
    expect((await outcomeOf(unseal(source.stream, [ours.identity]))).code).toBe("seal.damaged");
    expect(source.released()).toBe(true);
  });
});

describe("a slow reader", () => {
  it("never makes a seal pull more than 24 MiB of plain bytes ahead", async () => {
    const source = watched(noise(48 * MiB), 65_536);
    let delivered = 0;
    let aheadMost = 0;
    for await (const chunk of new Sealing(source.stream, { level: 1, recipients: [ours.recipient] })
      .content) {
      // The bytes do not compress, so delivered bytes are plain bytes, give or take a percent.
      delivered += chunk.length;
      await new Promise((resolve) => setImmediate(resolve));
      aheadMost = Math.max(aheadMost, source.pulled() - delivered);
    }
    expect(source.pulled()).toBe(48 * MiB);
    expect(aheadMost).toBeGreaterThan(4 * MiB);
    expect(aheadMost).toBeLessThan(24 * MiB);
  });

  it("leaves the collector nothing that piles up, whether it compresses or not", async () => {
    const script = fileURLToPath(new URL("seal-memory.ts", import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [script, "25", "200"], { env: {} });
    expect(Number(stdout)).toBeGreaterThan(16);
    expect(Number(stdout)).toBeLessThan(48);
  });

  it("never makes opening pull more than 2 MiB of sealed bytes ahead", async () => {
    const source = watched(await seal(noise(16 * MiB)), 65_536);
    let delivered = 0;
    let aheadMost = 0;
    for await (const chunk of unseal(source.stream, [ours.identity])) {
      delivered += chunk.length;
      await new Promise((resolve) => setTimeout(resolve, 2));
      aheadMost = Math.max(aheadMost, source.pulled() - delivered);
    }
    expect(delivered).toBe(16 * MiB);
    expect(aheadMost).toBeLessThan(2 * MiB);
  });
});
