import { describe, expect, it } from "@jest/globals";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import { runMigrateStatus } from "../../../src/schema/status/run.ts";
import { runMigrateRollback } from "../../../src/schema/rollback/run.ts";
import { secret, testPorts } from "../../support/test-ports.ts";
import { createDatabase } from "../../support/postgres.ts";
import { supabasePrelude } from "../../../src/schema/shadow/supabase/supabase.ts";
import { historyOf, migrate, migrationsFolder, noBackups, output, rollbackInputs } from "../support.ts";
import { casesInTurn } from "../../support/sampling.ts";
import { testInTurn } from "../../support/cases-in-turn.ts";

const FIRST = "CREATE TABLE shop (id int PRIMARY KEY, name text NOT NULL);\n";
const SECOND = "CREATE INDEX shop_name ON shop (name);\n";
const THIRD = "ALTER TABLE shop ADD COLUMN note text;\n";
const NAMES = ["20260101090000_shop.sql", "20260102090000_name.sql", "20260103090000_note.sql"] as const;
const FOLDER = {
  [NAMES[0]]: FIRST,
  "20260101090000_shop_rollback.sql": "DROP TABLE shop;\n",
  [NAMES[1]]: SECOND,
  [NAMES[2]]: THIRD,
};
/** What the folder lacks to be taken back whole. */
const BACK = {
  "20260102090000_name_rollback.sql": "DROP INDEX shop_name;\n",
  "20260103090000_note_rollback.sql": "ALTER TABLE shop DROP COLUMN note;\n",
};

/** Tables as the tools themselves make and fill them, with the first two migrations applied. */
const BOOKS: readonly (readonly [tool: string, sql: string])[] = [
  [
    "supabase",
    `CREATE SCHEMA supabase_migrations;
     CREATE TABLE supabase_migrations.schema_migrations (
       version text PRIMARY KEY, statements text[], name text);
     INSERT INTO supabase_migrations.schema_migrations VALUES
       ('20260101090000', '{}', 'shop'), ('20260102090000', '{}', 'name')`,
  ],
  [
    "supabase",
    `CREATE SCHEMA supabase_migrations;
     CREATE TABLE supabase_migrations.schema_migrations (version text PRIMARY KEY);
     INSERT INTO supabase_migrations.schema_migrations VALUES ('20260101090000'), ('20260102090000')`,
  ],
  [
    "dbmate",
    `CREATE TABLE schema_migrations (version varchar(128) PRIMARY KEY);
     INSERT INTO schema_migrations VALUES ('20260101090000'), ('20260102090000')`,
  ],
  [
    "golang-migrate",
    `CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL);
     INSERT INTO schema_migrations VALUES (20260102090000, false)`,
  ],
  [
    "node-pg-migrate",
    `CREATE TABLE pgmigrations (id SERIAL PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL);
     INSERT INTO pgmigrations (name, run_on) VALUES
       ('20260101090000_shop', now()), ('20260102090000_name', now())`,
  ],
  [
    "flyway",
    `CREATE TABLE flyway_schema_history (installed_rank integer PRIMARY KEY, version varchar(50),
       description varchar(200) NOT NULL, type varchar(20) NOT NULL, script varchar(1000) NOT NULL,
       checksum integer, installed_by varchar(100) NOT NULL, installed_on timestamp NOT NULL DEFAULT now(),
       execution_time integer NOT NULL, success boolean NOT NULL);
     CREATE INDEX flyway_schema_history_s_idx ON flyway_schema_history (success);
     INSERT INTO flyway_schema_history VALUES
       (1, '20260101090000', 'base', 'BASELINE', 'base', NULL, 'me', now(), 0, true),
       (2, '20260102090000', 'name', 'SQL', 'V20260102090000__name.sql', 1, 'me', now(), 5, true),
       (3, '20260103090000', 'note', 'SQL', 'V20260103090000__note.sql', 1, 'me', now(), 5, true),
       (4, '20260103090000', 'note', 'UNDO_SQL', 'U20260103090000__note.sql', 1, 'me', now(), 5, true),
       (5, NULL, 'views', 'SQL', 'R__views.sql', 1, 'me', now(), 5, true)`,
  ],
  [
    "prisma",
    `CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL,
       finished_at timestamptz, migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz,
       started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0);
     INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, rolled_back_at) VALUES
       ('1', 'x', now(), '20260101090000_shop', NULL), ('2', 'x', NULL, '20260102090000_name', now()),
       ('3', 'x', now(), '20260102090000_name', NULL)`,
  ],
];

