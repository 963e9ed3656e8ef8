import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LentBlocks } from "../../kernel/lent-chunks.ts";
import type { ByteStream } from "../../kernel/streams.ts";

/**
 * Bytes of a chunk, except the last: PostgreSQL's programs write 4 kB at a time, and every step of a pipeline
 * costs something per chunk.
 */
const CHUNK_SIZE = 512 * 1024;
/** Less room than this at the end of a chunk is not worth a read. */
const ROOM_MIN = 16 * 1024;
/** Full chunks that wait for the consumer before reading pauses. */
const WAITING_MAX = 4;
/** A socket's path has room for 104 bytes on the narrowest system; the rest of ours takes 24. */
const FOLDER_LENGTH_MAX = 80;

/** The two ends of a program's standard output. */
export interface OutputSocket {
  /** Give this to the program as its standard output, then destroy it: the program's own copy stays. */
  readonly writer: Socket;
  /**
   * What was written, in large chunks; ends when every writer has gone, whether or not it finished. Leaving
   * early closes our end.
   */
  readonly content: ByteStream;
}

/**
 * A program's standard output read through a Unix socket instead of a pipe. For a pipe, Node makes a new 64
 * KiB buffer for every read, mostly to hold 4 kB: garbage by the gigabyte, which costs processor time and
 * some 50 MB of memory. A socket of our own is read straight into large chunks.
 *
 * The socket's file lives for a moment only, in a folder nobody else may enter.
 */
export async function openOutputSocket(): Promise<OutputSocket> {
  const folder = await mkdtemp(
    join(tmpdir().length <= FOLDER_LENGTH_MAX ? tmpdir() : "/tmp", "holdfast-pipe-"),
  );
  const server = createServer({ pauseOnConnect: true });
  try {
    const path = join(folder, "s");
    server.listen(path);
    await once(server, "listening");
    const accepted = once(server, "connection") as Promise<[Socket]>;
    const chunks = new Chunks();
    const reader = connect({
      path,
      onread: { buffer: () => chunks.room(), callback: (bytes) => chunks.received(bytes) },
    });
    // How a writer ended is told by its exit; a connection that breaks is no news of its own.
    reader.on("error", () => undefined);
    reader.once("close", () => chunks.close());
    const [writer] = await accepted;
    return { writer, content: read(reader, chunks) };
  } finally {
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function* read(reader: Socket, chunks: Chunks): ByteStream {
  try {
    for (let chunk = await chunks.next(); chunk !== undefined; chunk = await chunks.next()) {
      yield chunk;
      if (chunks.hasRoom) reader.resume();
    }
  } finally {
    reader.destroy();
  }
}

/**
 * Chunks being filled by the socket and taken by the consumer; each is handed on once, and not written to
 * again unless it is given back.
 */
class Chunks {
  readonly #full: Buffer[] = [];
  readonly #blocks = new LentBlocks();
  #filling = this.#blocks.take(CHUNK_SIZE);
  #filled = 0;
  #closed = false;
  #wake: () => void = () => undefined;

  get hasRoom(): boolean {
    return this.#full.length < WAITING_MAX;
  }

  /** Where the next read goes. */
  room(): Uint8Array {
    return this.#filling.subarray(this.#filled);
  }

  /** Notes that `bytes` were read into {@link room}; false pauses the socket. */
  received(bytes: number): boolean {
    this.#filled += bytes;
    if (CHUNK_SIZE - this.#filled < ROOM_MIN) this.#handOn();
    return this.hasRoom;
  }

  close(): void {
    if (this.#filled > 0) this.#handOn();
    this.#closed = true;
    this.#wake();
  }

  /** The next chunk; `undefined` after the last. */
  async next(): Promise<Buffer | undefined> {
    while (this.#full.length === 0 && !this.#closed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#full.shift();
  }

  #handOn(): void {
    this.#full.push(this.#blocks.lend(this.#filling, this.#filled));
    this.#filling = this.#blocks.take(CHUNK_SIZE);
    this.#filled = 0;
    this.#wake();
  }
}
