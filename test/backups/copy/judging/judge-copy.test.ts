import { describe, expect, it } from "@jest/globals";
import { judge } from "../../../../src/backups/copy/judging/judge-copy.ts";
import { accountFor, parseAcceptedName } from "../../../../src/backups/validate/accepted.ts";
import { ROW_HASH } from "../../../../src/nouns/content/row-hash-names.ts";
import type { ContentRecord } from "../../../../src/nouns/content/record.ts";

const content = (rows: number): ContentRecord => ({
  algorithm: ROW_HASH,
  proof: "content",
  serverMajor: 15,
  encoding: "UTF8",
  collate: "C",
  ctype: "C",
  sequences: [],
  objects: {},
  roles: [],
  extensions: [],
  tables: [
    { schema: "public", name: "orders", kind: "table", owner: "shop", rows, fingerprint: "7", bytes: 0 },
  ],
  largeObjects: { count: 0, fingerprint: "0" },
});

const judged = (rows: number, problems: { message: string; entry: string }[]) =>
  judge({
    expected: content(3),
    actual: content(rows),
    problems,
    unavailable: [],
    options: { exact: true, rows: true },
  }).findings;

describe("what pg_restore reported", () => {
  const full = {
    message: "duplicate key value violates unique constraint",
    entry: "TABLE DATA public orders shop",
  };

  it("stands behind the differences it explains, so that report and receipt name the cause", () => {
    const found = judged(0, [full]);
    expect(found.map(({ severity, about }) => [severity, about])).toEqual([
      ["difference", "table"],
      ["gap", "pg_restore"],
    ]);
    expect(found[1]).toMatchObject({ name: full.entry, message: `reported: ${full.message}` });
  });

  it("is a gap where nothing differs, and nothing where it reported nothing", () => {
    expect(judged(3, [full])).toEqual([
      { severity: "gap", about: "pg_restore", name: full.entry, message: `reported: ${full.message}` },
    ]);
    expect(judged(3, [])).toEqual([]);
  });

  it("is told once each, the first fifty in full, the rest by number", () => {
    expect(judged(3, [full, full, { ...full }])).toHaveLength(1);
    const many = judged(
      3,
      Array.from({ length: 73 }, (_, at) => ({ message: `problem ${at}`, entry: "" })),
    );
    expect(many).toHaveLength(51);
    expect(many.at(-1)).toEqual({
      severity: "gap",
      about: "pg_restore",
      name: expect.stringMatching(/^23 more \([0-9a-f]{8}\)$/),
      message: "reported 23 more problems",
    });
  });

  it("can be accepted by name, whatever order it came in, and not once anything else is among it", () => {
    const problems = (count: number): { message: string; entry: string }[] =>
      Array.from({ length: count }, (_, at) => ({
        message: `problem ${at}`,
        entry: at === 0 ? "" : `TABLE t${at}`,
      }));
    const found = judge({
      expected: content(3),
      actual: content(3),
      problems: problems(60),
      warnings: ["odd"],
      unavailable: [],
      options: { exact: true, rows: true },
    }).findings;
    const names = found.map(({ about, name }) => parseAcceptedName(`${about} ${name}`));
    expect(accountFor(found, names, content(3))).toMatchObject({ findings: [], unmatched: [] });
    const last = (all: readonly { message: string; entry: string }[]): string | undefined =>
      judged(3, [...all]).find(({ message }) => message.endsWith("more problems"))?.name;
    expect(last([...problems(60)].reverse())).toBe(last(problems(60)));
    expect(last(problems(59).concat({ message: "another", entry: "TABLE t59" }))).not.toBe(
      last(problems(60)),
    );
  });

  it("is told by itself where an extension lacks, so that a hundred such crowd out nothing else", () => {
    const lacking = Array.from({ length: 60 }, (_, at) => ({
      message: `no type ${at}`,
      entry: "TABLE t",
      lacks: at < 55 ? ["hstore"] : ["citext"],
    }));
    const found = judge({
      expected: content(3),
      actual: content(3),
      problems: [...lacking, full],
      unavailable: [],
      options: { exact: true, rows: true },
    }).findings;
    expect(found[0]).toMatchObject({ name: full.entry, message: `reported: ${full.message}` });
    expect(found[1]).toEqual({
      severity: "gap",
      about: "pg_restore",
      name: "TABLE t",
      message: "reported: no type 0 (needs hstore, not available here)",
      needs: ["hstore"],
    });
    expect(found.at(-1)).toMatchObject({
      message: "reported 10 more problems (needs hstore, citext, not available here)",
      needs: ["hstore", "citext"],
    });
    expect(found).toHaveLength(52);
  });
});

