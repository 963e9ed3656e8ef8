import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from "@jest/globals";
import { inSequence } from "../../../../src/kernel/pattern.ts";
import { startCluster, type Cluster, type TestDatabase } from "../../../support/postgres.ts";
import { expectRefusal, said, Vault } from "../../../support/vault.ts";

/**
 * Things that only a superuser may make, and a role that is none: beside, that is told and refused before the
 * copy is made.
 */

const SQL = `
  CREATE TABLE public.t AS SELECT g AS a FROM generate_series(1, 9) g;
  CREATE FUNCTION public.ev() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
  CREATE EVENT TRIGGER et ON sql_drop EXECUTE FUNCTION public.ev();
  COMMENT ON EVENT TRIGGER et IS 'watches';
  CREATE PUBLICATION wide FOR ALL TABLES;
  CREATE PUBLICATION narrow FOR TABLE public.t;
  CREATE PUBLICATION bare;
  CREATE PUBLICATION whole FOR TABLES IN SCHEMA public;
  CREATE OPERATOR FAMILY public.fam USING btree;
  CREATE FOREIGN DATA WRAPPER wrap;
  CREATE SERVER far FOREIGN DATA WRAPPER wrap;
  CREATE FOREIGN TABLE public.away (a int) SERVER far; CREATE VIEW public.seen AS SELECT a FROM public.away;
  CREATE TEXT SEARCH TEMPLATE public.simply (LEXIZE = dsimple_lexize);
`;

const NAMED = [
  "EVENT TRIGGER et",
  "PUBLICATION wide",
  "PUBLICATION TABLES IN SCHEMA",
  "OPERATOR FAMILY public fam",
  "FOREIGN DATA WRAPPER wrap",
  "SERVER far",
  "FOREIGN TABLE public away",
  "VIEW public seen",
  "TEXT SEARCH TEMPLATE public simply",
];

let cluster: Cluster;
let vault: Vault;
let database: TestDatabase;

beforeAll(async () => {
  cluster = await startCluster();
  vault = await Vault.make();
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});
beforeEach(async () => {
  database = await cluster.createDatabase();
  await database.admin(SQL);
});
afterEach(async () => {
  await database.drop();
});

const databases = async (): Promise<unknown> =>
  await cluster.admin("SELECT datname FROM pg_database ORDER BY 1");

