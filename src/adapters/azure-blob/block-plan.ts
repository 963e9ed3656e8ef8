import { MiB } from "../../kernel/bytes.ts";

/**
 * A block blob has at most this many blocks …
 * https://learn.microsoft.com/rest/api/storageservices/understanding-block-blobs--append-blobs--and-page-blobs
 */
export const BLOCKS_MAX = 50_000;
/** … of at most this size: 190.7 TiB in all. */
export const BLOCK_BYTES_MAX = 4000 * MiB;
/** Large enough that a request's fixed cost does not matter, small enough that five of them are 20 MiB. */
export const BLOCK_BYTES_MIN = 4 * MiB;

/** Blocks planned for the hinted size; the rest is kept for a stream that turns out longer. */
const BLOCKS_FOR_HINT = 40_000;
const BUFFERED_BYTES = 128 * MiB;

/** How to cut the stream at some offset. */
export interface BlockPlan {
  /** Bytes of the block that begins at this offset: 4 MiB times a power of two, or the maximum. */
  readonly size: number;
  /** Blocks being sent at the same time while one more is being filled. */
  readonly inFlight: number;
}

/**
 * Chooses the block that begins at `offset` (bytes), for a stream of probably `sizeHint` bytes.
 *
 * A block must be whole in memory, or it could not be sent again; so blocks are as small as the limits allow.
 * Within the hint they are all of one size. Beyond it (or without one) a block is at least a thousandth of
 * what came since: from a true hint of 190 TiB that is never needed, and without any hint the 50,000 blocks
 * reach 160 TiB. Sizes are powers of two, so that buffers can be used again. While blocks are small (all
 * databases up to several terabytes when hinted, 8 GiB when not) five buffers make 20 to 40 MiB.
 */
export function blockPlan(offset: number, sizeHint = 0): BlockPlan {
  const forHint = sizeHint / BLOCKS_FOR_HINT;
  const beyondHint = Math.max(0, offset - sizeHint) / 1000;
  const wanted = Math.max(forHint, beyondHint, BLOCK_BYTES_MIN);
  const size = Math.min(
    BLOCK_BYTES_MAX,
    BLOCK_BYTES_MIN * 2 ** Math.ceil(Math.log2(wanted / BLOCK_BYTES_MIN)),
  );
  return { size, inFlight: Math.max(1, Math.min(4, Math.floor(BUFFERED_BYTES / size) - 1)) };
}
