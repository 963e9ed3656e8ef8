import { describe, expect, it } from "@jest/globals";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseVersion, findInstallations } from "../../src/adapters/pg-tools/discovery.ts";
import { dumpArguments } from "../../src/adapters/pg-tools/dump.ts";
import { postgresTools } from "../../src/adapters/pg-tools/dump-tools.ts";
import { classify, lastWords, toolError } from "../../src/adapters/pg-tools/messages.ts";
import { parseDatabaseUrl } from "../../src/postgres/database-url.ts";
import { ProblemReader } from "../../src/adapters/pg-tools/problems.ts";
import { parseToc } from "../../src/adapters/pg-tools/toc.ts";
import { WarningReader } from "../../src/adapters/pg-tools/warnings.ts";
import { postgresDatabase } from "../../src/adapters/postgres/database.ts";
import { collect, drain, once, type ByteStream } from "../../src/kernel/streams.ts";
import type { DatabaseAddress } from "../../src/ports/database.ts";
import type { DumpRequest, ToolSet } from "../../src/ports/dump-tools.ts";
import { createDatabase, startNewestCluster } from "../support/postgres.ts";

const tools = postgresTools({ env: process.env });

async function newest(): Promise<ToolSet> {
  const [first] = await tools.installed();
  if (first === undefined) throw new Error("no PostgreSQL client is installed");
  return first;
}

/** Runs something while a snapshot of the database is held. */
async function withSnapshot<T>(
  address: DatabaseAddress,
  use: (request: DumpRequest) => Promise<T>,
): Promise<T> {
  await using session = await postgresDatabase(address).connect({ purpose: "snapshot" });
  await session.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
  const [row] = await session.query<{ id: string }>("SELECT pg_export_snapshot() AS id");
  return await use({
    tools: await newest(),
    address,
    snapshot: row!.id,
    sections: "full",
    includeSchemas: [],
    excludeSchemas: [],
    lockWaitMs: 10_000,
    signal: new AbortController().signal,
  });
}

const dumpOf = (address: DatabaseAddress, parts: Partial<DumpRequest> = {}): Promise<Buffer> =>
  withSnapshot(address, (request) => collect(tools.dump({ ...request, ...parts }), 1e9));

describe("finding the client programs", () => {
  it("gives versioned folders, newest first, and never Debian's wrapper", async () => {
    const found = await tools.installed();
    expect(found.length).toBeGreaterThan(0);
    for (const set of found) {
      expect(set.version.startsWith(String(set.major))).toBe(true);
      expect((await readFile(join(set.binDir, "pg_dump"))).subarray(0, 2).toString()).not.toBe("#!");
    }
    expect(found.map((set) => set.major)).toEqual(found.map((set) => set.major).toSorted((a, b) => b - a));
  });

  it("takes the folder it is given and no other, and leaves a wrapper out", async () => {
    const folder = await mkdtemp(join(tmpdir(), "bin-"));
    const base = { path: process.env["PATH"], home: undefined, tmpdir: undefined };
    await expect(findInstallations(base, folder, ["pg_dump", "pg_restore"])).rejects.toMatchObject({
      code: "tool.missing",
      message: expect.stringContaining(folder),
    });
    await mkdir(join(folder, "lib"));
    for (const name of ["pg_dump", "pg_restore", "pg_wrapper"]) {
      await writeFile(join(folder, "lib", name), `#!/bin/sh\necho "${name} (PostgreSQL) 42.3 (Test)"\n`, {
        mode: 0o755,
      });
    }
    expect(await findInstallations(base, join(folder, "lib"), ["pg_dump", "pg_restore"])).toMatchObject([
      { major: 42, version: "42.3" },
    ]);
    await mkdir(join(folder, "wrapped"));
    for (const name of ["pg_dump", "pg_restore"]) {
      await symlink("../lib/pg_wrapper", join(folder, "wrapped", name));
    }
    await expect(
      findInstallations(base, join(folder, "wrapped"), ["pg_dump", "pg_restore"]),
    ).rejects.toMatchObject({ code: "tool.missing" });
    await rm(folder, { recursive: true });
  });

  it("reads the versions of releases, distributions and betas", () => {
    expect(parseVersion("pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)")).toEqual({
      major: 15,
      version: "15.18",
    });
    expect(parseVersion("pg_dump (PostgreSQL) 18beta1")).toEqual({ major: 18, version: "18beta1" });
    expect(parseVersion("something else")).toBeUndefined();
  });
});

