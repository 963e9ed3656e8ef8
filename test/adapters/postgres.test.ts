import { describe, expect, it } from "@jest/globals";
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import type { HoldfastError } from "../../src/kernel/errors.ts";
import { Secret } from "../../src/kernel/secret.ts";
import { postgresDatabase } from "../../src/adapters/postgres/database.ts";
import { databaseError } from "../../src/adapters/postgres/errors.ts";
import { detectPooler } from "../../src/nouns/server/pooler.ts";
import { parseDatabaseUrl } from "../../src/postgres/database-url.ts";
import type { DatabaseAddress } from "../../src/ports/database.ts";
import { createDatabase, sharedServer, startCluster, startPgBouncer } from "../support/postgres.ts";
import { startRefusingOptions } from "../support/refusing-pooler.ts";

const connect = (address: DatabaseAddress, settings: Record<string, string> = {}) =>
  postgresDatabase(address).connect({ purpose: "test", settings });
const failure = (address: DatabaseAddress) =>
  connect(address).then(
    (session) => session.close().then(() => Promise.reject(new Error("connected"))),
    (error: unknown) => error,
  );

describe("a session", () => {
  it("has no time limits, whatever the role's defaults say, and the settings asked for", async () => {
    await using database = await createDatabase();
    await database.admin(`
      ALTER DATABASE ${database.name} SET statement_timeout = '1s';
      ALTER DATABASE ${database.name} SET idle_in_transaction_session_timeout = '1s';
      ALTER DATABASE ${database.name} SET lock_timeout = '1s';
      ALTER DATABASE ${database.name} SET idle_session_timeout = '1s'
    `);
    await using session = await connect(database.address, {
      search_path: 'pg_catalog, "odd schema"',
      TimeZone: "UTC",
      bytea_output: "escape",
    });
    const [row] = await session.query(`
      SELECT current_setting('statement_timeout') AS a,
             current_setting('idle_in_transaction_session_timeout') AS b,
             current_setting('lock_timeout') AS c, current_setting('idle_session_timeout') AS d,
             current_setting('search_path') AS e, current_setting('TimeZone') AS f,
             current_setting('application_name') AS g, current_setting('bytea_output') AS h
    `);
    expect(row).toEqual({
      a: "0",
      b: "0",
      c: "0",
      d: "0",
      e: 'pg_catalog, "odd schema"',
      f: "UTC",
      g: "holdfast test",
      h: "escape",
    });
  });

  it("gives values without losing digits or moving time zones", async () => {
    await using database = await createDatabase();
    await using session = await connect(database.address);
    const [row] = await session.query(`
      SELECT 9007199254740993::int8 AS big, 1.10::numeric AS num, 7 AS small, true AS yes,
             '2026-11-23 04:00:00.123456+00'::timestamptz AT TIME ZONE 'UTC' AS at,
             ARRAY['a', NULL] AS list, '\\x00ff'::bytea AS bytes, NULL AS nothing
    `);
    expect(row).toEqual({
      big: "9007199254740993",
      num: "1.10",
      small: 7,
      yes: true,
      at: "2026-11-23 04:00:00.123456",
      list: ["a", null],
      bytes: Buffer.from([0, 255]),
      nothing: null,
    });
  });

  it("runs statements in order, binds values and collects notices", async () => {
    await using database = await createDatabase();
    await using session = await connect(database.address);
    const answers = await Promise.all([
      session.query("SELECT 1 AS n"),
      session.query("SELECT $1::int + 1 AS n", [1]),
      session.query("SELECT 3 AS n"),
    ]);
    expect(answers.flat()).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    await session.query("DO $$ BEGIN RAISE NOTICE 'look here'; END $$");
    expect(session.notices).toEqual(["NOTICE: look here"]);
  });

  it("cancels a running statement and goes on", async () => {
    await using database = await createDatabase();
    await using session = await connect(database.address);
    setTimeout(() => void session.cancel(), 100);
    await expect(session.query("SELECT pg_sleep(30)")).rejects.toMatchObject({
      code: "database.query",
      message: expect.stringContaining("57014"),
    });
    expect(await session.query("SELECT 1 AS n")).toEqual([{ n: 1 }]);
  });

  it("says so when its server process is ended: to this statement, the next, and by signal", async () => {
    await using database = await createDatabase();
    await using session = await connect(database.address);
    const [{ pid }] = (await session.query<{ pid: number }>("SELECT pg_backend_pid() AS pid")) as [
      { pid: number },
    ];
    expect(session.announcedPid).toBe(pid);
    const underWay = session.query("SELECT pg_sleep(30)");
    const lost = once(session.lost, "abort");
    setTimeout(() => void database.admin("SELECT pg_terminate_backend($1)", [pid]), 100);
    await expect(underWay).rejects.toMatchObject({ code: "database.lost" });
    await lost;
    expect(session.lost.reason).toMatchObject({ code: "database.lost" });
    await expect(session.query("SELECT 1")).rejects.toMatchObject({ code: "database.lost" });
    await session.close();
  });

  it("notices an idle connection's end, and does not call its own closing a loss", async () => {
    await using database = await createDatabase();
    await using idle = await connect(database.address);
    const closed = await connect(database.address);
    await closed.close();
    expect(closed.lost.aborted).toBe(false);
    const lost = once(idle.lost, "abort");
    await database.admin("SELECT pg_terminate_backend($1)", [idle.announcedPid]);
    await lost;
    expect(idle.lost.reason).toMatchObject({
      code: "database.lost",
      hint: expect.stringContaining("run again"),
    });
  });
});

