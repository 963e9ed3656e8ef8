import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { DumpTools, LoadRequest } from "../../../../src/ports/dump-tools.ts";
import { startCluster, type Cluster, type TestDatabase } from "../../../support/postgres.ts";
import { newestInstallation } from "../../../support/postgres-binaries.ts";
import { findings, output, said, Vault } from "../../../support/vault.ts";
import { rounds } from "../../../support/sampling.ts";

/**
 * Loading into an empty database: one recipe for proof and restore, and the same bytes give the same
 * database every time.
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

async function backedUp(source: string, sql: string): Promise<TestDatabase> {
  const database = await cluster.createDatabase({ sql, owner: "postgres" });
  await vault.backup(database.adminUrl, { source });
  return database;
}

/** Runs restores into new databases; the verdict of each. */
async function restored(source: string, times: number, jobs: number): Promise<string[]> {
  const verdicts: string[] = [];
  for (let round = 0; round < times; round += 1) {
    await using target = await cluster.createDatabase({ owner: "postgres" });
    const outcome = await vault.restore(target.adminUrl, { source, jobs });
    verdicts.push(`${outcome.exit} ${output(outcome, "first-difference")}`);
  }
  return verdicts;
}

/** A check that looks into a table which is loaded after its own. */
const LOOKING = `
  CREATE TABLE country (code text PRIMARY KEY);
  INSERT INTO country SELECT 'c' || g FROM generate_series(1, 2000) g;
  CREATE FUNCTION known(text) RETURNS boolean LANGUAGE sql STABLE AS
    'SELECT EXISTS (SELECT FROM public.country WHERE code = $1)';
  CREATE TABLE addr (id int, c text CHECK (known(c)));
  INSERT INTO addr SELECT g, 'c' || (1 + g % 2000) FROM generate_series(1, 1000) g
`;

/**
 * A partition's trigger that is off, before its parent's has made it; and indexes that are attached while
 * others are made.
 */
const PARTITIONS = `
  CREATE TABLE m (id int, k int, t text, PRIMARY KEY (k, id)) PARTITION BY RANGE (k);
  CREATE TABLE m_n PARTITION OF m FOR VALUES FROM (0) TO (100) PARTITION BY RANGE (id);
  CREATE TABLE m_n1 PARTITION OF m_n FOR VALUES FROM (0) TO (1000);
  CREATE TABLE m_n2 PARTITION OF m_n FOR VALUES FROM (1000) TO (9999);
  CREATE TABLE m_o PARTITION OF m FOR VALUES FROM (100) TO (200); CREATE INDEX m_t ON m (t);
  CREATE FUNCTION trf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
  CREATE TRIGGER tr BEFORE INSERT ON m FOR EACH ROW EXECUTE FUNCTION trf();
  ALTER TABLE m_n1 DISABLE TRIGGER tr;
  INSERT INTO m SELECT g, 1 + 100 * (g % 2), md5(g::text) FROM generate_series(1, 4000) g
`;

describe("entries that depend on each other in ways pg_dump does not know", () => {
  it("give one verdict every time: a check that reads another table", async () => {
    await using _ = await backedUp("looking", LOOKING);
    expect((await vault.validate({ source: "looking", scratch: cluster.adminUrl(), jobs: 2 })).exit).toBe(0);
    const times = rounds("restores of a check that reads another table", 2, 6);
    expect(await restored("looking", times, 3)).toEqual(Array.from({ length: times }, () => "0 "));
    expect(await restored("looking", 1, 1)).toEqual(["0 "]);
  }, 240_000);

  it("give one verdict every time: partitions with an index, a key and a trigger that is off", async () => {
    await using _ = await backedUp("partitions", PARTITIONS);
    expect((await vault.validate({ source: "partitions", scratch: cluster.adminUrl(), jobs: 3 })).exit).toBe(
      0,
    );
    const times = rounds("restores of partitions", 2, 10);
    expect(await restored("partitions", times, 3)).toEqual(Array.from({ length: times }, () => "0 "));
  }, 240_000);

  it("are tried again by one session in the archive's order, and only those that failed", async () => {
    await using _ = await backedUp("order", LOOKING);
    const asked: LoadRequest[] = [];
    const tools = (real: DumpTools): DumpTools => ({
      ...real,
      load: (request) => (asked.push(request), real.load(request)),
    });
    await using target = await cluster.createDatabase({ owner: "postgres" });
    expect((await vault.restore(target.adminUrl, { source: "order", jobs: 1 }, { tools })).exit).toBe(0);
    expect(
      asked.map(({ entries, jobs }) => [jobs, entries?.map(({ type, rest }) => `${type} ${rest}`)]),
    ).toEqual([
      [1, expect.arrayContaining(["TABLE DATA public addr postgres", "TABLE DATA public country postgres"])],
      [1, ["TABLE DATA public addr postgres"]],
      // Only then what is made on the rows.
      [1, expect.arrayContaining(["CONSTRAINT public country country_pkey postgres"])],
    ]);
  });

  it("that can never be made are reported once, in the words of the first failure", async () => {
    await using _ = await backedUp(
      "never",
      `
        CREATE TABLE t (a int);
        INSERT INTO t VALUES (1);
        CREATE FUNCTION f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
        CREATE TABLE g (a int, b int GENERATED ALWAYS AS (f(a)) STORED);
        INSERT INTO g VALUES (1);
        CREATE OR REPLACE FUNCTION f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a FROM t WHERE a = $1'
      `,
    );
    const validated = await vault.validate({ source: "never", scratch: cluster.adminUrl() });
    expect(validated.exit).toBe(5);
    const reported = findings(validated).filter(({ about }) => about === "pg_restore");
    expect(reported.map(({ name }) => name)).toEqual([
      "TABLE g postgres",
      "TABLE g postgres",
      "TABLE DATA g postgres",
    ]);
    expect(reported[0]!.message).toMatch(
      /relation "t" does not exist.*ALTER FUNCTION f\(…\) SET search_path/s,
    );
  });
});

