import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { HoldfastError } from "../../kernel/errors.ts";
import { KiB } from "../../kernel/bytes.ts";
import { freeNow, LentBlocks } from "../../kernel/lent-chunks.ts";
import type { ByteStream } from "../../kernel/streams.ts";
import { ByteQueue } from "./byte-queue.ts";

/**
 * The age v1 file format (https://age-encryption.org/v1). The header, which is small and delicate, is left
 * to the age-encryption library; the payload, which is everything else, goes through node:crypto, about three
 * times as fast as JavaScript ciphers. The distribution's `age` program is the judge of both in the tests.
 */

const CHUNK = 64 * KiB;
const TAG = 16;
/** Encrypted chunks that go on as one piece: every step of a pipeline costs something per piece. */
const CHUNKS_MAX = 16;
const NONCE = 16;
/**
 * A header holds about 100 bytes a recipient; this allows for some hundreds of them and bounds what a hostile
 * file can make us read.
 */
const HEADER_SIZE_MAX = 64 * KiB;

/**
 * Checks the spelling (Bech32) of an age public key and gives it back. Only X25519 keys: every `age` since
 * 1.0 can open them.
 */
export async function parseRecipient(text: string): Promise<string> {
  const recipient = text.trim();
  const { Encrypter } = await import("age-encryption");
  try {
    if (!/^age1[a-z0-9]{58}$/.test(recipient)) throw new Error("not an X25519 recipient");
    new Encrypter().addRecipient(recipient);
  } catch (cause) {
    const shown = recipient.toUpperCase().startsWith("AGE-SECRET-KEY")
      ? "a secret key"
      : `'${recipient.slice(0, 80)}'`;
    throw new HoldfastError("input.malformed", `recipients holds ${shown}, which is not an age public key`, {
      hint:
        "Give public keys as printed by `holdfast keygen` or `age-keygen`: " +
        "62 characters that begin with age1.",
      cause,
    });
  }
  return recipient;
}

/**
 * Reads age secret keys, one a line, `#` comments allowed: the file that age-keygen writes.
 *
 * @throws input.malformed, never echoing the text
 */
export async function parseIdentities(text: string): Promise<readonly string[]> {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  const { Decrypter } = await import("age-encryption");
  const hint =
    "Give the secret key (AGE-SECRET-KEY-1…) or the whole file that `holdfast keygen` or `age-keygen` wrote.";
  if (lines.length === 0) {
    throw new HoldfastError("input.malformed", "identity holds no age secret key", { hint });
  }
  for (const [index, line] of lines.entries()) {
    try {
      if (!line.startsWith("AGE-SECRET-KEY-1")) throw new Error("not an X25519 identity");
      new Decrypter().addIdentity(line);
    } catch {
      // The library's error could quote the key, so it is not kept as a cause.
      throw new HoldfastError("input.malformed", `identity: line ${index + 1} is not an age secret key`, {
        hint,
      });
    }
  }
  return lines;
}

/** The public keys that belong to secret keys, in the same order. */
export async function recipientsOf(identities: readonly string[]): Promise<readonly string[]> {
  const { identityToRecipient } = await import("age-encryption");
  return await Promise.all(identities.map((identity) => identityToRecipient(identity)));
}

/** Encrypts a stream to all of `recipients`; any one of their identities opens it. */
export async function* encrypt(plain: ByteStream, recipients: readonly string[]): ByteStream {
  const { header, fileKey } = await makeHeader(recipients);
  const nonce = randomBytes(NONCE);
  yield Buffer.concat([header, nonce]);
  const seal = new PayloadCipher(payloadKey(fileKey, nonce));
  const queue = new ByteQueue();
  const blocks = new LentBlocks();
  for await (const chunk of plain) {
    queue.push(chunk);
    // One chunk is always held back: only the end of the stream tells which chunk is the last.
    while (queue.size > CHUNK) {
      const chunks = Math.min(CHUNKS_MAX, Math.ceil(queue.size / CHUNK) - 1);
      const size = chunks * (CHUNK + TAG);
      const block = blocks.take(size);
      for (let at = 0; at < size; at += CHUNK + TAG) seal.encrypt(queue.parts(CHUNK), false, block, at);
      yield blocks.lend(block, size);
    }
  }
  const last = Buffer.allocUnsafeSlow(queue.size + TAG);
  seal.encrypt(queue.parts(queue.size), true, last, 0);
  yield last;
}

/**
 * Decrypts a stream. Every 64 KiB are authenticated before they are passed on; reordering, truncation (also
 * at a chunk edge) and any flipped bit end in `seal.damaged`.
 *
 * @throws seal.identity when none of the identities fits
 */
export async function* decrypt(sealed: ByteStream, identities: readonly string[]): ByteStream {
  const queue = new ByteQueue();
  let open: PayloadCipher | undefined;
  for await (const chunk of sealed) {
    queue.push(chunk);
    open ??= await openHeader(queue, identities);
    while (open && queue.size > CHUNK + TAG) yield open.decrypt(queue.take(CHUNK + TAG), false);
  }
  if (!open) throw damaged("the encrypted stream ends inside its header");
  const last = open.decrypt(queue.take(queue.size), true);
  if (last.length === 0 && open.position > 1) throw damaged("the encrypted stream ends with an empty chunk");
  if (last.length > 0) yield last;
}

