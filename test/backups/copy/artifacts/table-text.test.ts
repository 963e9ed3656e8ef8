import { expect, it } from "@jest/globals";
import { readTableText } from "../../../../src/backups/copy/artifacts/table-text.ts";

/** As pg_dump writes a table, with everything in it that could be taken for something else. */
const TABLE = `
  CREATE TABLE auth.users ( id uuid DEFAULT gen_random_uuid() NOT NULL,
    "Odd, DEFAULT (name" text DEFAULT 'a, b) DEFAULT ''c'' NOT NULL'::text, plain integer,
    total numeric(10,2) DEFAULT round((1.5)::numeric, 1) CONSTRAINT kept NOT NULL,
    twice integer GENERATED ALWAYS AS ((plain * 2)) STORED,
    CONSTRAINT "a ""b""" CHECK (((plain > 0) AND ("Odd, DEFAULT (name" <> '),(;'::text))) NO INHERIT,
    CONSTRAINT kept_small CHECK ((plain < 10)) );
  ALTER TABLE ONLY auth.users ALTER COLUMN plain SET STATISTICS 500;
  ALTER TABLE ONLY auth.users ALTER COLUMN "Odd, DEFAULT (name" SET STORAGE EXTERNAL;
  ALTER TABLE auth.users OWNER TO supabase_auth_admin;
`;

it("a table's text tells its checks, defaults and statistics targets, whatever stands in quotes", () => {
  const { checks, defaults, statistics } = readTableText(TABLE);
  expect([[...checks], [...defaults], [...statistics]]).toEqual([
    [
      ['a "b"', "CHECK (((plain > 0) AND (\"Odd, DEFAULT (name\" <> '),(;'::text))) NO INHERIT"],
      ["kept_small", "CHECK ((plain < 10))"],
    ],
    [
      ["id", "gen_random_uuid()"],
      ["Odd, DEFAULT (name", "'a, b) DEFAULT ''c'' NOT NULL'::text"],
      ["total", "round((1.5)::numeric, 1)"],
    ],
    [["plain", "500"]],
  ]);
});
