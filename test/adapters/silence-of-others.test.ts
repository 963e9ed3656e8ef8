import { describe, expect, it } from "@jest/globals";
import pg from "pg";
import { askServer } from "../../src/adapters/postgres/activity.ts";
import { postgresDatabase } from "../../src/adapters/postgres/database.ts";
import { postgresTools } from "../../src/adapters/pg-tools/dump-tools.ts";
import { once } from "../../src/kernel/streams.ts";
import { createDatabase } from "../support/postgres.ts";
import { startEating } from "../support/eating-pooler.ts";
import { startRenaming } from "../support/renaming-pooler.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";

const SILENCE_MS = 800;
const told: string[] = [];
const tools = postgresTools({
  env: process.env,
  bounds: { silenceMs: SILENCE_MS, askServer, tell: (text) => void told.push(text) },
});

describe("a pooler that finds whom a session is for by the URL's options", () => {
  it("does not have a long statement of a session cut", async () => {
    await using database = await createDatabase();
    await using pooler = await startEating(database.address.port, true);
    const address = { ...database.address, host: "127.0.0.1", port: pooler.port, options: "reference=abc" };
    await using session = await postgresDatabase(address, { silenceMs: SILENCE_MS }).connect({
      purpose: "x",
    });
    const outcome = await session.query("SELECT pg_sleep(2.5)").then(
      () => "done",
      (error: unknown) => String(error),
    );
    expect([outcome, pooler.refused]).toEqual(["done", []]);
  });

  it("does not have pg_restore ended while the server builds an index", async () => {
    await using database = await createDatabase();
    await using pooler = await startEating(database.address.port, true);
    const [newest] = await tools.installed();
    const outcome = await tools
      .load({
        tools: newest!,
        address: { ...database.address, host: "127.0.0.1", port: pooler.port, options: "reference=abc" },
        archive: once(await slowIndex()),
        jobs: 1,
        signal: new AbortController().signal,
      })
      .then(
        (problems) => JSON.stringify(problems),
        (error: unknown) => String(error),
      );
    expect(outcome).toBe("[]");
  });
});

describe("a program whose link is lost", () => {
  it("is ended, whatever other sessions of that name do", async () => {
    await using database = await createDatabase({ sql: "CREATE TABLE t (a int)" });
    await using proxy = await startTcpProxy(database.address.port);
    // Another run of Holdfast that loads into the same database, or a session of this run's own.
    await using other = await postgresDatabase(database.address).connect({ purpose: "restore" });
    let isOver = false;
    const busy = (async () => {
      while (!isOver) {
        await other.query("SELECT 1");
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    })();
    const [newest] = await tools.installed();
    const loading = tools
      .load({
        tools: newest!,
        address: { ...database.address, host: "127.0.0.1", port: proxy.port },
        archive: once(await slowIndex()),
        jobs: 1,
        signal: new AbortController().signal,
      })
      .then(
        () => "done",
        () => "ended",
      );
    while (proxy.accepted === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await new Promise((resolve) => setTimeout(resolve, 100));
    proxy.fallSilent(false);
    const after = await Promise.race([
      loading,
      new Promise((resolve) => setTimeout(() => resolve("still waiting after 12 limits"), SILENCE_MS * 12)),
    ]);
    isOver = true;
    await busy;
    await loading;
    expect(after).toBe("ended");
  });
});

describe("a program whose link is lost behind a pooler that renames", () => {
  it("is ended, whatever long query an application of that user has", async () => {
    await using database = await createDatabase({ sql: "CREATE TABLE t (a int)" });
    await using pooler = await startRenaming(database.address.port, "Supavisor");
    await using proxy = await startTcpProxy(pooler.port);
    const app = new pg.Client({
      host: "127.0.0.1",
      port: pooler.port,
      user: database.address.user,
      password: database.address.password?.reveal() ?? "",
      database: database.name,
      application_name: "app",
    });
    await app.connect();
    app.on("error", () => undefined);
    const query = app.query("SELECT pg_sleep(20)").catch(() => undefined);
    const [newest] = await tools.installed();
    const loading = tools
      .load({
        tools: newest!,
        address: { ...database.address, host: "127.0.0.1", port: proxy.port },
        archive: once(await slowIndex()),
        jobs: 1,
        signal: new AbortController().signal,
      })
      .then(
        () => "done",
        () => "ended",
      );
    while (proxy.accepted === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await new Promise((resolve) => setTimeout(resolve, 100));
    proxy.fallSilent(false);
    const after = await Promise.race([
      loading,
      new Promise((resolve) => setTimeout(() => resolve("still waiting after 12 limits"), SILENCE_MS * 12)),
    ]);
    await query;
    await app.end();
    await loading;
    expect(after).toBe("ended");
  }, 60_000);
});

async function slowIndex(): Promise<Buffer> {
  await using source = await createDatabase({
    sql: `
      CREATE FUNCTION slow(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
        $$ BEGIN PERFORM pg_catalog.pg_sleep(0.5); RETURN $1; END $$;
      CREATE TABLE u AS SELECT g AS a FROM generate_series(1, 6) g;
      CREATE INDEX slowly ON u (slow(a));
    `,
  });
  const [newest] = await tools.installed();
  await using holder = await postgresDatabase(source.address).connect({ purpose: "snapshot" });
  await holder.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  const [row] = await holder.query<{ id: string }>("SELECT pg_export_snapshot() AS id");
  const chunks: Uint8Array[] = [];
  for await (const chunk of tools.dump({
    tools: newest!,
    address: source.address,
    snapshot: row!.id,
    sections: "full",
    includeSchemas: [],
    excludeSchemas: [],
    lockWaitMs: 1000,
    signal: new AbortController().signal,
  })) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