describe("a failure to connect", () => {
  it("is told by its cause and never shows the password", async () => {
    await using database = await createDatabase();
    const wrong = { ...database.address, password: new Secret("falsches-geheimnis") };
    const cases: [DatabaseAddress, string, string][] = [
      [wrong, "database.denied", "password authentication failed"],
      [{ ...database.address, password: undefined }, "database.denied", "password"],
      [{ ...database.address, user: "nobody_here" }, "database.denied", "nobody_here"],
      [{ ...database.address, database: "not_there" }, "database.missing", "not_there"],
      [{ ...database.address, port: 1 }, "database.unreachable", "ECONNREFUSED"],
      [{ ...database.address, host: "no-such-host.invalid" }, "database.unreachable", "no-such-host.invalid"],
      [{ ...database.address, host: "/no/such/folder" }, "database.unreachable", "ENOENT"],
    ];
    for (const [address, code, text] of cases) {
      const error = await failure(address);
      expect(error).toMatchObject({
        code,
        message: expect.stringContaining(text),
        hint: expect.stringMatching(/^[A-Z].*\.$/),
      });
      expect((error as Error).message).not.toContain("falsches-geheimnis");
    }
  });

  it("by a server that accepts and stays silent is a loss of patience, not a hang", async () => {
    const server = createServer((socket) =>
      socket.on("data", () => socket.destroy()).on("error", () => undefined),
    ).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const error = await failure({
      ...parseDatabaseUrl("postgresql://u:p@127.0.0.1/d?sslmode=disable", "x"),
      port,
    });
    expect(error).toMatchObject({ code: "database.unreachable" });
    server.close();
  });

  it.each([
    [
      { code: "ENETUNREACH", message: "connect ENETUNREACH 2a05::1" },
      "db.abcdef.supabase.co",
      "database.unreachable",
      "session pooler.*postgres\\.abcdef",
    ],
    [
      { code: "ENOTFOUND", message: "getaddrinfo ENOTFOUND" },
      "db.abcdef.supabase.co",
      "database.unreachable",
      "session pooler",
    ],
    [
      {
        code: "28000",
        severity: "FATAL",
        message: 'no pg_hba.conf entry for host "1.2.3.4", user "u", database "d", SSL encryption',
      },
      "x.postgres.database.azure.com",
      "database.denied",
      "firewall",
    ],
    [
      {
        code: "28000",
        severity: "FATAL",
        message: 'no pg_hba.conf entry for host "1.2.3.4", user "u", database "d", no encryption',
      },
      "h",
      "database.tls",
      "sslmode=require",
    ],
    [
      {
        code: "28000",
        severity: "FATAL",
        message: 'pg_hba.conf rejects connection for host "1.2.3.4", user "u", database "d", no encryption',
      },
      "h",
      "database.tls",
      "sslmode=require",
    ],
    [
      {
        code: "28000",
        severity: "FATAL",
        message: 'pg_hba.conf rejects connection for host "1.2.3.4", user "u", database "d", SSL encryption',
      },
      "h",
      "database.denied",
      "pg_hba",
    ],
    [
      { code: "XX000", severity: "FATAL", message: "Tenant or user not found" },
      "aws-0-x.pooler.supabase.com",
      "database.denied",
      "postgres\\.<project-ref>",
    ],
    [
      { code: "53300", severity: "FATAL", message: "sorry, too many clients already" },
      "h",
      "database.unreachable",
      "connection slots",
    ],
    [
      { code: "57P03", severity: "FATAL", message: "the database system is starting up" },
      "h",
      "database.unreachable",
      "starting",
    ],
  ])("of a managed service says what to do: %j", (raw, host, code, hint) => {
    const address = { ...parseDatabaseUrl("postgresql://u:p@h/d", "x"), host };
    expect(databaseError(raw, address, "connecting")).toMatchObject({
      code,
      hint: expect.stringMatching(new RegExp(hint)),
    });
  });
});

