import { describe, expect, it } from "@jest/globals";
import { postgresDatabase } from "../../../src/adapters/postgres/database.ts";
import { findIncomplete } from "../../../src/nouns/content/omissions/incomplete.ts";
import { PINNED_SETTINGS } from "../../../src/nouns/server/pinned-settings.ts";
import type { ContentScope } from "../../../src/nouns/content/record.ts";
import { createDatabase, type TestDatabase } from "../../support/postgres.ts";

async function incomplete(database: TestDatabase, scope: Partial<ContentScope>): Promise<string[]> {
  await using session = await postgresDatabase(database.adminAddress).connect({
    purpose: "look",
    settings: PINNED_SETTINGS,
  });
  const found = await findIncomplete(session, { includeSchemas: [], excludeSchemas: [], ...scope }, []);
  return found.map(
    ({ name, message }) => `${name} needs ${/^needs (.*), which is not in this backup: /.exec(message)![1]!}`,
  );
}

const SQL = `
  CREATE SCHEMA other; CREATE EXTENSION hstore SCHEMA other;
  CREATE TABLE other.people (id int PRIMARY KEY);
  CREATE FUNCTION other.who() RETURNS int LANGUAGE sql AS 'SELECT 1';
  CREATE FUNCTION other.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE FUNCTION other.fits(a int) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT true';
  CREATE TYPE other.mood AS ENUM ('well'); CREATE DOMAIN other.small AS int;
  CREATE TABLE notes (id int PRIMARY KEY REFERENCES other.people, "to.whom" int, h other.hstore);
  CREATE TABLE checked (a int CHECK (other.fits(a)), CONSTRAINT "by.a" UNIQUE (a));
  CREATE TRIGGER touch BEFORE UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION other.touch();
  CREATE POLICY own ON notes USING (id = other.who());
  CREATE INDEX by_fit ON notes ((other.fits(id)));
  CREATE VIEW everybody AS SELECT p.id FROM other.people p JOIN notes n USING (id);
  CREATE MATERIALIZED VIEW further AS SELECT id FROM everybody; CREATE INDEX of_view ON further (id);
  CREATE TABLE moods (mood other.mood);
  CREATE TABLE of_moods (id int, CONSTRAINT u UNIQUE (id));
  CREATE TABLE kinds (k other.small);
  CREATE TABLE defaults (a int DEFAULT other.who());
  CREATE FUNCTION felt(m other.mood) RETURNS int LANGUAGE sql AS 'SELECT 1';
  CREATE TABLE fine (id int PRIMARY KEY, h other.hstore); CREATE VIEW fine_too AS SELECT id FROM fine;
  CREATE TABLE other.of_public (id int REFERENCES fine)
`;

describe("what a backup of some schemas cannot bring back alone", () => {
  it("is what needs something out of its scope, and what needs that; not extension members", async () => {
    await using database = await createDatabase({ owner: "postgres", sql: SQL });
    const expected = [
      'constraint public.checked."by.a" needs function other.fits(integer)',
      "constraint public.notes.notes_id_fkey needs table other.people",
      "function public.felt(m other.mood) needs type other.mood",
      "index public.by_fit needs function other.fits(integer)",
      "index public.of_view needs table other.people",
      "materialized-view public.further needs table other.people",
      'index public."by.a" needs function other.fits(integer)',
      "policy public.notes.own needs function other.who()",
      "table public.checked needs function other.fits(integer)",
      "table public.defaults needs function other.who()",
      "table public.kinds needs type other.small",
      "table public.moods needs type other.mood",
      "trigger public.notes.touch needs function other.touch()",
      "view public.everybody needs table other.people",
    ];
    expect(await incomplete(database, { includeSchemas: ["public"] })).toEqual([...expected].sort());
    expect(await incomplete(database, { excludeSchemas: ["other"] })).toEqual([...expected].sort());
    expect(await incomplete(database, { includeSchemas: ["other"] })).toEqual([
      "constraint other.of_public.of_public_id_fkey needs table public.fine",
    ]);
    expect(await incomplete(database, {})).toEqual([]);
    expect(await incomplete(database, { includeSchemas: ["public", "other"] })).toEqual([]);
  });

  it("is what needs something that belongs to no schema, once schemas are named", async () => {
    await using database = await createDatabase({
      owner: "postgres",
      sql: `
        CREATE FOREIGN DATA WRAPPER elsewhere;
        CREATE SERVER far FOREIGN DATA WRAPPER elsewhere;
        CREATE FOREIGN TABLE distant (a int) SERVER far;
        CREATE VIEW seen AS SELECT a FROM distant;
        CREATE LANGUAGE dialect HANDLER plpgsql_call_handler;
        CREATE FUNCTION spoken() RETURNS int LANGUAGE dialect AS 'BEGIN RETURN 1; END';
        CREATE ACCESS METHOD pile TYPE TABLE HANDLER heap_tableam_handler;
        CREATE TABLE piled (a int) USING pile;
        CREATE TABLE fine (a int)
      `,
    });
    expect(await incomplete(database, { includeSchemas: ["public"] })).toEqual([
      "function public.spoken() needs language dialect",
      "table public.distant needs foreign server far",
      "table public.piled needs access method pile",
      "view public.seen needs foreign server far",
    ]);
    expect(await incomplete(database, { excludeSchemas: ["other"] })).toEqual([]);
  });
});
