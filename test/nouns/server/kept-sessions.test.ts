import { beforeAll, describe, expect, it } from "@jest/globals";
import { postgresDatabase } from "../../../src/adapters/postgres/database.ts";
import { Secret } from "../../../src/kernel/secret.ts";
import { KeptSessions } from "../../../src/nouns/server/kept-sessions.ts";
import type { DatabaseSession } from "../../../src/ports/database.ts";
import { createDatabase, server, startCluster, type TestDatabase } from "../../support/postgres.ts";
import { eventually } from "../../support/tools.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase({ sql: "CREATE TABLE things (a int)" });
});

const kept = (): KeptSessions => new KeptSessions(postgresDatabase(database.address));

async function pid(session: DatabaseSession): Promise<number> {
  const [row] = await session.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  return row?.pid ?? 0;
}

async function pidOf(
  sessions: KeptSessions,
  options: Parameters<KeptSessions["connect"]>[0],
): Promise<number> {
  await using session = await sessions.connect(options);
  return await pid(session);
}

/** What our sessions in the database are called, and what they do. */
async function seen(): Promise<string[]> {
  const rows = await database.admin(`
    SELECT application_name || ' ' || state AS seen
      FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()
     ORDER BY 1
  `);
  return rows.map((row) => String(row["seen"]));
}

