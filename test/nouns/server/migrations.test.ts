import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { postgresDatabase } from "../../../src/adapters/postgres/database.ts";
import { MIGRATION_TABLES } from "../../../src/nouns/server/migration-tables.ts";
import { readMigrations, type MigrationState } from "../../../src/nouns/server/migrations.ts";
import { parseDatabaseUrl } from "../../../src/postgres/database-url.ts";
import { createDatabase, query, type TestDatabase } from "../../support/postgres.ts";

describe("the schema version in a manifest", () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createDatabase();
  });

  afterAll(async () => {
    await database.drop();
  });

  async function read(): Promise<MigrationState | undefined> {
    await using session = await postgresDatabase(parseDatabaseUrl(database.url, "database")).connect({
      purpose: "test",
    });
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

  it("is not read from tables that look alike but hold other types; none fails a backup", async () => {
    await using own = await createDatabase();
    await using session = await postgresDatabase(own.address).connect({ purpose: "test" });
    for (const type of ["json", "text", "int", "timestamptz", "boolean", "text[]", "point", "xid", "bytea"]) {
      for (const { schema, table, columns } of MIGRATION_TABLES) {
        const all = columns.map((column) => `"${column}" ${type}`).join(", ");
        await session.query("BEGIN");
        await session.query(`
          CREATE SCHEMA IF NOT EXISTS "${schema}";
          CREATE TABLE "${schema}"."${table}" (${all});
          INSERT INTO "${schema}"."${table}" DEFAULT VALUES
        `);
        await expect(readMigrations(session).then(() => [table, type])).resolves.toEqual([table, type]);
        await session.query("ROLLBACK");
      }
    }
  });

  it("is the last entry of the tool's table, with a hash that any change of it changes", async () => {
    await query(database.url, "CREATE TABLE public.schema_migrations (version text PRIMARY KEY)");
    await query(
      database.url,
      "INSERT INTO public.schema_migrations VALUES ('20250101000000'), ('20250920110000')",
    );
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
    await query(
      database.url,
      `
        CREATE TABLE supabase_migrations.schema_migrations (
          version text PRIMARY KEY, statements text[], name text)
      `,
    );
    await query(
      database.url,
      `
        INSERT INTO supabase_migrations.schema_migrations VALUES ('20260101000000', '{create table a()}', 'a')
      `,
    );
    const before = await read();
    expect(before?.version).toEqual({
      last: "20260101000000",
      count: 1,
      table: "supabase_migrations.schema_migrations",
    });
    await query(
      database.url,
      "UPDATE supabase_migrations.schema_migrations SET statements = '{create table b()}'",
    );
    expect((await read())?.hash).not.toBe(before?.hash);
  });

  it("is unknown, and not another table's, where the role may not read the table that decides", async () => {
    await query(database.adminUrl, "CREATE SCHEMA IF NOT EXISTS graphile_migrate");
    await query(database.adminUrl, "CREATE TABLE graphile_migrate.migrations (filename text, hash text)");
    await query(database.adminUrl, "INSERT INTO graphile_migrate.migrations VALUES ('1', 'x')");
    await query(database.url, "DROP SCHEMA supabase_migrations CASCADE");
    expect(await read()).toBeUndefined();
    await query(database.adminUrl, "DROP SCHEMA graphile_migrate CASCADE");
    expect((await read())?.version.table).toBe("public.schema_migrations");
  });

  it("is that of the first table that there is, empty or behind row security, and of no other", async () => {
    const PRISMA = `
      CREATE TABLE public._prisma_migrations (migration_name text, checksum text, started_at timestamptz,
        finished_at timestamptz, rolled_back_at timestamptz);
      INSERT INTO public._prisma_migrations VALUES ('a', '1', '2026-01-01', '2026-01-01', NULL);
      ALTER TABLE public._prisma_migrations ENABLE ROW LEVEL SECURITY;
      CREATE TABLE public.knex_migrations (id serial, name varchar);
      INSERT INTO public.knex_migrations (name) VALUES ('2019_old');
    `;
    await using own = await createDatabase({ sql: PRISMA });
    await using session = await postgresDatabase(own.address).connect({ purpose: "test" });
    // The owner sees past it, unless the table says otherwise.
    expect((await readMigrations(session))?.version.last).toBe("a");
    await own.query("ALTER TABLE public._prisma_migrations FORCE ROW LEVEL SECURITY");
    expect(await readMigrations(session)).toBeUndefined();
    await own.query("CREATE SCHEMA holdfast");
    await own.query(
      "CREATE TABLE holdfast.migrations (version text, sha256 text, position numeric, state text)",
    );
    await own.query("ALTER TABLE public._prisma_migrations NO FORCE ROW LEVEL SECURITY");
    expect(await readMigrations(session)).toBeUndefined();
  });

  const flyway = (rows: string): string => `
    CREATE TABLE public.flyway_schema_history (
      installed_rank int PRIMARY KEY, version varchar(50), description varchar(200), type varchar(20),
      script varchar(1000), checksum int, success boolean);
    INSERT INTO public.flyway_schema_history VALUES ${rows}
  `;

  it.each<[string, string, { last: string; count: number; table: string }]>([
    [
      "Flyway, by rank and not by the alphabet; schemas, repeatable and failed ones are no version",
      flyway(`(0, NULL, '<< Flyway Schema Creation >>', 'SCHEMA', '', NULL, true),
        (1, '9', 'nine', 'SQL', 'V9', 1, true), (2, '10', 'ten', 'SQL', 'V10', 2, true),
        (3, NULL, 'views', 'SQL', 'R__views', 3, true), (4, '11', 'eleven', 'SQL', 'V11', 4, false)`),
      { last: "10", count: 2, table: "public.flyway_schema_history" },
    ],
    [
      "Flyway after an undo, a deletion and another run",
      flyway(`(1, '1', 'one', 'SQL', 'V1', 1, true), (2, '2', 'two', 'SQL', 'V2', 2, true),
        (3, '3', 'three', 'SQL', 'V3', 3, true), (4, '3', 'three', 'UNDO_SQL', 'U3', 3, true),
        (5, '2', 'two', 'DELETE', 'V2', 2, true), (6, '1', 'one', 'UNDO_SQL', 'U1', 1, true),
        (7, '1', 'one', 'SQL', 'V1', 1, true)`),
      { last: "1", count: 1, table: "public.flyway_schema_history" },
    ],
    [
      "Liquibase",
      `
        CREATE TABLE public.databasechangelog (
          id varchar, author varchar, filename varchar, dateexecuted timestamp, orderexecuted int,
          md5sum varchar);
        INSERT INTO public.databasechangelog
          VALUES ('9', 'ann', 'a.xml', '2026-01-01', 1, 'x'), ('10', 'bob', 'a.xml', '2026-01-01', 2, NULL)
      `,
      { last: "10 by bob", count: 2, table: "public.databasechangelog" },
    ],
    [
      "Prisma",
      `
        CREATE TABLE public._prisma_migrations (
          migration_name text, checksum text, started_at timestamptz, finished_at timestamptz,
          rolled_back_at timestamptz);
        INSERT INTO public._prisma_migrations
          VALUES ('z', '1', '2026-01-01', '2026-01-01', NULL), ('a', '2', '2026-01-02', '2026-01-02', NULL),
                 ('b', '3', '2026-01-03', NULL, NULL)
      `,
      { last: "a", count: 2, table: "public._prisma_migrations" },
    ],
    [
      "node-pg-migrate",
      `
        CREATE TABLE public.pgmigrations (id serial, name varchar, run_on timestamp);
        INSERT INTO public.pgmigrations (name, run_on) VALUES ('9', '2026-01-01'), ('10', '2026-01-02')
      `,
      { last: "10", count: 2, table: "public.pgmigrations" },
    ],
    [
      "Knex",
      `
        CREATE TABLE public.knex_migrations (id serial, name varchar);
        INSERT INTO public.knex_migrations (name) VALUES ('9.js'), ('10.js')
      `,
      { last: "10.js", count: 2, table: "public.knex_migrations" },
    ],
    [
      "Drizzle",
      `
        CREATE SCHEMA drizzle;
        CREATE TABLE drizzle.__drizzle_migrations (id serial, hash text, created_at bigint);
        INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('a', 999), ('b', 1000)
      `,
      { last: "1000", count: 2, table: "drizzle.__drizzle_migrations" },
    ],
    [
      "TypeORM",
      `
        CREATE TABLE public.migrations (id serial, timestamp bigint, name varchar);
        INSERT INTO public.migrations (timestamp, name) VALUES (2, 'Z2'), (1, 'A1')
      `,
      { last: "A1", count: 2, table: "public.migrations" },
    ],
    [
      "Laravel",
      `
        CREATE TABLE public.migrations (id serial, migration varchar, batch int);
        INSERT INTO public.migrations (migration, batch) VALUES ('z', 9), ('a', 10)
      `,
      { last: "a", count: 2, table: "public.migrations" },
    ],
    [
      "Entity Framework",
      `
        CREATE TABLE public."__EFMigrationsHistory" ("MigrationId" varchar, "ProductVersion" varchar);
        INSERT INTO public."__EFMigrationsHistory" VALUES ('2_B', '9'), ('1_a', '9')
      `,
      { last: "2_B", count: 2, table: "public.__EFMigrationsHistory" },
    ],
    [
      "Django",
      `
        CREATE TABLE public.django_migrations (id serial, app varchar, name varchar);
        INSERT INTO public.django_migrations (app, name) VALUES ('shop', '0002'), ('auth', '0001')
      `,
      { last: "auth.0001", count: 2, table: "public.django_migrations" },
    ],
    [
      "goose, a step back recorded",
      `
        CREATE TABLE public.goose_db_version (id serial, version_id bigint, is_applied boolean);
        INSERT INTO public.goose_db_version (version_id, is_applied)
          VALUES (0, true), (9, true), (10, true), (11, true), (11, false)
      `,
      { last: "10", count: 2, table: "public.goose_db_version" },
    ],
    [
      "Atlas",
      `
        CREATE TABLE public.atlas_schema_revisions (version varchar, hash varchar, applied int, total int);
        INSERT INTO public.atlas_schema_revisions
          VALUES ('9', 'a', 1, 1), ('10', 'b', 2, 2), ('11', 'c', 1, 2)
      `,
      { last: "10", count: 2, table: "public.atlas_schema_revisions" },
    ],
    [
      "Rails and dbmate, whose versions are text",
      `
        CREATE TABLE public.schema_migrations (version varchar);
        INSERT INTO public.schema_migrations VALUES ('10'), ('9'), ('8')
      `,
      { last: "10", count: 3, table: "public.schema_migrations" },
    ],
    [
      "golang-migrate and Ecto, whose versions are numbers",
      `
        CREATE TABLE public.schema_migrations (version bigint, dirty boolean);
        INSERT INTO public.schema_migrations VALUES (42, false)
      `,
      { last: "42", count: 1, table: "public.schema_migrations" },
    ],
    [
      "Alembic",
      `
        CREATE TABLE public.alembic_version (version_num varchar);
        INSERT INTO public.alembic_version VALUES ('ae1027a6acf')
      `,
      { last: "ae1027a6acf", count: 1, table: "public.alembic_version" },
    ],
    [
      "Sequelize",
      `
        CREATE TABLE public."SequelizeMeta" (name varchar);
        INSERT INTO public."SequelizeMeta" VALUES ('b'), ('a')
      `,
      { last: "b", count: 2, table: "public.SequelizeMeta" },
    ],
  ])("is the one carried out last, in the tool's own order: %s", async (_, sql, version) => {
    await using own = await createDatabase({ sql });
    await using session = await postgresDatabase(own.address).connect({ purpose: "test" });
    expect((await readMigrations(session))?.version).toEqual(version);
  });

  it("changes its hash when a repeatable migration changes, and keeps its version", async () => {
    await using own = await createDatabase({
      sql: flyway("(1, '1', 'one', 'SQL', 'V1', 1, true), (2, NULL, 'views', 'SQL', 'R__views', 7, true)"),
    });
    await using session = await postgresDatabase(own.address).connect({ purpose: "test" });
    const before = await readMigrations(session);
    await own.query(
      "INSERT INTO public.flyway_schema_history VALUES (3, NULL, 'views', 'SQL', 'R__views', 8, true)",
    );
    const after = await readMigrations(session);
    expect(after?.version).toEqual(before?.version);
    expect(after?.hash).not.toBe(before?.hash);
  });
});
