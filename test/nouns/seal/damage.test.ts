import { beforeAll, describe, expect, it } from "@jest/globals";
import { collect, once } from "../../../src/kernel/streams.ts";
import { MiB } from "../../../src/kernel/bytes.ts";
import { decrypt, encrypt } from "../../../src/nouns/seal/age.ts";
import { Sealing, unseal } from "../../../src/nouns/seal/seal.ts";
import { chunked, keyPair, noise, outcomeOf, type KeyPair } from "./material.ts";
import { stride } from "../../support/sampling.ts";

/** A chunk of the age format with its tag. */
const CHUNK = 65_536 + 16;

let key: KeyPair;
/** Sealed noise: header, nonce, three chunks and a bit. */
let sealed: Buffer;
/** Where the header ends and the nonce begins. */
let headerEnd: number;
const plain = noise(3 * 65_536 + 1000);

beforeAll(async () => {
  key = await keyPair();
  sealed = await sealOf(plain, [key.recipient]);
  headerEnd = sealed.indexOf("\n", sealed.indexOf("\n--- ") + 1) + 1;
});

async function sealOf(bytes: Uint8Array, recipients: readonly string[]): Promise<Buffer> {
  return await collect(new Sealing(once(bytes), { level: 3, recipients }).content, 64 * MiB);
}

async function codeOf(
  bytes: Uint8Array,
  identities: readonly string[] | null = [key.identity],
): Promise<string | undefined> {
  return (await outcomeOf(unseal(once(bytes), identities))).code;
}

function flipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

describe("a truncated sealed stream", () => {
  it("is found at every byte around the header's end, the nonce and every chunk edge", async () => {
    const payload = headerEnd + 16;
    const edges = [
      0,
      headerEnd,
      payload,
      payload + CHUNK,
      payload + 2 * CHUNK,
      payload + 3 * CHUNK,
      sealed.length,
    ];
    for (const edge of edges) {
      for (let cut = Math.max(0, edge - 20); cut < Math.min(sealed.length, edge + 20); cut += 1) {
        expect([cut, await codeOf(sealed.subarray(0, cut))]).toEqual([cut, "seal.damaged"]);
      }
    }
  });

  it("is found in every byte of a small one, whatever the chunks it comes in", async () => {
    const small = await sealOf(noise(20), [key.recipient]);
    for (let cut = 0; cut < small.length; cut += 1) {
      const { code } = await outcomeOf(
        unseal(chunked(small.subarray(0, cut), [1 + (cut % 7)]), [key.identity]),
      );
      expect([cut, code]).toEqual([cut, "seal.damaged"]);
    }
  });

  it("is found inside and at the end of zstd frames within an intact age file", async () => {
    const big = noise(4 * MiB + 100);
    const packed = await sealOf(big, []);
    const second = packed.lastIndexOf(Buffer.from("28b52ffd", "hex"));
    for (const cut of [
      0,
      1,
      3,
      4,
      5,
      1000,
      second - 1,
      second + 1,
      second + 3,
      second + 5,
      second + 20,
      packed.length - 5,
      packed.length - 4,
      packed.length - 1,
    ]) {
      const whole = await collect(encrypt(once(packed.subarray(0, cut)), [key.recipient]), 8 * MiB);
      expect([cut, await codeOf(whole)]).toEqual([cut, "seal.damaged"]);
      expect([cut, await codeOf(packed.subarray(0, cut), null)]).toEqual([cut, "seal.damaged"]);
    }
  });
});

