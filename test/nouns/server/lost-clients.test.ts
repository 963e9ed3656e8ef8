import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { postgresDatabase } from "../../../src/adapters/postgres/database.ts";
import { systemClock } from "../../../src/adapters/system/clock.ts";
import { exportSnapshot } from "../../../src/backups/backup/snapshot.ts";
import { lockTarget } from "../../../src/backups/restore/target/target-lock.ts";
import { lostClientSettings } from "../../../src/nouns/server/lost-clients.ts";
import { parseDatabaseUrl } from "../../../src/postgres/database-url.ts";
import type { DatabaseAddress, DatabaseSession } from "../../../src/ports/database.ts";
import { ScriptSessions } from "../../../src/schema/steps/script-sessions.ts";
import { createDatabase, sharedServer, startPgBouncer, type TestDatabase } from "../../support/postgres.ts";
import { startRefusingOptions } from "../../support/refusing-pooler.ts";

/** When the server takes a client for lost that says nothing any more, as the session itself sees it. */

const OURS = { idle: "60", interval: "15", count: "4", unacknowledged: "120000" };
const NOT_TCP = { idle: "0", interval: "0", count: "0", unacknowledged: "0" };
const TOLD = { tcp_keepalives_idle: "60", tcp_keepalives_interval: "15", tcp_keepalives_count: "4" };

async function seenBy(session: DatabaseSession): Promise<object> {
  const [row] = await session.query<object>(`
    SELECT pg_catalog.current_setting('tcp_keepalives_idle') AS idle,
           pg_catalog.current_setting('tcp_keepalives_interval') AS interval,
           pg_catalog.current_setting('tcp_keepalives_count') AS count,
           pg_catalog.current_setting('tcp_user_timeout') AS unacknowledged
  `);
  return row!;
}

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const opened = (address: DatabaseAddress) => postgresDatabase(address).connect({ purpose: "test" });
const inScript = (address: DatabaseAddress): Promise<object> => {
  const sessions = new ScriptSessions(postgresDatabase(address), "scripts");
  return sessions.use(seenBy, () => false);
};

describe("a client that is gone without a word", () => {
  it("is noticed by the server in every session that holds something", async () => {
    const of = postgresDatabase(database.address);
    await using snapshot = await exportSnapshot(of, { holdMs: 60_000, lockWaitMs: 1000 }, systemClock);
    await using reader = await snapshot.openSession();
    await using lock = await lockTarget(of);
    for (const session of [snapshot.session, reader, lock]) expect(await seenBy(session)).toEqual(OURS);
    // A session that is used again begins anew.
    await lock.empty();
    await lock.setUp("again");
    expect(await seenBy(lock)).toEqual(OURS);
    expect(await inScript(database.address)).toEqual(OURS);
  });

  it("is noticed sooner where the role or the database has it so, and never later", async () => {
    await using impatient = await createDatabase();
    await impatient.admin(`
      ALTER DATABASE ${impatient.name} SET tcp_keepalives_idle = 20;
      ALTER DATABASE ${impatient.name} SET tcp_keepalives_count = 9;
      ALTER DATABASE ${impatient.name} SET tcp_user_timeout = '30s'
    `);
    const expected = { ...OURS, idle: "20", unacknowledged: "30000" };
    await using session = await opened(impatient.address);
    expect(await seenBy(session)).toEqual(expected);
    expect((await lostClientSettings(session)).loading).toEqual({
      ...TOLD,
      tcp_keepalives_idle: "20",
      tcp_user_timeout: "30000",
    });
    expect(await inScript(impatient.address)).toEqual(expected);
  });

  it("is noticed when the URL's options say so", async () => {
    const options = encodeURIComponent("-c tcp_keepalives_idle=300 --tcp-user-timeout=600000");
    const address = parseDatabaseUrl(`${database.url}?options=${options}`, "x");
    await using session = await opened(address);
    const expected = { ...OURS, idle: "300", unacknowledged: "600000" };
    expect(await seenBy(session)).toEqual(expected);
    expect(await inScript(address)).toEqual(expected);
  });

  it("is noticed at once through a Unix socket, where nothing is to be set", async () => {
    const options = encodeURIComponent("-c tcp_user_timeout=5000");
    for (const url of [database.socketUrl, `${database.socketUrl}&options=${options}`]) {
      const address = parseDatabaseUrl(url, "x");
      await using session = await opened(address);
      expect(await seenBy(session)).toEqual(NOT_TCP);
      expect(await lostClientSettings(session)).toEqual({ loading: {}, dumping: {} });
      expect(await inScript(address)).toEqual(NOT_TCP);
    }
  });

  it("is for the pooler to notice, to which nothing of ours is left", async () => {
    await using pooler = await startPgBouncer(sharedServer().facts, "session", { size: 1 });
    const address = parseDatabaseUrl(pooler.url(database.name), "x");
    const backend = "SELECT pg_catalog.pg_backend_pid() AS pid";
    const session = await opened(address);
    const served = await session.query(backend);
    expect(await seenBy(session)).toEqual(OURS);
    // It takes start-up options and drops them, and answers under a process id of its own.
    expect(await lostClientSettings(session)).toEqual({ loading: {}, dumping: {} });
    await session.close();
    await using next = await postgresDatabase(address).connect({ purpose: "test", bare: true });
    expect(await next.query(backend)).toEqual(served);
    expect(await seenBy(next)).not.toMatchObject({ idle: OURS.idle });
    expect(await seenBy(next)).not.toMatchObject({ unacknowledged: OURS.unacknowledged });
  });
});

describe("PostgreSQL's own programs", () => {
  it("are told the same, but for the one that may wait for a store with rows untaken", async () => {
    await using session = await opened(database.address);
    expect(await lostClientSettings(session)).toEqual({
      dumping: TOLD,
      loading: { ...TOLD, tcp_user_timeout: "120000" },
    });
  });

  it("are told nothing where start-up options were refused, or none were sent", async () => {
    await using pooler = await startRefusingOptions(database.address);
    await using session = await opened({ ...database.address, port: pooler.port, sslMode: "disable" });
    expect(await seenBy(session)).toEqual(OURS);
    expect(await lostClientSettings(session)).toEqual({ loading: {}, dumping: {} });
    await using bare = await postgresDatabase(database.address).connect({ purpose: "test", bare: true });
    expect(await lostClientSettings(bare)).toEqual({ loading: {}, dumping: {} });
  });
});