const UNCLEAR: readonly (readonly [tool: string, sql: string, says: string])[] = [
  [
    "golang-migrate",
    `CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL);
     INSERT INTO schema_migrations VALUES (20260102090000, true)`,
    "is dirty",
  ],
  [
    "golang-migrate",
    `CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL);
     INSERT INTO schema_migrations VALUES (-1, true)`,
    "is dirty",
  ],
  [
    "flyway",
    `CREATE TABLE flyway_schema_history (installed_rank integer, version text, type text, script text,
       success boolean);
     INSERT INTO flyway_schema_history VALUES (1, '20260102090000', 'SQL', 'V2', false)`,
    "has failed",
  ],
  [
    "prisma",
    `CREATE TABLE _prisma_migrations (
       migration_name text, finished_at timestamptz, rolled_back_at timestamptz);
     INSERT INTO _prisma_migrations VALUES ('20260102090000_name', NULL, NULL)`,
    "did not end",
  ],
  [
    "dbmate",
    `CREATE TABLE schema_migrations (version varchar(128) PRIMARY KEY);
     INSERT INTO schema_migrations VALUES ('20260101090000'), ('20251231090000')`,
    "the folder does not have them: 20251231090000",
  ],
];

const inTurn = testInTurn("histories of other tools", 3);

