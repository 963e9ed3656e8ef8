import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { postgresDatabase } from "../../../src/adapters/postgres/database.ts";
import { Secret } from "../../../src/kernel/secret.ts";
import { PINNED_SETTINGS } from "../../../src/nouns/server/pinned-settings.ts";
import { clearScope } from "../../../src/backups/restore/clear/clear.ts";
import { foreseeRefusals } from "../../../src/backups/restore/foreseen-refusals.ts";
import { Refusals } from "../../../src/backups/restore/care/refusals.ts";
import { lockTarget, requireUnlocked } from "../../../src/backups/restore/target/target-lock.ts";
import type { Database } from "../../../src/ports/database.ts";
import { testPorts } from "../../support/test-ports.ts";
import { startCluster, type Cluster } from "../../support/postgres.ts";
import { expectForeseen, said, Vault } from "../../support/vault.ts";
import { casesInTurn } from "../../support/sampling.ts";
import { testInTurn } from "../../support/cases-in-turn.ts";

/**
 * What a restore would end with after its plan: a dry run names it, and a restore ends with it before the
 * safety backup and everything else.
 */

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

const inTurn = testInTurn("refusals that are foreseen", 3);

describe("a backup of one schema, in place", () => {
  const SHOP = `
    CREATE SCHEMA shop;
    CREATE TABLE shop.orders (id int PRIMARY KEY);
    CREATE VIEW shop.recent AS SELECT id FROM shop.orders;
    CREATE TYPE shop.mood AS ENUM ('a')
  `;

  it.each(
    casesInTurn(
      "what would go along with a schema",
      [
        [
          "a foreign key",
          "CREATE TABLE public.bills (id int REFERENCES shop.orders)",
          "constraint bills_id_fkey on table public.bills",
        ],
        [
          "a view over a view",
          `
        CREATE VIEW public.one AS SELECT id FROM shop.recent;
        CREATE VIEW public.two AS SELECT id FROM public.one
      `,
          "view public.one, view public.two",
        ],
        [
          "a column's type",
          "CREATE TABLE public.bills (id int, m shop.mood)",
          "column m of table public.bills",
        ],
        [
          "a default",
          "CREATE SEQUENCE shop.s; CREATE TABLE public.bills (id int DEFAULT nextval('shop.s'))",
          "default value for column id of table public.bills",
        ],
        [
          "an extension and what needs it",
          "CREATE EXTENSION citext SCHEMA shop; CREATE TABLE public.bills (c shop.citext)",
          "column c of table public.bills",
        ],
        [
          "a partition",
          "CREATE TABLE shop.p (a int) PARTITION BY LIST (a); CREATE TABLE public.p1 PARTITION OF shop.p " +
            "DEFAULT",
          "table public.p1",
        ],
      ],
      { every: 3 },
    ),
  )("is refused in the dry run where %s outside of it would go along", async (name, sql, gone) => {
    await using database = await cluster.createDatabase({ owner: "postgres" });
    await database.admin(SHOP);
    const source = `one ${name}`.replaceAll(/\W+/g, "-");
    expect((await vault.backup(database.adminUrl, { schemas: ["shop"], source })).exit).toBe(0);
    await database.admin(sql);
    const planned = await vault.restore(database.adminUrl, { source, confirm: database.name, dryRun: true });
    const refused = planned.report.tables[0]!.rows.filter(([what]) => what === "would refuse").map(
      ([, why]) => String(why),
    );
    expect(refused).toEqual([
      expect.stringContaining("replacing the backup's schemas would destroy what other schemas have: "),
    ]);
    for (const each of gone.split(", ")) expect(refused[0]).toContain(each);
    // What is foreseen is what the server does: the drop itself takes along the same.
    const words = refused[0]!.replace(/\. Nothing was changed[\s\S]*$/, "");
    await using session = await postgresDatabase(database.adminAddress).connect({
      purpose: "look",
      settings: PINNED_SETTINGS,
    });
    const scope = { includeSchemas: ["shop"], excludeSchemas: [] };
    await expect(clearScope(session, scope, [], testPorts().log)).rejects.toMatchObject({
      code: "refused.outside-scope",
      message: words,
    });
    await expectForeseen(
      vault,
      database.adminUrl,
      { source, confirm: database.name },
      { code: "refused.outside-scope", exit: 7, says: words, hint: /--what data/ },
    );
  });

  inTurn("is not refused where nothing outside hangs on it", async () => {
    await using database = await cluster.createDatabase({ owner: "postgres" });
    await database.admin(`
      ${SHOP};
      CREATE TABLE shop.bills (id int REFERENCES shop.orders, m shop.mood);
      CREATE TABLE public.own (id int);
      CREATE VIEW shop.over AS SELECT id FROM public.own
    `);
    expect((await vault.backup(database.adminUrl, { schemas: ["shop"], source: "alone" })).exit).toBe(0);
    const planned = await vault.restore(database.adminUrl, {
      source: "alone",
      confirm: database.name,
      dryRun: true,
    });
    expect({ good: planned.report.good, said: said(planned) }).toEqual({
      good: true,
      said: expect.not.stringContaining("would refuse"),
    });
    expect((await vault.restore(database.adminUrl, { source: "alone", confirm: database.name })).exit).toBe(
      0,
    );
  });
});

