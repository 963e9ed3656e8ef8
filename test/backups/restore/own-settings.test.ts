import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { postgresDatabase } from "../../../src/adapters/postgres/database.ts";
import { loadingSettings } from "../../../src/backups/copy/loading/loading-settings.ts";
import { startCluster, type Cluster, type TestDatabase } from "../../support/postgres.ts";
import { findings, output, Vault } from "../../support/vault.ts";

/**
 * Settings that belong to a database or a role are for its applications: no backup, proof or restore may fail
 * or differ for them.
 */

/** What triggers, arrays, dates, intervals, policies and materialized views make of them. */
const CONTENT = String.raw`
  CREATE TABLE things (id int PRIMARY KEY, words text[], numbers int[], at timestamptz, span interval,
    day date, price float8, bytes bytea, doc xml, note text);
  INSERT INTO things
    VALUES (1, ARRAY['a', NULL, 'NULL', ''], '{1,NULL}', '2026-02-03 04:05:06.7+02',
    '-1 year -2 mons +3 days -04:05:06', '2026-02-03', 0.1 + 0.2, '\x00ff5c', '<a>x</a>', E'a\\b''c'),
    (2, NULL, '{}', 'infinity', '1 day -00:00:01', '0044-03-15 BC', '-Infinity', '', NULL, NULL);
  CREATE TABLE guarded (id int);
  INSERT INTO guarded VALUES (1), (2);
  ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
  CREATE POLICY half ON guarded USING (id = 1);
  CREATE VIEW shown AS
    SELECT id, words[1] AS word
      FROM things
     WHERE id IS NOT NULL AND note IS DISTINCT FROM 'x';
  CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS n, max(span) AS longest FROM things;
  CREATE INDEX things_day ON things (day, lower(note));
  CREATE SEQUENCE numbers START 7;
  SELECT nextval('numbers');
  CREATE FUNCTION plus(a int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN a + 1; END $$;
  CREATE TABLE small (id int PRIMARY KEY, thing int REFERENCES things DEFERRABLE,
    twice int GENERATED ALWAYS AS (id * 2) STORED);
  INSERT INTO small SELECT g, 1 FROM generate_series(1, 50) g;
`;

/** Settings every role may have. */
const ANY: Readonly<Record<string, string>> = {
  default_transaction_read_only: "on",
  default_transaction_isolation: "serializable",
  default_transaction_deferrable: "on",
  statement_timeout: "1s",
  lock_timeout: "1s",
  idle_in_transaction_session_timeout: "1s",
  idle_session_timeout: "1s",
  row_security: "off",
  check_function_bodies: "on",
  search_path: "nowhere",
  default_tablespace: "",
  default_table_access_method: "heap",
  array_nulls: "off",
  transform_null_equals: "on",
  standard_conforming_strings: "off",
  escape_string_warning: "on",
  backslash_quote: "off",
  quote_all_identifiers: "on",
  DateStyle: "SQL, DMY",
  IntervalStyle: "sql_standard",
  TimeZone: "Asia/Kathmandu",
  extra_float_digits: "-15",
  bytea_output: "escape",
  xmlbinary: "hex",
  xmloption: "document",
  client_encoding: "LATIN1",
  client_min_messages: "error",
  exit_on_error: "on",
  work_mem: "64kB",
  maintenance_work_mem: "1MB",
  temp_buffers: "800kB",
  effective_io_concurrency: "0",
  max_parallel_workers: "0",
  max_parallel_workers_per_gather: "4",
  force_parallel_mode: "on",
  enable_hashjoin: "off",
  enable_indexonlyscan: "off",
  from_collapse_limit: "1",
  join_collapse_limit: "1",
  plan_cache_mode: "force_generic_plan",
  constraint_exclusion: "on",
  cursor_tuple_fraction: "1",
  synchronous_commit: "off",
  gin_fuzzy_search_limit: "1",
  password_encryption: "md5",
  default_toast_compression: "pglz",
  tcp_keepalives_idle: "1",
  vacuum_freeze_min_age: "0",
};

/** Settings that only a superuser can give a database. */
const SUPERUSERS: Readonly<Record<string, string>> = {
  session_replication_role: "replica",
  log_statement: "all",
  log_min_duration_statement: "0",
  lc_messages: "C",
  lc_monetary: "C",
  temp_file_limit: "1MB",
  track_functions: "all",
  deadlock_timeout: "1s",
};

let cluster: Cluster;
let vault: Vault;

beforeAll(async () => {
  cluster = await startCluster();
  vault = await Vault.make();
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

async function withSettings(settings: Readonly<Record<string, string>>): Promise<TestDatabase> {
  const database = await cluster.createDatabase({ sql: CONTENT });
  const known = new Set(
    (await cluster.admin("SELECT name FROM pg_settings WHERE context IN ('user', 'superuser')")).map((row) =>
      String(row["name"]).toLowerCase(),
    ),
  );
  for (const [name, value] of Object.entries(settings)) {
    if (known.has(name.toLowerCase())) {
      await cluster.admin(`ALTER DATABASE ${database.name} SET ${name} = '${value}'`);
    }
  }
  return database;
}

async function expectWhole(database: TestDatabase, url: string): Promise<void> {
  const id = output(await vault.backup(url), "id");
  const proved = await vault.validate({ backup: id, depth: "restored" });
  expect([findings(proved), proved.outputs["verdict"]]).toEqual([[], "proved"]);
  for (const mode of ["in-place", "beside"] as const) {
    const restored = await vault.restore(url, {
      backup: id,
      confirm: database.name,
      mode,
      jobs: 2,
      safetyBackup: false,
    });
    expect([mode, restored.report.tables, restored.exit]).toEqual([mode, [], 0]);
  }
}

describe("a database with settings of its own", () => {
  it("is backed up, proved, restored in place and beside, whatever they do to an application", async () => {
    await using database = await withSettings(ANY);
    await expectWhole(database, database.url);
  }, 120_000);

  it("is too with those that only a superuser may give it", async () => {
    await using database = await withSettings(SUPERUSERS);
    await expectWhole(database, database.adminUrl);
  }, 120_000);

  it("sends pg_restore only what is otherwise there, and when it counts as lost", async () => {
    await using plain = await cluster.createDatabase();
    const whenLost = {
      tcp_keepalives_idle: "60",
      tcp_keepalives_interval: "15",
      tcp_keepalives_count: "4",
      tcp_user_timeout: "120000",
    };
    expect(await loadingSettings(postgresDatabase(plain.address))).toEqual(whenLost);
    await cluster.admin(`
      ALTER DATABASE ${plain.name} SET default_transaction_read_only = on;
      ALTER ROLE holdfast IN DATABASE ${plain.name} SET array_nulls = off;
      ALTER DATABASE ${plain.name} SET work_mem = '1MB'
    `);
    expect(await loadingSettings(postgresDatabase(plain.address))).toEqual({
      ...whenLost,
      array_nulls: "on",
      default_transaction_read_only: "off",
    });
  });
});