describe("a dump", () => {
  it("is a whole uncompressed custom archive, whose contents are listed from its beginning", async () => {
    await using database = await createDatabase({
      sql: `
        CREATE TABLE t AS SELECT g AS id, md5(g::text) AS body FROM generate_series(1, 100000) g;
        CREATE VIEW v AS SELECT 1 AS a;
        CREATE SEQUENCE s
      `,
    });
    const archive = await dumpOf(database.address);
    expect(archive.subarray(0, 5).toString()).toBe("PGDMP");
    expect(archive.includes(Buffer.from("c4ca4238a0b923820dcc509a6f75849b"))).toBe(true);
    let pulled = 0;
    const pieces = async function* (): ByteStream {
      for (let at = 0; at < archive.length; at += 65_536) {
        pulled += 1;
        yield archive.subarray(at, at + 65_536);
      }
    };
    const entries = await tools.listContents(await newest(), pieces());
    expect(entries.map((entry) => entry.type).toSorted()).toEqual([
      "SEQUENCE",
      "SEQUENCE SET",
      "TABLE",
      "TABLE DATA",
      "VIEW",
    ]);
    expect(pulled).toBeLessThan(Math.ceil(archive.length / 65_536));
  });

  it("holds the schema, the data or both, as asked", async () => {
    await using database = await createDatabase({
      sql: "CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1)",
    });
    const types = async (sections: DumpRequest["sections"]): Promise<string[]> =>
      (await tools.listContents(await newest(), once(await dumpOf(database.address, { sections })))).map(
        (entry) => entry.type,
      );
    expect(await types("schema")).toEqual(["TABLE", "CONSTRAINT"]);
    expect(await types("data")).toEqual(["TABLE DATA"]);
    expect(await types("full")).toEqual(["TABLE", "TABLE DATA", "CONSTRAINT"]);
  });

  it("takes schema names literally: quotes, stars, dots, blanks and umlauts, in any encoding", async () => {
    for (const encoding of ["UTF8", "LATIN1"]) {
      await using database = await createDatabase({
        encoding,
        sql: `
          CREATE SCHEMA "a*b.""ü $";
          CREATE TABLE "a*b.""ü $".inside (a int);
          CREATE SCHEMA "aXb";
          CREATE TABLE "aXb".outside (a int)
        `,
      });
      const names = async (parts: Partial<DumpRequest>): Promise<string> =>
        (await tools.listContents(await newest(), once(await dumpOf(database.address, parts))))
          .map((entry) => entry.rest)
          .join("\n");
      const only = await names({ includeSchemas: ['a*b."ü $'] });
      expect(only).toContain("inside");
      expect(only).not.toContain("outside");
      const rest = await names({ excludeSchemas: ['a*b."ü $'] });
      expect(rest).toContain("outside");
      expect(rest).not.toContain("inside");
      await expect(dumpOf(database.address, { includeSchemas: ["nowhere"] })).rejects.toMatchObject({
        code: "tool.failed",
        message: expect.stringContaining("nowhere"),
      });
    }
  });

  it("puts no secret into the command line", async () => {
    await using database = await createDatabase();
    const args = dumpArguments(await withSnapshot(database.address, (request) => Promise.resolve(request)));
    expect(args.join(" ")).not.toContain(database.address.password!.reveal());
    expect(args).toEqual(expect.arrayContaining(["--no-password", "--compress=0"]));
  });

  it("obeys what the URL demands, which the snapshot's session does too", async () => {
    await using database = await createDatabase();
    const { user, password, host, port } = database.address;
    const at = (query: string): DatabaseAddress =>
      parseDatabaseUrl(
        `postgresql://${user}:${encodeURIComponent(password!.reveal())}@` +
          `${host}:${port}/${database.name}?${query}`,
        "x",
      );
    const bound = at(
      "sslmode=require&channel_binding=require&target_session_attrs=read-write&connect_timeout=9&" +
        "keepalives_idle=7&tcp_user_timeout=9000&ssl_min_protocol_version=TLSv1.3",
    );
    expect((await dumpOf(bound)).subarray(0, 5).toString()).toBe("PGDMP");
    // One that the server cannot meet stops pg_dump by itself.
    const unmet: DatabaseAddress = {
      ...database.address,
      sslMode: "disable",
      demands: { channelBinding: "require" },
    };
    const error: unknown = await withSnapshot(database.address, (request) =>
      collect(tools.dump({ ...request, address: unmet }), 1e9),
    ).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "database.tls" });
  });

  it("takes no certificates from the home of whoever runs it", async () => {
    const home = await mkdtemp(join(tmpdir(), "holdfast-home-"));
    await mkdir(join(home, ".postgresql"));
    // libpq would verify the server against this one, also where the URL does not ask for it.
    await writeFile(join(home, ".postgresql/root.crt"), "no certificate at all");
    try {
      await using database = await createDatabase();
      const elsewhere = postgresTools({ env: { ...process.env, HOME: home } });
      const address: DatabaseAddress = { ...database.address, sslMode: "require" };
      const bytes = await withSnapshot(address, (request) => collect(elsewhere.dump(request), 1e9));
      expect(bytes.subarray(0, 5).toString()).toBe("PGDMP");
    } finally {
      await rm(home, { recursive: true });
    }
  });

  it("of a table it may not read fails, naming the table", async () => {
    await using database = await createDatabase({
      owner: "postgres",
      sql: 'CREATE TABLE "Ge heim" (a int); GRANT USAGE ON SCHEMA public TO PUBLIC',
    });
    await expect(dumpOf(database.address)).rejects.toMatchObject({
      code: "database.permission",
      message: expect.stringContaining("Ge heim"),
    });
  });

  it("fails where row security would hide rows, a lock is held, or the snapshot is gone", async () => {
    await using database = await createDatabase({
      owner: "postgres",
      sql: "CREATE TABLE t (a int); ALTER TABLE t ENABLE ROW LEVEL SECURITY; GRANT SELECT ON t TO PUBLIC",
    });
    await expect(dumpOf(database.address)).rejects.toMatchObject({ code: "database.row-security" });
    await using locker = await postgresDatabase(database.adminAddress).connect({ purpose: "lock" });
    await locker.query("BEGIN");
    await locker.query("LOCK TABLE public.t IN ACCESS EXCLUSIVE MODE");
    await expect(dumpOf(database.adminAddress, { lockWaitMs: 200 })).rejects.toMatchObject({
      code: "database.lock-timeout",
      message: expect.stringContaining("public.t"),
    });
    await expect(dumpOf(database.adminAddress, { snapshot: "00000003-0000001B-1" })).rejects.toMatchObject({
      code: "database.lost",
    });
    await expect(
      dumpOf({ ...database.address, port: 1 }, {}).catch((error: unknown) => Promise.reject(error as Error)),
    ).rejects.toMatchObject({ code: "database.unreachable" });
  });

  it("of a newer server fails as too old", async () => {
    await using newer = await startNewestCluster();
    const set = await newest();
    if (set.major >= newer.facts.major) throw new Error("this test needs a server newer than every client");
    await expect(dumpOf(newer.address("postgres", "postgres"))).rejects.toMatchObject({
      code: "tool.too-old",
      message: expect.stringContaining("version"),
    });
  });

  it("ends pg_dump when its reader leaves, when it is aborted, and says so when it was killed", async () => {
    await using database = await createDatabase({
      sql: `
        CREATE TABLE t AS SELECT g AS id, repeat(md5(g::text), 20) AS body FROM generate_series(1, 100000) g
      `,
    });
    const running = async (): Promise<number> =>
      Number(
        (
          await database.admin(`
            SELECT count(*) AS n
              FROM pg_stat_activity
             WHERE datname = current_database() AND application_name LIKE 'holdfast dump %'
          `)
        )[0]!["n"],
      );
    await withSnapshot(database.address, async (request) => {
      for await (const chunk of tools.dump(request)) {
        expect(chunk.byteLength).toBeGreaterThan(0);
        expect(await running()).toBe(1);
        break;
      }
      await gone(running);

      const stop = new AbortController();
      const reason = new Error("enough");
      const aborted = (async () => {
        for await (const chunk of tools.dump({ ...request, signal: stop.signal })) {
          if (chunk.byteLength > 0) stop.abort(reason);
        }
      })();
      await expect(aborted).rejects.toBe(reason);
      await gone(running);

      // After the first look at the signal, and before pg_dump is there to be ended.
      const early = new AbortController();
      const starting = tools.dump({ ...request, signal: early.signal });
      const first = starting[Symbol.asyncIterator]().next();
      early.abort(reason);
      await expect(first).rejects.toBe(reason);
      await gone(running);

      const killed = (async () => {
        for await (const chunk of tools.dump(request)) if (chunk.byteLength > 0) await killDump(request);
      })();
      await expect(killed).rejects.toMatchObject({
        code: "tool.failed",
        message: expect.stringContaining("SIGKILL"),
      });

      const cut = (async () => {
        let first = true;
        for await (const chunk of tools.dump(request)) {
          if (first && chunk.byteLength > 0) {
            await database.admin(`
              SELECT pg_terminate_backend(pid)
                FROM pg_stat_activity
               WHERE datname = current_database() AND application_name LIKE 'holdfast dump %'
            `);
          }
          first = false;
        }
      })();
      await expect(cut).rejects.toMatchObject({ code: "database.lost" });
    });
  });
});

