import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createCipheriv, hkdfSync, randomBytes } from "node:crypto";
import { Encrypter } from "age-encryption";
import { collect, once } from "../../../src/kernel/streams.ts";
import { MiB } from "../../../src/kernel/bytes.ts";
import { decrypt } from "../../../src/nouns/seal/age.ts";
import { decompress } from "../../../src/nouns/seal/zstd.ts";
import { Sealing, unseal } from "../../../src/nouns/seal/seal.ts";
import { temporaryFolder } from "../../support/tools.ts";
import { chunked, keyPair, noise, outcomeOf, type KeyPair } from "./material.ts";
import { casesInTurn } from "../../support/sampling.ts";

/** The distribution's own `age` and `zstd` are the judges: nobody needs Holdfast to read a backup. */

let key: KeyPair;
let folder: string;
beforeAll(async () => {
  key = await keyPair();
  folder = temporaryFolder("seal");
  writeFileSync(join(folder, "key.txt"), `# a comment\n${key.identity}\n`, { mode: 0o600 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a shell line in the folder; throws with its words unless it exits 0. */
function shell(line: string, input: Uint8Array): Buffer {
  const { status, stdout, stderr, error } = spawnSync("bash", ["-o", "pipefail", "-c", line], {
    cwd: folder,
    input,
    maxBuffer: 128 * MiB,
  });
  if (status !== 0) throw error ?? new Error(`${line} ended with ${status}: ${stderr.toString()}`);
  return stdout;
}

const SIZES = [0, 1, 65_536, 65_537, 4 * MiB, 9 * MiB + 7];

describe("age and zstd of the distribution", () => {
  it.each(casesInTurn("sizes that other tools read", SIZES, { every: 2 }))(
    "read %i bytes that we sealed",
    async (size) => {
      const sealed = await collect(
        new Sealing(chunked(noise(size), [50_000]), { level: 3, recipients: [key.recipient] }).content,
        64 * MiB,
      );
      expect(shell("age -d -i key.txt | zstd -dc", sealed).equals(noise(size))).toBe(true);
      const packed = await collect(
        new Sealing(once(noise(size)), { level: 3, recipients: [] }).content,
        64 * MiB,
      );
      expect(shell("zstd -dc", packed).equals(noise(size))).toBe(true);
    },
  );

  it.each(casesInTurn("sizes that other tools write", SIZES, { every: 2 }))(
    "write %i bytes that we open",
    async (size) => {
      const sealed = shell(`zstd -c --check | age -r ${key.recipient}`, noise(size));
      expect(
        (await collect(unseal(chunked(sealed, [777, 65_536]), [key.identity]), 64 * MiB)).equals(noise(size)),
      ).toBe(true);
    },
  );

  it("write frames of any size in a row, and we read all of them", async () => {
    const packed = shell(
      "for size in 5 70000 1 262144 300000; do head -c $size | zstd -c; done",
      noise(632_150),
    );
    const whole = shell("zstd -dc", packed);
    expect(whole.length).toBeGreaterThan(300_000);
    for (const sizes of [[packed.length], [100], [65_536]]) {
      expect((await collect(decompress(chunked(packed, sizes)), MiB)).equals(whole)).toBe(true);
    }
  });

  it("write skippable frames, and we skip them", async () => {
    const skippable = Buffer.from("502a4d1803000000414243", "hex");
    const frame = shell("zstd -c", Buffer.from("hello"));
    const opened = await collect(decompress(once(Buffer.concat([skippable, frame, skippable, frame]))), MiB);
    expect(opened.toString()).toBe("hellohello");
  });

  it("write armor, which is refused as damaged instead of being guessed at", async () => {
    const armored = shell(`zstd -c | age -a -r ${key.recipient}`, noise(100));
    expect(armored.toString()).toContain("BEGIN AGE ENCRYPTED FILE");
    expect((await outcomeOf(unseal(once(armored), [key.identity]))).error).toMatchObject({
      code: "seal.damaged",
      exitCode: 5,
      message: expect.stringContaining("does not begin with an age header"),
    });
  });

  it("refuse what we refuse: a chunk edge cut off", async () => {
    const sealed = await collect(
      new Sealing(once(noise(65_536 * 2)), { level: 3, recipients: [key.recipient] }).content,
      MiB,
    );
    const start = sealed.indexOf("\n", sealed.indexOf("\n--- ") + 1) + 1 + 16;
    expect(() => shell("age -d -i key.txt", sealed.subarray(0, start + 65_552))).toThrow();
    expect((await outcomeOf(decrypt(once(sealed.subarray(0, start + 65_552)), [key.identity]))).code).toBe(
      "seal.damaged",
    );
  });
});

describe("an age file made by hand", () => {
  /**
   * Header by the library for a file key that is ours to use, and a payload cut into chunks of our choosing.
   */
  async function handMade(chunks: readonly Buffer[]): Promise<Buffer> {
    let fileKey = Buffer.alloc(0);
    const encrypter = new Encrypter();
    encrypter.addRecipient(key.recipient);
    encrypter.addRecipient({
      wrapFileKey: (bytes: Uint8Array) => {
        fileKey = Buffer.from(bytes);
        return [];
      },
    });
    const empty = Buffer.from(await encrypter.encrypt(new Uint8Array(0)));
    const nonce = randomBytes(16);
    const payloadKey = Buffer.from(hkdfSync("sha256", fileKey, nonce, "payload", 32));
    const sealed = chunks.map((chunk, index) => {
      const counter = Buffer.alloc(12);
      counter.writeUInt32BE(index, 7);
      counter[11] = index === chunks.length - 1 ? 1 : 0;
      const cipher = createCipheriv("chacha20-poly1305", payloadKey, counter, { authTagLength: 16 });
      return Buffer.concat([cipher.update(chunk), cipher.final(), cipher.getAuthTag()]);
    });
    return Buffer.concat([empty.subarray(0, -32), nonce, ...sealed]);
  }

  it("with chunks of 64 KiB opens, which shows that the others are refused for their chunks", async () => {
    const bytes = await handMade([noise(65_536), noise(65_536), noise(9)]);
    expect(
      (await collect(decrypt(once(bytes), [key.identity]), MiB)).equals(
        Buffer.concat([noise(65_536), noise(65_536), noise(9)]),
      ),
    ).toBe(true);
  });

  it.each<[string, number[]]>([
    ["chunks of 32 KiB", [32_768, 32_768, 9]],
    ["a short chunk in the middle", [65_536, 1000, 65_536, 9]],
    ["a chunk that is too large", [65_537, 9]],
    ["an empty last chunk", [65_536, 0]],
    ["an empty first chunk", [0, 65_536]],
  ])("with %s is refused, as age does", async (_, sizes) => {
    const bytes = await handMade(sizes.map((size) => noise(size)));
    expect((await outcomeOf(decrypt(once(bytes), [key.identity]))).code).toBe("seal.damaged");
    expect(() => shell("age -d -i key.txt", bytes)).toThrow();
  });
});
