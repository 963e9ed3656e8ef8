import { describe, expect, it } from "@jest/globals";
import { isWanted } from "../../../src/nouns/migration-files/classify.ts";
import type { MigrationFolder } from "../../../src/schema/folder/migration.ts";
import { readFolder } from "../../../src/schema/folder/read-folder.ts";
import { processorMs } from "../../support/processor-time.ts";

function read(files: Readonly<Record<string, string | Buffer>>, supabase = false): MigrationFolder {
  const found = Object.entries(files)
    .filter(([path]) => isWanted(path))
    .map(([path, text]) => ({ path, bytes: Buffer.from(text) }));
  return readFolder({ files: found.sort((a, b) => (a.path < b.path ? -1 : 1)), links: [] }, { supabase });
}

/** `<forward> ← <rollback>` in order. */
function pairs(files: Readonly<Record<string, string | Buffer>>): string[] {
  return read(files).migrations.map(
    ({ forward, rollback }) => `${forward.file} ← ${rollback?.file ?? "nothing"}`,
  );
}

function rules(folder: MigrationFolder): string[] {
  return folder.problems.map(({ rule, level, file }) => `${level} ${rule} ${file}`);
}

const names = (...files: string[]): Record<string, string> =>
  Object.fromEntries(files.map((file) => [file, "SELECT 1;"]));

describe("a file that holds both directions", () => {
  it("may begin with comments, which are of both, and with no SQL", () => {
    const both = "-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;\n";
    const words = read({ "1_a.sql": `-- of both\n/* too */\n${both}` });
    expect(rules(words)).toEqual([]);
    expect(words.migrations).toMatchObject([
      { forward: { firstLine: 3, before: "-- of both\n/* too */\n" } },
    ]);
    expect(rules(read({ "1_a.sql": `CREATE TABLE early (a int);\n${both}` }))).toEqual([
      "error before-first-mark 1_a.sql",
    ]);
    const notes =
      "CREATE TABLE early (a int);\n-- Up migration notes: see the wiki\nCREATE TABLE late (a int);";
    expect(rules(read({ "1_a.sql": notes }))).toEqual(["error before-first-mark 1_a.sql"]);
  });
});

describe("a comment that is nearly the mark of a direction", () => {
  const near = [
    " -- migrate:down",
    "\t-- migrate:down",
    "--- migrate:down",
    "-- migrate: down",
    "-- migrate down",
    "/* migrate:down */",
    "-- migrate:rollback",
    "-- +migrate Down",
    "-- +goose Down",
    "/* Down Migration */",
    "-- rambler down",
    "---- create above / drop below ----",
  ];

  it.each(near)("is refused with its line: %j", (mark) => {
    const said = { rule: "unclear-mark", level: "error", file: "1_a.sql", hint: expect.any(String) };
    const text = `CREATE TABLE a ();\n${mark}\nDROP TABLE a;\n`;
    expect(read({ "1_a.sql": `-- migrate:up\n${text}` }).problems).toMatchObject([{ ...said, line: 3 }]);
    expect(read({ "1_a.sql": ` -- migrate:up\n${text}` }).problems).toMatchObject([{ ...said, line: 3 }]);
    expect(read({ "1_a.sql": text }).problems).toMatchObject([{ ...said, line: 2 }]);
  });

  it("is refused before the first mark, and in the part of the other direction", () => {
    const [up, down] = ["CREATE TABLE a ();", "DROP TABLE a;"];
    const before = `-- about\n -- migrate:up\n${up}\n-- migrate:down\n${down}\n`;
    expect(read({ "1_a.sql": before }).problems).toMatchObject([{ rule: "unclear-mark", line: 2 }]);
    const behind = `-- migrate:down\n${down}\n -- migrate:up\n${up}\n`;
    expect(rules(read({ "1_a.sql": up, "1_a_rollback.sql": behind }))).toContain(
      "error unclear-mark 1_a_rollback.sql",
    );
  });

  it.each([
    "-- Down migrations from Hydra 2.x to 1.x are not available.",
    "-- up only deletes indexes, no need to recreate them",
    "-- Add down migration script here",
    "-- Migrate data out of the public schema:",
    "-- migrate down to two columns",
    "-- this takes back what migrate:up made",
    "SELECT ' -- migrate:down';",
    "DO $$ BEGIN\n -- migrate:down\n NULL; END $$;",
    "SELECT 1; -- down migration",
  ])("is not seen in words: %s", (words) => {
    expect(rules(read({ "1_a.sql": `CREATE TABLE a ();\n${words}\nCREATE TABLE b ();\n` }))).toEqual([]);
  });

  it("is not told where nothing stands behind it, nor as a heading of its own direction", () => {
    expect(rules(read({ "1_a.sql": "CREATE TABLE a ();\n-- migrate down\n-- DROP TABLE a;\n" }))).toEqual([]);
    const files = { "1_a.up.sql": "-- Migrate up\nSELECT 1;", "1_a.down.sql": "-- Migrate down\nSELECT 1;" };
    expect(rules(read(files))).toEqual([]);
  });
});

