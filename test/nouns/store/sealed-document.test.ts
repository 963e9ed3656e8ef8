import { describe, expect, it } from "@jest/globals";
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { readDocument, writeDocument } from "../../../src/nouns/store/sealed-document.ts";
import { manifest, type Manifest } from "../../../src/nouns/catalog/manifest.ts";
import { namesMap } from "../../../src/nouns/content/names-map.ts";
import { sha256 } from "../../../src/kernel/streams.ts";
import { keyOf, sampleManifest } from "../catalog/samples.ts";
import { anyCharacter } from "../../support/any-text.ts";

const KEY = keyOf("20261122T034501Z-1a2b3c");
const SAMPLE = sampleManifest(KEY, {
  server: { version: "15.18", major: 15, database: "Bücher 📚", host: "db" },
});
const read = (bytes: Buffer): { value: Manifest; sha256: string } =>
  readDocument(bytes, manifest, "holdfast.manifest/1", "manifest m");

/** The sample with a sequence in it that reads so. */
function withSequence(reading: { value: string; called: boolean }): object {
  return {
    ...SAMPLE,
    content: {
      ...SAMPLE.content,
      sequences: [{ schema: "public", name: "s", before: reading, after: { value: "1", called: true } }],
    },
  };
}

function codeOf(bytes: Buffer): string {
  try {
    read(bytes);
    return "read";
  } catch (error) {
    return String((error as { code?: string }).code ?? error);
  }
}

/** A document with a right checksum over whatever body. */
function signed(body: string): Buffer {
  return Buffer.from(`${body},\n  "sha256": "${sha256(`${body},\n`)}"\n}\n`);
}

describe("a sealed document", () => {
  const { bytes, sha256: digest } = writeDocument(SAMPLE);

  it("comes back as it was written, with its digest", () => {
    expect(read(bytes)).toEqual({ value: SAMPLE, sha256: digest });
  });

  it("comes back for any text in it", () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter }), fc.string(), (actor, host) => {
        const value = sampleManifest(KEY, {
          run: { ...SAMPLE.run, actor: actor.toWellFormed() },
          server: { ...SAMPLE.server, host },
        });
        expect(read(writeDocument(value).bytes).value).toEqual(value);
      }),
    );
  });

  it("keeps every name in its maps, whatever means something to JavaScript", () => {
    const name = fc.oneof(
      fc.constantFrom("__proto__", "constructor", "toString", "hasOwnProperty", "0", ""),
      fc.string(),
    );
    const names = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> =>
      fc.array(fc.tuple(name, value)).map((entries) => namesMap(entries));
    fc.assert(
      fc.property(
        names(fc.constant("type=0123456789abcdef not-null=?")),
        names(fc.constant(["hstore"])),
        names(fc.integer({ min: 1 })),
        (column, objectExtensions, contents) => {
          const content = {
            ...SAMPLE.content,
            digests: 2 as const,
            objects: { schema: namesMap([["__proto__", ""]]), column },
            objectExtensions,
          };
          const { value } = read(
            writeDocument({ ...SAMPLE, content, artifacts: [{ ...SAMPLE.artifacts[0]!, contents }] }).bytes,
          );
          expect(Object.entries(value.content.objects.schema!)).toEqual([["__proto__", ""]]);
          expect(Object.entries(value.content.objects.column!)).toEqual(Object.entries(column));
          expect(Object.entries(value.content.objectExtensions!)).toEqual(Object.entries(objectExtensions));
          expect(Object.entries(value.artifacts[0]!.contents)).toEqual(Object.entries(contents));
        },
      ),
    );
  });

  it("is checked by hand with head and sha256sum", () => {
    const { stdout } = spawnSync("sh", ["-c", "head -n -2 | sha256sum"], { input: bytes, encoding: "utf8" });
    expect(stdout).toBe(`${digest}  -\n`);
    expect(bytes.toString().split("\n").at(-3)).toBe(`  "sha256": "${digest}"`);
  });

  it("is refused with any single bit flipped", () => {
    const read: number[] = [];
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const copy = Buffer.from(bytes);
      copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      if (codeOf(copy) !== "catalog.damaged") read.push(bit);
    }
    expect(bytes.length).toBeGreaterThan(1000);
    expect(read).toEqual([]);
  });

  it("is refused when cut anywhere, and with anything in front or behind", () => {
    const wrong: number[] = [];
    for (let size = 0; size < bytes.length; size += 1) {
      if (
        codeOf(bytes.subarray(0, size)) !== "catalog.damaged" ||
        codeOf(bytes.subarray(size + 1)) !== "catalog.damaged"
      ) {
        wrong.push(size);
      }
    }
    expect(wrong).toEqual([]);
    for (const extra of [" ", "\n", "x", "\u{feff}"]) {
      expect([
        codeOf(Buffer.concat([bytes, Buffer.from(extra)])),
        codeOf(Buffer.concat([Buffer.from(extra), bytes])),
      ]).toEqual(["catalog.damaged", "catalog.damaged"]);
    }
  });

  it("is refused when an editor saved it: reformatted, other line ends, another encoding, reordered", () => {
    const value = JSON.parse(bytes.toString()) as Record<string, unknown>;
    const variants = [
      JSON.stringify(value),
      JSON.stringify(value, null, 2),
      JSON.stringify(value, null, 4),
      bytes.toString().replaceAll("\n", "\r\n"),
      JSON.stringify(Object.fromEntries(Object.entries(value).reverse()), null, 2),
    ].map((text) => Buffer.from(text));
    expect(
      [...variants, Buffer.from(bytes.toString(), "latin1"), Buffer.from(bytes.toString(), "utf16le")].map(
        codeOf,
      ),
    ).toEqual(Array(7).fill("catalog.damaged"));
  });

  it("is refused with bytes that are no UTF-8 where a decoder would show the same text", () => {
    const odd = writeDocument({ ...SAMPLE, server: { ...SAMPLE.server, host: "a\ufffdb" } }).bytes;
    const at = odd.indexOf("\ufffd");
    expect(codeOf(odd)).toBe("read");
    expect(codeOf(Buffer.concat([odd.subarray(0, at), Buffer.from([0xff]), odd.subarray(at + 3)]))).toBe(
      "catalog.damaged",
    );
  });

  it("is refused with the checksum of another document, or with its own in capitals", () => {
    const other = writeDocument({ ...SAMPLE, tier: "tier1" }).sha256;
    expect(codeOf(Buffer.from(bytes.toString().replace(digest, other)))).toBe("catalog.damaged");
    expect(codeOf(Buffer.from(bytes.toString().replace(digest, digest.toUpperCase())))).toBe(
      "catalog.damaged",
    );
  });
});

