import { describe, expect, it } from "@jest/globals";
import { freeNow, giveBack, keep, LentBlocks } from "../../src/kernel/lent-chunks.ts";
import { fork, type ByteStream } from "../../src/kernel/streams.ts";

describe("a chunk that is lent", () => {
  it("is used again once it was given back, and once only", () => {
    const blocks = new LentBlocks();
    const chunk = blocks.lend(blocks.take(8), 5);
    expect(chunk).toHaveLength(5);
    giveBack(chunk);
    giveBack(chunk);
    const [again, another] = [blocks.take(8), blocks.take(8)];
    expect(again.buffer).toBe(chunk.buffer);
    expect(another.buffer).not.toBe(chunk.buffer);
  });

  it("stays as it is while somebody keeps it, or it was not given back", () => {
    const blocks = new LentBlocks();
    const kept = blocks.lend(blocks.take(8), 8);
    const lent = blocks.lend(blocks.take(8), 8);
    keep(kept);
    giveBack(kept);
    expect([kept.buffer, lent.buffer]).not.toContain(blocks.take(8).buffer);
  });

  it("is not what a larger block is made of", () => {
    const blocks = new LentBlocks();
    giveBack(blocks.lend(blocks.take(8), 8));
    expect(blocks.take(9)).toHaveLength(9);
    expect(blocks.take(4)).toHaveLength(8);
  });

  it("is nothing to somebody who lent nothing", () => {
    expect(() => giveBack(Buffer.from("of Node's own pool"))).not.toThrow();
  });

  it("can be freed before the collector comes, when its buffer is nobody else's", () => {
    const bytes = Buffer.allocUnsafeSlow(8);
    const { buffer } = bytes;
    freeNow(buffer);
    expect([bytes.length, buffer.byteLength, buffer.detached]).toEqual([0, 0, true]);
  });

  it("is kept for the second reader of a stream, until that one has left", async () => {
    const blocks = new LentBlocks();
    const made = new Set<ArrayBufferLike>();
    const source = async function* (): ByteStream {
      for (const digit of "0123456789") {
        const block = blocks.take(4);
        made.add(block.buffer);
        yield blocks.lend(block.fill(digit), 4);
      }
    };
    const { main, side } = fork(source());
    const read: Uint8Array[] = [];
    const reading = (async () => {
      for await (const chunk of side) if (read.push(chunk) === 3) break;
    })();
    let whole = "";
    for await (const chunk of main) {
      whole += Buffer.from(chunk).toString();
      giveBack(chunk);
    }
    await reading;
    expect(whole).toBe(Array.from("0123456789", (digit) => digit.repeat(4)).join(""));
    expect(Buffer.concat(read).toString()).toBe("000011112222");
    // Three that the side has, at most one on its way to it, and one for all the others.
    expect(made.size).toBeLessThanOrEqual(5);
  });
});
