import { expect, it } from "@jest/globals";
import { withoutMarks } from "../../src/archive/server-marks.ts";

const MARKS = new Set(["pg_attver"]);

it("takes a server's mark out of the options of a column, and leaves what a person set", () => {
  const text = [
    "CREATE TABLE public.t (", "    a integer,", "    b text DEFAULT 'SET (pg_attver=1);'::text", ");",
    "ALTER TABLE ONLY public.t ALTER COLUMN a SET (n_distinct=5, pg_attver=7);",
    "ALTER TABLE ONLY public.t ALTER COLUMN b SET (pg_attver=7);",
    "ALTER TABLE ONLY public.t ALTER COLUMN b SET STORAGE EXTERNAL;",
    "ALTER FOREIGN TABLE ONLY public.f ALTER COLUMN b SET (pg_attver=7);",
  ].join("\n");
  expect(withoutMarks(text, MARKS).split("\n")).toEqual([
    "CREATE TABLE public.t (", "    a integer,", "    b text DEFAULT 'SET (pg_attver=1);'::text", ");",
    "ALTER TABLE ONLY public.t ALTER COLUMN a SET (n_distinct=5);",
    "",
    "ALTER TABLE ONLY public.t ALTER COLUMN b SET STORAGE EXTERNAL;",
    "",
  ]);
});
