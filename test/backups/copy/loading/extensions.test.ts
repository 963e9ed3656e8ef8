import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { ownInstallation, type OwnInstallation } from "../../../support/own-installation.ts";
import { startCluster, type Cluster, type TestDatabase } from "../../../support/postgres.ts";
import { expectRefusal, findings, output, said, Vault } from "../../../support/vault.ts";

/**
 * Extensions whose files are there and that the server refuses to make all the same: pg_cron and TimescaleDB
 * want to be preloaded.
 */

const CRON = `
  CREATE SCHEMA cron;
  CREATE SEQUENCE cron.jobid_seq;
  CREATE TABLE cron.job (id bigint PRIMARY KEY DEFAULT nextval('cron.jobid_seq'), command text);
  SELECT pg_catalog.pg_extension_config_dump('cron.job', '');
  SELECT pg_catalog.pg_extension_config_dump('cron.jobid_seq', '');
  CREATE FUNCTION cron.now_and_then() RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'soon'::text $$;
`;
const REFUSAL =
  "DO $$ BEGIN RAISE EXCEPTION 'fake_cron can only be loaded via shared_preload_libraries'; END $$;";

let installation: OwnInstallation;
let cluster: Cluster;
let source: TestDatabase;
let vault: Vault;

beforeAll(async () => {
  installation = ownInstallation();
  installation.provide("fake_cron", CRON);
  installation.provide(
    "fake_app",
    "CREATE FUNCTION app_says() RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT cron.now_and_then() $$;",
    "requires = 'fake_cron'\nrelocatable = true",
  );
  cluster = await startCluster({ installation });
  source = await cluster.createDatabase({
    owner: "postgres",
    sql: `
      CREATE EXTENSION fake_cron;
      CREATE SCHEMA app;
      CREATE EXTENSION fake_app SCHEMA app;
      INSERT INTO cron.job (command) VALUES ('vacuum');
      CREATE TABLE plain AS SELECT 1 AS a;
      CREATE TABLE uses (a int, b text DEFAULT app.app_says())
    `,
  });
  vault = await Vault.make();
  await vault.backup(source.adminUrl);
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

describe("an extension that the server makes", () => {
  it("is proved and restored with rows and sequence, also what needs it in the archive", async () => {
    installation.provide("fake_cron", CRON);
    const validated = await vault.validate({ scratch: cluster.adminUrl() });
    expect({ exit: validated.exit, found: findings(validated) }).toEqual({ exit: 0, found: [] });
    await using target = await cluster.createDatabase({ owner: "postgres" });
    expect((await vault.restore(target.adminUrl)).exit).toBe(0);
    expect(
      await target.admin("SELECT command, (SELECT last_value::int FROM cron.jobid_seq) AS at FROM cron.job"),
    ).toEqual([{ command: "vacuum", at: 1 }]);
  });
});

describe("a sequence of an extension that is here, which no column owns", () => {
  it("keeps its value where another extension is missing", async () => {
    installation.provide(
      "fake_numbers",
      `
        CREATE SCHEMA numbers;
        CREATE SEQUENCE numbers.invoice;
        SELECT pg_catalog.pg_extension_config_dump('numbers.invoice', '')
      `,
    );
    // Its marked table stands beside the sequence, as if that were its own.
    installation.provide(
      "fake_gone",
      "CREATE TABLE numbers.gone (a int); SELECT pg_catalog.pg_extension_config_dump('numbers.gone', '')",
    );
    await using database = await cluster.createDatabase({
      owner: "postgres",
      sql: `
        CREATE EXTENSION fake_numbers;
        CREATE EXTENSION fake_gone;
        SELECT setval('numbers.invoice', 500);
        CREATE TABLE plain AS SELECT 1 AS a
      `,
    });
    await using own = await Vault.make();
    await own.backup(database.adminUrl);
    installation.provide(
      "fake_gone",
      "DO $$ BEGIN RAISE EXCEPTION 'fake_gone is not for this server'; END $$;",
    );
    const validated = await own.validate({
      scratch: cluster.adminUrl(),
      acceptGaps: ["extension fake_gone"],
    });
    expect({ exit: validated.exit, found: findings(validated) }).toEqual({ exit: 0, found: [] });
    await using target = await cluster.createDatabase({ owner: "postgres" });
    const restored = await own.restore(target.adminUrl, { allowGaps: true });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 3,
      said: expect.not.stringContaining("numbers.invoice"),
    });
    expect(await target.admin("SELECT last_value::int AS at FROM numbers.invoice")).toEqual([{ at: 500 }]);
  });
});

