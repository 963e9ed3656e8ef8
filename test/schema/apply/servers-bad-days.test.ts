import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { isHoldfastError } from "../../../src/kernel/errors.ts";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import { startCluster, type Cluster, type TestDatabase } from "../../support/postgres.ts";
import { eventually, serverAccount, temporaryFolder } from "../../support/tools.ts";
import { mountFillable, whyNot } from "../../support/mounts.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { startStandby } from "../../support/standby.ts";
import { historyOf, migrate, migrationsFolder } from "../support.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster({ settings: { wal_level: "replica", max_wal_senders: "4" } });
});
afterAll(() => cluster[Symbol.asyncDispose]());

const made = (): Promise<TestDatabase> => cluster.createDatabase({ owner: "postgres" });

/** How it ended, in the words that a person reads. */
const said = async (work: Promise<Outcome>): Promise<string> => {
  try {
    const { exit, report } = await work;
    return [String(exit), report.headline, ...report.notes].join(" ");
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return [String(error.exitCode), error.code, error.message, error.hint].join(" ");
  }
};

const TWO = {
  "20260101090000_a.sql": "CREATE TABLE a (id int);\n",
  "20260102090000_b.sql": "INSERT INTO a SELECT g FROM generate_series(1, 10) g;\nCREATE TABLE b ();\n",
};
const THIRD = "20260103090000_c.sql";
const APPLIED = ["20260101090000 applied 1", "20260102090000 applied 2"];