describe("rows that can only be loaded late", () => {
  /**
   * Values of type regclass name an index, which is made after all rows; triggers stand by then, and these
   * fire even for a replica.
   */
  const LATE = `
    CREATE TABLE audit (what text); CREATE TABLE named (what regclass); CREATE INDEX named_i ON named (what);
    INSERT INTO named VALUES ('named_i'::regclass), ('audit'::regclass);
    CREATE FUNCTION logs() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN INSERT INTO public.audit VALUES (tg_name); RETURN new; END $$;
    CREATE TRIGGER plain BEFORE INSERT ON named FOR EACH ROW EXECUTE FUNCTION logs();
    CREATE TRIGGER always AFTER INSERT ON named FOR EACH ROW EXECUTE FUNCTION logs();
    ALTER TABLE named ENABLE ALWAYS TRIGGER always;
    CREATE TRIGGER replica AFTER INSERT ON named FOR EACH STATEMENT EXECUTE FUNCTION logs();
    ALTER TABLE named ENABLE REPLICA TRIGGER replica
  `;

  it("set off no trigger, whatever its state, and leave it in that state", async () => {
    await using _ = await backedUp("late", LATE);
    const validated = await vault.validate({ source: "late", scratch: cluster.adminUrl() });
    expect({ exit: validated.exit, found: findings(validated) }).toEqual({ exit: 0, found: [] });
    await using target = await cluster.createDatabase({ owner: "postgres" });
    expect((await vault.restore(target.adminUrl, { source: "late" })).exit).toBe(0);
    expect(
      await target.admin(
        "SELECT (SELECT count(*)::int FROM named) AS named, (SELECT count(*)::int FROM audit) AS audit",
      ),
    ).toEqual([{ named: 2, audit: 0 }]);
  });
});