describe("a rehearsal of an extension", () => {
  it("is held in a schema of its own, whoever has one of a like name", async () => {
    // The nearer of two functions is called: whoever owns the schema could be.
    installation.provide(
      "fake_plain",
      "CREATE FUNCTION pick(bigint) RETURNS int LANGUAGE sql AS 'SELECT 1'; SELECT pick(1);",
      "relocatable = true",
    );
    await using database = await cluster.createDatabase({
      owner: "postgres",
      sql: "CREATE EXTENSION fake_plain; CREATE TABLE plain AS SELECT 1 AS a",
    });
    await using own = await Vault.make();
    await own.backup(database.adminUrl);
    await using target = await cluster.createDatabase({
      owner: "postgres",
      sql: `
        CREATE SCHEMA holdfast_rehearsal;
        CREATE FUNCTION holdfast_rehearsal.pick(int) RETURNS int LANGUAGE plpgsql AS
          $$ BEGIN RAISE EXCEPTION 'captured'; END $$
      `,
    });
    expect(
      (await own.restore(target.adminUrl, { confirm: target.name, dryRun: true })).outputs["plan"],
    ).toMatchObject({ mode: "beside" });
    expect(
      await target.admin("SELECT nspname::text AS name FROM pg_namespace WHERE nspname LIKE 'holdfast%'"),
    ).toEqual([{ name: "holdfast_rehearsal" }]);
  });
});

describe("an extension that the server refuses although its files are there", () => {
  beforeAll(() => installation.provide("fake_cron", REFUSAL));

  it("makes gaps of itself, what needs it, its tables and sequences, in the server's words", async () => {
    const validated = await vault.validate({ scratch: cluster.adminUrl() });
    const found = findings(validated);
    expect(found.filter(({ severity }) => severity === "difference")).toEqual([]);
    expect(validated).toMatchObject({ exit: 3, outputs: { verdict: "gaps" } });
    expect(found).toContainEqual({
      severity: "gap",
      about: "extension",
      name: "fake_cron",
      message: expect.stringContaining(
        "could not be created here, so what depends on it could not be proved: " +
          "fake_cron can only be loaded via shared_preload_libraries",
      ),
    });
    expect(found).toContainEqual(
      expect.objectContaining({ severity: "gap", about: "table", name: "cron.job" }),
    );
    expect(found).toContainEqual(
      expect.objectContaining({ severity: "gap", about: "sequence", name: "cron.jobid_seq" }),
    );
    expect(found).toContainEqual(
      expect.objectContaining({ severity: "gap", about: "extension", name: "fake_app" }),
    );
    expect(found).toContainEqual(
      expect.objectContaining({ severity: "gap", about: "table", name: "public.uses" }),
    );
    expect(validated.report.headline).toContain("fake_cron");
  });

  it("goes with its unowned sequences where accepted; its table, which held rows, by name", async () => {
    const names = ["extension fake_cron", "extension fake_app", "table cron.job"];
    const validated = await vault.validate({ scratch: cluster.adminUrl(), acceptGaps: names });
    expect({ exit: validated.exit, said: said(validated), found: findings(validated) }).toEqual({
      exit: 0,
      said: expect.stringContaining("accepted gaps"),
      found: [],
    });
  });

  it("stops a restore before anything is touched; a copy without it needs gaps to be allowed", async () => {
    await using target = await cluster.createDatabase({
      owner: "postgres",
      sql: "CREATE TABLE kept (a int)",
    });
    const choice = { confirm: target.name, mode: "beside" } as const;
    await expect(vault.restore(target.adminUrl, choice)).rejects.toMatchObject({
      code: "database.lacks",
      message: expect.stringContaining("fake_cron can only be loaded"),
    });
    const allowed = await vault.restore(target.adminUrl, { ...choice, allowGaps: true });
    expect({ exit: allowed.exit, old: output(allowed, "old-database"), said: said(allowed) }).toEqual({
      exit: 3,
      old: expect.stringContaining("_before_"),
      said: expect.stringContaining("with gaps"),
    });
    expect(await target.admin("SELECT a FROM plain")).toEqual([{ a: 1 }]);
    await cluster.admin(`DROP DATABASE "${output(allowed, "old-database")}"`);
  });

  it("is refused at once in a copy beside where only the target has it, which stays as it was", async () => {
    installation.provide("fake_cron", CRON);
    await using target = await cluster.createDatabase({
      owner: "postgres",
      sql: "CREATE EXTENSION fake_cron; CREATE TABLE kept (a int)",
    });
    installation.provide("fake_cron", REFUSAL);
    await expectRefusal(vault.restore(target.adminUrl, { confirm: target.name, mode: "beside" }), {
      code: "database.lacks",
      exit: 4,
      says: /a new database on the target server cannot have .*fake_cron 1.0 \(fake_cron can only be loaded/,
      hint: /--mode in-place.*--allow-gaps.*as it was/,
    });
    expect(
      await target.admin(
        `
          SELECT to_regclass('kept') IS NOT NULL AS kept,
                 (SELECT count(*)::int FROM pg_database WHERE datname LIKE $1) AS copies
        `,
        [`${target.name}\\_%`],
      ),
    ).toEqual([{ kept: true, copies: 0 }]);
  });

  it("is told from one that others have merely left things of, before anything is touched", async () => {
    installation.provide("fake_cron", CRON);
    await using target = await cluster.createDatabase({
      owner: "postgres",
      sql: "CREATE SCHEMA cron; CREATE TABLE cron.job (a int)",
    });
    expect((await vault.restore(target.adminUrl, { confirm: target.name, mode: "in-place" })).exit).toBe(0);
    expect(await target.admin("SELECT command FROM cron.job")).toEqual([{ command: "vacuum" }]);
  });
});
