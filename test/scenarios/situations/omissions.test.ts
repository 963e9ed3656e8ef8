import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { startCluster, type Cluster } from "../../support/postgres.ts";
import { withExtensions } from "../../support/extensible-postgres.ts";
import { serverAccount, temporaryFolder } from "../../support/tools.ts";
import { findings, said, Vault } from "../../support/vault.ts";
import { rm } from "node:fs/promises";
import { detach } from "./situation.ts";

/**
 * What pg_dump leaves out without failing, and extensions that will not be made: named, never passed over.
 */

let folder: string;
let cluster: Cluster;
let vault: Vault;
const READER = "archivist";

beforeAll(async () => {
  folder = temporaryFolder("extensions", serverAccount());
  const installation = withExtensions(folder, [
    {
      name: "hf_ledger",
      sql: `
        CREATE TABLE ledger_plain (id int, note text);
        CREATE TABLE ledger_marked (id int, shipped boolean);
        INSERT INTO ledger_marked VALUES (1, true);
        SELECT pg_catalog.pg_extension_config_dump('ledger_marked', 'WHERE NOT shipped');
      `,
    },
    {
      name: "hf_clock",
      sql: `
        DO $$
        BEGIN
          IF current_database() !~ '^clock' THEN
            RAISE EXCEPTION
              'hf_clock can only be created in database clock';
            END IF;
        END $$;
        CREATE TABLE clock_job (id serial PRIMARY KEY, command text);
        SELECT pg_catalog.pg_extension_config_dump('clock_job', '');
        SELECT pg_catalog.pg_extension_config_dump('clock_job_id_seq', '');
      `,
    },
    {
      name: "hf_parts",
      sql: `
        CREATE TABLE part_config (parent text PRIMARY KEY, period text);
        SELECT pg_catalog.pg_extension_config_dump('part_config', '');
      `,
    },
    {
      name: "pg_cron",
      sql: `
        CREATE SCHEMA cron;
        CREATE TABLE cron.job (jobid bigserial PRIMARY KEY, username text NOT NULL DEFAULT current_user);
        ALTER TABLE cron.job ENABLE ROW LEVEL SECURITY;
        CREATE POLICY cron_job_policy ON cron.job USING (username = CURRENT_USER);
        GRANT USAGE ON SCHEMA cron TO PUBLIC;
        GRANT SELECT ON ALL TABLES IN SCHEMA cron TO PUBLIC;
        GRANT SELECT ON ALL SEQUENCES IN SCHEMA cron TO PUBLIC;
        SELECT pg_catalog.pg_extension_config_dump('cron.job', '');
        SELECT pg_catalog.pg_extension_config_dump('cron.job_jobid_seq', '');
      `,
      control: "default_version = '1.0'\nrelocatable = false\nschema = pg_catalog\ntrusted = true\n",
    },
  ]);
  cluster = await startCluster({ installation });
  vault = await Vault.make();
  await cluster.admin(`CREATE ROLE ${READER} LOGIN PASSWORD 'archive'; GRANT pg_read_all_data TO ${READER}`);
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const asReader = (database: string): string =>
  cluster.adminUrl(database).replace(/\/\/[^/@]*@/, `//${READER}:archive@`);

/** Backs up, and tells whether backup, list, proof and restore speak of something. */
async function spokenOf(
  url: string,
  source: string,
): Promise<{ backup: string; validate: string; restore: string; verdicts: unknown[] }> {
  const made = await vault.backup(url, { source });
  expect(made.exit).toBe(0);
  const validated = await vault.validate({ source, depth: "restored", scratch: cluster.adminUrl() });
  await using target = await cluster.createDatabase({ owner: "postgres" });
  const restored = await vault.restore(target.adminUrl, { source, allowGaps: true });
  await detachAll();
  return {
    backup: said(made),
    validate: `${said(validated)}\n${JSON.stringify(findings(validated))}`,
    restore: said(restored),
    verdicts: [validated.outputs["verdict"], restored.outputs["verdict"]],
  };
}

describe("what a dump leaves out is named by backup, proof and restore", () => {
  it("2: options of user mappings that the backing up role may not see", async () => {
    await using database = await cluster.createDatabase({
      owner: "postgres",
      sql: `
        CREATE EXTENSION postgres_fdw;
        CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'h');
        CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (user 'u', password 'hidden-1');
        CREATE USER MAPPING FOR postgres SERVER far OPTIONS (user 'v', password 'hidden-2');
        CREATE TABLE t (a int);
        INSERT INTO t VALUES (1);
      `,
    });
    const spoken = await spokenOf(asReader(database.name), "mappings");
    for (const words of [spoken.backup, spoken.validate, spoken.restore]) expect(words).toMatch(/mapping/i);
    expect(spoken.verdicts).toEqual(["gaps", "gaps"]);
    expect(JSON.stringify(spoken)).not.toContain("hidden-");
  });

  it("3: subscriptions, which only a superuser can dump", async () => {
    await using database = await cluster.createDatabase({
      owner: "postgres",
      sql: `
        CREATE TABLE t (a int);
        CREATE SUBSCRIPTION far_news CONNECTION 'host=nowhere.invalid dbname=x' PUBLICATION p
          WITH (connect = false);
      `,
    });
    await using _ = { [Symbol.asyncDispose]: () => detachAll() };
    const spoken = await spokenOf(asReader(database.name), "news");
    for (const words of [spoken.backup, spoken.validate, spoken.restore]) {
      expect(words).toMatch(/subscription.*far_news|far_news.*subscription/is);
    }
    expect(spoken.verdicts).toEqual(["gaps", "gaps"]);
  });

  it("4: rows in an extension's tables unmarked or left out by the mark; tables added to it", async () => {
    await using database = await cluster.createDatabase({
      owner: "postgres",
      sql: `
        CREATE EXTENSION hf_ledger;
        INSERT INTO ledger_plain VALUES (1, 'mine');
        CREATE INDEX ledger_note ON ledger_plain (note);
        UPDATE ledger_marked SET id = 77 WHERE shipped;
        INSERT INTO ledger_marked VALUES (2, false);
        CREATE TABLE adopted (a int);
        INSERT INTO adopted VALUES (1);
        ALTER EXTENSION hf_ledger ADD TABLE adopted;
      `,
    });
    const spoken = await spokenOf(database.adminUrl, "ledger");
    // Whether CREATE EXTENSION makes an index, or the rows that a mark leaves out, shows only in a copy.
    for (const table of ["ledger_plain", "adopted"]) expect(spoken.backup).toContain(table);
    for (const words of [spoken.validate, spoken.restore]) {
      for (const name of ["ledger_plain", "ledger_marked", "adopted", "ledger_note"]) {
        expect(words).toContain(name);
      }
    }
    expect(spoken.verdicts).toEqual(["gaps", "gaps"]);
  });
});

describe("an extension", () => {
  it("whose script makes policies on its tables loses none; a changed one is named", async () => {
    await using database = await cluster.createDatabase({
      owner: "postgres",
      sql: "CREATE EXTENSION pg_cron; INSERT INTO cron.job (username) VALUES ('a'), ('b')",
    });
    const made = await vault.backup(database.adminUrl, { source: "cron" });
    expect([made.exit, made.outputs["gaps"]]).toEqual([0, 0]);
    expect(
      (await vault.validate({ source: "cron", depth: "restored", scratch: cluster.adminUrl() })).outputs[
        "verdict"
      ],
    ).toBe("proved");
    await database.admin(
      "ALTER POLICY cron_job_policy ON cron.job USING (username = CURRENT_USER OR username = 'b')",
    );
    expect(said(await vault.backup(database.adminUrl, { source: "cron" }))).toContain(
      "policy | cron_job_policy on cron.job | is not in this backup",
    );
  });

  it("keeps rows where a role that restores may not write: not proved, and no failure", async () => {
    await cluster.admin("CREATE ROLE tenant LOGIN CREATEDB BYPASSRLS PASSWORD 'tenant'");
    await using database = await cluster.createDatabase({
      owner: "postgres",
      sql: `
        CREATE EXTENSION pg_cron;
        INSERT INTO cron.job (username) VALUES ('a'), ('b');
        CREATE TABLE t (a int);
        INSERT INTO t VALUES (1);
        ALTER TABLE t OWNER TO tenant
      `,
    });
    await vault.backup(database.adminUrl, { source: "tenant" });
    const validated = await vault.validate({
      source: "tenant",
      depth: "restored",
      scratch: cluster.adminUrl().replace(/\/\/[^/@]*@/, "//tenant:tenant@"),
    });
    const found = findings(validated).filter(({ about }) => about === "table" || about === "sequence");
    expect({
      verdict: validated.outputs["verdict"],
      found,
      differences: findings(validated).filter(({ severity }) => severity === "difference"),
    }).toEqual({
      verdict: "gaps",
      differences: [],
      found: ["table", "sequence"].map((about) =>
        expect.objectContaining({
          severity: "gap",
          about,
          message: expect.stringMatching(
            /the role that restores may not write it here \(permission denied for/,
          ),
        }),
      ),
    });
  });

  it("12: that the server will not create is a gap with its tables and sequences, or restored", async () => {
    await using database = await cluster.createDatabase({
      name: "clock",
      owner: "postgres",
      sql: `
        CREATE EXTENSION hf_clock;
        INSERT INTO clock_job (command) VALUES ('vacuum');
        CREATE TABLE t (a int);
        INSERT INTO t VALUES (1);
      `,
    });
    await vault.backup(database.adminUrl, { source: "clock" });
    const validated = await vault.validate({
      source: "clock",
      depth: "restored",
      scratch: cluster.adminUrl(),
    });
    expect({ verdict: validated.outputs["verdict"], words: said(validated) }).toEqual({
      verdict: "gaps",
      words: expect.stringContaining("hf_clock"),
    });
    expect(findings(validated).filter((finding) => finding.severity === "difference")).toEqual([]);
    await using other = await cluster.createDatabase({ owner: "postgres" });
    const restored = await vault.restore(other.adminUrl, { source: "clock", allowGaps: true });
    expect({ verdict: restored.outputs["verdict"], words: said(restored) }).toEqual({
      verdict: "gaps",
      words: expect.stringContaining("hf_clock"),
    });
    expect(await other.query("SELECT a FROM t")).toEqual([{ a: 1 }]);
    await database.admin("DELETE FROM clock_job; DELETE FROM t");
    const inPlace = await vault.restore(database.adminUrl, {
      source: "clock",
      mode: "in-place",
      confirm: "clock",
      safetyBackup: false,
    });
    expect([inPlace.exit, said(inPlace)]).toEqual([0, expect.stringContaining("everything as it was")]);
    expect(await database.query("SELECT command FROM clock_job")).toEqual([{ command: "vacuum" }]);
  });

  it("37: that keeps its configuration in a marked table, and makes partitions, is proved", async () => {
    await using database = await cluster.createDatabase({
      owner: "postgres",
      sql: `
        CREATE SCHEMA partman;
        CREATE EXTENSION hf_parts SCHEMA partman;
        CREATE TABLE log (at date NOT NULL, n int) PARTITION BY RANGE (at);
        CREATE TABLE log_template (LIKE log);
        CREATE TABLE log_p1 PARTITION OF log FOR VALUES FROM ('2026-01-01') TO ('2026-01-02');
        CREATE TABLE log_default PARTITION OF log DEFAULT;
        INSERT INTO log SELECT '2026-01-01'::date + g % 2, g FROM generate_series(1, 41) g;
        INSERT INTO partman.part_config VALUES ('public.log', '1 day');
      `,
    });
    await vault.backup(database.adminUrl, { source: "parts" });
    expect(
      (await vault.validate({ source: "parts", depth: "restored", scratch: cluster.adminUrl() })).exit,
    ).toBe(0);
    await using other = await cluster.createDatabase({ owner: "postgres" });
    expect((await vault.restore(other.adminUrl, { source: "parts" })).exit).toBe(0);
    expect(await other.query("SELECT parent FROM partman.part_config")).toEqual([{ parent: "public.log" }]);
  });
});

describe("13: a subscription in the backup", () => {
  it("takes no verdict away, leaves nothing on a scratch server, is restored in place too", async () => {
    await using database = await cluster.createDatabase({
      owner: "postgres",
      sql: `
        CREATE TABLE t (a int);
        INSERT INTO t VALUES (1);
        CREATE SUBSCRIPTION news CONNECTION 'host=nowhere.invalid dbname=x' PUBLICATION p
          WITH (connect = false, slot_name = 'news_slot');
      `,
    });
    await using _ = { [Symbol.asyncDispose]: () => detachAll() };
    expect((await vault.backup(database.adminUrl, { source: "subscribed" })).exit).toBe(0);
    for (const scratch of [undefined, cluster.adminUrl()]) {
      const validated = await vault.validate({
        source: "subscribed",
        depth: "restored",
        ...(scratch === undefined ? {} : { scratch }),
      });
      expect([validated.exit, validated.outputs["verdict"], said(validated)]).toEqual([
        0,
        "proved",
        expect.anything(),
      ]);
    }
    expect(
      await cluster.admin("SELECT datname FROM pg_database WHERE datname LIKE 'holdfast_scratch%'"),
    ).toEqual([]);
    const restore = (mode: "in-place" | "beside") =>
      vault.restore(database.adminUrl, {
        source: "subscribed",
        mode,
        confirm: database.name,
        safetyBackup: false,
      });
    const inPlace = await restore("in-place");
    expect([inPlace.exit, said(inPlace)]).toEqual([0, expect.anything()]);
    const beside = await restore("beside");
    expect([beside.exit, said(beside)]).toEqual([0, expect.anything()]);
  });
});

/** A database with a subscription cannot be dropped, also not at the end of a test that failed. */
async function detachAll(): Promise<void> {
  for (const { name } of await cluster.admin(
    "SELECT DISTINCT d.datname AS name FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid",
  )) {
    await detach(cluster, { name: String(name) });
  }
}