describe("materialized views and event triggers", () => {
  const LOGGED = `
    CREATE TABLE ddl_log (what text);
    CREATE FUNCTION logs() RETURNS event_trigger LANGUAGE plpgsql AS
      $$ BEGIN INSERT INTO public.ddl_log VALUES (tg_tag); END $$;
    CREATE EVENT TRIGGER et ON ddl_command_end EXECUTE FUNCTION logs(); COMMENT ON EVENT TRIGGER et IS 'logs';
    CREATE TABLE doc (sd tsvector);
    INSERT INTO doc VALUES ('word:1');
    CREATE MATERIALIZED VIEW sums AS SELECT count(*) AS n FROM doc;
    CREATE INDEX ON sums (n);
    GRANT SELECT ON sums TO PUBLIC; REFRESH MATERIALIZED VIEW sums
  `;

  it("an audit log of an event trigger holds what the source held, restored anywhere", async () => {
    await using source = await backedUp("logged", LOGGED);
    await vault.backup(source.adminUrl, { source: "logged", tier: "tier1" });
    for (const tier of ["tier1", "tier2"] as const) {
      const validated = await vault.validate({
        source: "logged",
        tier,
        scratch: cluster.adminUrl(),
        jobs: 2,
      });
      expect({ exit: validated.exit, found: findings(validated) }).toEqual({ exit: 0, found: [] });
    }
    for (const mode of ["in-place", "beside"] as const) {
      await using target = await cluster.createDatabase({
        owner: "postgres",
        sql: "CREATE TABLE kept (a int)",
      });
      const outcome = await vault.restore(target.adminUrl, { source: "logged", mode, confirm: target.name });
      expect({ exit: outcome.exit, said: said(outcome) }).toEqual({ exit: 0, said: expect.any(String) });
    }
  });

  // From PostgreSQL 17 on such a view cannot even be made.
  const { major } = newestInstallation();
  const older = major < 17 ? it : it.skip;
  older(
    "a view whose query only works under the database's own search path is filled all " +
      `the same${major < 17 ? "" : ` (NOT RUN: PostgreSQL ${major} makes no such view)`}`,
    async () => {
      await using _ = await backedUp(
        "words",
        `
          CREATE TABLE doc (sd tsvector);
          INSERT INTO doc VALUES ('word:1');
          CREATE MATERIALIZED VIEW words AS SELECT word FROM ts_stat('select sd from doc');
          CREATE MATERIALIZED VIEW of_words AS SELECT count(*) AS n FROM words
        `,
      );
      const validated = await vault.validate({ source: "words", scratch: cluster.adminUrl() });
      expect({ exit: validated.exit, found: findings(validated) }).toEqual({ exit: 0, found: [] });
    },
  );

  older(
    "a view that only works under a path of its source's is filled too, unless a name stands in two " +
      `schemas${major < 17 ? "" : ` (NOT RUN: PostgreSQL ${major} makes no such view)`}`,
    async () => {
      const counted = `
        CREATE SCHEMA app;
        CREATE TABLE app.t (a int);
        INSERT INTO app.t VALUES (1);
        CREATE FUNCTION app.n() RETURNS bigint LANGUAGE plpgsql AS
          'BEGIN RETURN (SELECT count(*) FROM t); END';
        SET search_path = app;
        CREATE MATERIALIZED VIEW app.mv AS SELECT app.n() AS n
      `;
      await using _ = await backedUp("counted", counted);
      const validated = await vault.validate({ source: "counted", scratch: cluster.adminUrl() });
      expect({ exit: validated.exit, found: findings(validated) }).toEqual({ exit: 0, found: [] });
      await using __ = await backedUp(
        "twice",
        `${counted}; CREATE SCHEMA other; CREATE TABLE other.t (a int)`,
      );
      expect((await vault.validate({ source: "twice", scratch: cluster.adminUrl() })).exit).toBe(5);
    },
  );

  const STUCK = `
    CREATE TABLE doc (a int);
    INSERT INTO doc VALUES (1);
    CREATE FUNCTION bad() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM doc';
    CREATE MATERIALIZED VIEW stuck AS SELECT bad() AS n;
    CREATE OR REPLACE FUNCTION bad() RETURNS bigint LANGUAGE plpgsql AS
      $$ BEGIN RETURN (SELECT count(*) FROM gone); END $$
  `;

  it("a view that stays empty says why and what mends it, and the copy can be had with a flag", async () => {
    await using _ = await backedUp("stuck", STUCK);
    const validated = await vault.validate({ source: "stuck", scratch: cluster.adminUrl() });
    expect(validated.exit).toBe(5);
    expect(findings(validated)).toEqual([
      expect.objectContaining({
        severity: "difference",
        about: "table",
        name: "public.stuck",
        message: expect.stringMatching(
          /was populated at the source and is not: relation "gone" .*ALTER FUNCTION .*SET search_path/,
        ),
      }),
    ]);
    await using target = await cluster.createDatabase({
      owner: "postgres",
      sql: "CREATE TABLE kept (a int)",
    });
    const choice = { source: "stuck", mode: "beside", confirm: target.name } as const;
    const refused = await vault.restore(target.adminUrl, choice);
    expect(refused).toMatchObject({
      exit: 5,
      outputs: { "old-database": "" },
      report: { headline: expect.stringContaining("was NOT put in place") },
    });
    const accepted = await vault.restore(target.adminUrl, { ...choice, allowEmptyViews: true });
    expect(accepted).toMatchObject({
      exit: 3,
      outputs: { verdict: "gaps", "old-database": expect.stringContaining("_before_") },
    });
    expect(await target.admin("SELECT count(*)::int AS n FROM doc")).toEqual([{ n: 1 }]);
    await cluster.admin(`DROP DATABASE "${output(accepted, "old-database")}"`);
  });
});
