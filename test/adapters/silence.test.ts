import { describe, expect, it } from "@jest/globals";
import { readdir, readFile } from "node:fs/promises";
import { connect, createServer, type AddressInfo } from "node:net";
import { askServer } from "../../src/adapters/postgres/activity.ts";
import { postgresDatabase } from "../../src/adapters/postgres/database.ts";
import { postgresTools } from "../../src/adapters/pg-tools/dump-tools.ts";
import { once } from "../../src/kernel/streams.ts";
import type { DatabaseAddress, DatabaseSession, SessionOptions } from "../../src/ports/database.ts";
import { createDatabase, sharedServer, startPgBouncer, type TestDatabase } from "../support/postgres.ts";
import { startRenaming } from "../support/renaming-pooler.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";

/** Far less than the product's, so that nobody waits for minutes here. */
const SILENCE_MS = 800;

interface Line extends AsyncDisposable {
  readonly database: TestDatabase;
  readonly proxy: TcpProxy;
  readonly address: DatabaseAddress;
  readonly told: string[];
  readonly stop: AbortController;
  open(options?: Partial<SessionOptions>): Promise<DatabaseSession>;
}

/** A database behind a line that can fall silent. */
async function line(sql = ""): Promise<Line> {
  const database = await createDatabase({ sql });
  const proxy = await startTcpProxy(database.address.port);
  const address = { ...database.address, host: "127.0.0.1", port: proxy.port };
  const told: string[] = [];
  const stop = new AbortController();
  const bounds = {
    silenceMs: SILENCE_MS,
    tell: (text: string) => void told.push(text),
    cancelled: stop.signal,
  };
  return {
    database,
    proxy,
    address,
    told,
    stop,
    open: (options = {}) => postgresDatabase(address, bounds).connect({ purpose: "test", ...options }),
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** Passes everything on, so many milliseconds later each way. */
async function farLine(to: number, ms: number): Promise<AsyncDisposable & { port: number }> {
  const server = createServer((client) => {
    const onward = connect(to, "127.0.0.1");
    for (const [from, into] of [
      [client, onward],
      [onward, client],
    ] as const) {
      from.setNoDelay();
      from.on("data", (bytes) => setTimeout(() => into.writable && into.write(bytes), ms));
      from.on("error", () => into.destroy());
      from.on("close", () => setTimeout(() => into.destroy(), ms));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Passes on so many bytes a time, so that what is sent at once takes seconds. */
async function slowLine(to: number): Promise<AsyncDisposable & { port: number; tookMs(): number }> {
  let first: number | undefined;
  let last = 0;
  const server = createServer((client) => {
    const onward = connect(to, "127.0.0.1");
    onward.pipe(client);
    client.on("data", (chunk: Buffer) => {
      first ??= performance.now();
      last = performance.now();
      onward.write(chunk);
      if (chunk.length < 16_384) return;
      client.pause();
      setTimeout(() => client.resume(), 16);
    });
    for (const [one, other] of [
      [client, onward],
      [onward, client],
    ] as const) {
      one.on("error", () => undefined).on("close", () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    tookMs: () => last - (first ?? last),
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

const LOST = { code: "database.lost", message: expect.stringContaining("owes the session 'test' an answer") };

describe("a session on a line that has fallen silent", () => {
  it.each([
    ["a statement", (session: DatabaseSession) => session.query("SELECT 1")],
    ["a prepared one", (session: DatabaseSession) => session.queryPrepared("SELECT $1::int", [1])],
    ["a text of somebody's", (session: DatabaseSession) => session.execute("SELECT 1; SELECT 2")],
    [
      "a copy",
      (session: DatabaseSession) => session.copyFrom("COPY public.t FROM STDIN", once(Buffer.from("1\n"))),
    ],
  ])("is lost by %s, and says so on every way", async (_what, ask) => {
    await using it = await line("CREATE TABLE t (a int)");
    await using session = await it.open();
    it.proxy.fallSilent(true);
    await expect(ask(session)).rejects.toMatchObject(LOST);
    expect(session.lost.aborted).toBe(true);
    await expect(session.query("SELECT 1")).rejects.toMatchObject(LOST);
    expect(it.told[0]).toMatch(/^test: no byte for 0\.\d s; (?:asking what is at work|given up in)/);
  });

  it("is lost too where the server answers everybody else, and has ended the statement", async () => {
    await using it = await line();
    await using session = await it.open();
    it.proxy.fallSilent(false);
    await expect(session.query("SELECT 1")).rejects.toMatchObject(LOST);
  });

  it("is not lost while the server is at work on the statement, and says what it does", async () => {
    await using it = await line();
    await using session = await it.open();
    await session.query("SELECT pg_sleep(2.5)");
    expect(it.told.join("\n")).toContain("the server is at work on it (Timeout: PgSleep)");
    expect(session.lost.aborted).toBe(false);
  });

  it("is not lost while the server is at work: a session whose settings are left alone", async () => {
    await using it = await line();
    await using session = await it.open({ bare: true });
    await session.query("SELECT pg_catalog.pg_sleep(1.6)");
    expect(it.told.join("\n")).toContain("the server is at work on it (Timeout: PgSleep)");
  });

  it("is not lost while the server is at work: one that keeps no account of what it does", async () => {
    await using it = await line();
    await it.database.admin(`ALTER DATABASE ${it.database.name} SET track_activities = off`);
    await using session = await it.open();
    await session.query("SELECT pg_sleep(1.6)");
    expect(it.told.join("\n")).toContain("the server is at work on it (Timeout: PgSleep)");
    it.proxy.fallSilent(false);
    await expect(session.query("SELECT 1")).rejects.toMatchObject(LOST);
  });

  it("is not lost while the server is at work: a login that becomes another role", async () => {
    await using it = await line();
    const role = `${it.database.name}_other`;
    await it.database.admin(`
      CREATE ROLE ${role};
      GRANT ${role} TO holdfast;
      ALTER ROLE holdfast IN DATABASE ${it.database.name} SET role = ${role}
    `);
    try {
      await using session = await it.open();
      expect(await session.query("SELECT current_user AS role")).toEqual([{ role }]);
      await session.query("SELECT pg_sleep(1.6)");
      expect(it.told.join("\n")).toContain("the server is at work on it (Timeout: PgSleep)");
    } finally {
      await it.database.admin(`DROP ROLE ${role}`);
    }
  });

  it("is not lost where a full pooler lets nobody in who could ask what the server does", async () => {
    await using it = await line();
    await using pooler = await startPgBouncer(sharedServer().facts, "session", { clients: 1 });
    const address = { ...it.address, port: pooler.port };
    const bounds = { silenceMs: SILENCE_MS, tell: (text: string) => void it.told.push(text) };
    await using session = await postgresDatabase(address, bounds).connect({ purpose: "test" });
    await session.query("SELECT pg_sleep(1.6)");
    expect(it.told.join("\n")).toContain("no connection left over which it could be asked");
  });

  it("is not lost while a long text of somebody's goes out over a slow line", async () => {
    await using database = await createDatabase();
    await using slow = await slowLine(database.address.port);
    const address = { ...database.address, host: "127.0.0.1", port: slow.port };
    // What the kernels between hold of it goes on alone, unseen, for more than the limit of the others.
    const silenceMs = 3_000;
    await using session = await postgresDatabase(address, { silenceMs }).connect({ purpose: "test" });
    expect(await session.execute(`SELECT 1 /* ${"x".repeat(40_000_000)} */`)).toBeUndefined();
    expect(slow.tookMs()).toBeGreaterThan(silenceMs * 2);
  });

  it("tells of a lock that somebody else holds", async () => {
    await using it = await line("CREATE TABLE t (a int)");
    await using session = await it.open();
    await using holder = await it.open();
    await holder.query("BEGIN; LOCK public.t");
    const waiting = session.query("SELECT * FROM public.t");
    while (!it.told.some((text) => text.includes("waits for a lock that somebody else holds"))) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await holder.query("COMMIT");
    expect(await waiting).toEqual([]);
  });

  it("waits for a copy's own slow source as long as that takes", async () => {
    await using it = await line("CREATE TABLE t (a int)");
    await using session = await it.open();
    const slow = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from("1\n");
      await new Promise((resolve) => setTimeout(resolve, SILENCE_MS * 3));
      yield Buffer.from("2\n");
    };
    await session.copyFrom("COPY public.t FROM STDIN", slow());
    expect(await session.query("SELECT count(*)::int AS n FROM public.t")).toEqual([{ n: 2 }]);
  });
});

describe("a cancelled run", () => {
  it("waits for a server that hangs no longer than a moment", async () => {
    await using it = await line();
    await using session = await it.open();
    it.proxy.fallSilent(true);
    const asked = session.query("SELECT pg_sleep(60)");
    asked.catch(() => undefined);
    // It is on its way.
    await new Promise(setImmediate);
    it.stop.abort(new Error("the run was cancelled"));
    await expect(asked).rejects.toThrow("the run was cancelled");
  });

  it("leaves no statement running at the server", async () => {
    await using it = await line();
    await using session = await it.open();
    const asked = session.query("SELECT pg_sleep(61)");
    asked.catch(() => undefined);
    await until(async () => (await sleepers(it.database)) === 1);
    it.stop.abort(new Error("the run was cancelled"));
    await expect(asked).rejects.toThrow(/the run was cancelled|canceling statement/);
    await until(async () => (await sleepers(it.database)) === 0);
  });

  it("lets what must be finished finish, and tidying up begin", async () => {
    await using it = await line();
    await using session = await it.open({ whenCancelled: "finish" });
    const asked = session.query("SELECT pg_sleep(2)");
    it.stop.abort(new Error("the run was cancelled"));
    await using tidying = await it.open();
    expect(await tidying.query("SELECT 1 AS n")).toEqual([{ n: 1 }]);
    await asked;
  });

  it("ends the wait for a login", async () => {
    await using it = await line();
    it.proxy.fallSilent(true);
    const opening = it.open();
    opening.catch(() => undefined);
    await until(() => Promise.resolve(it.proxy.accepted > 0));
    it.stop.abort(new Error("the run was cancelled"));
    await expect(opening).rejects.toMatchObject({ code: "database.unreachable" });
  });
});

describe("PostgreSQL's programs on a line that has fallen silent", () => {
  const told: string[] = [];
  const tools = postgresTools({
    env: process.env,
    bounds: { silenceMs: SILENCE_MS, askServer, tell: (text) => void told.push(text) },
  });

  it("are ended: pg_dump in the midst of its rows", async () => {
    await using it = await line("CREATE TABLE t AS SELECT repeat('x', 1000) FROM generate_series(1, 40000)");
    await using holder = await postgresDatabase(it.database.address).connect({ purpose: "snapshot" });
    await holder.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const [row] = await holder.query<{ id: string }>("SELECT pg_export_snapshot() AS id");
    const [newest] = await tools.installed();
    const dumping = async (): Promise<void> => {
      const archive = tools.dump({
        tools: newest!,
        address: it.address,
        snapshot: row!.id,
        sections: "full",
        includeSchemas: [],
        excludeSchemas: [],
        lockWaitMs: 1000,
        signal: new AbortController().signal,
      });
      for await (const _chunk of archive) it.proxy.fallSilent(true);
    };
    await expect(dumping()).rejects.toMatchObject({
      code: "database.lost",
      message: expect.stringMatching(/pg_dump has done nothing for .* and was ended/),
    });
    expect(await programs(row!.id)).toEqual([]);
  });

  it("are not ended while a reader is slow", async () => {
    await using it = await line("CREATE TABLE t AS SELECT repeat('x', 1000) FROM generate_series(1, 9000)");
    await using holder = await postgresDatabase(it.database.address).connect({ purpose: "snapshot" });
    await holder.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const [row] = await holder.query<{ id: string }>("SELECT pg_export_snapshot() AS id");
    const [newest] = await tools.installed();
    let bytes = 0;
    let isFirst = true;
    for await (const chunk of tools.dump({
      tools: newest!,
      address: it.address,
      snapshot: row!.id,
      sections: "full",
      includeSchemas: [],
      excludeSchemas: [],
      lockWaitMs: 1000,
      signal: new AbortController().signal,
    })) {
      bytes += chunk.length;
      if (isFirst) await new Promise((resolve) => setTimeout(resolve, SILENCE_MS * 3));
      isFirst = false;
    }
    expect(bytes).toBeGreaterThan(9_000_000);
  });

  it("are not ended while each of many small questions has a long way to go", async () => {
    await using database = await createDatabase({
      sql: `
        DO $$ BEGIN FOR i IN 1..300 LOOP
          EXECUTE format('CREATE FUNCTION f%s() RETURNS int LANGUAGE sql AS %L', i, 'SELECT 1');
        END LOOP; END $$;
      `,
    });
    await using far = await farLine(database.address.port, 8);
    await using holder = await postgresDatabase(database.address).connect({ purpose: "snapshot" });
    await holder.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const [row] = await holder.query<{ id: string }>("SELECT pg_export_snapshot() AS id");
    const [newest] = await tools.installed();
    // Its questions take longer than this in all, and each of them far less, also on a busy machine.
    const patient = postgresTools({ env: process.env, bounds: { silenceMs: 2500, askServer } });
    let bytes = 0;
    for await (const chunk of patient.dump({
      tools: newest!,
      address: { ...database.address, host: "127.0.0.1", port: far.port },
      snapshot: row!.id,
      sections: "full",
      includeSchemas: [],
      excludeSchemas: [],
      lockWaitMs: 1000,
      signal: new AbortController().signal,
    })) {
      bytes += chunk.length;
    }
    expect(bytes).toBeGreaterThan(10_000);
  });

  it("are ended: pg_restore, whose server has forgotten it; and not while that builds an index", async () => {
    await using it = await line("CREATE TABLE t (a int)");
    const archive = await slowIndex();
    const [newest] = await tools.installed();
    const signal = new AbortController().signal;
    const request = {
      tools: newest!,
      address: it.address,
      archive: once(archive),
      jobs: 1,
      signal,
    };
    expect(await tools.load(request)).toEqual([]);
    expect(told.join("\n")).toContain("pg_restore: no byte for");
    expect(told.join("\n")).toContain("builds an index of u: ");
    await it.database.query("DROP TABLE u; DROP FUNCTION slow");
    const loading = tools.load({ ...request, archive: once(archive) });
    loading.catch(() => undefined);
    await until(async () => (await restorers(it.database)) > 0);
    it.proxy.fallSilent(true);
    await expect(loading).rejects.toMatchObject({
      code: "database.lost",
      message: expect.stringContaining("pg_restore has done nothing for"),
    });
  });

  it.each(["adds an address to the names of sessions", "gives every session a name of its own"])(
    "are not ended while the server is at work behind a pooler that %s",
    async (how) => {
      await using database = await createDatabase();
      await using pooler = how.startsWith("adds")
        ? await startPgBouncer(sharedServer().facts, "session", { addsHost: true })
        : await startRenaming(database.address.port, "Supavisor");
      const [newest] = await tools.installed();
      const problems = await tools.load({
        tools: newest!,
        address: { ...database.address, host: "127.0.0.1", port: pooler.port },
        archive: once(await slowIndex()),
        jobs: 1,
        signal: new AbortController().signal,
      });
      expect(problems).toEqual([]);
      expect(await restorers(database)).toBe(0);
    },
  );
});

/** An archive with an index that takes three seconds to make. */
async function slowIndex(): Promise<Buffer> {
  await using source = await createDatabase({
    sql: `
      CREATE FUNCTION slow(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
        $$ BEGIN PERFORM pg_catalog.pg_sleep(0.5); RETURN $1; END $$;
      CREATE TABLE u AS SELECT g AS a FROM generate_series(1, 6) g;
      CREATE INDEX slowly ON u (slow(a));
    `,
  });
  const tools = postgresTools({ env: process.env });
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

async function sleepers(database: TestDatabase): Promise<number> {
  const [row] = await database.admin(
    "SELECT count(*)::int AS n FROM pg_stat_activity WHERE state = 'active' AND query = 'SELECT " +
      "pg_sleep(61)'",
  );
  return row!["n"] as number;
}

async function restorers(database: TestDatabase): Promise<number> {
  const [row] = await database.admin(
    `
      SELECT count(*)::int AS n FROM pg_stat_activity
       WHERE datname = current_database() AND application_name LIKE 'holdfast restore %'
    `,
  );
  return row!["n"] as number;
}

/** Programs that carry a word in their arguments. */
async function programs(word: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (command.includes(word)) found.push(command);
  }
  return found;
}

async function until(is: () => Promise<boolean>): Promise<void> {
  while (!(await is())) await new Promise((resolve) => setTimeout(resolve, 20));
}
