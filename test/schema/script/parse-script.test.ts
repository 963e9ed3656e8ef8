import { describe, expect, it } from "@jest/globals";
import { parseScript } from "../../../src/schema/script/parse-script.ts";
import { prepareScript } from "../../../src/schema/script/prepare.ts";
import { readWaivers } from "../../../src/schema/script/waivers.ts";

const prepared = (text: string, transaction = true): ReturnType<typeof prepareScript> =>
  prepareScript({ file: "1_a.sql", text, firstLine: 1, transaction });

/** `<line> <type> <text>` of each statement. */
async function told(text: string, firstLine = 1): Promise<string[]> {
  const { statements, problem } = await parseScript(text, firstLine);
  expect(problem).toBeUndefined();
  for (const { start, text: own } of statements) expect(text.slice(start, start + own.length)).toBe(own);
  return statements.map(({ line, type, text: own }) => `${line} ${type} ${own}`);
}

describe("taking a script apart", () => {
  it("knows places behind characters of two, three and four bytes", async () => {
    expect(await told("-- ä€😀\nSELECT 'ä€😀';\n/* 😀 */ SELECT\n 2;SELECT 'é'")).toEqual([
      "2 SelectStmt SELECT 'ä€😀'",
      "3 SelectStmt SELECT\n 2",
      "4 SelectStmt SELECT 'é'",
    ]);
  });

  it.each([
    ["a comment first", "-- a\n-- b\n\nSELECT 1;", ["4 SelectStmt SELECT 1"]],
    ["a block comment first", "/* a\nb */ SELECT 1;", ["2 SelectStmt SELECT 1"]],
    ["nested comments", "/* a /* b; */ ; */ SELECT 1; /* /* */ */", ["1 SelectStmt SELECT 1"]],
    [
      "Windows line ends",
      "SELECT 1;\r\n\r\nSELECT 2;\r\n",
      ["1 SelectStmt SELECT 1", "3 SelectStmt SELECT 2"],
    ],
    [
      "dollar quotes",
      "DO $x$ BEGIN; $y$;$y$ $x$; SELECT 1",
      ["1 DoStmt DO $x$ BEGIN; $y$;$y$ $x$", "1 SelectStmt SELECT 1"],
    ],
    ["semicolons alone", ";;\nSELECT 1;;\n;", ["2 SelectStmt SELECT 1"]],
    [
      "BEGIN ATOMIC",
      "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END;\nSELECT 1;",
      [
        "1 CreateFunctionStmt CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END",
        "2 SelectStmt SELECT 1",
      ],
    ],
  ])("reads %s", async (_, text, expected) => {
    expect(await told(text)).toEqual(expected);
  });

  it("counts lines from where a part begins", async () => {
    expect(await told("\nSELECT 1;", 10)).toEqual(["11 SelectStmt SELECT 1"]);
  });

  it.each([
    "",
    " \n\t",
    "-- nothing",
    "-- nothing\r\n",
    "/* a */",
    "/* /* a */ */",
    "/* a /* b */ c */ ; -- d",
    ";",
  ])("finds no statement in %j", async (text) => {
    expect(await parseScript(text)).toMatchObject({ statements: [], problem: undefined });
    expect(await prepared(text)).toMatchObject({ empty: true });
  });

  it.each([
    ["SELECT 1;\nSELCT 2;", 2, /syntax error/],
    ["SELECT 'ä€😀'; -- 😀😀😀\nSELECT 1 FROM;\nSELECT 3;", 2, /syntax error/],
    ["SELECT 1;\nSELECT 'open;\n", 2, /unterminated/],
    ["SELECT 1;\n/* open", 2, /unterminated/],
    ["SELECT 1;\nDO $$ BEGIN", 2, /unterminated/],
  ])("says on which line %j is wrong", async (text, line, message) => {
    const { problem } = await parseScript(text);
    expect(problem).toMatchObject({ line, message: expect.stringMatching(message) });
  });

  it("takes a seed file of 10 MB", async () => {
    const row = `INSERT INTO app.people (id, name) VALUES (1, '${"é".repeat(40)}');\n`;
    const many = Math.ceil(10_000_000 / Buffer.byteLength(row));
    const { statements } = await parseScript(row.repeat(many));
    expect(statements.length).toBe(many);
    expect(statements.at(-1)).toMatchObject({ line: many });
  });
});

