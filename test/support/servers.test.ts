import { describe, expect, it } from "@jest/globals";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import {
  createDatabase,
  query,
  sharedServer,
  startCluster,
  startNewestCluster,
  startPgBouncer,
} from "./postgres.ts";
import { eventually, run } from "./tools.ts";

describe("the shared test server", () => {
  it("gives every test a database of its own, over TCP, the Unix socket and verified TLS", async () => {
    await using database = await createDatabase({
      sql: "create table a(b int); insert into a values (1), (2)",
    });
    expect(await database.query("select count(*)::int as n from a")).toEqual([{ n: 2 }]);
    expect(await query(database.socketUrl, "select current_user::text as who")).toEqual([
      { who: "holdfast" },
    ]);
    const verified =
      database.url +
      `?sslmode=verify-full&sslrootcert=${encodeURIComponent(sharedServer().facts.certificate)}`;
    expect(await query(verified, "select ssl from pg_stat_ssl where pid = pg_backend_pid()")).toEqual([
      { ssl: true },
    ]);
  });

  it("drops the database at the end of the block", async () => {
    let name: string;
    {
      await using database = await createDatabase();
      name = database.name;
    }
    expect(await sharedServer().admin("select datname from pg_database where datname = $1", [name])).toEqual(
      [],
    );
  });

  it("makes databases in other encodings and ICU locales", async () => {
    await using latin = await createDatabase({ encoding: "LATIN1" });
    expect(await latin.query("show server_encoding")).toEqual([{ server_encoding: "LATIN1" }]);
    await using german = await createDatabase({ locale: "icu:de-DE" });
    expect(await german.query("select 'ä' < 'b' as sorted")).toEqual([{ sorted: true }]);
  });

  it("refuses a wrong password, also through the socket", async () => {
    const wrong = sharedServer()
      .socketUrl("postgres")
      .replace(/:secret-[^@]*@/, ":nonsense@");
    await expect(query(wrong, "select 1")).rejects.toMatchObject({ code: "28P01" });
  });

  it("is reached through a pooler in transaction mode", async () => {
    await using database = await createDatabase();
    await using pooler = await startPgBouncer(sharedServer().facts);
    expect(await query(pooler.url(database.name), "select 1 as one")).toEqual([{ one: 1 }]);
  });
});

describe("a private cluster", () => {
  it("comes back with its data after a crash, a kill and a stop", async () => {
    await using cluster = await startCluster();
    await using database = await cluster.createDatabase({ sql: "create table a(b int)" });
    await cluster.restart("immediate");
    await cluster.kill();
    await cluster.start();
    expect(await database.query("select count(*)::int as n from a")).toEqual([{ n: 0 }]);
    await cluster.stop();
    expect(await cluster.answers()).toBe(false);
    await cluster.start();
  });

  it("can be newer than every client program", async () => {
    await using cluster = await startNewestCluster();
    expect(await cluster.admin("select current_setting('server_version_num')::int / 10000 as major")).toEqual(
      [{ major: 18 }],
    );
  });

  it("leaves nothing behind when its owner is killed", async () => {
    const script = `
      const { startCluster } = await import(${JSON.stringify(new URL("postgres.ts", import.meta.url).href)});
      const cluster = await startCluster();
      console.log(cluster.facts.socketFolder);
      process.kill(process.pid, "SIGKILL");`;
    const { stdout, signal } = await run(process.execPath, ["--input-type=module", "-e", script]);
    expect(signal).toBe("SIGKILL");
    const folder = dirname(stdout.trim());
    expect(folder).toMatch(/hf-pg-/);
    expect(await eventually("the folder to go", () => !existsSync(folder))).toBe(true);
  });
});
