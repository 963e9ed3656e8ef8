import { describe, expect, it } from "@jest/globals";
import { postgresDatabase } from "../../../src/adapters/postgres/database.ts";
import { parseDatabaseUrl } from "../../../src/postgres/database-url.ts";
import type { DatabaseSession } from "../../../src/ports/database.ts";
import { ScriptSessions } from "../../../src/schema/steps/script-sessions.ts";
import { createDatabase, server, startCluster, type TestDatabase } from "../../support/postgres.ts";
import { migrate, migrationsFolder } from "../support.ts";

const pidOf = async (session: DatabaseSession): Promise<number> =>
  (await session.query<{ pid: number }>("SELECT pg_backend_pid() AS pid"))[0]!.pid;

/** Runs a script in a session of its own, and says in which, and what the next one finds there. */
async function followed(
  database: TestDatabase,
  script: string,
  question = "SELECT 1 AS found",
): Promise<{ readonly same: boolean; readonly found: unknown }> {
  await using sessions = new ScriptSessions(
    postgresDatabase(parseDatabaseUrl(database.adminUrl, "database")),
    "scripts",
  );
  const first = await sessions.use(
    async (session) => {
      expect(await session.execute(script)).toBeUndefined();
      return session.transaction === "none" ? await pidOf(session) : 0;
    },
    () => true,
  );
  return await sessions.use(
    async (session) => ({
      same: (await pidOf(session)) === first,
      found: (await session.query<{ found: unknown }>(question))[0]!.found,
    }),
    () => true,
  );
}

describe("the session of the next script", () => {
  it("is the same, and has nothing of the script's before it", async () => {
    await using database = await createDatabase();
    const before =
      "SELECT count(*)::int AS found FROM pg_prepared_statements WHERE name NOT LIKE 'holdfast%'";
    for (const [script, question, found] of [
      ["SET search_path = nowhere", "SELECT current_setting('search_path') AS found", '"$user", public'],
      ["CREATE TEMP TABLE t ()", "SELECT to_regclass('pg_temp.t') AS found", null],
      ["SELECT pg_advisory_lock(7)", "SELECT count(*)::int AS found FROM pg_locks WHERE objid = 7", 0],
      ["PREPARE mine AS SELECT 1", before, 0],
      ["LISTEN ours", "SELECT count(*)::int AS found FROM pg_listening_channels()", 0],
      ["DECLARE c CURSOR WITH HOLD FOR SELECT 1", "SELECT count(*)::int AS found FROM pg_cursors", 0],
      ["SET ROLE pg_monitor", "SELECT current_user = session_user AS found", true],
      [
        "SET default_transaction_read_only = on",
        "SELECT current_setting('transaction_read_only') AS found",
        "off",
      ],
      ["DEALLOCATE ALL", "SELECT 1 AS found", 1],
    ] as const) {
      expect({ script, ...(await followed(database, script, question)) }).toEqual({
        script,
        same: true,
        found,
      });
    }
  });

  it("is a new one where a script has changed how sessions begin", async () => {
    await using database = await createDatabase({ owner: "postgres" });
    const set = `ALTER DATABASE ${database.name} SET search_path = app`;
    expect(await followed(database, set, "SELECT current_setting('search_path') AS found")).toEqual({
      same: false,
      found: "app",
    });
  });

  it("is a new one where a transaction is open, the session is lost, or it may not be kept", async () => {
    await using database = await createDatabase();
    expect(await followed(database, "BEGIN")).toMatchObject({ same: false });
    await using sessions = new ScriptSessions(postgresDatabase(database.address), "scripts");
    const first = await sessions.use(pidOf, () => true);
    await database.admin("SELECT pg_terminate_backend($1)", [first]);
    const second = await sessions.use(pidOf, () => false);
    expect(second).not.toBe(first);
    expect(await sessions.use(pidOf, () => true)).not.toBe(second);
    expect(
      await database.admin("SELECT count(*)::int AS n FROM pg_stat_activity WHERE pid = $1", [second]),
    ).toEqual([{ n: 0 }]);
  });

  it("is always a new one where a trigger fires on logging in", async () => {
    await using cluster = await startCluster({ installation: await server("17.10") });
    const database = await cluster.createDatabase({
      owner: "postgres",
      sql: `
        CREATE FUNCTION hello() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN NULL; END $$;
        CREATE EVENT TRIGGER hello ON login EXECUTE FUNCTION hello()
      `,
    });
    expect(await followed(database, "SELECT 1")).toMatchObject({ same: false });
  }, 60_000);
});

describe("a script that leaves behind what emptying does not undo", () => {
  it.each([
    ["a setting of the application's own", "SET app.tenant = 'one';\n"],
    ["one that a function sets", "SELECT set_config('app.tenant', 'one', false);\n"],
    ["one that a trigger sets", "INSERT INTO watched VALUES (1);\n"],
    ["a seed", "SELECT setseed(0.5);\n"],
    ["what only a block knows", "DO $$ BEGIN PERFORM setseed(0.5); END $$;\n"],
  ])("is followed by a new session: %s", async (_, sql) => {
    await using database = await createDatabase({ owner: "postgres" });
    await database.query(`
      CREATE TABLE watched (a int);
      CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM set_config('app.tenant', 'one', false); RETURN NEW; END $$;
      CREATE TRIGGER watch BEFORE INSERT ON watched FOR EACH ROW EXECUTE FUNCTION watch()
    `);
    const look = "SELECT current_setting('app.tenant', true) IS NULL AS fresh, pg_backend_pid() AS pid";
    await using folder = migrationsFolder({
      "1_a.sql": `CREATE TABLE one AS ${look};\n${sql}`,
      "2_b.sql": `CREATE TABLE two AS ${look};\n`,
    });
    expect((await migrate(database, folder)).exit).toBe(0);
    expect(await database.query("SELECT two.fresh, one.pid <> two.pid AS other FROM one, two")).toEqual([
      { fresh: true, other: true },
    ]);
  });
});
