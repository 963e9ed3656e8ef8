import { describe, expect, it } from "@jest/globals";
import { lackingEntries } from "../../../src/backups/copy/lacking-entries.ts";
import type { ContentRecord } from "../../../src/nouns/content/record.ts";
import type { TocEntry } from "../../../src/ports/dump-tools.ts";

const SOURCE = {
  tables: [{ schema: "public", name: "tagged", owner: "shop", kind: "table", rows: 1, sequences: ["tagged_id_seq"], extensions: ["hstore"] }],
  sequences: [], objects: {},
  objectExtensions: { "table public.tagged": ["hstore"] },
} as unknown as ContentRecord;
const HSTORE = [{ name: "hstore", version: "1.8", schema: "public" }];

function entry(id: string, type: string, rest: string, ...needs: string[]): TocEntry {
  return { line: `${id}; 0 0 ${type} ${rest}`, type, rest, id, catalog: "0", oid: "0", needs };
}

describe("what an entry of an archive cannot do without", () => {
  const extension = entry("1", "EXTENSION", "- hstore ");
  const table = entry("2", "TABLE", "public tagged shop", "1");
  const view = entry("3", "VIEW", "public over_tagged shop", "2");
  const other = entry("4", "TABLE", "public tagged too shop");
  const contents = [extension, table, view, other];

  it("is followed from the extension by the archive's own notes, and never by a name", () => {
    const lacking = lackingEntries(contents, HSTORE, SOURCE);
    expect([extension, table, view, other].map(lacking)).toEqual([["hstore"], ["hstore"], ["hstore"], []]);
    expect(lackingEntries(contents, [], SOURCE)(view)).toEqual([]);
  });

  it("is known of rows and values that lie in an archive of their own, whose numbers are others", () => {
    const lacking = lackingEntries(contents, HSTORE, SOURCE);
    const rows = [entry("2", "TABLE DATA", "public tagged shop"), entry("3", "SEQUENCE SET", "public tagged_id_seq shop"), entry("1", "TABLE DATA", "public tagged too shop")];
    expect(rows.map(lacking)).toEqual([["hstore"], ["hstore"], []]);
  });
});
