import { describe, expect, it } from "@jest/globals";
import { artifactSetFor, artifactSets } from "../../../../src/backups/copy/artifacts/artifact-set.ts";
import { countTypes } from "../../../../src/backups/copy/artifacts/contents.ts";
import type { Kind, Manifest } from "../../../../src/nouns/catalog/manifest.ts";
import { artifactPath } from "../../../../src/nouns/catalog/paths.ts";
import { keyOf, sampleArtifact, sampleManifest } from "../../../nouns/catalog/samples.ts";

const KEY = keyOf("20261122T020000Z-bbbbbb");

function backupOf(...kinds: Kind[]): Manifest {
  return sampleManifest(KEY, {
    artifacts: kinds.map((kind) => sampleArtifact(KEY, { kind, path: artifactPath(KEY, kind, true) })),
  });
}

/** Phases in short: `schema:pre-data data schema:post-data`. */
function short({
  phases,
}: {
  phases: readonly { artifact: { kind: string }; sections?: readonly string[] }[];
}): string {
  return phases
    .map(({ artifact, sections }) => (sections ? `${artifact.kind}:${sections.join("+")}` : artifact.kind))
    .join(" ");
}

describe("what restores on its own", () => {
  it.each<[Kind[], string[]]>([
    [["full"], ["full"]],
    [["schema"], ["schema"]],
    [["data"], []],
    [["schema", "data"], ["schema:pre-data data schema:post-data"]],
    [["data", "schema"], ["schema:pre-data data schema:post-data"]],
    [
      ["schema", "full"],
      ["full", "schema"],
    ],
    [
      ["schema", "data", "full"],
      ["full", "schema:pre-data data schema:post-data"],
    ],
  ])("in a backup of %j is %j", (kinds, sets) => {
    expect(artifactSets(backupOf(...kinds)).map(short)).toEqual(sets);
  });

  it("leaves no artifact unproved, except rows that lie alone", () => {
    for (const kinds of [
      ["full"],
      ["schema"],
      ["schema", "data"],
      ["schema", "full"],
      ["schema", "data", "full"],
    ] as Kind[][]) {
      const proved = new Set(
        artifactSets(backupOf(...kinds)).flatMap(({ phases }) => phases.map(({ artifact }) => artifact.kind)),
      );
      expect([...proved].sort()).toEqual([...kinds].sort());
    }
  });
});

describe("the artifacts for a part of the database", () => {
  it.each<[Kind[], "whole" | "schema" | "data", string]>([
    [["full"], "whole", "full"],
    [["full"], "schema", "full:pre-data+post-data"],
    [["full"], "data", "full:data"],
    [["schema", "data"], "whole", "schema:pre-data data schema:post-data"],
    [["schema", "data"], "data", "data:data"],
    [["schema", "data", "full"], "schema", "schema:pre-data+post-data"],
    [["data"], "data", "data:data"],
    [["schema"], "schema", "schema:pre-data+post-data"],
  ])("in a backup of %j, %s, are %s", (kinds, part, phases) => {
    expect(short(artifactSetFor(backupOf(...kinds), part))).toBe(phases);
  });

  it.each<[Kind[], "whole" | "schema" | "data"]>([
    [["schema"], "whole"],
    [["schema"], "data"],
    [["data"], "whole"],
    [["data"], "schema"],
  ])("in a backup of %j, %s, cannot be had: input.conflict", (kinds, part) => {
    expect(() => artifactSetFor(backupOf(...kinds), part)).toThrow(
      expect.objectContaining({
        code: "input.conflict",
        exitCode: 2,
        message: expect.stringContaining(KEY.id),
      }),
    );
  });
});

describe("the counts of an archive's contents", () => {
  it("are by type, in one order, whatever the types are called", () => {
    const entries = ["TABLE", "INDEX", "TABLE", "__proto__", "TABLE DATA"].map((type) => ({
      line: "",
      type,
      rest: "",
    }));
    expect(Object.entries(countTypes(entries))).toEqual([
      ["INDEX", 1],
      ["TABLE", 2],
      ["TABLE DATA", 1],
      ["__proto__", 1],
    ]);
    expect(JSON.stringify(countTypes([...entries].reverse()))).toBe(JSON.stringify(countTypes(entries)));
    expect(countTypes([])).toEqual({});
  });
});
