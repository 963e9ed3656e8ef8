import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { postgresDatabase } from "../../../src/adapters/postgres/database.ts";
import { detectPooler } from "../../../src/nouns/server/pooler.ts";
import { emptiness } from "../../../src/nouns/server/emptiness.ts";
import { databaseFacts } from "../../../src/nouns/server/database-facts.ts";
import { readMigrations } from "../../../src/nouns/server/migrations.ts";
import { requireReadable } from "../../../src/nouns/content/read/readable.ts";
import { compareContent } from "../../../src/nouns/content/compare/compare-content.ts";
import { lookAtTarget } from "../../../src/backups/restore/target/target.ts";
import { startCluster, startPgBouncer, type Cluster, type TestDatabase } from "../../support/postgres.ts";
import { findings, output, Vault } from "../../support/vault.ts";
import { measure, WHOLE } from "./copies.ts";

/**
 * Somebody who may make things in a database, and is no superuser, waits for one. Every trap writes down the
 * superuser whom it caught, and then does what was asked for, so that nobody notices.
 */
const TRAPS = String.raw`
  CREATE TABLE caught (trap text);
  CREATE FUNCTION trap(name text) RETURNS boolean LANGUAGE plpgsql AS $f$
BEGIN
  IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
    BEGIN
      INSERT INTO public.caught VALUES (name);
    EXCEPTION WHEN read_only_sql_transaction THEN
      RAISE EXCEPTION 'caught by %', name;
    END;
  END IF;
  RETURN true;
END $f$;
  CREATE FUNCTION unnest(text[]) RETURNS SETOF text LANGUAGE plpgsql AS
    $f$ BEGIN PERFORM public.trap('unnest'); RETURN QUERY SELECT * FROM pg_catalog.unnest($1); END $f$;
  CREATE FUNCTION quote_ident(name) RETURNS text LANGUAGE plpgsql AS
    $f$ BEGIN PERFORM public.trap('quote_ident'); RETURN pg_catalog.quote_ident($1); END $f$;
  CREATE FUNCTION pg_terminate_backend(int) RETURNS boolean LANGUAGE plpgsql AS
    $f$ BEGIN PERFORM public.trap('pg_terminate_backend'); RETURN true; END $f$;
  CREATE FUNCTION set_config(text, text, boolean) RETURNS text LANGUAGE plpgsql AS
    $f$ BEGIN PERFORM public.trap('set_config'); RETURN pg_catalog.set_config($1, $2, $3); END $f$;
  CREATE FUNCTION concat_ws(text, text, text) RETURNS text LANGUAGE plpgsql AS
    $f$ BEGIN PERFORM public.trap('concat_ws'); RETURN ''; END $f$;
  CREATE FUNCTION current_setting(text, text) RETURNS text LANGUAGE plpgsql AS
    $f$ BEGIN PERFORM public.trap('current_setting'); RETURN ''; END $f$;
  CREATE FUNCTION name_is(name, text) RETURNS boolean LANGUAGE plpgsql AS
    $f$ BEGIN PERFORM public.trap('='); RETURN $1::text OPERATOR(pg_catalog.=) $2; END $f$;
  CREATE OPERATOR = (FUNCTION = name_is, LEFTARG = name, RIGHTARG = text);
  CREATE FUNCTION char_is("char", text) RETURNS boolean LANGUAGE plpgsql AS
    $f$ BEGIN PERFORM public.trap('"char" ='); RETURN $1::text OPERATOR(pg_catalog.=) $2; END $f$;
  CREATE OPERATOR = (FUNCTION = char_is, LEFTARG = "char", RIGHTARG = text);
  CREATE FUNCTION name_matches_not(name, text) RETURNS boolean LANGUAGE plpgsql AS
    $f$ BEGIN PERFORM public.trap('!~'); RETURN $1::text OPERATOR(pg_catalog.!~) $2; END $f$;
  CREATE OPERATOR !~ (FUNCTION = name_matches_not, LEFTARG = name, RIGHTARG = text);

  CREATE TYPE mood AS ENUM ('fine', 'bad');
  CREATE TYPE pair AS (a int, b int);
  CREATE TYPE span AS RANGE (subtype = int4);
  CREATE FUNCTION mood_text(mood) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
    $f$ BEGIN PERFORM public.trap('enum'); RETURN 'same'; END $f$;
  CREATE FUNCTION moods_text(mood[]) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
    $f$ BEGIN PERFORM public.trap('array'); RETURN 'same'; END $f$;
  CREATE FUNCTION pair_text(pair) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
    $f$ BEGIN PERFORM public.trap('composite'); RETURN 'same'; END $f$;
  CREATE FUNCTION span_text(span) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
    $f$ BEGIN PERFORM public.trap('range'); RETURN 'same'; END $f$;
  CREATE FUNCTION mood_bool(mood) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
    $f$ BEGIN PERFORM public.trap('boolean'); RETURN true; END $f$;
  CREATE CAST (mood AS text) WITH FUNCTION mood_text(mood);
  CREATE CAST (mood[] AS text) WITH FUNCTION moods_text(mood[]) AS ASSIGNMENT;
  CREATE CAST (pair AS text) WITH FUNCTION pair_text(pair);
  CREATE CAST (span AS text) WITH FUNCTION span_text(span);
  CREATE CAST (mood AS boolean) WITH FUNCTION mood_bool(mood) AS IMPLICIT;
  CREATE DOMAIN masked AS mood;
  CREATE TABLE values_of_them (id int PRIMARY KEY, m mood, ms mood[], p pair, s span, d masked);
  INSERT INTO values_of_them
    VALUES (1, 'fine', '{fine,bad}', (1, 2), '[1,5)', 'fine'), (2, NULL, NULL, NULL, NULL, NULL),
           (3, 'bad', '{}', (NULL, NULL), 'empty', 'bad');
  CREATE SCHEMA holdfast;
  CREATE TABLE public.schema_migrations (version mood); INSERT INTO public.schema_migrations VALUES ('fine');
  CREATE TABLE public.flyway_schema_history (version text, checksum int, success mood);
  INSERT INTO public.flyway_schema_history VALUES ('1', 1, 'fine');
  CREATE TABLE holdfast.migrations (version pair, sha256 text, position numeric, state text);
  INSERT INTO holdfast.migrations VALUES ((1, 2), 'x', 1, 'applied');
`;

