import {
  constants,
  createZstdCompress,
  createZstdDecompress,
  type ZstdCompress,
  type ZstdDecompress,
} from "node:zlib";
import { HoldfastError } from "../../kernel/errors.ts";
import { KiB, MiB } from "../../kernel/bytes.ts";
import { freeNow, giveBack, LentBlocks } from "../../kernel/lent-chunks.ts";
import type { ByteStream } from "../../kernel/streams.ts";
import { DEFAULT_LEVEL } from "./default-level.ts";

/**
 * Zstandard (RFC 8878) as a row of independent frames with content checksums. Frames are compressed side by
 * side on libuv's threads, which one streaming compressor cannot do, and `zstd -d` reads concatenated frames
 * as one file.
 *
 * The checksum flag is on because without it most single-bit flips decompress to wrong text without an error.
 */

/** Bytes of input per frame, and so the largest distance at which a repetition can be found. */
const FRAME_INPUT_SIZE = 4 * MiB;
/**
 * The default level's own match tables are larger than what a core of a small server has of second-level
 * cache; a quarter of them costs less and, with a window as large as a frame, stores less. Against level 3
 * with tables that store as little as pg_dump's own compression: 0.65 of the processor time for 2.8 % more
 * bytes. Other levels are taken as they are.
 */
const DEFAULT_TABLES = { [constants.ZSTD_c_windowLog]: 22, [constants.ZSTD_c_hashLog]: 16 };
/**
 * Frames being compressed at once: one per core of a small runner, and two that wait for them or
 * are being filled.
 */
const LANES = 4;
/** Bytes that a compressor or decompressor hands out at once, at most. */
const PIECE_SIZE = 256 * KiB;
/**
 * Less than this does not get a block of its own: frames of repeated rows are some hundred bytes, and
 * hundreds of them wait until there is enough for the cipher.
 */
const LENT_SIZE_MIN = 64 * KiB;

/**
 * Compresses a stream at the given level (1…19), as its last reader. The chunks of `plain` are copied at once
 * into a few blocks that are used over and over, and given back: held until a frame is full they would be
 * garbage by the tens of megabytes.
 */
export async function* compress(plain: ByteStream, level: number): ByteStream {
  const blocks = new LentBlocks();
  const idle = Array.from({ length: LANES }, () => new Lane(level, blocks));
  const busy: { readonly lane: Lane; readonly frame: Promise<readonly Buffer[]> }[] = [];
  const lanes = [...idle];
  const finish = async (): Promise<readonly Buffer[]> => {
    const { lane, frame } = busy[0] as (typeof busy)[number];
    const pieces = await frame;
    busy.shift();
    idle.push(lane);
    return pieces;
  };
  try {
    let frames = 0;
    for await (const chunk of plain) {
      for (let used = 0; used < chunk.byteLength;) {
        if (idle.length === 0) yield* await finish();
        const lane = idle.at(-1) as Lane;
        used += lane.fill(chunk, used);
        if (!lane.isFull) continue;
        idle.pop();
        busy.push({ lane, frame: lane.endFrame() });
        frames += 1;
      }
      giveBack(chunk);
    }
    const last = idle.at(-1);
    if (last !== undefined && (last.hasInput || frames === 0)) {
      busy.push({ lane: last, frame: last.endFrame() });
    }
    while (busy.length > 0) yield* await finish();
  } finally {
    // What is being compressed is not waited for, which at a high level takes long: a compressor that is
    // closed keeps its block until it is done, and its frame is nobody's.
    for (const lane of lanes) lane.close();
  }
}

function copied(piece: Buffer, blocks: LentBlocks): Buffer {
  if (piece.length < LENT_SIZE_MIN) return Buffer.from(piece);
  const block = blocks.take(PIECE_SIZE);
  block.set(piece);
  return blocks.lend(block, piece.length);
}

/** A compressor and the block it reads from, kept for many frames: both are expensive to make. */
class Lane {
  readonly #block = Buffer.allocUnsafeSlow(FRAME_INPUT_SIZE);
  readonly #compressor: ZstdCompress;
  #filled = 0;
  #pieces: Buffer[] = [];

