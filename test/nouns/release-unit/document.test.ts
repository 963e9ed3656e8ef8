import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { isHoldfastError } from "../../../src/kernel/errors.ts";
import { readReleaseUnit, writeReleaseUnit } from "../../../src/nouns/release-unit/document.ts";
import { digestOfFiles } from "../../../src/nouns/release-unit/file-digest.ts";
import { artifactVersion, type ReleaseUnit } from "../../../src/nouns/release-unit/record.ts";
import { anyCharacter } from "../../support/any-text.ts";

const DIGEST = "0f".repeat(32);

const UNIT: ReleaseUnit = {
  format: "holdfast.release-unit/1",
  version: "1.3.0",
  tag: "v1.3.0",
  commit: "ab".repeat(20),
  build: "20250920.1",
  "artifact-version": "1.3.0+20250920.1",
  made: "2026-11-28T10:00:00.000Z",
  run: { kind: "cli", id: "laptop 1", url: null, commit: null, actor: "ada" },
  previous: "1.2.0",
  digests: "files-1",
  schema: { folder: "migrations", count: 2, from: "202611270900", to: "20261127091500", digest: DIGEST },
  functions: {
    folder: "supabase/functions",
    functions: [
      { name: "cart", digest: DIGEST, version: "1.1.0" },
      { name: "orders", digest: DIGEST },
    ],
    digest: DIGEST,
  },
  configuration: { paths: ["config/**"], digest: DIGEST },
  assets: [{ name: "shop.tgz", size: 12, sha256: DIGEST }],
};

function read(text: string | Buffer): ReleaseUnit {
  return readReleaseUnit(Buffer.from(text), "the unit");
}

/** The code of what reading throws, and its words. */
function refusal(text: string | Buffer): string {
  try {
    read(text);
  } catch (error) {
    if (isHoldfastError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "";
}

describe("a unit that is written", () => {
  it("is read again, and ends with a line end", () => {
    const bytes = writeReleaseUnit(UNIT);
    expect(read(bytes)).toEqual(UNIT);
    expect(bytes.toString().endsWith("}\n")).toBe(true);
    expect(Object.keys(JSON.parse(bytes.toString()) as object)).toEqual(Object.keys(UNIT));
  });

  it("is the same bytes, whatever the order of its parts", () => {
    const turned = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(turned).reverse();
      if (typeof value !== "object" || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, each]) => [key, turned(each)]),
      );
    };
    expect(turned(UNIT)).not.toEqual(UNIT);
    expect(writeReleaseUnit(turned(UNIT) as ReleaseUnit)).toEqual(writeReleaseUnit(UNIT));
  });

  it("may have none of what a repository has not", () => {
    const bare: ReleaseUnit = {
      ...UNIT,
      build: null,
      "artifact-version": "1.3.0",
      previous: null,
      schema: null,
      functions: null,
      configuration: null,
      assets: [],
    };
    expect(read(writeReleaseUnit(bare))).toEqual(bare);
  });

  it("keeps every name", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: anyCharacter, minLength: 1 })), (names) => {
        const unit = { ...UNIT, assets: names.map((name) => ({ name, size: 1, sha256: DIGEST })) };
        const again = read(writeReleaseUnit(unit));
        expect(new Set(again.assets.map(({ name }) => name))).toEqual(new Set(names));
        expect(writeReleaseUnit(again)).toEqual(writeReleaseUnit(unit));
      }),
    );
  });

  it.each<readonly [string, Partial<ReleaseUnit>]>([
    ["its tag", { tag: "1.3.0" }],
    ["its artifacts' version", { "artifact-version": "1.3.0" }],
    ["two assets of one name", { assets: [UNIT.assets[0]!, UNIT.assets[0]!] }],
    ["a version with build metadata", { version: "1.3.0+1", tag: "v1.3.0+1" }],
    ["a shortened commit", { commit: "abcdef1" }],
    ["build metadata that no version has", { build: "a_b", "artifact-version": "1.3.0+a_b" }],
  ])("is refused, before it is published, for %s", (_, wrong) => {
    expect(() => writeReleaseUnit({ ...UNIT, ...wrong })).toThrow();
  });
});

describe("a file that is no unit of this version", () => {
  const text = writeReleaseUnit(UNIT).toString();
  const changed = (more: object): string => JSON.stringify({ ...UNIT, ...more });

  it.each([
    [
      "a newer format",
      changed({ format: "holdfast.release-unit/2", more: 1 }),
      "unit.unknown-format: the unit has the format 'holdfast.release-unit/2'",
    ],
    ["no format", changed({ format: undefined }), "unit.damaged: the unit breaks its format at 'format'"],
    ["a key that the format has not", changed({ more: 1 }), "unit.damaged: the unit breaks its format"],
    [
      "a digest of another kind",
      changed({ digests: "files-2" }),
      "unit.damaged: the unit breaks its format at 'digests'",
    ],
    [
      "a tag of another version",
      changed({ tag: "v1.4.0" }),
      "unit.damaged: the unit breaks its format at 'tag'",
    ],
    [
      "a size below zero",
      changed({ assets: [{ name: "a", size: -1, sha256: DIGEST }] }),
      "unit.damaged: the unit breaks its format at 'assets.0.size'",
    ],
    ["one that was cut off", text.slice(0, -20), "unit.damaged: the unit is not JSON"],
    ["nothing", "", "unit.damaged: the unit is not JSON"],
    ["null", "null", "unit.damaged: the unit is no record"],
    ["a list", "[]", "unit.damaged: the unit is no record"],
  ])("is told from one: %s", (_, given, message) => {
    expect(refusal(given)).toContain(message);
  });

  it("is told from one: bytes that are no UTF-8, and too many", () => {
    expect(refusal(Buffer.concat([Buffer.from(text), Buffer.from([0xff])]))).toContain("is not UTF-8");
    expect(refusal(Buffer.alloc(17 * 1024 * 1024, 0x20))).toContain("which no release unit has");
  });

  it("is never taken for another unit, wherever it was cut off", () => {
    for (let end = 0; end < text.length - 1; end += 1) {
      expect(refusal(text.slice(0, end))).toContain("unit.damaged");
    }
  });
});

it("artifacts carry build metadata, where there is some", () => {
  expect(artifactVersion("1.3.0-rc.1", "7")).toBe("1.3.0-rc.1+7");
  expect(artifactVersion("1.3.0", null)).toBe("1.3.0");
});

it("a digest is of a set: no order, and no other set has it", () => {
  const path = fc.string({ unit: anyCharacter, minLength: 1 }).filter((text) => !text.includes("\0"));
  const file = fc.record({ path, sha256: fc.constantFrom(DIGEST, "ab".repeat(32)) });
  const files = fc.uniqueArray(file, { selector: (each) => each.path });
  const told = (set: readonly { path: string; sha256: string }[]): string =>
    JSON.stringify(set.map((each) => [each.path, each.sha256]).sort());
  fc.assert(
    fc.property(files, files, (one, other) => {
      expect(digestOfFiles([...one].reverse())).toBe(digestOfFiles(one));
      expect(digestOfFiles(one) === digestOfFiles(other)).toBe(told(one) === told(other));
    }),
  );
});