describe("a foreign key that the rows break", () => {
  const listed = {
    line: "",
    type: "FK CONSTRAINT",
    rest: "public orders orders_by_fkey shop",
    id: "1",
    catalog: "0",
    oid: "0",
    needs: [],
  };
  const broken = {
    entry: "FK CONSTRAINT orders orders_by_fkey shop",
    message: 'insert or update on table "orders" violates foreign key constraint "orders_by_fkey"',
    listed,
  };
  const said = (recorded: Parameters<typeof judge>[0]["recorded"]): string =>
    judge({
      expected: content(3),
      actual: content(3),
      problems: [broken],
      unavailable: [],
      options: { exact: true, rows: true },
      recorded,
    }).findings[0]!.message;

  it("is laid to the source, but where the backup was known to lack what the key refers to", () => {
    expect(said([])).toContain("the source itself holds rows that break orders_by_fkey");
    const needs = {
      severity: "gap",
      about: "incomplete",
      name: "constraint public.orders.orders_by_fkey",
      message: "needs table auth.users, which is not in this backup",
    } as const;
    expect(said([needs])).toMatch(
      /violates foreign key constraint "orders_by_fkey"\. what it refers to is not in this backup, and /,
    );
  });
});

describe("a foreign key of a table whose name holds blanks, dots and quotes", () => {
  it("is known among what the backup lacks", () => {
    const listed = {
      line: "",
      type: "FK CONSTRAINT",
      rest: 'my shop or."ders by key the owner',
      names: { schema: "my shop", tag: 'or."ders by key', owner: "the owner" },
      id: "1",
      catalog: "0",
      oid: "0",
      needs: [],
    };
    const broken = {
      entry: 'FK CONSTRAINT or."ders by key the owner',
      message: 'insert or update on table "or."ders" violates foreign key constraint "by key"',
      listed,
    };
    const recorded = [
      {
        severity: "gap",
        about: "incomplete",
        name: 'constraint "my shop"."or.""ders"."by key"',
        message: "needs table auth.users, which is not in this backup",
      },
    ] as const;
    const { findings } = judge({
      expected: content(3),
      actual: content(3),
      problems: [broken],
      unavailable: [],
      options: { exact: true, rows: true },
      recorded,
    });
    expect(findings[0]!.message).toContain("what it refers to is not in this backup");
  });
});

describe("objects that differ only in where the dot is", () => {
  const [ONE, OTHER] = ['view a."b.c"', 'view "a.b".c'];
  const DIGESTS = "definition:0123456789abcdef";
  const expected = {
    ...content(3),
    digests: 2,
    objects: { view: { 'a."b.c"': DIGESTS, '"a.b".c': DIGESTS } },
  } as const;
  const actual = { ...content(3), digests: 2, objects: { view: {} } } as const;
  const gap = (name: string) =>
    ({
      severity: "gap",
      about: "incomplete",
      name,
      message: "needs table x.y, which is not in this backup",
    }) as const;
  const refused = (schema: string, tag: string) => ({
    entry: `VIEW ${tag} o`,
    message: `${schema} is refused`,
    listed: {
      line: "",
      type: "VIEW",
      rest: `${schema} ${tag} o`,
      names: { schema, tag, owner: "o" },
      id: "1",
      catalog: "0",
      oid: "0",
      needs: [],
    },
  });
  const judgedWith = (
    recorded: readonly ReturnType<typeof gap>[],
    problems: readonly ReturnType<typeof refused>[] = [],
  ) =>
    judge({ expected, actual, problems, unavailable: [], options: { exact: true, rows: true }, recorded })
      .findings;
  const titles = (found: readonly { severity: string; name: string }[]): string[] =>
    found.map(({ severity, name }) => `${severity} ${name}`).sort();

  it("are two gaps, so that accepting one leaves the other", () => {
    const found = judgedWith([gap(ONE), gap(OTHER)], [refused("a", "b.c"), refused("a.b", "c")]);
    expect(titles(found)).toEqual([`gap ${OTHER}`, `gap ${ONE}`].sort());
    expect(found.find(({ name }) => name === ONE)!.message).toContain("(the server: a is refused)");
    expect(found.find(({ name }) => name === OTHER)!.message).toContain("(the server: a.b is refused)");
    expect(titles(accountFor(found, [parseAcceptedName(`incomplete ${ONE}`)], expected).findings)).toEqual([
      `gap ${OTHER}`,
    ]);
  });

  it("are told apart where one of them is known to be a gap; the other is a difference, with why", () => {
    const found = judgedWith([gap(ONE)], [refused("a.b", "c")]);
    expect(titles(found)).toEqual(['difference "a.b".c', `gap ${ONE}`, "gap VIEW c o"].sort());
  });
});