describe("a restore beside by a role that may not make everything", () => {
  it("is refused before the copy is made, in its dry run's words, also where it is there", async () => {
    await vault.backup(database.adminUrl, { source: "beside" });
    await cluster.admin("ALTER ROLE holdfast CREATEDB");
    await database.admin("DROP FOREIGN TABLE public.away CASCADE; DROP SERVER far");
    const choice = {
      source: "beside",
      mode: "beside",
      confirm: database.name,
      noOwner: true,
      noPrivileges: true,
      safetyBackup: false,
    } as const;
    const before = await databases();
    const planned = await vault.restore(database.url, { ...choice, dryRun: true });
    const [refused, ...others] = planned.report.tables[0]!.rows.filter(
      ([what]) => what === "would refuse",
    ).map(([, why]) => String(why));
    expect([planned.exit, others]).toEqual([4, []]);
    for (const name of NAMED) expect(refused).toContain(name);
    expect(refused).not.toMatch(/narrow|bare|TABLE public t\b/);
    expect(said(planned)).not.toContain("expect it to be missing");
    const error = await expectRefusal(vault.restore(database.url, choice), {
      code: "database.permission",
      exit: 4,
      says: "and mode beside puts no copy in place that lacks something",
      hint: /--allow-gaps/,
    });
    expect(`${error.message}. ${error.hint}`).toBe(refused);
    expect(await databases()).toEqual(before);

    const restored = await vault.restore(database.url, { ...choice, allowGaps: true });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 3,
      said: expect.stringContaining("et | gap: is missing"),
    });
    expect(restored.outputs["old-database"]).not.toBe("");
    expect(await database.admin("SELECT count(*)::int AS n FROM public.t")).toEqual([{ n: 9 }]);
  });

  it("is excused for what may not be made, and for nothing else of the same name", async () => {
    // The operator class may not be made; the table, which has its name, is lost for another reason.
    const same = await cluster.createDatabase();
    await same.admin(`
      CREATE FUNCTION public.vec(int) RETURNS int LANGUAGE sql SET log_min_messages = 'panic' AS 'SELECT 1';
      CREATE TABLE public.vec (a int, b int DEFAULT public.vec(-1));
      INSERT INTO public.vec SELECT g FROM generate_series(1, 500) g;
      CREATE OPERATOR CLASS public.vec FOR TYPE int4 USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =,
        OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int4, int4)
    `);
    await vault.backup(same.adminUrl, { source: "same" });
    await cluster.admin("ALTER ROLE holdfast CREATEDB");
    const choice = {
      source: "same",
      mode: "beside",
      confirm: same.name,
      noOwner: true,
      noPrivileges: true,
      safetyBackup: false,
      allowGaps: true,
    } as const;
    const restored = await vault.restore(same.url, choice);
    expect([restored.exit, restored.outputs["old-database"], said(restored)]).toEqual([
      5,
      "",
      expect.stringContaining("table public.vec is missing (the source held 500 rows)"),
    ]);
    expect(await same.admin("SELECT count(*)::int AS n FROM public.vec")).toEqual([{ n: 500 }]);
    await same.drop();
  });

  it("is told of functions that only a superuser may make, and of what needs them", async () => {
    const own = await cluster.createDatabase();
    await own.admin(`
      CREATE TABLE public.t AS SELECT 1 AS a;
      CREATE FUNCTION public.f(n int) RETURNS int LANGUAGE internal IMMUTABLE STRICT AS 'int4abs';
      CREATE FUNCTION public.f(n text) RETURNS int LANGUAGE sql AS 'SELECT 1';
      CREATE FUNCTION public."c odd ("(VARIADIC "a, b" int[]) RETURNS int LANGUAGE c AS '$libdir/plpgsql',
        'plpgsql_call_handler';
      CREATE FUNCTION public.tight(int) RETURNS bool LANGUAGE sql LEAKPROOF AS 'SELECT true';
      CREATE FUNCTION public.backed(int) RETURNS int LANGUAGE sql SUPPORT generate_series_int4_support AS
        'SELECT 1';
      CREATE CAST (text AS int4range) WITH INOUT;
      CREATE FUNCTION public.to_box(text) RETURNS box LANGUAGE sql AS 'SELECT NULL::box';
      CREATE CAST (text AS box) WITH FUNCTION public.to_box(text);
      CREATE TYPE public.mine AS (a int);
      CREATE CAST (public.mine AS text) WITH INOUT;
      ALTER TYPE public.mine OWNER TO holdfast;
      CREATE PROCEDURE public.p(OUT a int) LANGUAGE internal AS 'pg_backend_pid';
      CREATE TABLE public.u (a int CHECK (public.f(a) > 0));
      CREATE AGGREGATE public.agg(int) (SFUNC = int4pl, STYPE = int4);
      CREATE AGGREGATE public.f(bigint) (SFUNC = int8pl, STYPE = int8)
    `);
    await vault.backup(own.adminUrl, { source: "functions" });
    await cluster.admin("ALTER ROLE holdfast CREATEDB");
    const choice = {
      source: "functions",
      mode: "beside",
      confirm: own.name,
      noOwner: true,
      noPrivileges: true,
      safetyBackup: false,
    } as const;
    const before = await databases();
    const error = await expectRefusal(vault.restore(own.url, choice), {
      code: "database.permission",
      exit: 4,
      says: "and mode beside puts no copy in place that lacks something",
      hint: /--allow-gaps/,
    });
    for (const name of ["f(integer)", "c odd ((integer[])", "tight(integer)", "backed(integer)"]) {
      expect(error.message).toContain(`FUNCTION public ${name} (the server lets only a superuser make one)`);
    }
    expect(error.message).toMatch(/PROCEDURE public p\(/);
    for (const cast of ["text AS int4range", "text AS box"]) {
      expect(error.message).toContain(`CAST (${cast}) (the server lets only a superuser make one)`);
    }
    expect(error.message).not.toContain("public.mine");
    expect(error.message).toContain("TABLE public u (it needs FUNCTION public f(integer))");
    expect(error.message).not.toMatch(/f\(text\)|AGGREGATE|TABLE public t\b/);
    expect(await databases()).toEqual(before);
    expect(said(await vault.restore(own.url, { ...choice, mode: "in-place", dryRun: true }))).toMatch(
      inSequence(
        /lets only a superuser make the function in the untrusted language internal /,
        /f\(integer\), p\(.*expect it to be missing/,
      ),
    );

    const restored = await vault.restore(own.url, { ...choice, allowGaps: true });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 3,
      said: expect.stringContaining("public.f(n integer) | gap: is missing: it may not be made here"),
    });
    expect(
      await own.admin(`
        SELECT public.f('x') AS f, to_regclass('public.u')::text AS u,
               (SELECT count(*)::int FROM public.t) AS n
      `),
    ).toEqual([{ f: 1, u: null, n: 1 }]);

    // A function of the same name that is lost for another reason is no gap.
    await cluster.admin(`DROP DATABASE "${String(restored.outputs["old-database"])}"`);
    await own.admin(`
      CREATE FUNCTION public.g(int) RETURNS int LANGUAGE internal AS 'int4abs';
      CREATE FUNCTION public.g(text) RETURNS int LANGUAGE sql SET log_min_messages = 'panic' AS 'SELECT 1'
    `);
    await vault.backup(own.adminUrl, { source: "functions" });
    const lost = await vault.restore(own.url, { ...choice, allowGaps: true });
    expect({ exit: lost.exit, said: said(lost) }).toEqual({
      exit: 5,
      said: expect.stringContaining("function | public.g(text) | is missing"),
    });
    expect(said(lost)).toContain("public.g(integer) | gap: is missing");
    await own.drop();
  });

  it("is excused for what follows from what may not be made, such as its indexes and checks", async () => {
    const own = await cluster.createDatabase();
    await own.admin(`
      CREATE FUNCTION public.f(n int) RETURNS int LANGUAGE internal IMMUTABLE STRICT AS 'int4abs';
      CREATE TABLE public.u (id serial PRIMARY KEY, a int CHECK (public.f(a) > 0));
      INSERT INTO public.u (a) VALUES (1);
      CREATE TABLE public.parts (a int) PARTITION BY RANGE (public.f(a));
      CREATE TABLE public.part PARTITION OF public.parts DEFAULT;
      CREATE INDEX ON public.parts (a);
      INSERT INTO public.parts VALUES (1);
      CREATE DOMAIN public.d AS int CHECK (public.f(VALUE) > 0);
      CREATE TABLE public.kept AS SELECT 1 AS a
    `);
    await vault.backup(own.adminUrl, { source: "follows" });
    await cluster.admin("ALTER ROLE holdfast CREATEDB");
    const choice = {
      source: "follows",
      mode: "beside",
      confirm: own.name,
      noOwner: true,
      noPrivileges: true,
      safetyBackup: false,
      allowGaps: true,
    } as const;
    const restored = await vault.restore(own.url, choice);
    const found = restored.outputs["findings"] as unknown as {
      severity: string;
      about: string;
      name: string;
    }[];
    expect({
      exit: restored.exit,
      differences: found.filter(({ severity }) => severity === "difference"),
    }).toEqual({ exit: 3, differences: [] });
    const gaps = found.map(({ about, name }) => `${about} ${name}`);
    for (const gap of [
      "sequence public.u_id_seq",
      "index public.u_pkey",
      "table public.part",
      "index public.part_a_idx",
      "constraint public.d.d_check",
    ]) {
      expect(gaps).toContain(gap);
    }
    expect(
      await own.admin("SELECT (SELECT a FROM public.kept) AS kept, (SELECT a FROM public.part) AS part"),
    ).toEqual([{ kept: 1, part: 1 }]);
    await own.drop();
  });

  it("is not refused where the role may make it all the same, or where nothing is of that kind", async () => {
    await database.admin(`
      DROP EVENT TRIGGER et;
      DROP PUBLICATION wide;
      DROP PUBLICATION whole;
      DROP OPERATOR FAMILY public.fam USING btree;
      DROP FOREIGN DATA WRAPPER wrap CASCADE;
      DROP TEXT SEARCH TEMPLATE public.simply
    `);
    await vault.backup(database.adminUrl, { source: "plain" });
    await cluster.admin("ALTER ROLE holdfast CREATEDB");
    const choice = {
      source: "plain",
      mode: "beside",
      confirm: database.name,
      noOwner: true,
      noPrivileges: true,
      safetyBackup: false,
    } as const;
    const planned = await vault.restore(database.url, { ...choice, dryRun: true });
    expect([planned.exit, said(planned)]).toEqual([0, expect.not.stringContaining("would refuse")]);
    const restored = await vault.restore(database.url, choice);
    expect([restored.exit, restored.outputs["findings"]]).toEqual([0, []]);
  });

  it("is told of extensions that a new database may not get", async () => {
    const [untrusted] = (await cluster.admin(`
      SELECT name
        FROM pg_available_extension_versions
       WHERE superuser AND NOT trusted AND name IN ('pageinspect', 'pg_freespacemap', 'file_fdw')
       ORDER BY 1
       LIMIT 1
    `)) as { name: string }[];
    await database.admin(`DROP EVENT TRIGGER et; CREATE EXTENSION ${untrusted!.name}`);
    await vault.backup(database.adminUrl, { source: "extension" });
    await cluster.admin("ALTER ROLE holdfast CREATEDB");
    const planned = await vault.restore(database.url, {
      source: "extension",
      mode: "beside",
      confirm: database.name,
      dryRun: true,
    });
    expect(said(planned)).toContain(
      `PostgreSQL lets only a superuser make the extension ${untrusted!.name} in a new database`,
    );
  });
});

describe("a restore in place by a role that may not make everything", () => {
  it("names what it may not make, brings all else, and is a gap where that was accepted", async () => {
    await vault.backup(database.adminUrl, { source: "place" });
    await using target = await cluster.createDatabase();
    const choice = { source: "place", noOwner: true, noPrivileges: true } as const;
    expect(said(await vault.restore(target.url, { ...choice, dryRun: true }))).toContain(
      "PostgreSQL lets only a superuser make the event trigger et",
    );
    const restored = await vault.restore(target.url, { ...choice, allowGaps: true });
    const findings = restored.outputs["findings"] as { severity: string; about: string; name: string }[];
    expect({
      exit: restored.exit,
      differences: findings.filter(({ severity }) => severity === "difference"),
    }).toEqual({ exit: 3, differences: [] });
    expect(await target.query("SELECT count(*)::int AS n FROM public.t")).toEqual([{ n: 9 }]);
  });
});