describe("a database that another tool has migrated", () => {
  it.each(casesInTurn("histories of other tools taken over", BOOKS, { every: 2 }))(
    "is not migrated anew, and its history is taken over from %s",
    async (tool, sql) => {
      await using database = await createDatabase({ owner: "postgres", sql: `${FIRST}${SECOND}${sql}` });
      await using folder = migrationsFolder(FOLDER);
      await expect(migrate(database, folder)).rejects.toMatchObject({
        code: "refused.unsafe",
        message: expect.stringContaining(`${tool} has applied 2 migrations`) as unknown,
        hint: expect.stringContaining(`--adopt ${tool}`) as unknown,
      });
      expect(await database.query("SELECT to_regclass('holdfast.migrations') AS made")).toEqual([
        { made: null },
      ]);

      const choice = { adopt: tool as "dbmate" };
      const dry = await migrate(database, folder, { ...choice, dryRun: true });
      expect([dry.exit, output(dry, "adopted"), output(dry, "pending")]).toEqual([
        0,
        ["20260101090000", "20260102090000"],
        ["20260103090000"],
      ]);
      expect(dry.report.notes[0]).toMatch(/^then: dry run: .*1 migration would be applied/);
      expect(await database.query("SELECT to_regclass('holdfast.migrations') AS made")).toEqual([
        { made: null },
      ]);

      const outcome = await migrate(database, folder, choice);
      expect([outcome.exit, output(outcome, "adopted"), output(outcome, "applied")]).toEqual([
        0,
        ["20260101090000", "20260102090000"],
        ["20260103090000"],
      ]);
      expect(
        await database.query(`
        SELECT version, adopted_from, rollback IS NOT NULL AS back, fingerprint_before IS NOT NULL AS before
          FROM holdfast.migrations ORDER BY position`),
      ).toEqual([
        { version: "20260101090000", adopted_from: tool, back: true, before: true },
        { version: "20260102090000", adopted_from: tool, back: false, before: true },
        { version: "20260103090000", adopted_from: null, back: false, before: true },
      ]);
      const again = await migrate(database, folder, choice);
      expect([again.exit, output(again, "adopted"), output(again, "applied")]).toEqual([0, [], []]);
    },
  );

  inTurn("by Rails is left to Rails: its table has dbmate's one column, and is not dbmate's", async () => {
    await using database = await createDatabase({
      owner: "postgres",
      sql: `${BOOKS[2]![1]}; CREATE TABLE ar_internal_metadata (key varchar PRIMARY KEY, value varchar)`,
    });
    await using folder = migrationsFolder(FOLDER);
    expect((await migrate(database, folder)).exit).toBe(0);
  });

  inTurn(
    "is told by a dry run that takes its history over what of the files after it would fail",
    async () => {
      await using database = await createDatabase({
        owner: "postgres",
        sql: `${FIRST}${SECOND}${BOOKS[2]![1]}`,
      });
      await using folder = migrationsFolder({
        ...FOLDER,
        [NAMES[2]]: "ALTER TABLE shop ADD COLUMN name text;\n",
      });
      const dry = await migrate(database, folder, { adopt: "dbmate", dryRun: true });
      expect([dry.exit, output(dry, "adopted"), output(dry, "pending")]).toEqual([
        3,
        ["20260101090000", "20260102090000"],
        ["20260103090000"],
      ]);
      expect(JSON.stringify(dry.report)).toMatch(/column \\"name\\" of relation \\"shop\\" already exists/);
    },
  );

  inTurn(
    "has what a baseline says in Supabase's own table too, so its CLI does not do it again",
    async () => {
      const books = `
      CREATE SCHEMA supabase_migrations;
      CREATE TABLE supabase_migrations.schema_migrations (
        version text PRIMARY KEY, statements text[], name text)
    `;
      await using database = await createDatabase({ owner: "postgres", sql: `${FIRST}${SECOND}${books}` });
      await using folder = migrationsFolder(FOLDER);
      expect(await migrate(database, folder, { baseline: "20260102090000" })).toMatchObject({ exit: 0 });
      const table = "supabase_migrations.schema_migrations";
      expect(await database.query(`SELECT version, name, statements FROM ${table} ORDER BY 1`)).toEqual([
        { version: "20260101090000", name: "shop", statements: [FIRST.trim().replace(/;$/, "")] },
        { version: "20260102090000", name: "name", statements: [SECOND.trim().replace(/;$/, "")] },
        { version: "20260103090000", name: "note", statements: [THIRD.trim().replace(/;$/, "")] },
      ]);
    },
  );

  it.each(UNCLEAR)("is left alone where %s's own history is not clear", async (tool, sql, says) => {
    await using database = await createDatabase({ owner: "postgres", sql: `${FIRST}${SECOND}${sql}` });
    await using folder = migrationsFolder(FOLDER);
    await expect(migrate(database, folder, { adopt: tool as "dbmate" })).rejects.toMatchObject({
      code: "refused.unsafe",
      message: expect.stringContaining(says) as unknown,
    });
    expect(await database.query("SELECT to_regclass('holdfast.migrations') AS made")).toEqual([
      { made: null },
    ]);
  });

  inTurn("is left alone where its schema is not what the files make, and each object is named", async () => {
    const changed = "CREATE TABLE beside (); ALTER TABLE shop ALTER name DROP NOT NULL;";
    const sql = `${FIRST}${SECOND}${changed}${BOOKS[2]![1]}`;
    await using database = await createDatabase({ owner: "postgres", sql });
    await using folder = migrationsFolder(FOLDER);
    const refusal = await migrate(database, folder, { adopt: "dbmate" }).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: "refused.unsafe" });
    const { message } = refusal as Error;
    expect(message).toContain("table public.beside is in the database, and no migration makes it");
    expect(message).toContain("column public.shop.name is another one");
    expect(await database.query("SELECT to_regclass('holdfast.migrations') AS made")).toEqual([
      { made: null },
    ]);
  });

  inTurn("is refused though its files have other numbers here, and once the other tool goes on", async () => {
    const books = "CREATE TABLE schema_migrations (version varchar(128) PRIMARY KEY)";
    await using database = await createDatabase({
      owner: "postgres",
      sql: `${books}; INSERT INTO schema_migrations VALUES ('7')`,
    });
    await using folder = migrationsFolder(FOLDER);
    const refused = (version: string): object => ({
      code: "refused.unsafe",
      message:
        "dbmate has applied 1 migration that the history does not know " +
        `(public.schema_migrations): ${version}`,
    });
    await expect(migrate(database, folder)).rejects.toMatchObject(refused("7"));
    await database.query("DELETE FROM schema_migrations");
    await migrate(database, folder, { to: "20260102090000" });
    await database.query("INSERT INTO schema_migrations VALUES ('20260101090000'), ('20260101100000')");
    await expect(migrate(database, folder)).rejects.toMatchObject(refused("20260101100000"));
  });

  inTurn("is taken over by one of two runs at once", async () => {
    await using database = await createDatabase({
      owner: "postgres",
      sql: `${FIRST}${SECOND}${BOOKS[2]![1]}`,
    });
    await using folder = migrationsFolder(FOLDER);
    const choice = { adopt: "dbmate", to: "20260102090000", wait: 20_000 } as const;
    const ended = await Promise.allSettled([1, 2].map(() => migrate(database, folder, choice)));
    const refusals = ended.flatMap((one) => (one.status === "rejected" ? [one.reason as object] : []));
    for (const refusal of refusals) expect(refusal).toMatchObject({ code: "refused.unsafe" });
    expect(refusals.length).toBeLessThan(2);
    expect(await historyOf(database)).toHaveLength(2);
  });

  inTurn("is migrated anew once all is taken back, though the tool's table still names it", async () => {
    const [, books] = BOOKS.find(([tool]) => tool === "golang-migrate")!;
    await using database = await createDatabase({ owner: "postgres", sql: `${FIRST}${SECOND}${books}` });
    await using folder = migrationsFolder({ ...FOLDER, ...BACK });
    await migrate(database, folder, { adopt: "golang-migrate" });
    const inputs = { to: "nothing", migrations: folder.path };
    expect(await runMigrateRollback(rollbackInputs(database, inputs), testPorts(), noBackups)).toMatchObject({
      exit: 0,
    });
    expect(await historyOf(database)).toEqual([]);
    expect(await migrate(database, folder)).toMatchObject({ exit: 0 });
    expect(await historyOf(database)).toHaveLength(3);
  });

  inTurn("is migrated from the beginning where the table is another application's", async () => {
    const books = `CREATE TABLE schema_migrations (version varchar(128) PRIMARY KEY);
      INSERT INTO schema_migrations VALUES ('20260101090000')`;
    await using database = await createDatabase({ owner: "postgres", sql: books });
    await using folder = migrationsFolder(FOLDER);
    expect((await migrate(database, folder, { adopt: "none" })).exit).toBe(0);
    expect(await historyOf(database)).toHaveLength(3);
  });
});

