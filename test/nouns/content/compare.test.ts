import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { compareContent } from "../../../src/nouns/content/compare/compare-content.ts";
import { namesMap } from "../../../src/nouns/content/names-map.ts";
import type { ContentRecord, TableRecord } from "../../../src/nouns/content/record.ts";

const table = (name: string, parts: Partial<TableRecord> = {}): TableRecord => ({
  schema: "public",
  name,
  kind: "table",
  owner: "o",
  rows: 100,
  fingerprint: "7",
  bytes: 1,
  ...parts,
});

function record(parts: Partial<ContentRecord> = {}): ContentRecord {
  const reading = { value: "10", called: true };
  return {
    algorithm: "rowhash-1",
    proof: "content",
    serverMajor: 15,
    encoding: "UTF8",
    collate: "C",
    ctype: "C",
    tables: [table("a"), table("b"), table("Odd name")],
    sequences: [{ schema: "public", name: "s", before: reading, after: { value: "15", called: true } }],
    objects: {
      index: { "public.i": "0000000000000001" },
      column: { "public.a.id": "0000000000000002", "public.b.id": "0000000000000003" },
      sequence: { "public.s": "0000000000000004" },
    },
    roles: [
      {
        name: "o",
        superuser: false,
        createRole: false,
        createDb: false,
        login: false,
        replication: false,
        bypassRls: false,
        inherit: true,
        connectionLimit: -1,
        memberOf: [],
      },
    ],
    extensions: [{ name: "hstore", version: "1.8", schema: "public" }],
    largeObjects: { count: 2, fingerprint: "9" },
    ...parts,
  };
}

const whole = { rows: true, exact: true };
const lines = (
  actual: Partial<ContentRecord>,
  options: Parameters<typeof compareContent>[2] = whole,
  expected: Partial<ContentRecord> = {},
): string[] =>
  compareContent(record(expected), record(actual), options).differences.map(
    (each) => `${each.severity}: ${each.about} ${each.name} ${each.message}`,
  );

