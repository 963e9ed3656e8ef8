import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { postgresDatabase } from "../../src/adapters/postgres/database.ts";
import { readMigrations, type MigrationState } from "../../src/content/migrations.ts";
import { parseDatabaseUrl } from "../../src/kernel/database-url.ts";
import { createDatabase, query, type TestDatabase } from "../support/postgres.ts";

describe("the schema version in a manifest", () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createDatabase();
  });

  afterAll(async () => {
    await database.drop();
  });

  async function read(): Promise<MigrationState | undefined> {
    await using session = await postgresDatabase(parseDatabaseUrl(database.url, "database")).connect({ purpose: "test" });
    return await readMigrations(session);
  }

  it("is unknown, and no error, in a database without a migration tool", async () => {
    expect(await read()).toBeUndefined();
  });

  it("is not read from another tool's table of the same name but other columns", async () => {
    await query(database.url, "CREATE TABLE public.schema_migrations (id int, comment text)");
    await query(database.url, "INSERT INTO public.schema_migrations VALUES (1, 'not ours')");
    expect(await read()).toBeUndefined();
    await query(database.url, "DROP TABLE public.schema_migrations");
  });

  it("is the last entry of the tool's table, with a hash that any change of the history changes", async () => {
    await query(database.url, "CREATE TABLE public.schema_migrations (version text PRIMARY KEY)");
    await query(database.url, "INSERT INTO public.schema_migrations VALUES ('20250101000000'), ('20250920110000')");
    const two = await read();
    expect(two?.version).toEqual({ last: "20250920110000", count: 2, table: "public.schema_migrations" });
    expect(two?.hash).toMatch(/^[0-9a-f]{64}$/);
    await query(database.url, "DELETE FROM public.schema_migrations WHERE version = '20250101000000'");
    const one = await read();
    expect(one?.version).toEqual({ last: "20250920110000", count: 1, table: "public.schema_migrations" });
    expect(one?.hash).not.toBe(two?.hash);
  });

  it("prefers Supabase's own history and covers the statements of every migration", async () => {
    await query(database.url, "CREATE SCHEMA supabase_migrations");
    await query(database.url, "CREATE TABLE supabase_migrations.schema_migrations (version text PRIMARY KEY, statements text[], name text)");
    await query(database.url, "INSERT INTO supabase_migrations.schema_migrations VALUES ('20260101000000', '{create table a()}', 'a')");
    const before = await read();
    expect(before?.version).toEqual({ last: "20260101000000", count: 1, table: "supabase_migrations.schema_migrations" });
    await query(database.url, "UPDATE supabase_migrations.schema_migrations SET statements = '{create table b()}'");
    expect((await read())?.hash).not.toBe(before?.hash);
  });

  it("is left alone when the role may not read the table", async () => {
    await query(database.adminUrl, "CREATE SCHEMA IF NOT EXISTS graphile_migrate");
    await query(database.adminUrl, "CREATE TABLE graphile_migrate.migrations (filename text, hash text)");
    await query(database.adminUrl, "INSERT INTO graphile_migrate.migrations VALUES ('1', 'x')");
    await query(database.url, "DROP SCHEMA supabase_migrations CASCADE");
    expect((await read())?.version.table).toBe("public.schema_migrations");
  });
});