describe("a database with a schema that no tool has made", () => {
  inTurn("is taken at the version that it is at, and at no other", async () => {
    await using database = await createDatabase({ owner: "postgres", sql: FIRST + SECOND });
    await using folder = migrationsFolder(FOLDER);
    await expect(migrate(database, folder, { baseline: "20260103090000" })).rejects.toMatchObject({
      code: "refused.unsafe",
      message: expect.stringContaining("column public.shop.note is not in the database") as unknown,
      hint: "It is the schema of version 20260102090000.",
    });
    await expect(migrate(database, folder, { baseline: "20260104090000" })).rejects.toMatchObject({
      code: "input.malformed",
    });
    const outcome = await migrate(database, folder, { baseline: "20260102090000" });
    expect([outcome.exit, output(outcome, "adopted"), output(outcome, "version")]).toEqual([
      0,
      ["20260101090000", "20260102090000"],
      "20260103090000",
    ]);
    await expect(migrate(database, folder, { baseline: "20260102090000" })).rejects.toMatchObject({
      code: "input.conflict",
    });
  });
});

describe("a database whose owner is not called as the private server's", () => {
  inTurn("is taken over with its grants, and shows no drift but its own", async () => {
    const file = "20260101090000_t.sql";
    const text = `
      CREATE TABLE t (id int); CREATE VIEW v AS SELECT 1 AS a;
      GRANT SELECT ON t, v TO PUBLIC;
      CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
      REVOKE EXECUTE ON FUNCTION f() FROM PUBLIC;
    `;
    await using database = await createDatabase();
    await database.query(text);
    await using folder = migrationsFolder({ [file]: text });
    expect(await migrate(database, folder, { baseline: "20260101090000" })).toMatchObject({ exit: 0 });
    await database.query("GRANT INSERT ON t TO PUBLIC");
    const inputs = { database: secret(database.adminUrl), migrations: folder.path };
    const status = await runMigrateStatus(inputs, testPorts());
    expect(output(status, "drifted")).toMatchObject([{ object: "grant table public.t" }]);
  });
});