async function gone(count: () => Promise<number>): Promise<void> {
  for (let tries = 0; tries < 100 && (await count()) > 0; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(await count()).toBe(0);
}

/** Kills the pg_dump that carries this snapshot in its arguments. */
async function killDump(request: DumpRequest): Promise<void> {
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (!command.includes(`--snapshot=${request.snapshot}\0`)) continue;
    expect(command).not.toContain(request.address.password!.reveal());
    process.kill(Number(pid), "SIGKILL");
  }
}

describe("a restore", () => {
  const load = async (address: DatabaseAddress, archive: ByteStream | { path: string }, parts: object = {}) =>
    tools.load({
      tools: await newest(),
      address,
      archive,
      jobs: 1,
      signal: new AbortController().signal,
      ...parts,
    });

  it("works from a stream, from a file with several jobs, and into a database of any name", async () => {
    await using source = await createDatabase({
      sql: `
        CREATE TABLE t AS SELECT g AS id FROM generate_series(1, 1000) g;
        ALTER TABLE t ADD PRIMARY KEY (id);
        CREATE INDEX ON t ((id % 10))
      `,
    });
    const archive = await dumpOf(source.address);
    await using streamed = await createDatabase({ name: `t_=' \\ü${process.pid}` });
    expect(await load(streamed.address, once(archive))).toEqual([]);
    await using session = await postgresDatabase(streamed.address).connect({ purpose: "count" });
    expect(await session.query("SELECT count(*) AS n FROM public.t")).toEqual([{ n: "1000" }]);
    const folder = await mkdtemp(join(tmpdir(), "archive-"));
    await writeFile(join(folder, "dump"), archive);
    await using parallel = await createDatabase();
    expect(await load(parallel.address, { path: join(folder, "dump") }, { jobs: 2 })).toEqual([]);
    expect(await parallel.query("SELECT count(*) AS n FROM public.t")).toEqual([{ n: "1000" }]);
    await rm(folder, { recursive: true });
  });

  it("restores only the entries and sections asked for, with settings", async () => {
    await using source = await createDatabase({
      sql: "CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1); CREATE TABLE b (id int)",
    });
    const archive = await dumpOf(source.address);
    const entries = (await tools.listContents(await newest(), once(archive))).filter((entry) =>
      entry.rest.startsWith("public a "),
    );
    await using target = await createDatabase();
    expect(
      await load(target.adminAddress, once(archive), {
        entries,
        sections: ["pre-data", "data"],
        settings: { session_replication_role: "replica" },
      }),
    ).toEqual([]);
    expect(
      await target.admin(
        "SELECT relname::text AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace",
      ),
    ).toEqual([{ name: "a" }]);
  });

  it("returns what it went past, each with its entry", async () => {
    await using source = await createDatabase({
      sql: "CREATE TABLE a (id int); CREATE TABLE b (id int); INSERT INTO b VALUES (1)",
    });
    await using target = await createDatabase({ sql: "CREATE TABLE a (other text)" });
    const problems = await load(target.address, once(await dumpOf(source.address)));
    expect(problems).toEqual(
      [
        expect.objectContaining({ message: 'relation "a" already exists', entry: "TABLE a holdfast" }),
        expect.objectContaining({ entry: "TABLE DATA a holdfast" }),
      ].slice(0, problems.length),
    );
    expect(problems.length).toBeGreaterThan(0);
    expect(await target.query("SELECT id FROM b")).toEqual([{ id: 1 }]);
  });

  it("throws when the archive is damaged or cut, login or stream fails, or it is aborted", async () => {
    await using source = await createDatabase({
      sql: "CREATE TABLE t AS SELECT md5(g::text) AS body FROM generate_series(1, 50000) g",
    });
    const archive = await dumpOf(source.address);
    await using target = await createDatabase();
    await expect(
      load(target.address, once(Buffer.from("this is no archive at all, but long enough to look at"))),
    ).rejects.toMatchObject({ code: "dump.incomplete" });
    await expect(load(target.address, once(archive.subarray(0, archive.length >> 1)))).rejects.toMatchObject({
      code: "dump.incomplete",
    });
    await expect(load({ ...target.address, password: undefined }, once(archive))).rejects.toMatchObject({
      code: "database.denied",
    });
    const broken = async function* (): ByteStream {
      yield archive.subarray(0, 100_000);
      throw new RangeError("the store broke");
    };
    await expect(load(target.address, broken())).rejects.toThrow(new RangeError("the store broke"));
    const stop = new AbortController();
    const slow = async function* (): ByteStream {
      yield archive.subarray(0, 100_000);
      stop.abort(new Error("enough"));
      yield archive.subarray(100_000);
    };
    await expect(load(target.address, slow(), { signal: stop.signal })).rejects.toThrow("enough");
    // After the first look at the signal, and before pg_restore is there to be ended.
    const early = new AbortController();
    let read = 0;
    const paced = async function* (): ByteStream {
      for (let at = 0; at < archive.length; at += 10_000) {
        read = at;
        yield archive.subarray(at, at + 10_000);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    const { signal } = early;
    const toolSet = await newest();
    const loading = tools.load({
      tools: toolSet,
      address: target.address,
      archive: paced(),
      jobs: 1,
      signal,
    });
    early.abort(new Error("early"));
    await expect(loading).rejects.toThrow("early");
    expect(read).toBeLessThan(archive.length / 2);
    await expect(
      drain(
        tools.dump({
          tools: { major: 1, version: "1", binDir: "/nowhere" },
          address: source.address,
          snapshot: "x",
          sections: "full",
          includeSchemas: [],
          excludeSchemas: [],
          lockWaitMs: 1,
          signal: new AbortController().signal,
        }),
      ),
    ).rejects.toMatchObject({ code: "tool.missing" });
  });
});

describe("what the programs say", () => {
  it("is read as table of contents, types of several words included", () => {
    const listing = [
      ";",
      "; Archive created at 2026-11-23",
      "215; 1259 16386 TABLE public places postgres",
      "3338; 0 16386 TABLE DATA public places postgres",
      "3400; 0 0 ACL public TABLE places postgres",
      "216; 1259 16390 TABLE DATA odd postgres",
      "3200; 2606 16392 FK CONSTRAINT public child child_fkey postgres",
      "9; 3079 1 EXTENSION - hstore ",
      "3; 0 0 COMMENT - EXTENSION hstore ",
      "220; 0 0 MATERIALIZED VIEW DATA public sums postgres",
      "221; 1259 5 MATERIALIZED VIEW public sums postgres",
      "12; 0 0 ENCODING - ENCODING ",
      "99; 0 0 SEQUENCE SET public s postgres",
      "7; 3602 4 TEXT SEARCH CONFIGURATION app english postgres",
    ].join("\n");
    expect(parseToc(listing).map((entry) => [entry.type, entry.rest])).toEqual([
      ["TABLE", "public places postgres"],
      ["TABLE DATA", "public places postgres"],
      ["ACL", "public TABLE places postgres"],
      ["TABLE", "DATA odd postgres"],
      ["FK CONSTRAINT", "public child child_fkey postgres"],
      ["EXTENSION", "- hstore "],
      ["COMMENT", "- EXTENSION hstore "],
      ["MATERIALIZED VIEW DATA", "public sums postgres"],
      ["MATERIALIZED VIEW", "public sums postgres"],
      ["ENCODING", "- ENCODING "],
      ["SEQUENCE SET", "public s postgres"],
      ["TEXT SEARCH CONFIGURATION", "app english postgres"],
    ]);
  });

  it("carries the server's own advice in the hint", () => {
    const said = [
      "pg_dump: error: query failed: ERROR:  out of shared memory",
      "HINT:  You might need to increase max_locks_per_transaction.",
      "pg_dump: error: query was: LOCK TABLE a IN ACCESS SHARE MODE",
    ].join("\n");
    const error = toolError("pg_dump", "exit code 1", said, undefined);
    expect(error.hint).toMatch(
      /^The server's lock table is full;.* The server advises: .* increase max_locks_per_transaction\.$/,
    );
    expect(toolError("pg_dump", "exit code 1", "pg_dump: hint: Free the thing.", undefined).hint).toMatch(
      /Read pg_dump's own words .* The server advises: Free the thing\.$/,
    );
  });

  it("is read with object ids and with what each entry needs", () => {
    const listing = [
      "5; 2615 16385 SCHEMA - app postgres",
      "215; 1259 16386 TABLE app t postgres",
      ";\tdepends on: 5",
      "3338; 0 16386 TABLE DATA app t postgres",
      ";\tdepends on: 215 5",
    ].join("\n");
    expect(parseToc(listing).map(({ id, catalog, oid, needs }) => [id, catalog, oid, needs])).toEqual([
      ["5", "2615", "16385", []],
      ["215", "1259", "16386", ["5"]],
      ["3338", "0", "16386", ["215", "5"]],
    ]);
  });

  it("is read as warnings, each with its detail and hint, without errors and their count", () => {
    const heard: string[] = [];
    const reader = new WarningReader((text) => heard.push(text));
    const lines = [
      "pg_dump: warning: there are circular foreign-key constraints on this table:",
      "pg_dump: detail: t",
      "pg_dump: hint: Consider something.",
      "pg_dump: dumping contents",
      "pg_dump: error: it broke",
      "DETAIL:  no warning",
      "pg_restore: warning: errors ignored on restore: 3",
      "pg_restore: [archiver] warning: line ignored",
    ];
    for (const line of lines) reader.read(line);
    reader.end();
    expect(heard).toEqual([
      "there are circular foreign-key constraints on this table: detail: t hint: Consider something.",
      "line ignored",
    ]);
  });

  it("is read as problems with their entries, without the statements", () => {
    const reader = new ProblemReader();
    const lines = [
      "pg_restore: connecting to database for restore",
      "pg_restore: while PROCESSING TOC:",
      "pg_restore: from TOC entry 214; 1259 16384 TABLE big postgres",
      'pg_restore: error: could not execute query: ERROR:  relation "big" already exists',
      "Command was: CREATE TABLE public.big (",
      "    id integer,",
      "    DETAIL text",
      ");",
      "",
      "pg_restore: from TOC entry 3338; 0 16384 TABLE DATA big postgres",
      'pg_restore: error: COPY failed for table "big": ERROR:  duplicate key value violates ' +
        'unique constraint "p"',
      "DETAIL:  Key (id)=(1) already exists.",
      "CONTEXT:  COPY big, line 1",
      "pg_restore: warning: errors ignored on restore: 2",
    ];
    for (const line of lines) reader.read(line);
    expect(reader.ignored).toBe(2);
    expect(reader.problems).toEqual([
      { message: 'relation "big" already exists', entry: "TABLE big postgres", dumpIds: [214] },
      {
        message:
          'COPY failed for table "big": ERROR:  duplicate key value violates unique constraint "p"; ' +
          "CONTEXT:  COPY big, line 1",
        entry: "TABLE DATA big postgres",
        dumpIds: [3338],
      },
    ]);
  });

  it("does not count what pg_restore 17 sets for itself on an older server; of an entry it does", () => {
    const reader = new ProblemReader();
    const words =
      "pg_restore: error: could not execute query: ERROR:  unrecognized configuration parameter " +
      '"transaction_timeout"';
    const lines = [
      "pg_restore: while INITIALIZING:",
      words,
      "Command was: SET transaction_timeout = 0;",
      "",
      "pg_restore: from TOC entry 9; 1255 16384 FUNCTION f() postgres",
      words,
      "Command was: CREATE FUNCTION public.f() RETURNS void SET transaction_timeout TO '0'",
      "pg_restore: warning: errors ignored on restore: 2",
    ];
    for (const line of lines) reader.read(line);
    expect(reader.problems).toEqual([
      {
        message: 'unrecognized configuration parameter "transaction_timeout"',
        entry: "FUNCTION f() postgres",
        dumpIds: [9],
      },
    ]);
  });

  it("is read also where several connections write at once, each line in pieces", () => {
    const reader = new ProblemReader();
    const lines = [
      "pg_restore:pg_restore: from TOC entry 3241; 2620 16444 TRIGGER m_n1 tr postgres",
      " finished item 3221 CONSTRAINT m_n m_n_pkey",
      "pg_restore: from TOC entry 3242; 2620 16445 TRIGGER m_n2 tr postgres",
      "pg_restore: error: pg_restore: launching item 3227 CONSTRAINT m_n2 m_n2_pkey",
      'could not execute query: ERROR:  trigger "tr" for table "m_n1" does not exist',
      "Command was: ",
      "ALTER TABLE public.m_n1 DISABLE TRIGGER tr;",
      "",
      "pg_restore: pg_restore: error: could not execute query: ERROR:  deadlock detected",
      "DETAIL:  Process 1 waits",
      "launching item 3228 INDEX m_n2_t_idx",
      "pg_restore: warning: errors ignored on restore: 2",
    ];
    for (const line of lines) reader.read(line);
    expect(reader.ignored).toBe(2);
    expect(reader.problems).toEqual([
      {
        message: 'trigger "tr" for table "m_n1" does not exist',
        entry: "TRIGGER m_n1 tr postgres",
        dumpIds: [3241],
      },
      {
        message: "deadlock detected; DETAIL:  Process 1 waits",
        entry: "TRIGGER m_n2 tr postgres",
        dumpIds: [3242],
      },
    ]);
  });

  it("keeps the entries of all problems, also of those that nobody would read", () => {
    const reader = new ProblemReader();
    for (let id = 1; id <= 1003; id += 1) {
      reader.read(`pg_restore: from TOC entry ${id}; 1259 1 TABLE t${id} postgres`);
      reader.read("pg_restore: error: could not execute query: ERROR:  no");
    }
    expect(new Set(reader.problems.flatMap(({ dumpIds }) => dumpIds)).size).toBe(1003);
    expect(reader.problems.at(-1)).toEqual({
      message: "and 3 more errors",
      entry: "",
      dumpIds: [1001, 1002, 1003],
    });
  });

  it("at a login is what the pooler before the server means", () => {
    const address = parseDatabaseUrl("postgresql://u:p@pooler.test/shop", "x");
    const told = (words: string): unknown => {
      const start = 'pg_dump: error: connection to server at "pooler.test" (192.0.2.1), port 5432 failed: ';
      const { code } = toolError("pg_dump", "exit code 1", `${start}FATAL:  ${words}\n`, address);
      return code;
    };
    expect(told("(EMAXCONNSESSION) max clients reached in session mode")).toBe("database.unreachable");
    expect(told("(ECIRCUITBREAKER) too many authentication failures")).toBe("database.denied");
    expect(told("no such database: shop")).toBe("database.missing");
    expect(told("DbHandler exited")).toBe("database.unreachable");
    expect(told("channel binding required but not supported by server's authentication request")).toBe(
      "database.tls",
    );
    expect(told("session is not read-only")).toBe("database.unsupported");
    expect(toolError("pg_dump", "exit code 1", "pg_dump: error: FATAL:  no such user", address).code).toBe(
      "tool.failed",
    );
  });

  it("is classified by its words", () => {
    expect(classify("pg_dump: error: query failed: server closed the connection unexpectedly")?.code).toBe(
      "database.lost",
    );
    expect(classify("pg_dump: error: aborting because of server version mismatch")?.code).toBe(
      "tool.too-old",
    );
    expect(
      classify(
        'pg_dump: error: connection to server at "h" (1.2.3.4), port 5432 failed: FATAL:  ' +
          'password authentication failed for user "u"',
      )?.code,
    ).toBe("database.denied");
    expect(
      classify(
        'pg_dump: error: connection to server at "h" (1.2.3.4), port 5432 failed: FATAL:  ' +
          'database "d" does not exist',
      )?.code,
    ).toBe("database.missing");
    expect(
      classify(
        'pg_dump: error: connection to server at "h", port 5432 failed: FATAL:  ' +
          'too many connections for database "d"',
      ),
    ).toMatchObject({ code: "database.unreachable", hint: expect.stringContaining("CONNECTION LIMIT") });
    expect(
      classify('pg_dump: error: connection to server at "h", port 5432 failed: Connection refused')?.code,
    ).toBe("database.unreachable");
    expect(classify("pg_restore: error: unsupported version (1.16) in file header")?.code).toBe(
      "tool.too-old",
    );
    expect(classify('ERROR:  could not extend file "base/1/2": No space left on device')?.code).toBe(
      "disk.full",
    );
    const server = parseDatabaseUrl("postgresql://u@db:5433/d", "test");
    expect(
      toolError(
        "pg_dump",
        "exit code 1",
        'pg_dump: error: ERROR:  could not extend file "base/1/2": No space left on device',
        server,
      ).hint,
    ).toContain("disk of the server db:5433");
    expect(
      toolError(
        "pg_restore",
        "exit code 1",
        "pg_restore: error: could not write to output file: No space left on device",
        server,
      ).hint,
    ).toContain("Free space on the disk");
    expect(classify("pg_dump: error: query failed: ERROR:  cache lookup failed for index 32428")?.code).toBe(
      "database.changing",
    );
    expect(classify("pg_dump: error: schema with OID 16390 does not exist")?.code).toBe("database.changing");
    expect(classify("something new")).toBeUndefined();
    expect(
      lastWords(
        "pg_restore: creating TABLE x\npg_restore: error: bad\nCommand was: " +
          "SELECT\n 'secret row';\npg_restore: warning: end",
      ),
    ).toBe("pg_restore: error: bad\npg_restore: warning: end");
  });
});
