import { expect, it } from "@jest/globals";
import { withoutColumnOptions } from "../../src/adapters/pg-tools/column-options.ts";

const without = (...lines: string[]): string[] =>
  withoutColumnOptions(Buffer.from(lines.join("\n")), new Set(["pg_attver"]))
    .toString()
    .split("\n");

it("leaves a name out of the options of a column, and what a person set where it is", () => {
  expect(
    without(
      "CREATE TABLE public.t (",
      "    a integer",
      ");",
      "ALTER TABLE ONLY public.t ALTER COLUMN a SET (n_distinct=5, pg_attver=7);",
      "ALTER TABLE ONLY public.t ALTER COLUMN b SET (pg_attver=7);",
      "ALTER TABLE ONLY public.t ALTER COLUMN b SET STORAGE EXTERNAL;",
      "ALTER FOREIGN TABLE ONLY public.f ALTER COLUMN b SET (pg_attver=7);",
      'ALTER TABLE ONLY public.t ALTER COLUMN "b SET (pg_attver=1, ;',
      'c" SET (n_distinct=5, pg_attver=7);',
      "",
    ),
  ).toEqual([
    "CREATE TABLE public.t (",
    "    a integer",
    ");",
    "ALTER TABLE ONLY public.t ALTER COLUMN a SET (n_distinct=5);",
    "ALTER TABLE ONLY public.t ALTER COLUMN b SET STORAGE EXTERNAL;",
    'ALTER TABLE ONLY public.t ALTER COLUMN "b SET (pg_attver=1, ;',
    'c" SET (n_distinct=5);',
    "",
  ]);
});

it.each([
  [
    "a default",
    "CREATE TABLE t (a text DEFAULT 'x;",
    "ALTER TABLE t ALTER COLUMN a SET (pg_attver=7);",
    "it''s'::text);",
    "",
  ],
  ["a name", 'CREATE TABLE "t;', "ALTER TABLE t ALTER COLUMN a SET (pg_attver=7);", '""" (a int);', ""],
  [
    "a check",
    "CREATE TABLE t (a text, CONSTRAINT c CHECK ((a <> ';",
    "ALTER TABLE t ALTER COLUMN a SET (pg_attver=7);'::text)));",
    "",
  ],
])("leaves what stands in quotes as it is: %s", (_, ...lines) => {
  expect(without(...lines)).toEqual(lines);
});

it("keeps bytes of other encodings", () => {
  const name = Buffer.from([0x22, 0xe9, 0xff, 0x22]);
  const statement = (options: string): Buffer =>
    Buffer.concat([
      Buffer.from("ALTER TABLE ONLY "),
      name,
      Buffer.from(` ALTER COLUMN a SET (${options});\n`),
    ]);
  expect(withoutColumnOptions(statement("n_distinct=5, pg_attver=7"), new Set(["pg_attver"]))).toEqual(
    statement("n_distinct=5"),
  );
});
