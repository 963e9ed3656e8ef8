import { expect, it } from "@jest/globals";
import { ProblemReader } from "../../src/adapters/pg-tools/problems.ts";
import { knownWords, UNKNOWN_WORDS } from "../../src/postgres/known-words.ts";
import { lastWordsWithoutRows, withoutRowValues } from "../../src/adapters/pg-tools/row-values.ts";

it.each([
  ["DETAIL:  Failing row contains (1, SSN-123-45-6789).", undefined],
  ["DETAIL:  Key (a)=(SECRET) is duplicated.", undefined],
  ["DETAIL:  There are 3 objects in schema x.", "DETAIL:  There are 3 objects in schema x."],
  ['CONTEXT:  COPY t, line 3, column c: "domsecret"', "CONTEXT:  COPY t, line 3, column c"],
  ['CONTEXT:  COPY t, line 3: "1\tsecret"', "CONTEXT:  COPY t, line 3"],
  ['CONTEXT:  SQL function "known" during inlining', 'CONTEXT:  SQL function "known" during inlining'],
  ["LINE 1: SELECT 1 FROM zlookup WHERE v = '987-65-4321'", undefined],
  [`CONTEXT:  SQL statement "SELECT 1 FROM zlookup WHERE v = '987-65-4321'"`, undefined],
  [
    "CONTEXT:  PL/pgSQL function app.chk(text) line 1 at EXECUTE",
    "CONTEXT:  PL/pgSQL function app.chk(text) line 1 at EXECUTE",
  ],
])("of %j stays %j", (line, left) => {
  expect(withoutRowValues(line)).toBe(left);
});

it("no problem that pg_restore reports holds a value of a row", () => {
  const reader = new ProblemReader();
  for (const line of [
    "pg_restore: from TOC entry 215; 0 16386 TABLE DATA places postgres",
    'pg_restore: error: COPY failed for table "places": ERROR:  invalid input syntax for type ' +
      'integer: "topsecret"',
    'CONTEXT:  COPY places, line 1, column n: "topsecret"',
    "pg_restore: from TOC entry 216; 0 16386 CONSTRAINT places u postgres",
    'pg_restore: error: could not execute query: ERROR:  could not create unique index "u"',
    "DETAIL:  Key (n)=(topsecret) is duplicated.",
    "Command was: ALTER TABLE …",
  ]) {
    reader.read(line);
  }
  expect(reader.problems).toHaveLength(2);
  expect(JSON.stringify(reader.problems)).not.toContain("topsecret");
  expect(reader.problems[0]!.message).toContain("COPY places, line 1, column n");
});

it.each([
  [
    'invalid input syntax for type integer: "topsecret@x.org"',
    "invalid input syntax for type integer (the value is not shown)",
  ],
  [
    'value "99912345678" is out of range for type integer',
    "a value is out of range for type integer (the value is not shown)",
  ],
  [
    'date/time field value out of range: "1999-13-45"',
    "date/time field value out of range (the value is not shown)",
  ],
  [
    'invalid input value for enum app.mood: "secret"',
    "invalid input value for enum app.mood (the value is not shown)",
  ],
  ['malformed array literal: "{secret"', "malformed array literal (the value is not shown)"],
  [
    'invalid byte sequence for encoding "UTF8": 0xff',
    'invalid byte sequence for encoding "UTF8" (the value is not shown)',
  ],
  [
    'character with byte sequence 0xc3 0xa9 in encoding "UTF8" has no equivalent in encoding "LATIN2"',
    'a character in encoding "UTF8" has no equivalent in encoding "LATIN2" (the value is not shown)',
  ],
  ['time zone "secret" not recognized', "a time zone is not recognized (the value is not shown)"],
])("of %j the value is cut", (words, left) => {
  expect(knownWords(words)).toBe(left);
});