describe("chunks of a sealed stream", () => {
  const parts = (): { head: Buffer; chunks: Buffer[] } => {
    const payload = headerEnd + 16;
    const chunks: Buffer[] = [];
    for (let at = payload; at < sealed.length; at += CHUNK) chunks.push(sealed.subarray(at, at + CHUNK));
    return { head: sealed.subarray(0, payload), chunks };
  };

  it.each<[string, (chunks: Buffer[]) => Buffer[]]>([
    ["the first two swapped", ([a, b, ...rest]) => [b!, a!, ...rest]],
    ["the first one dropped", (chunks) => chunks.slice(1)],
    ["a middle one dropped", (chunks) => chunks.filter((_, index) => index !== 1)],
    ["the last one dropped", (chunks) => chunks.slice(0, -1)],
    ["a middle one twice", ([a, b, ...rest]) => [a!, b!, b!, ...rest]],
    ["the last one twice", (chunks) => [...chunks, chunks.at(-1)!]],
    ["the last one alone", (chunks) => chunks.slice(-1)],
    ["bytes after the end", (chunks) => [...chunks, Buffer.from("x")]],
    ["none at all", () => []],
  ])("with %s are found", async (_, change) => {
    const { head, chunks } = parts();
    expect(chunks.length).toBe(4);
    // Decrypted only: the checksums of zstd would find most of it, too.
    expect(
      (await outcomeOf(decrypt(once(Buffer.concat([head, ...chunks])), [key.identity]))).code,
    ).toBeUndefined();
    expect(
      (await outcomeOf(decrypt(once(Buffer.concat([head, ...change(chunks)])), [key.identity]))).code,
    ).toBe("seal.damaged");
  });

  it("of another backup with the same key are found", async () => {
    const other = await sealOf(noise(3 * 65_536 + 1000), [key.recipient]);
    const { head, chunks } = parts();
    expect(
      await codeOf(
        Buffer.concat([head, other.subarray(head.length, head.length + CHUNK), ...chunks.slice(1)]),
      ),
    ).toBe("seal.damaged");
  });
});

/** On a change one bit of every byte; in the scheduled run each. */
describe("every single flipped bit", () => {
  it("of a small sealed stream is found", async () => {
    const small = await sealOf(noise(600), [key.recipient]);
    const passed: string[] = [];
    const wrongCode: string[] = [];
    const { first, step } = stride("bits of a small sealed stream flipped", small.length * 8, 7);
    for (let bit = first; bit < small.length * 8; bit += step) {
      const { code } = await outcomeOf(unseal(once(flipped(small, bit)), [key.identity]));
      if (code === undefined) passed.push(`bit ${bit}`);
      // A flip in the stanza itself makes it somebody else's: the caller, who knows the recipients,
      // tells that apart.
      else if (code !== "seal.damaged" && code !== "seal.identity") wrongCode.push(`bit ${bit}: ${code}`);
    }
    expect(small.length * 8).toBeGreaterThan(6000);
    expect({ passed, wrongCode }).toEqual({ passed: [], wrongCode: [] });
  });

  it("of a small unencrypted stream never lets other bytes through to a normal end", async () => {
    const bytes = noise(600);
    const small = await sealOf(bytes, []);
    const wrong: number[] = [];
    const { first, step } = stride("bits of a small unencrypted stream flipped", small.length * 8, 7);
    for (let bit = first; bit < small.length * 8; bit += step) {
      const result = await outcomeOf(unseal(once(flipped(small, bit)), null));
      if (result.code === undefined && !result.bytes.equals(bytes)) wrong.push(bit);
      if (result.code !== undefined && result.code !== "seal.damaged") wrong.push(bit);
    }
    expect(wrong).toEqual([]);
  });
});

describe("what is no sealed stream", () => {
  it.each([
    ["nothing", ""],
    ["text", "hello, this is not a backup at all\n"],
    [
      "an armored age file",
      "-----BEGIN AGE ENCRYPTED FILE-----\nYWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSA=\n-----END AGE " +
        "ENCRYPTED FILE-----\n",
    ],
    ["a newer version", "age-encryption.org/v2\n-> X25519 abc\n--- abc\n0123456789abcdef"],
    ["a header that never ends", `age-encryption.org/v1\n${"-> X25519 abc\n".repeat(10_000)}`],
  ])("%s is refused as damaged", async (_, text) => {
    expect(await codeOf(Buffer.from(text))).toBe("seal.damaged");
    expect(await codeOf(Buffer.from(text), null)).toBe("seal.damaged");
  });
});
