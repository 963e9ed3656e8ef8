import { describe, expect, it } from "@jest/globals";
import pg from "pg";
import { postgresDatabase } from "../../src/adapters/postgres/database.ts";
import { FILL_SETTINGS } from "../../src/backups/restore/rows/fill-tables.ts";
import { PINNED_SETTINGS } from "../../src/nouns/server/pinned-settings.ts";
import { parseDatabaseUrl } from "../../src/postgres/database-url.ts";
import { startEating } from "../support/eating-pooler.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";
import { Vault } from "../support/vault.ts";

/** What a URL's options ask for arrives, or is known not to; nothing else is taken for a pooler's doing. */

const withOptions = (url: string, options: string): string => {
  return `${url}${url.includes("?") ? "&" : "?"}options=${encodeURIComponent(options)}`;
};

describe("options of the URL, without any pooler", () => {
  it.each([
    ["-c timezone=Europe/Berlin", PINNED_SETTINGS],
    ["-c jit=on", PINNED_SETTINGS],
    ["-c max_parallel_workers_per_gather=4", PINNED_SETTINGS],
    ["-c datestyle=German", FILL_SETTINGS],
    ["-c client_min_messages=debug1", FILL_SETTINGS],
  ])("%s is obeyed, or beaten by a session's own setting", async (options, settings) => {
    await using database = await createDatabase();
    const address = parseDatabaseUrl(withOptions(database.url, options), "x");
    for (const session of [{ purpose: "plain" }, { purpose: "test", settings }]) {
      await using opened = await postgresDatabase(address).connect(session);
      expect(await opened.query("SELECT 1 AS a")).toEqual([{ a: 1 }]);
    }
  });

  it("a database whose URL sets the time zone is backed up", async () => {
    await using vault = await Vault.make();
    await using source = await createDatabase({ sql: "CREATE TABLE t AS SELECT 1 AS a" });
    expect((await vault.backup(withOptions(source.url, "-c timezone=Europe/Berlin"))).exit).toBe(0);
  });

  it.each([
    "-c role=ROLE",
    "-c role=ROLE -c log_min_duration_statement=0",
    "-c session_replication_role=replica",
    "-c work_mem=1MB -c app.tenant=7",
  ])("a server that takes them from a superuser is obeyed: %s", async (given) => {
    await using database = await createDatabase();
    const role = `${database.name}_r`;
    await database.admin(`CREATE ROLE ${role}`);
    const options = given.replace("ROLE", role);
    const address = { ...parseDatabaseUrl(database.adminUrl, "x"), database: database.name, options };
    try {
      expect(await whoIsIt(address)).toEqual(await whoByDriver(database, options));
    } finally {
      await database.admin(`DROP ROLE ${role}`);
    }
  });

  it("are asked about again under the role's own limit", async () => {
    await using database = await createDatabase();
    await database.query(`ALTER DATABASE "${database.name}" SET statement_timeout = '1ms'`);
    const address = { ...database.address, options: "-c work_mem=1MB" };
    for (let count = 0; count < 10; count += 1) {
      await using session = await postgresDatabase(address).connect({ purpose: "x", bare: true });
      expect(session.transaction).toBe("none");
    }
  });
});

it("a word that a proxy takes out for itself breaks no session", async () => {
  await using database = await createDatabase();
  await using pooler = await startEating(database.address.port);
  const address = { ...database.address, host: "127.0.0.1", port: pooler.port, options: "--cluster=abc" };
  await using session = await postgresDatabase(address).connect({ purpose: "x" });
  expect(await session.query("SELECT 1 AS a")).toEqual([{ a: 1 }]);
});

async function whoIsIt(address: TestDatabase["address"]): Promise<unknown> {
  await using session = await postgresDatabase(address).connect({ purpose: "x" });
  return await session.query("SELECT current_user::text AS u");
}

async function whoByDriver({ adminUrl, name }: TestDatabase, options: string): Promise<unknown> {
  const { host, port, user, password } = parseDatabaseUrl(adminUrl, "x");
  const client = new pg.Client({
    host,
    port,
    user,
    password: password?.reveal() ?? "",
    database: name,
    options,
  });
  await client.connect();
  try {
    return (await client.query("SELECT current_user::text AS u")).rows;
  } finally {
    await client.end();
  }
}