describe("migrate-status before a takeover", () => {
  inTurn(
    "tells what another tool has applied, and what a database without any history may need",
    async () => {
      const status = async (database: { readonly adminUrl: string }, path: string): Promise<Outcome> =>
        await runMigrateStatus({ database: secret(database.adminUrl), migrations: path }, testPorts());
      await using folder = migrationsFolder(FOLDER);
      await using other = await createDatabase({
        owner: "postgres",
        sql: `${FIRST}${SECOND}${BOOKS[2]![1]}`,
      });
      const told = await status(other, folder.path);
      expect([told.exit, told.report.notes.join()]).toEqual([
        3,
        expect.stringMatching(/^dbmate has applied 2 migrations .* migrate --adopt dbmate takes them over$/),
      ]);
      await using bare = await createDatabase({ owner: "postgres", sql: FIRST });
      const unknown = await status(bare, folder.path);
      expect([unknown.exit, unknown.report.notes.join()]).toEqual([
        0,
        expect.stringContaining("migrate --baseline <version> takes it over"),
      ]);
      expect((await migrate(bare, folder, { dryRun: true })).report.notes.join()).toContain("--baseline");
    },
  );
});

describe("Supabase's own history", () => {
  inTurn("is kept beside ours, in the transaction of each migration", async () => {
    await using database = await createDatabase({
      owner: "postgres",
      sql: `${FIRST}${SECOND}${BOOKS[0]![1]}`,
    });
    await using folder = migrationsFolder({ ...FOLDER, "20260104090000_bad.sql": "SELECT nothing;\n" });
    expect((await migrate(database, folder, { adopt: "supabase" })).exit).toBe(4);
    expect(
      await database.query(
        `SELECT version, name, statements
           FROM supabase_migrations.schema_migrations ORDER BY version OFFSET 2`,
      ),
    ).toEqual([{ version: "20260103090000", name: "note", statements: [THIRD.trim().replace(";", "")] }]);
  });
});

describe("a project of Supabase's", () => {
  inTurn("is taken over though the platform's own things are of another version", async () => {
    const policy = `
      CREATE TABLE notes (id uuid PRIMARY KEY REFERENCES auth.users, body text);
      ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
      CREATE POLICY own ON notes USING (auth.uid() = id);
      CREATE POLICY mine ON storage.objects USING (true);
    `;
    const newer = `
      ALTER TABLE auth.users ADD COLUMN newer text; CREATE TABLE auth.newest (); CREATE EXTENSION citext;
      CREATE SCHEMA IF NOT EXISTS supabase_migrations;
      CREATE TABLE IF NOT EXISTS supabase_migrations.schema_migrations (version text PRIMARY KEY);
      INSERT INTO supabase_migrations.schema_migrations (version) VALUES ('20260101090000')
    `;
    await using database = await createDatabase({
      owner: "postgres",
      sql: `${supabasePrelude()};${policy};${newer}`,
    });
    await using folder = migrationsFolder({ "20260101090000_notes.sql": policy });
    const taken = await migrate(database, folder, { adopt: "supabase" });
    expect([taken.exit, output(taken, "adopted")]).toEqual([0, ["20260101090000"]]);
    await database.admin("DROP SCHEMA holdfast CASCADE; DROP POLICY mine ON storage.objects");
    await expect(migrate(database, folder, { adopt: "supabase" })).rejects.toMatchObject({
      message: expect.stringMatching(/policy \S*mine\S* is not in the database/) as unknown,
    });
  });
});
