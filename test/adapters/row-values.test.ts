import { expect, it } from "@jest/globals";
import { ProblemReader } from "../../src/adapters/pg-tools/problems.ts";
import { withoutRowValues } from "../../src/adapters/pg-tools/row-values.ts";

it.each([
  ["DETAIL:  Failing row contains (1, SSN-123-45-6789).", undefined],
  ["DETAIL:  Key (a)=(SECRET) is duplicated.", undefined],
  ["DETAIL:  There are 3 objects in schema x.", "DETAIL:  There are 3 objects in schema x."],
  ['CONTEXT:  COPY t, line 3, column c: "domsecret"', "CONTEXT:  COPY t, line 3, column c"],
  ['CONTEXT:  COPY t, line 3: "1\tsecret"', "CONTEXT:  COPY t, line 3"],
  ['CONTEXT:  SQL function "known" during inlining', 'CONTEXT:  SQL function "known" during inlining'],
  ['ERROR:  invalid input syntax for type integer: "topsecret@x.org"', "ERROR:  invalid input syntax for type integer (the value is not shown)"],
  ['ERROR:  relation "words" does not exist', 'ERROR:  relation "words" does not exist'],
])("of %j stays %j", (line, left) => {
  expect(withoutRowValues(line)).toBe(left);
});

it("no problem that pg_restore reports holds a value of a row", () => {
  const reader = new ProblemReader();
  for (const line of [
    "pg_restore: from TOC entry 215; 0 16386 TABLE DATA places postgres",
    'pg_restore: error: COPY failed for table "places": ERROR:  invalid input syntax for type integer: "topsecret"',
    'CONTEXT:  COPY places, line 1, column n: "topsecret"',
    "pg_restore: from TOC entry 216; 0 16386 CONSTRAINT places u postgres",
    'pg_restore: error: could not execute query: ERROR:  could not create unique index "u"',
    "DETAIL:  Key (n)=(topsecret) is duplicated.",
    "Command was: ALTER TABLE …",
  ]) reader.read(line);
  expect(reader.problems).toHaveLength(2);
  expect(JSON.stringify(reader.problems)).not.toContain("topsecret");
  expect(reader.problems[0]!.message).toContain("COPY places, line 1, column n");
});