describe("layouts of a folder", () => {
  it.each([
    ["a sibling", ["1_a.sql", "1_a_rollback.sql"], "1_a.sql ← 1_a_rollback.sql"],
    ["a sibling with a dot", ["1_a.sql", "1_a.rollback.sql"], "1_a.sql ← 1_a.rollback.sql"],
    ["the same name in rollback/", ["1_a.sql", "rollback/1_a.sql"], "1_a.sql ← rollback/1_a.sql"],
    [
      "a longer name in rollbacks/",
      ["1_a.sql", "rollbacks/1_a_rollback.sql"],
      "1_a.sql ← rollbacks/1_a_rollback.sql",
    ],
    [
      "another name in rollback/",
      ["001_a.sql", "rollback/001_drop_a.sql"],
      "001_a.sql ← rollback/001_drop_a.sql",
    ],
    ["a version alone", ["106_a.sql", "106_rollback.sql"], "106_a.sql ← 106_rollback.sql"],
    ["golang-migrate", ["1_a.up.sql", "1_a.down.sql"], "1_a.up.sql ← 1_a.down.sql"],
    ["up and down by underscores", ["1_a_up.sql", "1_a_down.sql"], "1_a_up.sql ← 1_a_down.sql"],
    ["a sibling in _down", ["1_a.sql", "1_a_down.sql"], "1_a.sql ← 1_a_down.sql"],
    [
      "diesel",
      ["2026-01-02-030405_a/up.sql", "2026-01-02-030405_a/down.sql"],
      "2026-01-02-030405_a/up.sql ← 2026-01-02-030405_a/down.sql",
    ],
    ["Prisma", ["20260102030405_a/migration.sql"], "20260102030405_a/migration.sql ← nothing"],
    ["Flyway", ["V1.2__a.sql", "U1.2__a.sql"], "V1.2__a.sql ← U1.2__a.sql"],
    ["capital letters", ["1_a.SQL", "1_a_ROLLBACK.SQL"], "1_a.SQL ← 1_a_ROLLBACK.SQL"],
    [
      "blanks and other letters",
      ["1_añadir tabla ü.sql", "1_añadir tabla ü_rollback.sql"],
      "1_añadir tabla ü.sql ← 1_añadir tabla ü_rollback.sql",
    ],
  ])("pairs %s", (_, files, expected) => {
    const folder = read(names(...files));
    expect(pairs(names(...files))).toEqual([expected]);
    expect(rules(folder)).toEqual([]);
  });

  it("pairs the parts of one file with marks, each with its first line", () => {
    const { migrations } = read({
      "1_a.sql":
        "-- about\n-- migrate:up transaction:false\nCREATE TABLE a ();\n\n-- migrate:down\nDROP TABLE a;\n",
    });
    const [{ forward, rollback }] = migrations as [(typeof migrations)[0]];
    expect(forward).toMatchObject({ firstLine: 2, transaction: false });
    expect(forward.text).toContain("CREATE TABLE a");
    expect(forward.text).not.toContain("DROP");
    expect(rollback).toMatchObject({
      firstLine: 5,
      transaction: true,
      text: "-- migrate:down\nDROP TABLE a;\n",
    });
  });

  it("takes the marks of a file with the line ends of Windows", () => {
    const { migrations } = read({
      "1_a.sql": "-- migrate:up\r\nSELECT 1;\r\n-- migrate:down\r\nSELECT 2;\r\n",
    });
    expect(migrations[0]!.rollback!.text).toBe("-- migrate:down\r\nSELECT 2;\r\n");
  });

  it("takes files for PostgreSQL, and leaves those for other databases alone", () => {
    const files = names(
      "1_a.up.sql",
      "1_a.down.sql",
      "1_a.mysql.up.sql",
      "1_a.mysql.down.sql",
      "2_b.postgres.up.sql",
      "2_b.postgres.down.sql",
      "2_b.sqlite3.up.sql",
      "3_c.up.sql",
      "3_c.postgres.autocommit.up.sql",
      "3_c.down.sql",
    );
    expect(pairs(files)).toEqual([
      "1_a.up.sql ← 1_a.down.sql",
      "2_b.postgres.up.sql ← 2_b.postgres.down.sql",
      "3_c.postgres.autocommit.up.sql ← 3_c.down.sql",
    ]);
    expect(read(files).migrations[2]!.forward.transaction).toBe(false);
    expect(rules(read(files))).toEqual([
      "note ignored-file 1_a.mysql.down.sql",
      "note ignored-file 1_a.mysql.up.sql",
      "note ignored-file 2_b.sqlite3.up.sql",
    ]);
  });

  it.each([
    "-- no-transaction\nSELECT 1;",
    "-- postgres-migrations disable-transaction\nSELECT 1;",
    "-- atlas:txmode none\n\nSELECT 1;",
  ])("reads that no transaction is wanted: %j", (text) => {
    expect(read({ "1_a.sql": text }).migrations[0]!.forward.transaction).toBe(false);
  });

  it.each(["up.sql", "migration.sql"])(
    "leaves what lies beside folders with %s alone, and says so",
    (file) => {
      const folder = read({
        ...names(`2026-01-01-000000_a/${file}`, "data_import.sql", "seed_rollback.sql"),
        "old.sql": Buffer.from([0xff, 0x3b]),
        "both.sql": "-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;",
      });
      expect(rules(folder)).toEqual([
        "note ignored-file both.sql",
        "note ignored-file data_import.sql",
        "note ignored-file old.sql",
        "note ignored-file seed_rollback.sql",
      ]);
      expect(folder.problems[0]!.message).toContain(`as 2026-01-01-000000_a/${file} has`);
      expect(folder.migrations).toHaveLength(1);
    },
  );

  it("is loud about a file without a version where not every migration has a folder", () => {
    expect(
      rules(read(names("2026-01-01-000000_a/up.sql", "2026-01-02-000000_b.sql", "data_import.sql"))),
    ).toEqual(["error file-name data_import.sql"]);
    expect(rules(read(names("a/up.sql", "data_import.sql")))).toEqual([
      "error file-name a/up.sql",
      "error file-name data_import.sql",
    ]);
    expect(rules(read(names("data_import.sql")))).toEqual(["error file-name data_import.sql"]);
  });

  it("reads that diesel shall put no transaction around a pair", () => {
    const { migrations } = read({
      ...names("1_a/up.sql", "1_a/down.sql"),
      "1_a/metadata.toml": "run_in_transaction = false\n",
    });
    expect([migrations[0]!.forward.transaction, migrations[0]!.rollback!.transaction]).toEqual([
      false,
      false,
    ]);
  });

  it("does not guess between two rollbacks of a version, and between two migrations", () => {
    expect(rules(read(names("001_a.sql", "rollback/001_x.sql", "rollback/001_y.sql")))).toEqual([
      "error orphan-rollback rollback/001_x.sql",
      "error orphan-rollback rollback/001_y.sql",
    ]);
  });

  it("takes what ends in _down without anything to take back for a migration", () => {
    expect(pairs(names("1_shut_down.sql"))).toEqual(["1_shut_down.sql ← nothing"]);
  });

  it.each([
    ["1_a.sql", "-- +goose Up\nSELECT 1;", "goose"],
    ["1_a.sql", "-- +migrate Up\nSELECT 1;", "sql-migrate"],
  ])("says which tool a file is for that cannot be read", (file, text, tool) => {
    const { migrations, problems } = read({ [file]: text });
    expect(migrations).toEqual([]);
    expect(problems[0]).toMatchObject({ rule: "ignored-file", message: expect.stringContaining(tool) });
  });
});