it.each([
  'relation "words" does not exist',
  "function enc58(integer) does not exist",
  "operator does not exist: integer app.<~~~> integer",
  'type "app.mood" does not exist',
  'column "a" of relation "t" does not exist',
  'schema "app" does not exist',
  "column t.a does not exist",
  'duplicate key value violates unique constraint "t_pkey"',
  'could not create unique index "u"',
  'check constraint "c" of relation "t" is violated by some row',
  'insert or update on table "t" violates foreign key constraint "f"',
  'new row for relation "t" violates check constraint "c"',
  'null value in column "a" of relation "t" violates not-null constraint',
  'value for domain app.d violates check constraint "c"',
  'new row violates row-level security policy for table "t"',
  'no partition of relation "p" found for row',
  "value too long for type character varying(3)",
  "integer out of range",
  "numeric field overflow",
  "division by zero",
  "permission denied for table t",
  "permission denied for schema app",
  "canceling statement due to lock timeout",
  "deadlock detected",
  'text search configuration "fr" does not exist',
  'materialized view "m" has not been populated',
  'could not extend file "base/1/2": No space left on device',
  "functions in index expression must be marked IMMUTABLE",
  'there is no unique constraint matching given keys for referenced table "t"',
  'unrecognized parameter "toast.x"',
  "extra data after last expected column",
  'cannot insert a non-DEFAULT value into column "a"',
  'partition constraint of relation "p" is violated by some row',
  'role "somebody" does not exist',
  'index row size 5000 exceeds btree version 4 maximum 2704 for index "i"',
  'extension "hstore" already exists',
  'column "a" is of type integer but expression is of type text',
])("%j holds names alone and stays", (words) => {
  expect(knownWords(words)).toBe(words);
});

it.each([
  "ssn 123-45-6789 is not known",
  "John Smith",
  "a value of 123 out of range",
  "relation 123-45-6789 does not exist",
  'ssn "123-45-6789" does not exist',
])("%j may be anything and goes", (words) => {
  expect(knownWords(words)).toBeUndefined();
});

it("what a function raises in the server's own shape goes too, with its hint and detail", () => {
  const reader = new ProblemReader();
  for (const line of [
    "pg_restore: from TOC entry 215; 0 16386 TABLE DATA app a2 postgres",
    'pg_restore: error: COPY failed for table "a2": ERROR:  type "topsecret" does not exist',
    "DETAIL:  There is topsecret.",
    "HINT:  topsecret",
    "CONTEXT:  PL/pgSQL function app.chk2(text) line 1 at RAISE",
    'COPY a2, line 1: "topsecret"',
  ]) {
    reader.read(line);
  }
  expect(reader.problems).toEqual([
    {
      entry: "TABLE DATA app a2 postgres",
      dumpIds: [215],
      message:
        `COPY failed for table "a2": ERROR:  ${UNKNOWN_WORDS}; CONTEXT:  PL/pgSQL function app.chk2(text) ` +
        "line 1 at RAISE",
    },
  ]);
});

it("words of an entry that looks at no rows are told whole", () => {
  const reader = new ProblemReader();
  for (const line of [
    "pg_restore: from TOC entry 2; 0 16386 TABLE app a2 postgres",
    "pg_restore: error: could not execute query: ERROR:  no tables on Fridays",
  ]) {
    reader.read(line);
  }
  expect(reader.problems).toMatchObject([{ message: "no tables on Fridays" }]);
});

it("the last words of a pg_restore that gave up hold no value of a row", () => {
  const told = lastWordsWithoutRows(
    [
      'pg_restore: error: COPY failed for table "a": ERROR:  ssn topsecret is not known',
      "HINT:  topsecret",
      'CONTEXT:  COPY a, line 1: "topsecret"',
      "pg_restore: error: could not execute query: server closed the connection unexpectedly",
    ].join("\n"),
  );
  expect(told).not.toContain("topsecret");
  expect(told).toContain("COPY a, line 1\npg_restore: error: could not execute query: server closed");
});
