import { Meter, metered, type ByteStream } from "../../kernel/streams.ts";
import { decrypt, encrypt } from "./age.ts";
import { compress, decompress } from "./zstd.ts";

/** How a stream is sealed. */
export interface SealOptions {
  /** zstd level, 1…19. */
  readonly level: number;
  /** age public keys; empty means unencrypted, which the caller must have been allowed explicitly. */
  readonly recipients: readonly string[];
}

/** Size in bytes and SHA-256 (hex) of a stream that has ended. */
export interface Measured {
  readonly size: number;
  readonly sha256: string;
}

/** A stream being sealed: hash → zstd → age → hash, in bounded memory. */
export class Sealing {
  readonly content: ByteStream;
  readonly #plain = new Meter();
  readonly #stored = new Meter();
  #ended = false;

  constructor(plain: ByteStream, options: SealOptions) {
    this.content = this.#run(plain, options);
  }

  /** Totals on both sides of the seal; only once the content has been read to its end. */
  get totals(): { readonly plain: Measured; readonly stored: Measured } {
    if (!this.#ended) throw new Error("a seal's totals were read before its stream ended");
    return {
      plain: { size: this.#plain.size, sha256: this.#plain.sha256 },
      stored: { size: this.#stored.size, sha256: this.#stored.sha256 },
    };
  }

  async *#run(plain: ByteStream, { level, recipients }: SealOptions): ByteStream {
    const packed = compress(metered(plain, this.#plain), level);
    const sealed = recipients.length > 0 ? encrypt(packed, recipients) : packed;
    yield* metered(sealed, this.#stored);
    this.#ended = true;
  }
}

/** The inverse: decrypts (unless `identities` is null: an unencrypted artifact) and decompresses. */
export function unseal(stored: ByteStream, identities: readonly string[] | null): ByteStream {
  return decompress(identities === null ? stored : decrypt(stored, identities));
}