describe("what only psql understands", () => {
  it.each([
    ["SELECT 1;\n\\i other.sql\n", 2, /^\\i is a command of psql/, /SQL/],
    ["\\restrict abc\nSELECT 1;", 1, /^\\restrict/, /pg_dump/],
    ["SELECT 1;\n  \\set ON_ERROR_STOP on", 2, /^\\set/, /SQL/],
    ["CREATE TABLE t (a int);\nCOPY t (a) FROM stdin;\n1\n\\.\n", 2, /COPY … FROM stdin/, /INSERT/],
    ["/* \n\\i no */ SELECT '\n\\i no';\n\\gexec", 4, /^\\gexec/, /SQL/],
  ])("is told with its line: %j", async (text, line, message, hint) => {
    const { problem, statements } = await parseScript(text);
    expect(statements).toEqual([]);
    expect(problem).toMatchObject({
      line,
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
  });

  it.each([
    "SELECT '\n\\i x';",
    "SELECT E'\\\\';",
    "DO $$\n\\i\n$$;",
    "-- COPY t FROM stdin;\nSELECT 1;",
    "/* /* */\n\\i x */ SELECT 1;",
  ])("is not seen where it is text: %j", async (text) => {
    expect((await parseScript(text)).problem).toBeUndefined();
  });
});

describe("how a script is carried out", () => {
  it.each([
    ["CREATE TABLE t ();", "one-transaction", 1],
    ["BEGIN; CREATE TABLE t (); COMMIT;", "one-transaction", 1],
    ["START TRANSACTION; CREATE TABLE t (); END;", "one-transaction", 1],
    ["BEGIN; SAVEPOINT a; CREATE TABLE t (); RELEASE a; COMMIT;", "one-transaction", 3],
    ["BEGIN; CREATE TABLE t ();", "own-transactions", 2],
    ["CREATE TABLE t (); COMMIT;", "own-transactions", 2],
    ["DO $$ BEGIN /* /* */ COMMIT; */ NULL; END $$;", "one-transaction", 1],
    [String.raw`DO $$ BEGIN RAISE NOTICE E'it\'s; COMMIT;'; END $$;`, "one-transaction", 1],
    [String.raw`DO $$ BEGIN RAISE NOTICE E'it\'s'; COMMIT; RAISE NOTICE ''; END $$;`, "no-transaction", 1],
    ["BEGIN; SELECT 1; COMMIT; BEGIN; SELECT 2; COMMIT;", "own-transactions", 6],
    ["BEGIN; CREATE INDEX CONCURRENTLY ON t (a); COMMIT;", "own-transactions", 3],
    ["BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; COMMIT;", "own-transactions", 3],
    ["CREATE INDEX CONCURRENTLY ON t (a);", "no-transaction", 1],
    ["VACUUM t;", "no-transaction", 1],
    ["CREATE DATABASE d;", "no-transaction", 1],
    ["ALTER SYSTEM SET work_mem = '1MB';", "no-transaction", 1],
    ["DO $$ BEGIN UPDATE t SET a = 1; COMMIT; END $$;", "no-transaction", 1],
    ["DO $$ BEGIN ROLLBACK AND CHAIN; END $$;", "no-transaction", 1],
    ["DO $$ BEGIN -- COMMIT;\n RAISE NOTICE 'COMMIT;'; END $$;", "one-transaction", 1],
  ])("%s", async (text, mode, count) => {
    const { execution } = await prepared(text);
    expect({ mode: execution.mode, count: execution.statements.length }).toEqual({ mode, count });
  });

  it("follows the tool's mark that no transaction is wanted", async () => {
    expect((await prepared("SELECT 1;", false)).execution.mode).toBe("no-transaction");
  });
});

describe("waivers", () => {
  it("are read with their object, reason and line, also with Windows line ends", () => {
    const text =
      "SELECT 1;\r\n-- holdfast: allow loses-data because it was empty\r\n--holdfast: " +
      'allow differs view app."a b" because so\r\n';
    expect(readWaivers(text, 5)).toEqual({
      waivers: [
        { what: "loses-data", object: undefined, reason: "it was empty", line: 6 },
        { what: "differs", object: 'view app."a b"', reason: "so", line: 7 },
      ],
      malformed: [],
    });
  });

  it("without a reason allow nothing", () => {
    expect(readWaivers("-- holdfast: allow loses-data", 1)).toEqual({
      waivers: [],
      malformed: [{ line: 1, text: "-- holdfast: allow loses-data" }],
    });
  });
});