it("a server that speaks of TLS itself is told in its own words", () => {
  const message = "relay 3: there was an error establishing an SSL connection to the remote node";
  const address = parseDatabaseUrl("postgresql://u:p@h/d", "x");
  expect(databaseError({ code: "XX000", message, severity: "ERROR" }, address, "working")).toMatchObject({
    code: "database.query",
    message: expect.stringContaining(message),
  });
});

it("a web server in the database's place is not told as a matter of certificates", async () => {
  const server = createServer((client) => {
    client.on("error", () => undefined);
    client.once("data", () => client.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const address = parseDatabaseUrl(`postgresql://u:geheim@127.0.0.1:${port}/d?sslmode=require`, "x");
  await expect(postgresDatabase(address).connect({ purpose: "x" })).rejects.toMatchObject({
    code: "database.unreachable",
    message: expect.stringContaining("what answers there does not speak as a PostgreSQL server does"),
    hint: expect.stringContaining("a web server's or a proxy's"),
  });
  server.close();
});

describe("a login that a pooler refuses", () => {
  it("is told as what it is: a real PgBouncer's words", async () => {
    const { facts } = sharedServer();
    await using pooler = await startPgBouncer(facts, "session", { databases: ["postgres"] });
    const at = (database: string): DatabaseAddress => parseDatabaseUrl(pooler.url(database), "database");
    const told = async (address: DatabaseAddress): Promise<unknown> => {
      const { code, message } = (await failure(address)) as HoldfastError;
      return [code, /: (.*) \(SQLSTATE/.exec(message)?.[1]];
    };
    expect(await told(at("nowhere"))).toEqual(["database.missing", "no such database: nowhere"]);
    expect(await told({ ...at("postgres"), user: "nobody" })).toEqual([
      "database.denied",
      expect.stringMatching(/authentication failed|no such user/),
    ]);
  });

  it("of whatever server is no statement", () => {
    const address = parseDatabaseUrl("postgresql://u:p@h/d", "x");
    const raw = { code: "XX000", severity: "FATAL", message: "(ENEW) something of next year" };
    expect(databaseError(raw, address, "connecting")).toMatchObject({
      code: "database.unreachable",
      hint: expect.stringContaining("did not let a session begin"),
    });
    expect(databaseError(raw, address, "working")).toMatchObject({ code: "database.query" });
  });

  it("of a setting in the URL names the parameter", async () => {
    await using database = await createDatabase();
    for (const options of ["-c work_mem=much", "-c no_such_setting=1"]) {
      expect(await failure({ ...database.address, options })).toMatchObject({
        code: "database.query",
        hint: expect.stringContaining("options of the database URL"),
      });
    }
  });
});

describe("a statement's failure", () => {
  it("is told by its cause", async () => {
    await using database = await createDatabase({
      owner: "postgres",
      sql: `
        CREATE TABLE secret (a int);
        CREATE TABLE rows (a int);
        ALTER TABLE rows ENABLE ROW LEVEL SECURITY;
        GRANT SELECT ON rows TO PUBLIC
      `,
    });
    await using session = await connect(database.address, { row_security: "off" });
    await expect(session.query("SELECT * FROM public.secret")).rejects.toMatchObject({
      code: "database.permission",
      message: expect.stringContaining("secret"),
    });
    await expect(session.query("SELECT * FROM public.rows")).rejects.toMatchObject({
      code: "database.row-security",
    });
    await expect(session.query("SELECT * FROM public.nowhere")).rejects.toMatchObject({
      code: "database.query",
      message: expect.stringMatching(/nowhere.*42P01/),
    });
    await using locker = await connect(database.adminAddress);
    await locker.query("BEGIN");
    await locker.query("LOCK TABLE public.rows IN ACCESS EXCLUSIVE MODE");
    await using waiting = await connect(database.adminAddress, { lock_timeout: "100ms" });
    await expect(waiting.query("SELECT * FROM public.rows")).rejects.toMatchObject({
      code: "database.lock-timeout",
    });
  });
});

describe("the server's own words", () => {
  it("are kept: its detail in the message, its hint in ours; but not a detail that quotes rows", async () => {
    await using database = await createDatabase({
      sql: `
        CREATE TABLE keyed (secret text PRIMARY KEY);
        INSERT INTO keyed VALUES ('heimlich');
        CREATE VIEW over AS SELECT * FROM keyed
      `,
    });
    await using session = await connect(database.address);
    await expect(session.query("DROP TABLE public.keyed")).rejects.toMatchObject({
      code: "database.query",
      message: expect.stringMatching(
        /depend on it: view public\.over depends on table public\.keyed \(SQLSTATE 2BP01\)$/,
      ),
      hint: expect.stringMatching(
        /^Something that is to stay .* The server advises: Use DROP \.\.\. CASCADE/,
      ),
    });
    const doubled = await session
      .query("INSERT INTO public.keyed VALUES ('heimlich')")
      .catch((error: unknown) => error);
    expect(doubled).toMatchObject({
      code: "database.query",
      message: expect.stringContaining("SQLSTATE 23505"),
    });
    expect(
      JSON.stringify([(doubled as HoldfastError).message, (doubled as HoldfastError).hint]),
    ).not.toContain("heimlich");
  });

  it("are told without values of rows, whoever says them; those that look at none, whole", async () => {
    await using database = await createDatabase({
      sql: `
        CREATE TABLE n (i int, d date);
        CREATE TYPE mood AS ENUM ('fine');
        CREATE FUNCTION raise(p text, state text) RETURNS int LANGUAGE plpgsql AS
          $$ BEGIN RAISE EXCEPTION 'ssn % is not known', p USING ERRCODE = state, HINT = p; END $$;
        CREATE FUNCTION no_drop() RETURNS event_trigger LANGUAGE plpgsql AS
          $$ BEGIN RAISE EXCEPTION 'nothing is dropped here'; END $$;
        CREATE EVENT TRIGGER no_drop ON sql_drop EXECUTE FUNCTION no_drop()
      `,
      owner: "postgres",
    });
    await using session = await connect(database.adminAddress);
    const secret = "99912345678";
    const failures: HoldfastError[] = [];
    for (const sql of [
      `INSERT INTO public.n (i) VALUES ('${secret}')`,
      `INSERT INTO public.n (i) VALUES ('x${secret}')`,
      `SELECT 'x${secret}'::public.mood`,
      `SELECT '${secret}'::date`,
      `SELECT '{${secret}'::int[]`,
      `SELECT now() AT TIME ZONE 'x${secret}'`,
      ...["P0001", "23514", "22023", "45000"].map((state) => `SELECT public.raise('${secret}', '${state}')`),
    ]) {
      failures.push(
        await session.query(sql).then(
          () => {
            throw new Error(`${sql} did not fail`);
          },
          (error: unknown) => error as HoldfastError,
        ),
      );
    }
    const told = failures
      .flatMap(({ message, hint, cause }) => [message, hint, (cause as Error).message])
      .join("\n");
    expect(told).not.toContain(secret);
    expect(failures[0]!.message).toContain(
      "a value is out of range for type integer (the value is not shown) (SQLSTATE 22003)",
    );
    expect(failures[1]!.message).toContain(
      "invalid input syntax for type integer (the value is not shown) (SQLSTATE 22P02)",
    );
    expect(failures.at(-1)!.message).toMatch(
      /function public\.raise\(text,text\) raised an error: .*may quote rows \(SQLSTATE 45000\)/,
    );
    await expect(session.query("DROP TABLE public.n")).rejects.toMatchObject({
      message: expect.stringContaining("nothing is dropped here (SQLSTATE P0001)"),
    });
  });

  it("name the setting when the lock table is full", async () => {
    await using small = await startCluster({
      settings: { max_locks_per_transaction: "10", max_connections: "20" },
    });
    await using session = await connect(small.address("postgres", "postgres"));
    const many =
      "DO $$ BEGIN FOR i IN 1..3000 LOOP EXECUTE 'CREATE TABLE public.t' || i || ' ()'; END LOOP; END $$";
    await expect(session.query(many)).rejects.toMatchObject({
      code: "database.query",
      message: expect.stringContaining("SQLSTATE 53200"),
      hint: expect.stringMatching(
        /lock table is full.*The server advises: You might need to increase .?max_locks_per_transaction/,
      ),
    });
  });

  it.each([
    [
      "55006",
      'database "d" is being accessed by other users',
      "There is 1 other session using the database.",
      /pg_stat_activity/,
    ],
    ["25006", "cannot execute DROP SCHEMA in a read-only transaction", undefined, /standby/],
    ["53200", "out of memory", 'Failed on request of size 8192 in memory context "x".', /no memory left/],
  ])("of SQLSTATE %s come with what to do", (code, message, detail, hint) => {
    const address = parseDatabaseUrl("postgresql://u:geheim@h/d", "x");
    const error = databaseError({ code, message, detail, severity: "ERROR" }, address, "working");
    expect(error).toMatchObject({
      code: "database.query",
      hint: expect.stringMatching(hint),
      message: expect.stringContaining(detail ?? message),
    });
  });

  it.each([
    ["XX000", "cache lookup failed for index 32428"],
    ["XX000", "could not open relation with OID 16432"],
    ["40P01", "deadlock detected"],
  ])("that only mean a bad moment have a code of their own: %s %s", (code, message) => {
    const address = parseDatabaseUrl("postgresql://u:p@h/d", "x");
    expect(databaseError({ code, message, severity: "ERROR" }, address, "working")).toMatchObject({
      code: "database.changing",
      hint: expect.stringContaining("quieter time"),
    });
  });
});

describe("TLS", () => {
  it("is made, preferred, verified or refused as libpq would", async () => {
    await using database = await createDatabase();
    const certificate = sharedServer().facts.certificate;
    const encrypted = async (parts: Partial<DatabaseAddress>): Promise<unknown> => {
      await using session = await connect({ ...database.address, ...parts });
      return (
        await session.query("SELECT ssl AS encrypted FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
      )[0]!["encrypted"];
    };
    expect(await encrypted({ sslMode: "disable" })).toBe(false);
    expect(await encrypted({ sslMode: "prefer" })).toBe(true);
    expect(await encrypted({ sslMode: "require" })).toBe(true);
    expect(await encrypted({ sslMode: "verify-ca", sslRootCert: certificate })).toBe(true);
    expect(await failure({ ...database.address, sslMode: "verify-full" })).toMatchObject({
      code: "database.tls",
    });
    expect(
      await failure({ ...database.address, sslMode: "require", sslRootCert: "/no/such/file" }),
    ).toMatchObject({ code: "database.tls", message: expect.stringContaining("/no/such/file") });
  });

  it("of a server without it is refused or done without, as asked", async () => {
    await using plain = await startCluster({ settings: { ssl: "off" } });
    const address = plain.address("postgres", "postgres");
    expect(await failure({ ...address, sslMode: "require" })).toMatchObject({
      code: "database.tls",
      hint: expect.stringContaining("sslmode=disable"),
    });
    await using session = await connect({ ...address, sslMode: "prefer" });
    expect(await session.query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")).toEqual([
      { ssl: false },
    ]);
  });
});

describe("a standby that ends what reads it", () => {
  it("is told as one, with what keeps it from that", () => {
    const address = parseDatabaseUrl("postgresql://u:p@standby.test/d", "x");
    for (const said of ["canceling statement", "terminating connection"]) {
      const error = { severity: "ERROR", code: "40001", message: `${said} due to conflict with recovery` };
      expect(databaseError(error, address, "working")).toMatchObject({
        code: "database.lost",
        hint: expect.stringContaining("hot_standby_feedback"),
      });
    }
  });
});

it("damaged data of the server is told as that, and whose it is", () => {
  const address = parseDatabaseUrl("postgresql://u:p@damaged.test/d", "x");
  const message = "missing chunk number 0 for toast value 19470 in pg_toast_19464";
  expect(databaseError({ severity: "ERROR", code: "XX001", message }, address, "working")).toMatchObject({
    code: "database.query",
    hint: expect.stringMatching(/damaged.*reltoastrelid = 'pg_toast\.pg_toast_19464'::regclass/),
  });
});

describe("a pooler", () => {
  it("that refuses start-up options still gives sessions with every setting", async () => {
    await using database = await createDatabase();
    await database.admin(`ALTER DATABASE ${database.name} SET statement_timeout = '1s'`);
    await using pooler = await startRefusingOptions(database.address);
    await using session = await connect(
      { ...database.address, port: pooler.port, sslMode: "disable" },
      { TimeZone: "Asia/Tokyo" },
    );
    expect(
      await session.query(
        "SELECT current_setting('TimeZone') AS a, current_setting('statement_timeout') AS b",
      ),
    ).toEqual([{ a: "Asia/Tokyo", b: "0" }]);
  });

  it.each([{ bare: true }, { bare: false }])(
    "that drops the options of a URL is found out, and a server that takes them obeyed (%j)",
    async ({ bare }) => {
      await using database = await createDatabase();
      await using pooler = await startPgBouncer(sharedServer().facts, "session");
      const through = parseDatabaseUrl(pooler.url(database.name), "x");
      const opened = (address: DatabaseAddress, options: string) =>
        postgresDatabase({ ...address, options }).connect({ purpose: "test", bare });
      await expect(opened(through, "-c geqo=off")).rejects.toMatchObject({
        code: "database.pooler",
        message: expect.stringContaining("set geqo, and the session has another value"),
      });
      // As written, and as the server writes it; the last of two counts.
      await using session = await opened(database.address, "-c geqo=on -c geqo=OFF -c work_mem=1024");
      expect(await session.query("SHOW work_mem")).toEqual([{ work_mem: "1MB" }]);
      await using backend = await opened(database.address, "-c post_auth_delay=0");
      expect(await backend.query("SHOW post_auth_delay")).toEqual([{ post_auth_delay: "0" }]);
      await using path = await opened(database.address, "-c search_path=app");
      expect(await path.query("SHOW search_path")).toEqual([{ search_path: bare ? "app" : "pg_catalog" }]);
    },
  );

  it("is told from a server, and transaction mode from session mode", async () => {
    await using database = await createDatabase();
    expect(await detectPooler(postgresDatabase(database.address))).toBe("none");
    for (const mode of ["transaction", "session"] as const) {
      await using pooler = await startPgBouncer(sharedServer().facts, mode);
      const address = parseDatabaseUrl(pooler.url(database.name), "x");
      expect(await detectPooler(postgresDatabase(address))).toBe(mode);
      await using session = await connect(address, { TimeZone: "Asia/Tokyo" });
      expect(await session.query("SHOW TimeZone")).toEqual([{ TimeZone: "Asia/Tokyo" }]);
    }
  });
});