describe("a database full of traps for a superuser", () => {
  let cluster: Cluster;
  let database: TestDatabase;
  let vault: Vault;

  beforeAll(async () => {
    cluster = await startCluster();
    vault = await Vault.make();
    // Made by holdfast, who owns the database and is no superuser.
    database = await cluster.createDatabase({ sql: TRAPS });
    await database.admin(`ALTER DATABASE ${database.name} SET search_path = public, pg_catalog`);
  });
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
    await vault[Symbol.asyncDispose]();
  });

  const caught = async (): Promise<string[]> =>
    (await database.admin("SELECT DISTINCT trap FROM public.caught ORDER BY trap")).map((row) =>
      String(row["trap"]),
    );

  it("catches whoever works with its own search path, so the traps are real", async () => {
    await database.admin("SELECT unnest(ARRAY['a']), quote_ident('b'::name)");
    await database.admin("SELECT FROM pg_class WHERE relname = 'pg_class'::text");
    for (const column of ["m", "ms", "p", "s", "d"]) {
      await database.admin(`SELECT ${column}::text FROM values_of_them WHERE id = 1`);
    }
    await database.admin("SELECT FROM flyway_schema_history WHERE success");
    expect(await caught()).toEqual([
      "=",
      "array",
      "boolean",
      "composite",
      "enum",
      "quote_ident",
      "range",
      "unnest",
    ]);
    await database.admin("TRUNCATE public.caught");
  });

  it("catches nobody who plans, measures or looks at it as a restore's target", async () => {
    await using session = await postgresDatabase(database.adminAddress).connect({ purpose: "plan" });
    expect((await databaseFacts(session)).superuser).toBe(true);
    await requireReadable(session, WHOLE);
    expect((await emptiness(session)).empty).toBe(false);
    expect(await readMigrations(session)).toBeUndefined();
    expect(await detectPooler(postgresDatabase(database.adminAddress))).toBe("none");
    await measure(database.adminAddress);
    expect(await caught()).toEqual([]);
  });

  it("catches nobody who takes, proves and restores a backup of it, and the backup is good", async () => {
    expect((await vault.backup(database.adminUrl, { dryRun: true })).exit).toBe(0);
    const id = output(await vault.backup(database.adminUrl), "id");
    const validated = await vault.validate({ scratch: cluster.adminUrl() });
    expect(findings(validated)).toEqual([]);
    expect(validated.exit).toBe(0);
    const state = await lookAtTarget(postgresDatabase(database.adminAddress), await vault.manifest(id));
    expect(state.empty).toBe(false);
    expect((await vault.restore(database.adminUrl, { dryRun: true, mode: "beside" })).exit).toBe(0);
    expect(await caught()).toEqual([]);
  });

  it("cannot hide a change of a value behind a cast that always says the same", async () => {
    const before = await measure(database.adminAddress);
    const changes = [
      "m = 'bad'",
      "m = NULL",
      "ms = '{bad}'",
      "p = (1, 3)",
      "s = '[1,6)'",
      "d = 'bad'",
      "p = NULL",
    ];
    for (const change of changes) {
      await database.query(`UPDATE values_of_them SET ${change} WHERE id = ${change === "p = NULL" ? 3 : 1}`);
      const { differences } = compareContent(before, await measure(database.adminAddress), {
        rows: true,
        exact: true,
      });
      expect({ change, found: differences.map((each) => each.message) }).toEqual({
        change,
        found: [`holds 3 rows as the source did, but column ${change.split(" ")[0]} differs`],
      });
      await database.query(`
        DELETE FROM values_of_them WHERE id IN (1, 3);
        INSERT INTO values_of_them
          VALUES (1, 'fine', '{fine,bad}', (1, 2), '[1,5)', 'fine'),
                 (3, 'bad', '{}', (NULL, NULL), 'empty', 'bad')
      `);
      expect(
        compareContent(before, await measure(database.adminAddress), { rows: true, exact: true }).differences,
      ).toEqual([]);
    }
    expect(await caught()).toEqual([]);
  });

  it("catches nobody behind a pooler that drops what the start-up packet asks for", async () => {
    await using pooler = await startPgBouncer(cluster.facts, "session");
    await using session = await postgresDatabase({
      ...database.adminAddress,
      port: pooler.port,
      sslMode: "disable",
    }).connect({ purpose: "test" });
    expect(await session.query("SELECT current_setting('search_path') AS path")).toEqual([
      { path: "pg_catalog" },
    ]);
    await databaseFacts(session);
    expect(await caught()).toEqual([]);
  });
});
