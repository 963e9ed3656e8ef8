import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import {
  BLOCK_BYTES_MAX,
  BLOCK_BYTES_MIN,
  BLOCKS_MAX,
  blockPlan,
} from "../../../src/adapters/azure-blob/block-plan.ts";
import { GiB, MiB, TiB } from "../../../src/kernel/bytes.ts";

/** How many blocks a stream of `size` bytes takes, and the largest one; stops counting beyond the limit. */
function cut(size: number, sizeHint?: number): { blocks: number; largest: number; memory: number } {
  let [offset, blocks, largest, memory] = [0, 0, 0, 0];
  while (offset < size && blocks <= BLOCKS_MAX) {
    const plan = blockPlan(offset, sizeHint);
    offset += plan.size;
    blocks += 1;
    largest = Math.max(largest, plan.size);
    memory = Math.max(memory, plan.size * (plan.inFlight + 1));
  }
  return { blocks, largest, memory };
}

describe("blockPlan", () => {
  it("fits 190 TiB with a true hint into 50,000 blocks of at most 4000 MiB", () => {
    const { blocks, largest } = cut(190 * TiB, 190 * TiB);
    expect(blocks).toBeLessThanOrEqual(BLOCKS_MAX);
    expect(largest).toBeLessThanOrEqual(4000 * MiB);
  });

  it("reaches at least 160 TiB without any hint", () => {
    expect(cut(160 * TiB).blocks).toBeLessThanOrEqual(BLOCKS_MAX);
  });

  it("needs 20 MiB of buffers up to 150 GiB hinted or 3.9 GiB not, and at most 160 for a terabyte", () => {
    for (const size of [1, 100 * MiB, 1 * GiB, 3.9 * GiB]) {
      expect(cut(size).memory).toBe(20 * MiB);
      expect(cut(size, size).memory).toBe(20 * MiB);
    }
    expect(cut(7 * GiB).memory).toBe(40 * MiB);
    expect(cut(7 * GiB, 3.5 * GiB).memory).toBe(20 * MiB);
    expect(cut(150 * GiB, 150 * GiB).memory).toBe(20 * MiB);
    expect(cut(TiB, TiB).memory).toBeLessThanOrEqual(160 * MiB);
  });

  it("fits every true hint, and every stream up to twenty times its hint (or 160 TiB)", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: Math.log2(190 * TiB), noNaN: true }),
        fc.double({ min: 0.01, max: 20, noNaN: true }),
        (power, factor) => {
          const hint = Math.floor(2 ** power);
          expect(cut(hint, hint).blocks).toBeLessThanOrEqual(BLOCKS_MAX);
          expect(cut(Math.min(hint * factor, 50 * TiB), hint).blocks).toBeLessThanOrEqual(BLOCKS_MAX);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("never shrinks along a stream, stays within the limits, and keeps at least one block in flight", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 190 * TiB }),
        fc.integer({ min: 0, max: 10 * TiB }),
        fc.integer({ min: 0, max: 190 * TiB }),
        (offset, further, hint) => {
          const [here, there] = [blockPlan(offset, hint), blockPlan(offset + further, hint)];
          expect(there.size).toBeGreaterThanOrEqual(here.size);
          expect(there.inFlight).toBeLessThanOrEqual(here.inFlight);
          expect(here.size).toBeGreaterThanOrEqual(BLOCK_BYTES_MIN);
          expect(here.size).toBeLessThanOrEqual(BLOCK_BYTES_MAX);
          expect(here.inFlight).toBeGreaterThanOrEqual(1);
          expect(here.inFlight).toBeLessThanOrEqual(4);
          expect(blockPlan(offset).size).toBeGreaterThanOrEqual(Math.min(BLOCK_BYTES_MAX, offset / 1000));
        },
      ),
    );
  });
});