describe("the order of a folder", () => {
  const order = (...files: string[]): string[] =>
    read(names(...files)).migrations.map(({ version }) => version);

  it("puts times of 12 and 14 digits in one order, and not that of their names", () => {
    expect(
      order("202401010000_a.sql", "20240101000030_b.sql", "202401010001_c.sql", "20231231235959_d.sql"),
    ).toEqual(["20231231235959", "202401010000", "20240101000030", "202401010001"]);
  });

  it("orders plain numbers as numbers", () => {
    expect(order("0002_b.sql", "10_c.sql", "1_a.sql", "00010001_d.sql")).toEqual([
      "1",
      "0002",
      "10",
      "00010001",
    ]);
  });

  it.each([
    [
      "a month that is none",
      ["20241231000000_a.up.sql", "20241812144402_b.up.sql", "20250101000000_c.up.sql"],
    ],
    ["that in twelve digits", ["202412310000_a.up.sql", "202418121444_b.up.sql", "20250101000000_c.up.sql"]],
    ["a digit too many", ["20241231000000_a.up.sql", "20260301000000_c.up.sql", "202601016134308_b.up.sql"]],
    ["milliseconds", ["20241231000000_a.sql", "20260101120000123_b.sql", "20260101120000200_c.sql"]],
    ["seconds since 1970", ["1085649617_a.up.sql", "1700000000001_c.up.sql", "20240101000000_b.up.sql"]],
  ])("orders versions that are no time by number, among times too: %s", (_, files) => {
    expect(read(names(...files.toReversed())).migrations.map(({ forward }) => forward.file)).toEqual(files);
  });

  it("orders versions with dashes as diesel does, by the text of their digits", () => {
    const files = ["2020-12-06-000000_a", "2020-12-7-190800_b", "2020-12-08-000000_c", "2022-03-09-07000_d"];
    const counted = ["2026-05-27-120000_a", "2026-05-27-120000-0000_b", "2026-05-27-120000-00000_c"];
    const folders = [...files, ...counted];
    const folder = read(names(...folders.toReversed().map((each) => `${each}/up.sql`)));
    // To diesel `2020127190800` comes after `20201208000000`, as it does by text.
    expect(folder.migrations.map(({ forward }) => forward.file.split("/")[0])).toEqual([
      "2020-12-06-000000_a",
      "2020-12-08-000000_c",
      "2020-12-7-190800_b",
      "2022-03-09-07000_d",
      ...counted,
    ]);
    expect(rules(folder).filter((each) => each.startsWith("error"))).toEqual([]);
  });

  it("orders the parts of Flyway's versions as numbers", () => {
    expect(order("V1.10__c.sql", "V1.9__b.sql", "V1__a.sql", "V2__d.sql")).toEqual(["1", "1.9", "1.10", "2"]);
  });

  it.each([
    [["1_a.sql", "1_b.sql"], "version 1"],
    [
      ["202401010000_a.sql", "20240101000000_b.sql"],
      "and 20240101000000_b.sql have versions 202401010000 and 20240101000000, the same",
    ],
    [["01_a.sql", "1_b.sql"], "1 and 01"],
  ])("refuses two migrations of one version: %j", (files, said) => {
    const { problems } = read(names(...files));
    expect(problems).toEqual([
      expect.objectContaining({
        rule: "same-version",
        level: "error",
        message: expect.stringContaining(said),
      }),
    ]);
  });

  it.each([
    [["20240101000000_a.sql", "20240601_b.sql"], "20240601_b.sql"],
    [["2024010100000001_a.sql", "20240601000000_b.sql"], "20240601000000_b.sql"],
  ])("refuses an order that times and numbers do not share: %j", (files, second) => {
    const folder = read(names(...files));
    expect(rules(folder)).toEqual([`error ambiguous-order ${second}`]);
    expect(folder.problems[0]!.message).toContain(files.find((file) => file !== second));
  });

  it.each([
    [["20240101_a.sql", "20240601000000_b.sql"]],
    [["202401010000_a.sql", "20240101000001_b.sql", "202406010000_c.sql"]],
    [["2024-01-01-000000_a.sql", "20240601_b.sql"]],
  ])("takes an order that both share: %j", (files) => {
    expect(rules(read(names(...files))).filter((each) => each.includes("ambiguous"))).toEqual([]);
  });

  it("finds near marks in a long file of comments in a moment", () => {
    const comments = "-- migrate: down\n/* migrate: up */ ".repeat(50_000);
    const started = processorMs();
    expect(read({ "1_a.sql": `SELECT 1;\n${comments}` }).problems).toHaveLength(0);
    expect(read({ "1_a.sql": `${comments}\nSELECT 1;` }).problems).toMatchObject([{ line: 1 }]);
    expect(processorMs() - started).toBeLessThan(5_000);
  });

  it("warns of a time among numbers", () => {
    expect(rules(read(names("1_a.sql", "2_b.sql", "20240101000000_c.sql")))).toEqual([
      "warning mixed-versions 20240101000000_c.sql",
    ]);
  });

  it("reads 2,000 files in a moment, in order", () => {
    const files = Object.fromEntries(
      Array.from({ length: 1000 }, (_, at) => at + 1).flatMap((at) => [
        [`${at}_t.up.sql`, "SELECT 1;"],
        [`${at}_t.down.sql`, "SELECT 1;"],
      ]),
    );
    const before = processorMs();
    const { migrations, problems } = read(files);
    expect(processorMs() - before).toBeLessThan(2000);
    expect(problems).toEqual([]);
    expect(migrations.map(({ version }) => Number(version))).toEqual(
      Array.from({ length: 1000 }, (_, at) => at + 1),
    );
  });
});

