import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import {
  artifactFolder,
  artifactPath,
  byNewest,
  isCatalogTier,
  manifestPath,
  parseArtifactPath,
  parseManifestPath,
} from "../../../src/nouns/catalog/paths.ts";
import { KINDS } from "../../../src/nouns/catalog/manifest.ts";
import { blobPathFault } from "../../../src/ports/blob-path.ts";
import { anyKey, keyOf } from "./samples.ts";

const KEY = keyOf("20261122T034501Z-1a2b3c");

describe("the layout of a store", () => {
  it("is the documented one", () => {
    expect(manifestPath(KEY)).toBe("manifests/shop/tier2/20261122T034501Z-1a2b3c.json");
    expect(artifactPath(KEY, "full", true)).toBe(
      "database/shop/tier2/20261122T034501Z-1a2b3c/full.dump.zst.age",
    );
    expect(artifactPath(KEY, "data", false)).toBe(
      "database/shop/tier2/20261122T034501Z-1a2b3c/data.dump.zst",
    );
  });

  it("leads from every path back to its backup, and every path is one a store accepts", () => {
    fc.assert(
      fc.property(anyKey, fc.constantFrom(...KINDS), fc.boolean(), (key, kind, encrypted) => {
        expect(parseManifestPath(manifestPath(key))).toEqual(key);
        const path = artifactPath(key, kind, encrypted);
        expect(parseArtifactPath(path)).toEqual(key);
        expect(path.startsWith(artifactFolder(key))).toBe(true);
        expect([blobPathFault(manifestPath(key)), blobPathFault(path)]).toEqual([undefined, undefined]);
        expect([parseArtifactPath(manifestPath(key)), parseManifestPath(path)]).toEqual([
          undefined,
          undefined,
        ]);
      }),
    );
  });

  it.each([
    "manifests/shop/tier2/20261122T034501Z-1a2b3c",
    "manifests/shop/tier2/20261122T034501Z-1a2b3c.json.tmp",
    "manifests/shop/tier5/20261122T034501Z-1a2b3c.json",
    "manifests/Shop/tier2/20261122T034501Z-1a2b3c.json",
    "manifests/../tier2/20261122T034501Z-1a2b3c.json",
    "manifests/shop/tier2/x/20261122T034501Z-1a2b3c.json",
    "manifests//tier2/20261122T034501Z-1a2b3c.json",
    "manifests/shop/tier2/20260230T034501Z-1a2b3c.json",
    "x/manifests/shop/tier2/20261122T034501Z-1a2b3c.json",
    "manifests/shop/__proto__/20261122T034501Z-1a2b3c.json",
    "manifests/shop/tier2/20261122T034501Z-1a2b3c.json\n",
    "manifests/sh\nop/tier2/20261122T034501Z-1a2b3c.json",
    `manifests/${"a".repeat(64)}/tier2/20261122T034501Z-1a2b3c.json`,
    "manifests/",
    "",
    "README.md",
  ])("has no manifest at %j", (path) => expect(parseManifestPath(path)).toBeUndefined());

  it.each([
    "database/shop/tier2/20261122T034501Z-1a2b3c",
    "database/shop/tier2/20261122T034501Z-1a2b3c/",
    "database/shop/tier2/20261122T034501Z-1a2b3c/a/b",
    "database/../../etc/passwd",
    "database/shop/tier9/20261122T034501Z-1a2b3c/full.dump.zst",
    "storage/shop/tier2/20261122T034501Z-1a2b3c/full.dump.zst",
  ])("has no artifact at %j", (path) => expect(parseArtifactPath(path)).toBeUndefined());

  it("takes no text but its own for a tier", () => {
    expect(["tier1", "tier4", "safety", "tier5", "Tier1", "toString", ""].map(isCatalogTier)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});

describe("the order of backups", () => {
  it("is newest first and the same whatever order they come in, also with equal ids", () => {
    const shuffled = fc.array(anyKey, { maxLength: 8 }).chain((keys) => {
      const twins = keys.flatMap((key) => [
        key,
        { ...key, tier: "safety" as const },
        { ...key, source: `${key.source}x`.slice(-20) },
      ]);
      return fc.tuple(
        fc.shuffledSubarray(twins, { minLength: twins.length }),
        fc.shuffledSubarray(twins, { minLength: twins.length }),
      );
    });
    fc.assert(
      fc.property(shuffled, ([one, other]) => {
        const sorted = [...one].sort(byNewest);
        expect([...other].sort(byNewest).map(manifestPath)).toEqual(sorted.map(manifestPath));
        for (const [index, key] of sorted.slice(1).entries()) {
          expect(sorted[index]!.time.getTime()).toBeGreaterThanOrEqual(key.time.getTime());
        }
      }),
    );
  });
});
