import { createCipheriv } from "node:crypto";
import fc from "fast-check";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import type { ByteStream } from "../../../src/kernel/streams.ts";

/** An age identity with its public key. */
export interface KeyPair {
  readonly identity: string;
  readonly recipient: string;
}

export async function keyPair(): Promise<KeyPair> {
  const identity = await generateX25519Identity();
  return { identity, recipient: await identityToRecipient(identity) };
}

/** Bytes that no compressor makes smaller, the same every time: a key stream. */
export function noise(size: number): Buffer {
  return createCipheriv("aes-128-ctr", Buffer.alloc(16, 7), Buffer.alloc(16)).update(Buffer.alloc(size));
}

/** Cuts bytes into chunks of the given sizes, taken in turn; a size of 0 gives an empty chunk. */
export async function* chunked(bytes: Uint8Array, sizes: readonly number[]): ByteStream {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

/** Sizes for {@link chunked}, at least one of them large, so that no run takes for ever. */
export const chunkSizes = fc
  .array(
    fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 1, max: 70_000 }), fc.constant(65_536)),
    { maxLength: 6 },
  )
  .map((sizes) => [...sizes, 65_551]);

/** A source that says how much was pulled and whether it was released. */
export function watched(
  bytes: Uint8Array,
  chunkSize: number,
): { readonly stream: ByteStream; readonly pulled: () => number; readonly released: () => boolean } {
  let pulled = 0;
  let released = false;
  const stream = async function* (): ByteStream {
    try {
      for (let at = 0; at < bytes.length; at += chunkSize) {
        pulled += Math.min(chunkSize, bytes.length - at);
        yield bytes.subarray(at, at + chunkSize);
      }
    } finally {
      // A release that takes its time, as that of a child process or a connection does.
      await new Promise((resolve) => setTimeout(resolve, 20));
      released = true;
    }
  };
  return { stream: stream(), pulled: () => pulled, released: () => released };
}

/** A source that fails after its bytes. */
export async function* failing(bytes: Uint8Array, error: unknown): ByteStream {
  yield bytes;
  throw error;
}

/** How reading a stream ended: its bytes, or the code of the HoldfastError, or another error. */
export async function outcomeOf(
  stream: ByteStream,
): Promise<{ readonly bytes: Buffer; readonly code: string | undefined; readonly error: unknown }> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of stream) chunks.push(chunk);
  } catch (error) {
    return { bytes: Buffer.concat(chunks), code: (error as { code?: string }).code ?? "no code", error };
  }
  return { bytes: Buffer.concat(chunks), code: undefined, error: undefined };
}