async function makeHeader(recipients: readonly string[]): Promise<{ header: Buffer; fileKey: Uint8Array }> {
  const { Encrypter } = await import("age-encryption");
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  let fileKey: Uint8Array | undefined;
  // A recipient that writes no stanza is shown the file key: the library's own way to extend it, and how we
  // get at the key.
  encrypter.addRecipient({
    wrapFileKey(key) {
      fileKey = Uint8Array.from(key);
      return [];
    },
  });
  const empty = await encrypter.encrypt(new Uint8Array(0));
  if (!fileKey) throw new Error("the age library did not ask for the file key");
  return { header: Buffer.from(empty.subarray(0, empty.length - NONCE - TAG)), fileKey };
}

/** Takes header and nonce off the queue once they are complete; `undefined` while more bytes are needed. */
async function openHeader(
  queue: ByteQueue,
  identities: readonly string[],
): Promise<PayloadCipher | undefined> {
  const seen = queue.peek(HEADER_SIZE_MAX);
  const end = headerEnd(seen);
  if (end === undefined) {
    if (queue.size >= HEADER_SIZE_MAX || !looksLikeAge(seen)) {
      throw damaged("the stream does not begin with an age header");
    }
    return undefined;
  }
  if (queue.size < end + NONCE) return undefined;
  const header = queue.take(end);
  const nonce = queue.take(NONCE);
  const { Decrypter } = await import("age-encryption");
  const decrypter = new Decrypter();
  for (const identity of identities) decrypter.addIdentity(identity);
  let fileKey: Uint8Array;
  try {
    fileKey = await decrypter.decryptHeader(header);
  } catch (cause) {
    if (cause instanceof Error && /no identity matched/i.test(cause.message)) {
      throw new HoldfastError("seal.identity", "none of the given identities opens this backup", {
        hint:
          "Use the identity that belongs to one of the backup's recipients; " +
          "`holdfast list --json` names them for every backup.",
      });
    }
    throw damaged("the age header is damaged", cause);
  }
  return new PayloadCipher(payloadKey(fileKey, nonce));
}

function looksLikeAge(start: Buffer): boolean {
  const intro = Buffer.from("age-encryption.org/v1\n");
  return start.subarray(0, intro.length).equals(intro.subarray(0, start.length));
}

/** Offset just past the header's MAC line `--- <43 characters>`, or `undefined` while it has not come. */
function headerEnd(bytes: Buffer): number | undefined {
  const mac = bytes.indexOf("\n--- ");
  if (mac < 0) return undefined;
  const newline = bytes.indexOf(0x0a, mac + 1);
  return newline < 0 ? undefined : newline + 1;
}

function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): Buffer {
  return Buffer.from(hkdfSync("sha256", fileKey, nonce, "payload", 32));
}

/**
 * STREAM with ChaCha20-Poly1305: the nonce is an 11-byte big-endian counter and a byte that is 1 for the
 * last chunk alone.
 */
class PayloadCipher {
  readonly #key: Buffer;
  #counter = 0;

  constructor(key: Buffer) {
    this.#key = key;
  }

  get position(): number {
    return this.#counter;
  }

  /** Writes ciphertext and tag of a chunk that comes in parts into `out` from `at` on. */
  encrypt(parts: Iterable<Buffer>, last: boolean, out: Buffer, at: number): void {
    const cipher = createCipheriv("chacha20-poly1305", this.#key, this.#nextNonce(last), {
      authTagLength: TAG,
    });
    let end = at;
    for (const part of parts) {
      const body = cipher.update(part);
      out.set(body, end);
      end += body.length;
      if (body.length === body.buffer.byteLength) freeNow(body.buffer);
    }
    cipher.final();
    out.set(cipher.getAuthTag(), end);
  }

  decrypt(chunk: Buffer, last: boolean): Buffer {
    if (chunk.length < TAG) throw damaged("the encrypted stream is cut short");
    const nonce = this.#nextNonce(last);
    const decipher = createDecipheriv("chacha20-poly1305", this.#key, nonce, { authTagLength: TAG });
    decipher.setAuthTag(chunk.subarray(chunk.length - TAG));
    const body = decipher.update(chunk.subarray(0, chunk.length - TAG));
    try {
      decipher.final();
    } catch (cause) {
      throw damaged(`the encrypted stream is damaged or cut short at chunk ${this.#counter}`, cause);
    }
    return body;
  }

  #nextNonce(last: boolean): Buffer {
    const nonce = Buffer.alloc(12);
    // The counter has 88 bits; 2^48 chunks of 64 KiB are 16 EiB, more than any store holds.
    nonce.writeUIntBE(this.#counter, 5, 6);
    nonce[11] = last ? 1 : 0;
    this.#counter += 1;
    return nonce;
  }
}

function damaged(message: string, cause?: unknown): HoldfastError {
  return new HoldfastError("seal.damaged", message, {
    hint:
      "Run `holdfast validate --depth stored` to see which backups of this source are whole, " +
      "and restore one of those.",
    cause,
  });
}