describe("a whole document", () => {
  it("of another format is not called damaged: catalog.unknown-format, exit 4", () => {
    const { bytes } = writeDocument({ ...SAMPLE, format: "holdfast.manifest/3", novelty: true });
    expect(() => read(bytes)).toThrow(
      expect.objectContaining({
        code: "catalog.unknown-format",
        exitCode: 4,
        message: expect.stringContaining("holdfast.manifest/3"),
      }),
    );
    expect(codeOf(writeDocument({ format: "holdfast.receipt/1" }).bytes)).toBe("catalog.unknown-format");
    expect(codeOf(writeDocument({ no: "format" }).bytes)).toBe("catalog.unknown-format");
  });

  it.each<[string, object]>([
    ["a member that is not in the format", { ...SAMPLE, extra: 1 }],
    [
      "an artifact's member that is not in the format",
      { ...SAMPLE, artifacts: [{ ...SAMPLE.artifacts[0], extra: 1 }] },
    ],
    ["no artifacts", { ...SAMPLE, artifacts: [] }],
    [
      "an impossible size",
      { ...SAMPLE, artifacts: [{ ...SAMPLE.artifacts[0], stored: { size: -1, sha256: "0".repeat(64) } }] },
    ],
    ["a short hash", { ...SAMPLE, migrationHash: "abc" }],
    ["an unknown tier", { ...SAMPLE, tier: "tier9" }],
    ["an id that is none", { ...SAMPLE, id: "../../../etc" }],
    ["a sequence's value that is no number", withSequence({ value: "1e3", called: true })],
    ["a sequence's value of a million digits", withSequence({ value: "9".repeat(1_000_000), called: true })],
    [
      "a name with a NUL",
      {
        ...SAMPLE,
        content: { ...SAMPLE.content, extensions: [{ name: "a\0b", version: "1", schema: "public" }] },
      },
    ],
    [
      "a digest that is none",
      { ...SAMPLE, content: { ...SAMPLE.content, objects: { column: { "public.t.a": "type=xyz" } } } },
    ],
    [
      "a map that is a list",
      { ...SAMPLE, content: { ...SAMPLE.content, objects: { column: ["type=0123456789abcdef"] } } },
    ],
    ["a time without a zone", { ...SAMPLE, finishedAt: "2026-11-22T03:45:01" }],
  ])("with %s is refused, naming the place", (_, value) => {
    expect(() => read(writeDocument(value).bytes)).toThrow(
      expect.objectContaining({
        code: "catalog.damaged",
        exitCode: 5,
        message: expect.stringContaining("breaks its format at '"),
      }),
    );
  });

  it("with a member missing is refused, whichever it is", () => {
    for (const name of Object.keys(SAMPLE).filter((key) => key !== "format")) {
      expect([
        name,
        codeOf(
          writeDocument(Object.fromEntries(Object.entries(SAMPLE).filter(([key]) => key !== name))).bytes,
        ),
      ]).toEqual([name, "catalog.damaged"]);
    }
  });

  it.each(["[1", "{", '{\n  "a": ', "null", "", '{"format": "holdfast.manifest/1"'])(
    "whose body is %j is refused without a crash",
    (body) => {
      expect(["catalog.damaged", "catalog.unknown-format"]).toContain(codeOf(signed(body)));
    },
  );
});
