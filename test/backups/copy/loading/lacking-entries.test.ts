import { describe, expect, it } from "@jest/globals";
import { withoutExtensions } from "../../../../src/backups/copy/loading/extensions.ts";
import { lackingEntries } from "../../../../src/backups/copy/loading/lacking-entries.ts";
import type { ContentRecord } from "../../../../src/nouns/content/record.ts";
import type { TocEntry } from "../../../../src/ports/dump-tools.ts";

const SOURCE = {
  tables: [
    {
      schema: "public",
      name: "tagged",
      owner: "shop",
      kind: "table",
      rows: 1,
      sequences: ["tagged_id_seq"],
      extensions: ["hstore"],
    },
  ],
  sequences: [],
  objects: {},
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
    const rows = [
      entry("2", "TABLE DATA", "public tagged shop"),
      entry("3", "SEQUENCE SET", "public tagged_id_seq shop"),
      entry("1", "TABLE DATA", "public tagged too shop"),
    ];
    expect(rows.map(lacking)).toEqual([["hstore"], ["hstore"], []]);
  });
});

describe("a sequence of which an older record does not say whose it is", () => {
  const [gone, here] = [
    { name: "gone", version: "1", schema: "public" },
    { name: "here", version: "1", schema: "extensions" },
  ];
  const value = entry("1", "SEQUENCE SET", "numbers invoice shop");
  const reading = { value: "500", called: true };
  const record = (extensions: readonly object[], more: object = {}): ContentRecord =>
    ({
      tables: [],
      objects: { sequence: {} },
      sequences: [{ schema: "numbers", name: "invoice", before: reading, after: reading }],
      extensions,
      ...more,
    }) as unknown as ContentRecord;

  it.each<[string, ContentRecord, boolean]>([
    [
      "every extension that it may be of is missing",
      record([gone, { name: "plpgsql", version: "1", schema: "pg_catalog" }]),
      true,
    ],
    ["it may be of one that is here", record([gone, here]), false],
    ["the one that was made in its schema is here", record([gone, { ...here, schema: "numbers" }]), false],
    ["the one that was made in its schema is missing", record([{ ...gone, schema: "numbers" }, here]), true],
    [
      "the record says that it is of the missing one",
      record([gone, here], { objectExtensions: { "sequence numbers.invoice": ["gone"] } }),
      true,
    ],
    [
      "the record says that it is of the one that is here",
      record([{ ...gone, schema: "numbers" }, here], {
        objectExtensions: { "sequence numbers.invoice": ["here"] },
      }),
      false,
    ],
  ])("is left out or loaded where %s", (_, source, isLeftOut) => {
    expect(withoutExtensions([value], [gone], source)).toEqual(isLeftOut ? [] : [value]);
    expect(lackingEntries([], [gone], source)(value)).toEqual(isLeftOut ? ["gone"] : []);
  });
});
