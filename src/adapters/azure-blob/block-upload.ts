import { createHash } from "node:crypto";
import { HoldfastError } from "../../kernel/errors.ts";
import { giveBack } from "../../kernel/lent-chunks.ts";
import type { ByteStream } from "../../kernel/streams.ts";
import { BlockBuffers } from "./block-buffers.ts";
import { BLOCKS_MAX, blockPlan, type BlockPlan } from "./block-plan.ts";

/** One block on its way. `bytes` is only valid until {@link BlockSink} resolves: the buffer is used again. */
export interface Block {
  readonly id: string;
  readonly bytes: Buffer;
  readonly md5: Uint8Array;
}

/**
 * Sends one block, with its own retries; rejects when it cannot be sent. The signal aborts when the upload
 * has failed elsewhere.
 */
export type BlockSink = (block: Block, signal: AbortSignal) => Promise<void>;

/** What was sent: to be committed in this order. */
export interface StagedBlocks {
  readonly ids: readonly string[];
  readonly size: number;
}

/** How a stream is cut; replaceable so that tests can cut small. */
export interface UploadOptions {
  /** Random part of the block ids, of constant length. */
  readonly uploadId: string;
  readonly sizeHint?: number | undefined;
  readonly plan?: (offset: number, sizeHint?: number) => BlockPlan;
  readonly buffers?: BlockBuffers;
}

/**
 * Block ids must have equal length within one blob. The random part keeps two writers of one path apart:
 * without it the blocks of both would overwrite each other, and a commit could mix them.
 */
export function blockId(uploadId: string, index: number): string {
  return Buffer.from(`${uploadId}-${String(index).padStart(5, "0")}`).toString("base64");
}

/**
 * Cuts `content` into blocks and sends several at the same time. Resolves when every block has been sent.
 * When the content or a block fails, the others are aborted and waited for, then that error is rethrown as it
 * is: nothing has been committed.
 */
export async function stageBlocks(
  content: ByteStream,
  send: BlockSink,
  options: UploadOptions,
): Promise<StagedBlocks> {
  const upload = new BlockUpload(send, options);
  try {
    for await (const chunk of content) {
      await upload.append(chunk);
      giveBack(chunk);
    }
    return await upload.finish();
  } catch (error) {
    await upload.abandon(error);
    throw error;
  }
}

class BlockUpload {
  readonly #send: BlockSink;
  readonly #options: UploadOptions;
  readonly #plan: (offset: number, sizeHint?: number) => BlockPlan;
  readonly #buffers: BlockBuffers;
  readonly #abort = new AbortController();
  readonly #sending = new Set<Promise<void>>();
  readonly #ids: string[] = [];
  #failure: { readonly error: unknown } | undefined;
  #current: { readonly buffer: Buffer; readonly plan: BlockPlan; filled: number } | undefined;
  #size = 0;

  constructor(send: BlockSink, options: UploadOptions) {
    this.#send = send;
    this.#options = options;
    this.#plan = options.plan ?? blockPlan;
    this.#buffers = options.buffers ?? new BlockBuffers();
  }

  async append(chunk: Uint8Array): Promise<void> {
    for (let taken = 0; taken < chunk.byteLength;) {
      this.#throwIfFailed();
      if (this.#current === undefined) {
        const plan = this.#plan(this.#size, this.#options.sizeHint);
        this.#current = { buffer: this.#buffers.take(plan.size), plan, filled: 0 };
      }
      const current = this.#current;
      const count = Math.min(chunk.byteLength - taken, current.plan.size - current.filled);
      current.buffer.set(chunk.subarray(taken, taken + count), current.filled);
      current.filled += count;
      taken += count;
      this.#size += count;
      if (current.filled === current.plan.size) await this.#launch();
    }
  }

  async finish(): Promise<StagedBlocks> {
    if (this.#current !== undefined) await this.#launch();
    await Promise.all(this.#sending);
    this.#throwIfFailed();
    return { ids: this.#ids, size: this.#size };
  }

  async abandon(reason: unknown): Promise<void> {
    this.#abort.abort(reason);
    await Promise.all(this.#sending);
  }

  /** Starts sending the current block, after waiting for a place. */
  async #launch(): Promise<void> {
    const current = this.#current;
    if (current === undefined) return;
    this.#current = undefined;
    if (this.#ids.length === BLOCKS_MAX) {
      throw new HoldfastError(
        "store.full",
        `the stream is longer than ${BLOCKS_MAX} blocks can hold (${this.#size} bytes so far)`,
        {
          hint: "Back up in parts (--schemas, --exclude-schemas); Azure takes at most 190.7 TiB in one blob.",
        },
      );
    }
    while (this.#sending.size >= current.plan.inFlight) await Promise.race(this.#sending);
    this.#throwIfFailed();
    const bytes = current.buffer.subarray(0, current.filled);
    const id = blockId(this.#options.uploadId, this.#ids.length);
    this.#ids.push(id);
    const sending = this.#send({ id, bytes, md5: md5(bytes) }, this.#abort.signal)
      .catch((error: unknown) => {
        this.#failure ??= { error };
        this.#abort.abort(error);
      })
      .finally(() => {
        this.#sending.delete(sending);
        this.#buffers.give(current.buffer);
      });
    this.#sending.add(sending);
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

/** In slices, because OpenSSL's binding takes at most 2 GiB at once. */
function md5(bytes: Buffer): Uint8Array {
  const hash = createHash("md5");
  for (let start = 0; start < bytes.length; start += 2 ** 30) {
    hash.update(bytes.subarray(start, start + 2 ** 30));
  }
  return hash.digest();
}
