import { createHash } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { BlockBuffers } from "../../../src/adapters/azure-blob/block-buffers.ts";
import { blockId, stageBlocks, type Block } from "../../../src/adapters/azure-blob/block-upload.ts";
import { MiB } from "../../../src/kernel/bytes.ts";
import { codeOf, pattern } from "../../ports/blob-store.laws.ts";

const SMALL = () => ({ size: 10, inFlight: 3 });

async function* chunks(sizes: readonly number[]): AsyncIterable<Uint8Array> {
  let next = 0;
  for (const size of sizes) yield Buffer.from(Array.from({ length: size }, () => (next += 1) & 255));
}

describe("stageBlocks", () => {
  it("keeps every byte in order whatever the chunks' sizes, and gives each block its MD5", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 35 }), { maxLength: 12 }), async (sizes) => {
        const blocks = new Map<string, Buffer>();
        const send = async ({ id, bytes, md5 }: Block): Promise<void> => {
          expect(createHash("md5").update(bytes).digest().equals(md5)).toBe(true);
          await new Promise((resolve) => setImmediate(resolve));
          blocks.set(id, Buffer.from(bytes));
        };
        const { ids, size } = await stageBlocks(chunks(sizes), send, { uploadId: "u", plan: SMALL });
        const total = sizes.reduce((sum, count) => sum + count, 0);
        expect(size).toBe(total);
        expect(ids).toHaveLength(Math.ceil(total / 10));
        expect(Buffer.concat(ids.map((id) => blocks.get(id) ?? Buffer.alloc(0)))).toEqual(
          Buffer.from(Array.from({ length: total }, (_, index) => (index + 1) & 255)),
        );
      }),
    );
  });

  it("sends at most the planned number at once; 512 MiB need five buffers of 4 MiB", async () => {
    const buffers = new BlockBuffers();
    let [now, most] = [0, 0];
    const seen = new Set<ArrayBufferLike>();
    const send = async ({ bytes }: Block): Promise<void> => {
      seen.add(bytes.buffer);
      most = Math.max(most, (now += 1));
      await new Promise((resolve) => setTimeout(resolve, 1));
      now -= 1;
    };
    const piece = Buffer.alloc(4 * MiB);
    const { size } = await stageBlocks(
      (async function* () {
        for (let count = 0; count < 128; count += 1) yield piece;
      })(),
      send,
      { uploadId: "u", buffers },
    );
    expect([size, most, seen.size, buffers.bytesMax]).toEqual([512 * MiB, 4, 5, 20 * MiB]);
  }, 60_000);

  it("gives every block id of an upload the same length, and no two uploads the same ids", () => {
    expect(new Set([0, 9, 10, 49_999].map((index) => blockId("0123456789abcdef", index).length)).size).toBe(
      1,
    );
    expect(Buffer.from(blockId("0123456789abcdef", 49_999), "base64").length).toBeLessThanOrEqual(64);
    expect(blockId("aaaa", 1)).not.toBe(blockId("bbbb", 1));
  });

  it("rethrows the first block's failure, stops the content, and waits for blocks on their way", async () => {
    const own = new Error("no route");
    let [pulled, running, released] = [0, 0, false];
    const content = (async function* () {
      try {
        for (;;) {
          pulled += 1;
          yield Buffer.alloc(10);
        }
      } finally {
        released = true;
      }
    })();
    const send = async ({ id }: Block, signal: AbortSignal): Promise<void> => {
      running += 1;
      await new Promise((resolve) => setTimeout(resolve, id === blockId("u", 2) ? 5 : 20));
      running -= 1;
      if (id === blockId("u", 2)) throw own;
      expect(signal.aborted).toBe(id === blockId("u", 0) || id === blockId("u", 1));
    };
    await expect(stageBlocks(content, send, { uploadId: "u", plan: SMALL })).rejects.toBe(own);
    expect([running, released]).toEqual([0, true]);
    expect(pulled).toBeLessThan(8);
  });

  it("rethrows the content's error as it is, also when a block fails at the same time", async () => {
    const own = new Error("the dump failed");
    const content = (async function* () {
      yield Buffer.alloc(15);
      throw own;
    })();
    const send = async (_block: Block, signal: AbortSignal): Promise<void> =>
      new Promise((_resolve, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason as Error)),
      );
    await expect(stageBlocks(content, send, { uploadId: "u", plan: SMALL })).rejects.toBe(own);
  });

  it("says store.full when 50,000 blocks are not enough", async () => {
    const send = async (): Promise<void> => undefined;
    const plan = () => ({ size: 1, inFlight: 1 });
    expect(await codeOf(stageBlocks(pattern(50_001), send, { uploadId: "u", plan }))).toBe("store.full");
    expect((await stageBlocks(pattern(50_000), send, { uploadId: "u", plan })).ids).toHaveLength(50_000);
  });
});