describe("bytes and places", () => {
  it("takes a byte order mark off, and tells", () => {
    const folder = read({ "1_a.sql": "\uFEFFSELECT 1;" });
    expect(folder.migrations[0]!.forward.text).toBe("SELECT 1;");
    expect(rules(folder)).toEqual(["note byte-order-mark 1_a.sql"]);
  });

  it.each([
    ["latin1", Buffer.from("SELECT 'é';", "latin1")],
    ["UTF-16", Buffer.from("\uFEFFSELECT 'é';", "utf16le")],
  ])("refuses %s", (_, bytes) => {
    const folder = read({ "1_a.sql": bytes });
    expect(folder.migrations).toEqual([]);
    expect(rules(folder)).toEqual(["error not-utf8 1_a.sql"]);
  });

  it("refuses a rollback without a migration, a second rollback, and a name without a version", () => {
    const files = names(
      "1_a.sql",
      "1_a_rollback.sql",
      "rollback/1_a.sql",
      "2_b_rollback.sql",
      "add_users.sql",
    );
    expect(rules(read(files))).toEqual([
      "error two-rollbacks rollback/1_a.sql",
      "error file-name add_users.sql",
      "error orphan-rollback 2_b_rollback.sql",
    ]);
  });

  it("refuses a sibling where the Supabase CLI would apply it", () => {
    expect(rules(read(names("20260101000000_a.sql", "20260101000000_a_rollback.sql"), true))).toEqual([
      "error sibling-in-supabase-folder 20260101000000_a_rollback.sql",
    ]);
    expect(rules(read(names("20260101000000_a.sql", "rollback/20260101000000_a.sql"), true))).toEqual([]);
  });

  it("tells of links and of files in other folders", () => {
    const folder = readFolder(
      { files: [{ path: "old/1_a.sql", bytes: Buffer.from("SELECT 1;") }], links: ["2_b.sql"] },
      { supabase: false },
    );
    expect(rules(folder)).toEqual(["warning symbolic-link 2_b.sql", "note ignored-file old/1_a.sql"]);
  });
});