describe("the role that restores", () => {
  inTurn("is told that it may not make the roles that are lacking", async () => {
    await cluster.admin("CREATE ROLE painter");
    await using source = await cluster.createDatabase({ owner: "postgres" });
    await source.admin("CREATE TABLE public.papers (id int); ALTER TABLE public.papers OWNER TO painter");
    expect((await vault.backup(source.adminUrl, { source: "roles" })).exit).toBe(0);
    await source.drop();
    await cluster.admin("DROP ROLE painter");
    await using target = await cluster.createDatabase();
    await expectForeseen(
      vault,
      target.url,
      { source: "roles", createRoles: true },
      {
        code: "database.permission",
        exit: 4,
        says: "role holdfast may not create the roles that the target lacks: painter",
        hint: /^Give it CREATEROLE, or .* Nothing was touched\.$/,
      },
    );
  });

  inTurn("is told that it may not empty another's schema; what goes with an extension is none", async () => {
    await cluster.admin("CREATE ROLE stranger");
    await using database = await cluster.createDatabase({ sql: "CREATE TABLE public.t (a int)" });
    await vault.backup(database.url, { source: "emptied" });
    const choice = {
      source: "emptied",
      mode: "in-place",
      confirm: database.name,
      safetyBackup: false,
    } as const;
    expect((await vault.restore(database.url, { ...choice, dryRun: true })).exit).toBe(0);
    await database.admin(
      "CREATE SCHEMA theirs AUTHORIZATION stranger; CREATE TABLE theirs.kept AS SELECT 1 AS a",
    );
    await expectForeseen(vault, database.url, choice, {
      code: "database.permission",
      exit: 4,
      says: "role holdfast may not empty the target: stranger owns theirs there",
      hint: /as that owner or a superuser/,
    });
    expect(await database.admin("SELECT a FROM theirs.kept")).toEqual([{ a: 1 }]);
    await database.admin("DROP SCHEMA theirs CASCADE");
    await cluster.admin("DROP ROLE stranger");
  });

  it.each(
    casesInTurn(
      "what of another role cannot be emptied",
      [
        [
          "an extension",
          "CREATE EXTENSION pg_stat_statements",
          /^role holdfast may not empty the target: postgres owns extension pg_stat_statements there$/,
        ],
        [
          "large objects",
          "SELECT lo_create(4711); SELECT lo_create(4712)",
          /postgres owns large object 4711, large object 4712 there$/,
        ],
        [
          "a type in a public that stays",
          `
        ALTER SCHEMA public OWNER TO postgres;
        GRANT CREATE ON SCHEMA public TO holdfast;
        CREATE TYPE public.theirs AS ENUM ('a')
      `,
          /others own type public\.theirs there$/,
        ],
        [
          "a table in a public that stays",
          `
        ALTER SCHEMA public OWNER TO postgres;
        GRANT CREATE ON SCHEMA public TO holdfast;
        CREATE TABLE public.theirs (a int)
      `,
          /others own table public\.theirs there$/,
        ],
      ],
      { every: 2 },
    ),
  )("is told that it may not empty the target, where %s in it is another's", async (name, sql, says) => {
    await using database = await cluster.createDatabase({ sql: "CREATE TABLE public.t (a int)" });
    const source = `of others ${name}`.replaceAll(/\W+/g, "-");
    await vault.backup(database.url, { source });
    const choice = { source, mode: "in-place", confirm: database.name, safetyBackup: false } as const;
    await database.admin(sql);
    await expectForeseen(vault, database.url, choice, {
      code: "database.permission",
      exit: 4,
      says,
      hint: /as that owner or a superuser/,
    });
    expect((await vault.restore(database.adminUrl, { ...choice, noOwner: true, dryRun: true })).exit).toBe(0);
  });

  inTurn("is told what stays because it is another's, which the comparison names then", async () => {
    await using database = await cluster.createDatabase({ sql: "CREATE TABLE public.t (a int)" });
    await vault.backup(database.url, { source: "staying" });
    const choice = {
      source: "staying",
      mode: "in-place",
      confirm: database.name,
      safetyBackup: false,
    } as const;
    await database.admin(`
      CREATE PUBLICATION theirs FOR ALL TABLES;
      CREATE FOREIGN DATA WRAPPER w;
      CREATE SERVER s FOREIGN DATA WRAPPER w
    `);
    const told =
      "the target has what belongs to other roles, which this one cannot drop: " +
      "publication theirs, foreign server s, foreign-data wrapper w. It stays";
    expect(said(await vault.restore(database.url, { ...choice, dryRun: true }))).toContain(told);
    const restored = await vault.restore(database.url, choice);
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 5,
      said: expect.stringContaining("publication | theirs | exists, but not at the source"),
    });
    expect(
      said(await vault.restore(database.adminUrl, { ...choice, noOwner: true, dryRun: true })),
    ).not.toContain("belongs to other roles");
  });

  inTurn("is told of prepared transactions, whose locks nobody can end", async () => {
    await using own = await startCluster({ settings: { max_prepared_transactions: "2" } });
    await using database = await own.createDatabase({ sql: "CREATE TABLE public.t (a int)" });
    await vault.backup(database.url, { source: "prepared" });
    await database.admin("BEGIN; LOCK TABLE public.t; PREPARE TRANSACTION 'held'");
    for (const mode of ["in-place", "beside"] as const) {
      const planned = await vault.restore(database.url, {
        source: "prepared",
        mode,
        confirm: database.name,
        safetyBackup: false,
        dryRun: true,
      });
      expect(said(planned)).toContain("prepared transactions are open in the target, held, and");
    }
    await database.admin("ROLLBACK PREPARED 'held'");
  });

  inTurn("is told that it may not take the safety backup", async () => {
    await using source = await cluster.createDatabase({ sql: "CREATE TABLE public.papers (id int)" });
    expect((await vault.backup(source.url, { source: "safety" })).exit).toBe(0);
    await source.admin("CREATE SCHEMA hidden; CREATE TABLE hidden.secrets (id int)");
    await expectForeseen(
      vault,
      source.url,
      { source: "safety", confirm: source.name },
      {
        code: "database.permission",
        exit: 4,
        says:
          "no safety backup of the target can be made: the role holdfast may not read " +
          "table hidden.secrets",
        hint: /--no-safety-backup/,
      },
    );
    const without = await vault.restore(source.url, {
      source: "safety",
      confirm: source.name,
      safetyBackup: false,
      dryRun: true,
    });
    expect(said(without)).not.toContain("no safety backup of the target can be made");
  });

  inTurn("is told of no refusal where it could not be asked, but of what kept it from that", async () => {
    await using database = await cluster.createDatabase({
      owner: "postgres",
      sql: "CREATE TABLE public.papers (id int)",
    });
    const target = postgresDatabase(database.adminAddress);
    await using holder = await target.connect({ purpose: "hold" });
    const [server] = await holder.query<{ version: string }>(
      "SELECT current_setting('server_version_num') AS version",
    );
    await holder.query("BEGIN");
    await holder.query("LOCK TABLE pg_catalog.pg_largeobject_metadata IN ACCESS EXCLUSIVE MODE");
    const impatient: Database = {
      address: target.address,
      connect: (options) => target.connect({ ...options, settings: { lock_timeout: "200ms" } }),
    };
    const facts = { role: "postgres", major: Math.floor(Number(server!.version) / 10_000) };
    const plan = {
      request: { target: impatient, createRoles: false, part: "whole", tables: [] },
      target: { facts, empty: false },
      mode: "beside",
      safetyBackup: true,
    };
    await expect(
      foreseeRefusals(
        plan as unknown as Parameters<typeof foreseeRefusals>[0],
        new Refusals(true),
        testPorts(),
      ),
    ).rejects.toMatchObject({ code: "database.lock-timeout" });
    await holder.query("ROLLBACK");
    const refusals = new Refusals(true);
    await foreseeRefusals(plan as unknown as Parameters<typeof foreseeRefusals>[0], refusals, testPorts());
    expect(refusals.found).toEqual([]);
  });
});

describe("another restore that is under way", () => {
  inTurn("is told in the dry run, as far as the role may see of it", async () => {
    await using database = await cluster.createDatabase({
      owner: "postgres",
      sql: `
        CREATE TABLE t (a int);
        CREATE ROLE watching LOGIN PASSWORD 'w';
        GRANT ALL ON SCHEMA public TO watching
      `,
    });
    expect((await vault.backup(database.adminUrl, { source: "held" })).exit).toBe(0);
    await using _ = await lockTarget(postgresDatabase(database.adminAddress));
    const choice = { source: "held", confirm: database.name, mode: "in-place", safetyBackup: false } as const;
    await expectForeseen(vault, database.adminUrl, choice, {
      code: "lock.held",
      exit: 6,
      says: `another restore into ${database.name} is under way (role postgres from 127.0.0.1`,
      hint: /pg_stat_activity/,
    });
    await using session = await postgresDatabase({
      ...database.adminAddress,
      user: "watching",
      password: new Secret("w"),
    }).connect({ purpose: "look", settings: PINNED_SETTINGS });
    await expect(requireUnlocked(session, postgresDatabase(database.adminAddress))).rejects.toMatchObject({
      message: `another restore into ${database.name} is under way (role postgres)`,
    });
  });
});