  /** @param blocks what the frames are handed out in */
  constructor(level: number, blocks: LentBlocks) {
    this.#compressor = createZstdCompress({
      chunkSize: PIECE_SIZE,
      params: {
        [constants.ZSTD_c_compressionLevel]: level,
        [constants.ZSTD_c_checksumFlag]: 1,
        ...(level === DEFAULT_LEVEL ? DEFAULT_TABLES : {}),
      },
    });
    this.#compressor.on("data", (piece: Buffer<ArrayBuffer>) => {
      this.#pieces.push(copied(piece, blocks));
      // The compressor makes itself a new buffer for every full one, and goes on in one that is not.
      if (piece.byteOffset + piece.length === piece.buffer.byteLength) freeNow(piece.buffer);
    });
  }

  get isFull(): boolean {
    return this.#filled === FRAME_INPUT_SIZE;
  }

  get hasInput(): boolean {
    return this.#filled > 0;
  }

  /** Copies as much of `chunk` from `start` on as fits; returns how much that was. */
  fill(chunk: Uint8Array, start: number): number {
    const part = chunk.subarray(start, start + FRAME_INPUT_SIZE - this.#filled);
    this.#block.set(part, this.#filled);
    this.#filled += part.byteLength;
    return part.byteLength;
  }

  /** Compresses what was filled in as one complete frame, on one of libuv's threads. */
  endFrame(): Promise<readonly Buffer[]> {
    const frame = new Promise<readonly Buffer[]>((resolve, reject) => {
      this.#compressor.once("error", reject);
      if (this.#filled > 0) this.#compressor.write(this.#block.subarray(0, this.#filled));
      this.#compressor.flush(constants.ZSTD_e_end, (error?: Error | null) => {
        // It is called before the error is told, and what there is would be half a frame.
        if (error) {
          reject(error);
          return;
        }
        this.#compressor.off("error", reject);
        const pieces = this.#pieces;
        this.#pieces = [];
        this.#filled = 0;
        resolve(pieces);
      });
    });
    // Marks a rejection as handled: it is thrown where the frame is awaited, which may be after a pause.
    frame.catch(() => undefined);
    return frame;
  }

  close(): void {
    this.#compressor.destroy();
  }
}

/**
 * Decompresses a row of frames, whoever wrote them. An empty stream, bytes after the last frame and a frame
 * cut short are damage.
 *
 * @throws seal.damaged for anything that is not whole, valid zstd; errors of `packed` pass as they are
 */
export async function* decompress(packed: ByteStream): ByteStream {
  const source = new PulledAhead(packed);
  try {
    do yield* inflated(source);
    while (!source.ended);
  } catch (cause) {
    if (source.failure !== undefined) throw source.failure.error;
    throw new HoldfastError("seal.damaged", "the compressed bytes are damaged or cut short", {
      hint:
        "Run `holdfast validate --depth stored` to see which backups of this source are whole, " +
        "and restore one of those.",
      cause,
    });
  } finally {
    // The source is released before the reader goes on.
    await source.release();
  }
}

/**
 * What one decompressor makes of the source. Node's ends without an error at the end of a
 * frame and drops the rest of the chunk, unless its output buffer happened to be full just then
 * (https://github.com/nodejs/node/issues/64741); that rest is given back to the source, for the next one.
 */
async function* inflated(source: PulledAhead): ByteStream {
  const inflate = createZstdDecompress({ chunkSize: PIECE_SIZE });
  // Errors are seen by the iteration below; one that comes after it was left is nobody's business any more.
  inflate.on("error", () => undefined);
  let given = 0;
  let last: Uint8Array = new Uint8Array(0);
  const feed = async (): Promise<void> => {
    for (let chunk = await source.next(); chunk !== undefined; chunk = await source.next()) {
      last = chunk;
      given += chunk.byteLength;
      if (!(await write(inflate, chunk)) || inflate.bytesWritten < given) return;
    }
    inflate.end();
  };
  const feeding = feed().catch((error: unknown) => {
    inflate.destroy(error instanceof Error ? error : new Error("the source failed", { cause: error }));
  });
  try {
    for await (const chunk of inflate) yield chunk as Buffer;
  } finally {
    inflate.destroy();
    await feeding;
  }
  if (source.ended) return;
  if (inflate.bytesWritten === 0) throw new Error("the decompressor takes no bytes");
  source.giveBack(last.subarray(last.byteLength - (given - inflate.bytesWritten)));
}

/**
 * Resolves when the chunk is used up, to true; or to false when the decompressor was closed: it forgets the
 * write under way.
 */
function write(inflate: ZstdDecompress, chunk: Uint8Array): Promise<boolean> {
  return new Promise((resolve) => {
    const closed = (): void => resolve(false);
    inflate.once("close", closed);
    inflate.write(chunk, (error) => {
      inflate.off("close", closed);
      resolve(!error);
    });
  });
}

/**
 * A stream that is pulled one chunk ahead, so that decrypting overlaps with decompressing, and to which a
 * chunk can be given back.
 */
class PulledAhead {
  readonly #source: AsyncIterator<Uint8Array>;
  #ahead: Promise<IteratorResult<Uint8Array>> | undefined;
  #givenBack: Uint8Array | undefined;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(source: ByteStream) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Whether everything was taken. */
  get ended(): boolean {
    return this.#ended;
  }

  /** What the source threw. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  async next(): Promise<Uint8Array | undefined> {
    const back = this.#givenBack;
    this.#givenBack = undefined;
    if (back !== undefined) return back;
    const pulled = await (this.#ahead ?? this.#pull());
    if (pulled.done === true) {
      this.#ended = true;
      return undefined;
    }
    this.#ahead = this.#pull();
    return pulled.value;
  }

  giveBack(chunk: Uint8Array): void {
    if (chunk.byteLength > 0) this.#givenBack = chunk;
  }

  /** Leaves the source, after a pull under way has come to its end. */
  async release(): Promise<void> {
    await this.#source.return?.();
  }

  #pull(): Promise<IteratorResult<Uint8Array>> {
    const pulled = this.#source.next();
    // Also marks a rejection as handled; it is thrown where the chunk is wanted.
    pulled.catch((error: unknown) => {
      this.#failure = { error };
    });
    return pulled;
  }
}