describe("migrate on a server that", () => {
  it("is a standby: refused before anything, with what to do", async () => {
    await using standby = await startStandby(cluster);
    await using database = await made();
    await standby.caughtUp();
    await using folder = migrationsFolder(TWO);
    expect(await said(migrate({ adminUrl: standby.url(database.name) }, folder))).toMatch(
      /^4 database\.unsupported the server is a standby, which takes no changes Give the primary's address/,
    );
  }, 60_000);

  it("gives the role tiny limits of time: they are for applications", async () => {
    await using database = await made();
    for (const [name, value] of [
      ["statement_timeout", "1ms"],
      ["lock_timeout", "1ms"],
      ["idle_in_transaction_session_timeout", "1ms"],
      ["idle_session_timeout", "50ms"],
    ]) {
      await cluster.admin(`ALTER DATABASE ${database.name} SET ${name} = '${value}'`);
    }
    await using folder = migrationsFolder({
      ...TWO,
      [THIRD]: "CREATE INDEX CONCURRENTLY ON a (id);\nSELECT pg_sleep(0.3);\n",
    });
    expect(await said(migrate(database, folder))).toMatch(/^0 3 migrations applied/);
  });

  it("lets the role in twice and no more", async () => {
    await using database = await made();
    const role = `${database.name}_few`;
    await database.query(`
      CREATE ROLE ${role} LOGIN PASSWORD 'x' CONNECTION LIMIT 2;
      GRANT ALL ON DATABASE ${database.name} TO ${role};
      GRANT ALL ON SCHEMA public TO ${role}
    `);
    const url = new URL(database.adminUrl);
    url.username = role;
    url.password = "x";
    await using folder = migrationsFolder(TWO);
    expect(await said(migrate({ adminUrl: url.href }, folder))).toMatch(/^0 2 migrations applied/);
    await database.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`);
  });

  it("ends the session in the middle of a file: told at which, and the next run goes on", async () => {
    const end = "SELECT pg_terminate_backend(pg_backend_pid());\n";
    for (const [begins, history] of [
      ["CREATE TABLE c (id int);\n", APPLIED],
      [
        "CREATE TABLE c (id int);\nCREATE INDEX CONCURRENTLY ON c (id);\n",
        [...APPLIED, "20260103090000 applying 2"],
      ],
    ] as const) {
      await using database = await made();
      await using folder = migrationsFolder({ ...TWO, [THIRD]: `${begins}${end}` });
      expect(await said(migrate(database, folder))).toMatch(
        /^4 20260103090000_c\.sql was not applied to its end: .*57P01.* last of them 20260102090000_b\.sql/,
      );
      expect(await historyOf(database)).toEqual(history);
      folder.write({ [THIRD]: `${begins}CREATE TABLE d ();\n` });
      expect(await said(migrate(database, folder))).toMatch(/^0 1 migration applied/);
    }
  });

  it("has no room for a file: refused at its line, and nothing of it has happened", async () => {
    await using database = await made();
    const big = "CREATE TABLE big AS SELECT g FROM generate_series(1, 200000) g ORDER BY -g;\n";
    await using folder = migrationsFolder({
      ...TWO,
      [THIRD]: `SET work_mem = '64kB';\nSET temp_file_limit = '100kB';\n${big}`,
    });
    expect(await said(migrate(database, folder))).toMatch(
      /^4 20260103090000_c\.sql:3 was refused by .*temp_file_limit.* nothing of 2026\S+ has happened/,
    );
    expect(await historyOf(database)).toEqual(APPLIED);
  });

  const folderOfDisk = temporaryFolder("disk", serverAccount());
  afterAll(() => rm(folderOfDisk, { recursive: true, force: true }));
  const noDisk = whyNot(() => mountFillable(join(folderOfDisk, "try"), 1));
  (noDisk === "" ? it : it.skip)(`has a disk that a file fills${noDisk}`, async () => {
    using disk = mountFillable(join(folderOfDisk, "small"), 48);
    await cluster.admin(`CREATE TABLESPACE small LOCATION '${disk.path}'`);
    await using ending = new AsyncDisposableStack();
    ending.defer(async () => void (await cluster.admin("DROP TABLESPACE small")));
    await using database = await made();
    await cluster.admin(`ALTER DATABASE ${database.name} SET TABLESPACE small`);
    const rows = "INSERT INTO c SELECT generate_series(1, 100000);\n";
    await using folder = migrationsFolder({ ...TWO, [THIRD]: `CREATE TABLE c (id int);\n${rows}` });
    await migrate(database, folder, { to: "20260102090000" });
    const full =
      /could not extend file .*No space left on device.*53100\).* server's disk is full: make room there/;
    disk.leave(1_000_000);
    const whole = await said(migrate(database, folder));
    expect(whole).toMatch(/^4 20260103090000_c\.sql:2 /);
    expect(whole).toMatch(full);
    expect(whole).toMatch(/ nothing of 20260103090000_c\.sql has happened; .*version 20260102090000 /);
    expect(await historyOf(database)).toEqual(APPLIED);
    expect(await database.query("SELECT to_regclass('c') AS c")).toEqual([{ c: null }]);
    disk.leave(30_000_000);
    expect(await said(migrate(database, folder))).toMatch(/^0 1 migration applied/);

    folder.write({
      "20260104090000_d.sql":
        "SET maintenance_work_mem = '64MB';\nALTER TABLE c ADD n int;\n" +
        "CREATE INDEX CONCURRENTLY c_id ON c (id);\nCREATE TABLE d ();\n",
    });
    const indexes = "SELECT indisvalid AS valid FROM pg_index WHERE indrelid = 'c'::regclass";
    disk.leave(1_000_000);
    // The second time it goes on from there, and meets the same.
    for (const _ of [1, 2]) {
      const steps = await said(migrate(database, folder));
      expect(steps).toMatch(/^4 20260104090000_d\.sql:3 /);
      expect(steps).toMatch(full);
      expect(steps).toMatch(/ 2 of 4 statements of 20260104090000_d\.sql done; /);
      expect((await historyOf(database)).at(-1)).toBe("20260104090000 applying 2");
      expect(await database.query(indexes)).toEqual([]);
    }
    disk.leave(30_000_000);
    expect(await said(migrate(database, folder))).toMatch(/^0 1 migration applied/);
    expect((await historyOf(database)).slice(2)).toEqual([
      "20260103090000 applied 2",
      "20260104090000 applied 4",
    ]);
    expect(await database.query(indexes)).toEqual([{ valid: true }]);
  });

  it("has a trigger on everything that is made", async () => {
    await using database = await made();
    await database.query(`
      CREATE FUNCTION no() RETURNS event_trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF tg_tag = 'CREATE SCHEMA' THEN RAISE EXCEPTION 'no schemas here'; END IF;
      END $$;
      CREATE EVENT TRIGGER no ON ddl_command_start EXECUTE FUNCTION no();
    `);
    await using folder = migrationsFolder(TWO);
    expect(await said(migrate(database, folder))).toMatch(
      /^4 database\.query the schema holdfast, .*could not be made: .*no schemas.* let it pass what is made/,
    );
    // Its function finds its table by the role's own search path.
    await database.query(`
      DROP EVENT TRIGGER no;
      CREATE TABLE log (tag text);
      CREATE FUNCTION logged() RETURNS event_trigger LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO log VALUES (tg_tag); END $$;
      CREATE EVENT TRIGGER logged ON ddl_command_end EXECUTE FUNCTION logged()
    `);
    expect(await said(migrate(database, folder))).toMatch(/^0 2 migrations applied/);
    expect(await database.query("SELECT count(*)::int AS n FROM log WHERE tag = 'CREATE TABLE'")).toEqual([
      { n: 6 },
    ]);
    // One that a migration makes, and that lets nothing more be made, is written down all the same.
    folder.write({
      [THIRD]: `
        CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS $$
          BEGIN RAISE EXCEPTION 'frozen'; END $$;
        CREATE EVENT TRIGGER frozen ON ddl_command_start EXECUTE FUNCTION f();
      `,
    });
    expect(await said(migrate(database, folder))).toMatch(/^0 1 migration applied/);
    expect(await historyOf(database)).toEqual([...APPLIED, "20260103090000 applied 2"]);
  });

  it("has no place for one more session: nothing is changed, and what to do is said", async () => {
    await using database = await made();
    const role = `${database.name}_one`;
    await database.query(`
      CREATE ROLE ${role} LOGIN PASSWORD 'x' CONNECTION LIMIT 1;
      GRANT ALL ON DATABASE ${database.name} TO ${role};
      GRANT ALL ON SCHEMA public TO ${role}
    `);
    const url = new URL(database.adminUrl);
    url.username = role;
    url.password = "x";
    await using folder = migrationsFolder(TWO);
    expect(await said(migrate({ adminUrl: url.href }, folder))).toMatch(
      /^4 database\.unreachable .*53300.* no free connection slots/,
    );
    expect(await historyOf(database)).toEqual([]);
    await database.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`);
  });

  it("is cut off in the middle of a file: the next run goes on", async () => {
    await using database = await made();
    const url = new URL(database.adminUrl);
    await using proxy = await startTcpProxy(Number(url.port));
    url.port = String(proxy.port);
    await using folder = migrationsFolder({ ...TWO, [THIRD]: "SELECT pg_sleep(60);\n" });
    const running = said(migrate({ adminUrl: url.href }, folder));
    await eventually("the file to be at work", async () => {
      const rows = await database.query(
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query ~ '^SELECT pg_sleep'",
      );
      return rows.length > 0;
    });
    proxy.cut(true);
    expect(await running).toMatch(/^4 20260103090000_c\.sql was not applied to its end: .*connection broke/);
    expect(await historyOf(database)).toEqual(APPLIED);
    folder.write({ [THIRD]: "CREATE TABLE c ();\n" });
    // The server notices by itself that nobody listens any more; until then the lease is its session's.
    expect(await said(migrate(database, folder, { wait: 60_000 }))).toMatch(/^0 1 migration applied/);
  }, 90_000);

  it("shuts down: nobody is let in any more, and a run says so", async () => {
    await using database = await made();
    await using folder = migrationsFolder(TWO);
    // A session that stays keeps a smart shutdown waiting, and everybody else is turned away.
    const staying = cluster.admin("SELECT pg_sleep(3)");
    await eventually("it to be there", async () => {
      const rows = await database.query("SELECT 1 FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep'");
      return rows.length > 0;
    });
    process.kill(cluster.pid, "SIGTERM");
    await eventually("the server to turn people away", () =>
      Promise.resolve(/shutdown request/.test(cluster.log)),
    );
    expect(await said(migrate(database, folder))).toMatch(
      /^4 database\.unreachable .*57P03.* starting up or shutting down/,
    );
    await staying;
    await cluster.restart();
    expect(await said(migrate(database, folder))).toMatch(/^0 2 migrations applied/);
  }, 60_000);
});
