import { describe, expect, it } from "@jest/globals";
import { believe, needsControl, split } from "../../../../src/backups/copy/judging/control.ts";
import { judge } from "../../../../src/backups/copy/judging/judge-copy.ts";
import { ROW_HASH } from "../../../../src/nouns/content/row-hash-names.ts";
import type { ContentRecord } from "../../../../src/nouns/content/record.ts";
import { HoldfastError } from "../../../../src/kernel/errors.ts";

const digest = (letter: string): string => letter.repeat(16);

const record = (indexes: Record<string, string>): ContentRecord => ({
  algorithm: ROW_HASH,
  proof: "content",
  serverMajor: 15,
  encoding: "UTF8",
  collate: "C",
  ctype: "C",
  sequences: [],
  roles: [],
  extensions: [],
  objects: {
    index: Object.fromEntries(Object.entries(indexes).map(([name, letter]) => [name, digest(letter)])),
  },
  tables: [],
  largeObjects: { count: 0, fingerprint: "0" },
});

const judged = (source: ContentRecord, copy: ContentRecord) =>
  judge({
    expected: source,
    actual: copy,
    problems: [],
    unavailable: [],
    options: { exact: true, rows: true },
  });

const sentences = ({ findings }: { findings: readonly { name: string; message: string }[] }) =>
  findings.map(({ name, message }) => `${name} ${message}`);

describe("the control", () => {
  const source = record({ noise: "a", changed: "a", lucky: "a", gone: "a", same: "a" });
  const copy = record({ noise: "b", changed: "b", lucky: "b", same: "a", more: "a" });

  it("takes away only what both copies have, otherwise than the source and than each other", () => {
    const control = record({ noise: "c", changed: "b", lucky: "a", gone: "a", same: "a" });
    const result = split(judged(source, copy), source, copy, control);
    expect(sentences(result)).toEqual([
      "changed differs from the source",
      "lucky differs from the source",
      "gone is missing",
      "more exists, but not at the source",
    ]);
    expect(result.notes).toEqual([
      "index noise could not be compared: two copies restored on one server differ in it from each other too",
    ]);
  });

  it("is only made where something differs that it could say something about", async () => {
    const never = () => Promise.reject(new Error("it was made"));
    expect(await believe(judged(source, source), source, source, never)).toEqual({
      findings: [],
      notes: [],
      notCompared: [],
    });
    const lossy = record({ noise: "a", changed: "a", lucky: "a", same: "a" });
    expect(needsControl(judged(source, lossy))).toBe(false);
    expect(sentences(await believe(judged(source, lossy), source, lossy, never))).toEqual([
      "gone is missing",
    ]);
  });

  it("that cannot be had leaves every difference, and says so; a stop from outside stops", async () => {
    const differing = judged(source, copy);
    const result = await believe(differing, source, copy, () =>
      Promise.reject(new HoldfastError("database.permission", "role x may not create databases")),
    );
    expect(result).toEqual({
      findings: differing.findings,
      notes: ["no control was possible: role x may not create databases"],
      notCompared: [],
    });
    await expect(
      believe(differing, source, copy, () => Promise.reject(new HoldfastError("run.cancelled", "enough"))),
    ).rejects.toThrow("enough");
  });
});