describe("sessions that are kept", () => {
  it("are handed to the next who asks for one like it, under the purpose of who has it", async () => {
    await using sessions = kept();
    const first = await pidOf(sessions, { purpose: "one" });
    await using second = await sessions.connect({ purpose: "two" });
    expect(await pid(second)).toBe(first);
    expect(await seen()).toEqual(["holdfast two idle"]);
  });

  it("are never one more than without, also while one is still being given back", async () => {
    await database.admin(
      "DROP ROLE IF EXISTS single; CREATE ROLE single LOGIN CONNECTION LIMIT 1 PASSWORD 'single'",
    );
    await using sessions = new KeptSessions(
      postgresDatabase({ ...database.address, user: "single", password: new Secret("single") }),
    );
    const first = await sessions.connect({ purpose: "one" });
    const before = await pid(first);
    const closing = first.close();
    const second = await sessions.connect({ purpose: "two" });
    expect(await pid(second)).toBe(before);
    const closingToo = second.close();
    await using other = await sessions.connect({ purpose: "three", settings: { work_mem: "8MB" } });
    expect(await pid(other)).not.toBe(before);
    await Promise.all([closing, closingToo]);
  });

  it("are as new: no setting, temporary table, lock, notice or transaction of the last one", async () => {
    await using sessions = kept();
    const first = await sessions.connect({ purpose: "one" });
    const before = await pid(first);
    await first.query(
      "SELECT set_config('search_path', 'public', false), set_config('statement_timeout', '1h', false)",
    );
    await first.query("CREATE TEMPORARY TABLE left_behind (a int)");
    await first.query("SELECT pg_advisory_lock(77)");
    await first.query("DO $$BEGIN RAISE NOTICE 'heard'; END$$");
    await first.query("BEGIN");
    await first.query("LOCK TABLE public.things");
    await first.query("INSERT INTO public.things VALUES (1)");
    await first.close();
    expect(
      await database.query(`
        SELECT count(*)::int AS locks
          FROM pg_locks
         WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database())
           AND (locktype = 'advisory' OR relation = 'things'::regclass)
      `),
    ).toEqual([{ locks: 0 }]);
    await using second = await sessions.connect({ purpose: "two" });
    expect(await pid(second)).toBe(before);
    expect(second.notices).toEqual([]);
    expect(
      await second.query(`
        SELECT current_setting('search_path') AS path, current_setting('statement_timeout') AS timeout,
               to_regclass('pg_temp.left_behind') AS temporary,
               (SELECT count(*)::int FROM public.things) AS rows
      `),
    ).toEqual([{ path: "pg_catalog", timeout: "0", temporary: null, rows: 0 }]);
  });

  it("are not shared by those who ask for other settings, another database, or none of ours", async () => {
    await using sessions = kept();
    const plain = await pidOf(sessions, { purpose: "one" });
    const others = [
      await pidOf(sessions, { purpose: "one", settings: { TimeZone: "UTC" } }),
      await pidOf(sessions, { purpose: "one", database: "postgres" }),
      await pidOf(sessions, { purpose: "one", bare: true }),
    ];
    expect(new Set([plain, ...others]).size).toBe(4);
  });

  it("are never more than without: an idle one ends before one of another kind is opened", async () => {
    await using sessions = kept();
    await pidOf(sessions, { purpose: "one" });
    await using other = await sessions.connect({ purpose: "two", settings: { TimeZone: "UTC" } });
    await other.query("SELECT 1");
    expect(await seen()).toEqual(["holdfast two idle"]);
    await pidOf(sessions, { purpose: "one" });
    await using bare = await sessions.connect({ purpose: "three", bare: true });
    await bare.query("SELECT 1");
    expect(await seen()).toEqual(["holdfast three idle", "holdfast two idle"]);
  });

  it("are not kept where a cancel was asked for, which may arrive late", async () => {
    await using sessions = kept();
    const first = await sessions.connect({ purpose: "one" });
    const before = await pid(first);
    await first.cancel();
    await first.query("SELECT 1").catch(() => undefined);
    await first.close();
    expect(await pidOf(sessions, { purpose: "two" })).not.toBe(before);
  });

  it("tell who had them before nothing of what comes after", async () => {
    await using sessions = kept();
    const first = await sessions.connect({ purpose: "one" });
    const before = await pid(first);
    await first.close();
    await using second = await sessions.connect({ purpose: "two" });
    expect(await pid(second)).toBe(before);
    await second.query("DO $$BEGIN RAISE NOTICE 'later'; END$$");
    await database.admin("SELECT pg_terminate_backend($1)", [before]);
    await expect(second.query("SELECT 1")).rejects.toMatchObject({ code: "database.lost" });
    expect([first.notices, first.lost.aborted, second.lost.aborted]).toEqual([[], false, true]);
  });

  it("stay who they were, also where DISCARD ALL takes a setting's role (CVE-2024-10978)", async () => {
    await using cluster = await startCluster({ installation: await server("16.2") });
    const own = await cluster.createDatabase();
    await cluster.admin(`
      CREATE ROLE owning;
      CREATE ROLE dyn LOGIN NOINHERIT PASSWORD 'dyn-secret' IN ROLE owning;
      ALTER ROLE dyn SET role = 'owning'
    `);
    await using sessions = new KeptSessions(
      postgresDatabase({ ...own.address, user: "dyn", password: new Secret("dyn-secret") }),
    );
    for (const _ of [1, 2]) {
      await using session = await sessions.connect({ purpose: "one" });
      expect(await session.query("SELECT current_user::text AS role")).toEqual([{ role: "owning" }]);
    }
  }, 60_000);

  it("are given up where the server does not answer any more", async () => {
    await using cluster = await startCluster();
    const own = await cluster.createDatabase();
    await using sessions = new KeptSessions(postgresDatabase(own.address));
    const first = await sessions.connect({ purpose: "one" });
    const stopped = await pid(first);
    process.kill(stopped, "SIGSTOP");
    try {
      await first.close();
      expect(await pidOf(sessions, { purpose: "two" })).not.toBe(stopped);
    } finally {
      process.kill(stopped, "SIGCONT");
    }
  }, 60_000);

  it("are two where two are needed at once", async () => {
    await using sessions = kept();
    await using one = await sessions.connect({ purpose: "one" });
    await using two = await sessions.connect({ purpose: "one" });
    expect(await pid(one)).not.toBe(await pid(two));
  });

  it("are replaced by a new one where the server has ended them meanwhile", async () => {
    await using sessions = kept();
    const first = await pidOf(sessions, { purpose: "one" });
    await database.admin("SELECT pg_terminate_backend($1)", [first]);
    expect(await pidOf(sessions, { purpose: "two" })).not.toBe(first);
  });

  it("are not kept with a statement that still runs, which is abandoned", async () => {
    await using sessions = kept();
    const first = await sessions.connect({ purpose: "one" });
    const running = first.query("SELECT pg_sleep(600)").catch((error: unknown) => error);
    await eventually("the statement to run", async () => (await seen()).includes("holdfast one active"));
    await first.close();
    expect(await running).toMatchObject({ code: expect.stringContaining("database.") });
    await expect(first.query("SELECT 1")).rejects.toThrow("closed session");
    await using second = await sessions.connect({ purpose: "two" });
    expect(await second.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });

  it("end with whoever kept them, also those that come back later", async () => {
    const sessions = kept();
    const late = await sessions.connect({ purpose: "late" });
    await pidOf(sessions, { purpose: "one" });
    const coming = await sessions.connect({ purpose: "coming" });
    const back = coming.close();
    await sessions[Symbol.asyncDispose]();
    await Promise.all([back, late.close()]);
    await eventually(
      "the sessions to be gone",
      async () => !(await seen()).some((one) => one.endsWith(" idle")),
    );
  });
});