describe("comparing content", () => {
  it("finds nothing between two equal records", () => {
    expect(lines({})).toEqual([]);
  });

  it("names the first table that differs and how, worst first", () => {
    expect(
      lines({
        tables: [table("a", { fingerprint: "8" }), table("b", { rows: 99, fingerprint: "1" }), table("new")],
      }),
    ).toEqual([
      'difference: table public."Odd name" is missing (the source held 100 rows)',
      "difference: table public.b holds 99 rows, the source held 100 rows",
      "difference: table public.a holds 100 rows as the source did, but their content differs",
      "difference: table public.new exists, but not at the source",
    ]);
  });

  it("does not mind more than the source had unless exactness is asked for", () => {
    const more = {
      tables: [...record().tables, table("new")],
      objects: { ...record().objects, view: { "public.v": "0000000000000001" } },
      largeObjects: { count: 3, fingerprint: "1" },
    };
    expect(lines(more, { rows: true, exact: false })).toEqual([]);
    expect(lines(more)).toHaveLength(3);
  });

  it("says a missing table once, without its columns, but with everything else", () => {
    expect(
      lines({
        tables: [table("a"), table("Odd name")],
        objects: {
          column: { "public.a.id": "0000000000000002" },
          sequence: { "public.s": "0000000000000004" },
        },
      }),
    ).toEqual([
      "difference: table public.b is missing (the source held 100 rows)",
      "difference: index public.i is missing",
    ]);
  });

  it("lets a sequence stand anywhere between the two readings and nowhere else", () => {
    const at = (value: string, called = true): string[] =>
      lines({
        sequences: [{ schema: "public", name: "s", before: { value, called }, after: { value, called } }],
      });
    for (const value of ["10", "12", "15"]) expect(at(value)).toEqual([]);
    expect(at("9")).toEqual([
      "difference: sequence public.s stands at 9, at the source it was between 10 and 15",
    ]);
    expect(at("16")).toHaveLength(1);
    expect(at("10", false)).toHaveLength(1);
    expect(at("9007199254740993")).toHaveLength(1);
  });

  it("lets a sequence that counts down or starts again stand anywhere on its way", () => {
    type Reading = readonly [value: number, called?: boolean];
    const reading = ([value, called = true]: Reading): { value: string; called: boolean } => ({
      value: String(value),
      called,
    });
    const stands = (
      how: { descending?: true; cyclic?: true },
      before: Reading,
      after: Reading,
      now: Reading,
    ): boolean => {
      const expected = {
        sequences: [{ schema: "public", name: "s", before: reading(before), after: reading(after), ...how }],
      };
      return (
        lines(
          { sequences: [{ schema: "public", name: "s", before: reading(now), after: reading(now), ...how }] },
          whole,
          expected,
        ).length === 0
      );
    };
    const down = { descending: true } as const;
    for (const now of [[10, false], [10], [9]] as const) {
      expect(stands(down, [10, false], [9], now)).toBe(true);
    }
    for (const now of [[11, false], [11], [8, false], [8]] as const) {
      expect(stands(down, [10, false], [9], now)).toBe(false);
    }
    const round = { cyclic: true } as const;
    for (const now of [[98], [100], [1], [3]] as const) expect(stands(round, [98], [3], now)).toBe(true);
    for (const now of [[97], [4], [50]] as const) expect(stands(round, [98], [3], now)).toBe(false);
    for (const now of [[3], [1], [100], [98]] as const) {
      expect(stands({ ...round, ...down }, [3], [98], now)).toBe(true);
    }
    expect(stands({ ...round, ...down }, [3], [98], [50])).toBe(false);
    // Set back by hand while the backup ran.
    expect(stands({}, [98], [3], [50])).toBe(true);
    expect(stands({}, [98], [3], [99])).toBe(false);
  });

  it("names the columns that differ, and what a restore computes anew", () => {
    const sums = (a: string, b: string, total: string): Partial<TableRecord> => ({
      rows: 2,
      fingerprint: a + b,
      columns: [
        ["A b", a],
        ["b", b],
        ["total", total],
      ],
      computed: ["total"],
    });
    const found = (before: Partial<TableRecord>, now: Partial<TableRecord>): string[] =>
      lines({ tables: [table("a", now), table("b"), table("Odd name")] }, whole, {
        tables: [table("a", before), table("b"), table("Odd name")],
      }).map((line) => line.replace("difference: table public.a holds 2 rows as the source did, but ", ""));
    expect(found(sums("1", "2", "3"), sums("1", "2", "3"))).toEqual([]);
    expect(found(sums("1", "2", "3"), sums("0", "2", "3"))).toEqual(['column "A b" differs']);
    expect(found(sums("1", "2", "3"), sums("1", "2", "4"))).toEqual([
      "column total differs (a stored generated column: the restore computed it anew; " +
        "what it is computed with may have changed since the rows were written)",
    ]);
    expect(found(sums("1", "2", "3"), sums("1", "4", "4"))).toEqual([
      expect.stringMatching(/^columns b, total differ \(total is a stored generated column: /),
    ]);
    expect(found(sums("1", "2", "3"), { ...sums("1", "2", "3"), fingerprint: "5" })).toEqual([
      "values have moved between its rows",
    ]);
    expect(
      found(sums("1", "2", "3"), {
        ...sums("1", "2", "3"),
        fingerprint: "5",
        columns: [
          ["A b", "1"],
          ["c", "2"],
        ],
      }),
    ).toEqual(["its columns are others: without b, total, with c besides"]);
    expect(found({ rows: 2, fingerprint: "1" }, { ...sums("1", "2", "3"), fingerprint: "5" })).toEqual([
      "their content differs",
    ]);
  });

  it("says whose a table is that an extension made", () => {
    const job = table("job", { ofExtension: true, extension: "pg_cron" });
    const found = (now: TableRecord[]): string[] =>
      lines({ tables: [...record().tables, ...now] }, whole, { tables: [...record().tables, job] });
    const whose = "it belongs to the extension pg_cron, whose version and own rows may be others here";
    expect(found([])).toEqual([
      `difference: table public.job is missing (the source held 100 rows; ${whose})`,
    ]);
    expect(found([{ ...job, rows: 3 }])).toEqual([
      `difference: table public.job holds 3 rows, the source held 100 rows (${whose})`,
    ]);
    expect(found([{ ...job, fingerprint: "1" }])).toEqual([
      `difference: table public.job holds 100 rows as the source did, but their content differs (${whose})`,
    ]);
  });

  it("compares partitions through whose tree rows are loaded by their sums alone", () => {
    const tree = { schema: "public", name: "h" };
    const leaf = (name: string, rows: number, sum: string, column: string): TableRecord =>
      table(name, { tree, rows, fingerprint: sum, columns: [["m", column]] });
    const expected = { tables: [leaf("h0", 400, "10", "1"), leaf("h1", 300, "-5", "2"), table("other")] };
    const found = (
      tables: TableRecord[],
      options = whole as Parameters<typeof compareContent>[2],
    ): string[] => lines({ tables: [...tables, table("other")] }, options, expected);
    expect(found([leaf("h0", 100, "-20", "9"), leaf("h1", 600, "25", "-6")])).toEqual([]);
    expect(found([leaf("h0", 100, "-20", "9"), leaf("h1", 599, "25", "-6")])).toEqual([
      "difference: table public.h holds 699 rows in its partitions, the source held 700 rows",
    ]);
    expect(found([leaf("h0", 100, "-20", "9"), leaf("h1", 600, "26", "-5")])).toEqual([
      "difference: table public.h holds 700 rows in its partitions as the source did, but column m differs",
    ]);
    expect(found([leaf("h0", 100, "-20", "9"), leaf("h1", 600, "26", "-6")])).toEqual([
      expect.stringMatching(/^difference: table public.h .* values have moved between its rows$/),
    ]);
    expect(found([leaf("h0", 700, "5", "3")])).toEqual([
      "difference: table public.h1 is missing (the source held 300 rows)",
    ]);
    const one = { rows: true, exact: false, only: (each: { name: string }) => each.name === "h0" };
    expect(found([leaf("h0", 100, "-20", "9"), leaf("h1", 600, "25", "-6")], one)).toEqual([
      expect.stringMatching(/^gap: table public.h could not be compared: only some of its partitions/),
    ]);
  });

  it("judges nothing but what it is given: order does not matter, and equal records are equal", () => {
    const sum = fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String);
    const anyTable = fc
      .record({
        name: fc.string(),
        rows: fc.nat(),
        fingerprint: sum,
        columns: fc.array(fc.tuple(fc.string(), sum), { maxLength: 3 }),
        tree: fc.option(fc.record({ schema: fc.constant("s"), name: fc.constantFrom("t", "u") }), {
          nil: undefined,
        }),
      })
      .map(({ tree, ...parts }) => table(parts.name, { ...parts, ...(tree === undefined ? {} : { tree }) }));
    const anyTables = fc.uniqueArray(anyTable, { selector: (each) => each.name, maxLength: 6 });
    fc.assert(
      fc.property(
        anyTables.chain((tables) =>
          fc.tuple(fc.constant(tables), fc.shuffledSubarray(tables, { minLength: tables.length })),
        ),
        ([tables, shuffled]) => {
          expect(lines({ tables: shuffled }, whole, { tables })).toEqual([]);
        },
      ),
    );
    fc.assert(
      fc.property(
        anyTables.filter((tables) => tables.length > 0),
        fc.nat(),
        (tables, at) => {
          const changed = tables.map((each, index) =>
            index === at % tables.length
              ? { ...each, fingerprint: String(BigInt(each.fingerprint!) + 1n) }
              : each,
          );
          const frozen = structuredClone([tables, changed]);
          expect(lines({ tables: changed }, whole, { tables })).toHaveLength(1);
          expect([tables, changed]).toEqual(frozen);
        },
      ),
    );
  });

  it("turns what is missing for an unavailable extension into gaps, naming it, and nothing else", () => {
    const digest = "0000000000000001";
    const expected = {
      tables: [
        table("a"),
        table("h", { extensions: ["hstore"] }),
        table("trigrams", { extensions: ["hstore"] }),
      ],
      objects: {
        index: { "public.i": digest, "public.i_hstore": digest },
        view: { "public.plain": digest, 'public."Over h"': digest },
        grant: { 'table public."Over h"': digest },
        owner: { 'view public."Over h"': digest },
      },
      objectExtensions: {
        "table public.h": ["hstore"],
        "index public.i_hstore": ["hstore"],
        'view public."Over h"': ["hstore"],
      },
    };
    const actual = { tables: [table("a", { rows: 1 })], extensions: [], objects: {} };
    expect(lines(actual, { ...whole, unavailableExtensions: ["hstore"] }, expected)).toEqual([
      // An extension that only one of its indexes needs does not excuse a table.
      "difference: table public.trigrams is missing (the source held 100 rows)",
      "difference: table public.a holds 1 row, the source held 100 rows",
      "difference: index public.i is missing",
      "difference: view public.plain is missing",
      "gap: table public.h could not be proved: it needs hstore, not available here (it is missing (the " +
        "source held 100 rows))",
      "gap: index public.i_hstore is missing: it needs hstore, not available here",
      'gap: grant table public."Over h" is missing: it needs hstore, not available here',
      'gap: owner view public."Over h" is missing: it needs hstore, not available here',
      'gap: view public."Over h" is missing: it needs hstore, not available here',
      "gap: extension hstore version 1.8 of the source is not available here, so what depends on it " +
        "could not be proved",
    ]);
    // What is there and wrong is wrong, whatever it needs.
    expect(
      lines(
        { ...expected, tables: [table("a"), table("h", { rows: 3 }), table("trigrams")] },
        { ...whole, unavailableExtensions: ["hstore"] },
        expected,
      ),
    ).toEqual(["difference: table public.h holds 3 rows, the source held 100 rows"]);
    expect(lines({ extensions: [] })).toEqual(["difference: extension hstore is missing"]);
    expect(lines({ extensions: [{ name: "hstore", version: "1.9", schema: "public" }] })).toEqual([
      expect.stringMatching(/^gap: extension hstore is version 1.9/),
    ]);
  });

  it("says what it could not compare instead of passing it over", () => {
    const other = { tables: record().tables.map((each) => ({ ...each, fingerprint: "1" })) };
    expect(lines({ ...other, encoding: "LATIN1" })).toEqual([
      expect.stringMatching(/^gap: database content the copy's encoding is LATIN1/),
    ]);
    expect(lines(other, whole, { proof: "rows" })).toEqual([
      expect.stringMatching(/^gap: .*row counts only/),
    ]);
    expect(lines(other, whole, { proof: "none" })).toEqual([
      expect.stringMatching(/^gap: .*without a proof/),
    ]);
    expect(lines(other, whole, { algorithm: "rowhash-9" })).toEqual([
      expect.stringMatching(/^gap: .*'rowhash-9'/),
    ]);
    expect(lines({ roles: [] })).toEqual([expect.stringMatching(/^gap: role o does not exist here/)]);
  });

  it("leaves rows, named classes or other tables out when asked to", () => {
    expect(
      lines(
        {
          tables: record().tables.map((each) => ({ ...each, rows: 0 })),
          sequences: [],
          largeObjects: { count: 0, fingerprint: null },
        },
        { rows: false, exact: true },
      ),
    ).toEqual([]);
    expect(
      lines(
        { objects: { ...record().objects, index: {} } },
        { ...whole, ignore: new Set(["index"] as const) },
      ),
    ).toEqual([]);
    const part = { tables: [table("a", { rows: 1 }), table("b", { rows: 1 })], objects: {}, sequences: [] };
    const only = { rows: true, exact: false, only: (each: { name: string }) => each.name === "b" };
    const rows = "difference: table public.b holds 1 row, the source held 100 rows";
    // A table that was there got rows only, so that what else differs is nobody's fault, but no proof either.
    expect(lines(part, { ...only, made: () => false })).toEqual([
      rows,
      "gap: column public.b.id is missing: the table was there before and got rows only",
    ]);
    expect(lines(part, { ...only, definitions: false })).toEqual([rows]);
    expect(lines(part, { ...only, made: () => true })).toEqual([
      rows,
      "difference: column public.b.id is missing",
    ]);
  });

  it("compares of another major version what every major prints alike, and calls the rest a gap", () => {
    const gap =
      "gap: database definitions could not be compared in full: the source is PostgreSQL 15 and the copy 17";
    const index = (digest: string): Partial<ContentRecord> => ({
      objects: { ...record().objects, index: { "public.i": digest } },
    });
    const [printed, alike] = ["aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"];
    const found = (actual: string, expected: string): string[] =>
      lines({ serverMajor: 17, ...index(actual) }, whole, index(expected));
    expect(found(`0000000000000000${alike}`, printed + alike)).toEqual([expect.stringContaining(gap)]);
    expect(found(`${printed}0000000000000000`, printed + alike)).toEqual([
      "difference: index public.i differs from the source",
      expect.stringContaining(gap),
    ]);
    expect(found("0000000000000000", printed)).toEqual([expect.stringContaining(gap)]);
  });

  describe("field by field", () => {
    const [one, two] = ["1".repeat(16), "2".repeat(16)];
    const digests2 = (
      objects: ContentRecord["objects"],
      parts: Partial<ContentRecord> = {},
    ): Partial<ContentRecord> => ({ digests: 2, objects, ...parts });
    const found = (
      before: ContentRecord["objects"],
      now: ContentRecord["objects"],
      parts: Partial<ContentRecord> = {},
    ): string[] => lines(digests2(now, parts), whole, digests2(before));

    it("names every field that differs, is missing or is there too many", () => {
      expect(
        found(
          { column: { "public.a.id": `type=${one} default=${one} storage=${one}` } },
          { column: { "public.a.id": `type=${one} default=${two} statistics-target=${one}` } },
        ),
      ).toEqual([
        "difference: column public.a.id differs from the source in default, storage, statistics target",
      ]);
    });

    it("says of another major only what could not be compared, and nothing where all could be", () => {
      const shadow = `type=${one} default=${one} has-default=${one}`;
      expect(
        found(
          { column: { "public.a.id": `type=${one}` } },
          { column: { "public.a.id": `type=${one} not-null-constraint=${one}` } },
          { serverMajor: 18 },
        ),
      ).toEqual([]);
      expect(
        found(
          { column: { "public.a.id": shadow } },
          { column: { "public.a.id": shadow.replace("default=1", "default=2") } },
          { serverMajor: 18 },
        ),
      ).toEqual([
        expect.stringMatching(
          /^gap: .*: the source is PostgreSQL 15 and the copy 18, .* but not column: default$/,
        ),
      ]);
      expect(
        found(
          { column: { "public.a.id": shadow } },
          { column: { "public.a.id": `type=${one}` } },
          { serverMajor: 18 },
        )[0],
      ).toBe("difference: column public.a.id differs from the source in has default");
      expect(
        found(
          { column: { "public.a.id": shadow } },
          { column: { "public.a.id": `type=${one} default=${one}` } },
        ),
      ).toEqual([]);
    });

    it("is a gap where the role may not read, a kind is unknown, or digests are of two ways", () => {
      expect(
        found(
          { "user-mapping": { "o on s": "options=?" } },
          { "user-mapping": { "o on s": `options=${one}` } },
        ),
      ).toEqual(["gap: user-mapping o on s could not be compared in options: the role may not read it"]);
      expect(found({ subscription: { s: `slot=${one}` } }, {})).toEqual([
        "gap: subscription  could not be read here, so it was not compared with the source",
      ]);
      expect(found({}, { subscription: { s: `slot=${one}` } })).toEqual([]);
      expect(found({ view: {} }, { view: { "public.v": "" } })).toEqual([
        "difference: view public.v exists, but not at the source",
      ]);
      expect(lines(digests2({}), whole)).toEqual([
        "gap: database definitions were recorded with digests 1 and measured with digests 2, so they could " +
          "not be compared",
      ]);
      expect(
        found({ column: { "public.a.id": `novelty=${one}` } }, { column: { "public.a.id": "" } }),
      ).toEqual(["gap: column public.a.id could not be compared in novelty: a newer version recorded it"]);
    });

    it("keeps names apart that mean something to JavaScript", () => {
      const schemas = (...names: string[]): ContentRecord["objects"] => ({
        schema: namesMap(names.map((name) => [name, ""])),
      });
      expect(found(schemas("__proto__", "constructor"), schemas("__proto__", "constructor"))).toEqual([]);
      expect(found(schemas("__proto__"), schemas("constructor"))).toEqual([
        "difference: schema __proto__ is missing",
        "difference: schema constructor exists, but not at the source",
      ]);
    });
  });

  it("compares what surrounds the content only for a copy that takes the source's place", () => {
    const database = {
      provider: "icu",
      locale: "de",
      icuRules: null,
      owner: "0000000000000001",
      grants: "0000000000000002",
      settings: ["search_path", "work_mem for role o"],
    } as const;
    const source = { database: { ...database, settings: [...database.settings] } };
    const role = record().roles[0]!;
    const copy = {
      database: {
        provider: "libc" as const,
        locale: null,
        icuRules: null,
        owner: "0000000000000003",
        grants: "0000000000000004",
        settings: ["search_path"],
      },
      roles: [{ ...role, superuser: true, memberOf: ["p"] }],
    };
    expect(lines(copy, whole, source)).toEqual([]);
    expect(lines(copy, { ...whole, properties: true }, source)).toEqual([
      expect.stringMatching(
        /^gap: database locale is collate C, ctype C, at the source it was icu de, collate C, ctype C/,
      ),
      "gap: database owner differs from the source; a restore leaves a database to its owner",
      "gap: database grants on the database itself differ from the source, and were not brought",
      "gap: database setting work_mem for role o is set for the source's database and not for this one " +
        "(ALTER DATABASE … SET)",
      "gap: role o has SUPERUSER, is a member of p here, other than at the source",
    ]);
    expect(lines(source, { ...whole, properties: true }, source)).toEqual([]);
  });
});
