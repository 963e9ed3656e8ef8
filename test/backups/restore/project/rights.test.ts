import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { startSupabase, type Project, type SupabaseServer } from "../../../support/supabase/supabase.ts";
import { said, Vault } from "../../../support/vault.ts";
import { testInTurn } from "../../../support/cases-in-turn.ts";

/** Rights that were taken away at the source, which a new project gives of itself. */

let supabase: SupabaseServer;
let vault: Vault;

beforeAll(async () => {
  supabase = await startSupabase();
  vault = await Vault.make();
});
afterAll(async () => {
  await supabase[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

/** Backs a project up after some SQL, and brings it into a new one. */
async function brought(name: string, sql: string, by: "query" | "admin" = "query"): Promise<Project> {
  await using source = await supabase.project();
  await source.query("CREATE TABLE public.notes (id int PRIMARY KEY); INSERT INTO public.notes VALUES (1)");
  await source[by](sql);
  expect((await vault.backup(source.url, { source: name })).exit).toBe(0);
  const project = await supabase.project();
  const restored = await vault.restore(project.url, { source: name });
  expect({ exit: restored.exit, said: said(restored) }).toEqual({
    exit: 0,
    said: expect.stringContaining("everything as it was"),
  });
  return project;
}

const inTurn = testInTurn("rights in a project", 3);

describe("rights of future objects", () => {
  const MAY = `
    SELECT has_table_privilege('anon', 'public.later', 'SELECT') AS anon,
           has_table_privilege('service_role', 'public.later', 'SELECT') AS service
  `;

  it.each([
    [
      "taken away wholly",
      "REVOKE ALL ON TABLES FROM postgres, anon, authenticated, service_role",
      { anon: false, service: false },
    ],
    ["taken away in part", "REVOKE ALL ON TABLES FROM anon, authenticated", { anon: false, service: true }],
  ])("%s at the source are so at the target", async (_, words, may) => {
    await using project = await brought(
      "future",
      `ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public ${words}`,
    );
    await project.query("CREATE TABLE public.later (id int)");
    expect(await project.query(MAY)).toEqual([may]);
  });

  inTurn(
    "of every schema, and of another role of the user's at the target, are the source's too",
    async () => {
      await using source = await supabase.project();
      await source.query("CREATE TABLE public.notes (id int PRIMARY KEY)");
      expect((await vault.backup(source.url, { source: "global" })).exit).toBe(0);
      await using project = await supabase.project();
      await supabase.cluster.admin("CREATE ROLE painter; GRANT painter TO postgres");
      await project.query(`
      ALTER DEFAULT PRIVILEGES FOR ROLE postgres GRANT SELECT ON TABLES TO anon;
      ALTER DEFAULT PRIVILEGES FOR ROLE postgres REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
      ALTER DEFAULT PRIVILEGES FOR ROLE painter IN SCHEMA public GRANT ALL ON TABLES TO anon
    `);
      const restored = await vault.restore(project.url, { source: "global" });
      expect({ exit: restored.exit, said: said(restored) }).toEqual({
        exit: 0,
        said: expect.stringContaining("everything as it was"),
      });
      const left = `
      SELECT count(*)::int AS n
        FROM pg_default_acl
       WHERE defaclnamespace = 0 OR defaclrole = 'painter'::regrole
    `;
      expect(await project.query(left)).toEqual([{ n: 0 }]);
      // What the platform's own roles give of what they make is theirs to say.
      const theirs = `
      SELECT count(*)::int AS n
        FROM pg_default_acl
       WHERE defaclrole = 'supabase_admin'::regrole AND defaclnamespace = 'public'::regnamespace
    `;
      expect(await project.query(theirs)).toEqual(await source.query(theirs));
    },
  );
});

describe("rights on the schema public", () => {
  const MAY = `
    SELECT has_schema_privilege('anon', 'public', 'USAGE') AS anon,
           has_schema_privilege('authenticated', 'public', 'USAGE') AS authenticated
  `;

  inTurn("that were taken away at the source stay away, and the others stay", async () => {
    await using project = await brought("usage", "REVOKE USAGE ON SCHEMA public FROM anon, PUBLIC", "admin");
    expect(await project.query(MAY)).toEqual([{ anon: false, authenticated: true }]);
    await expect(project.api("anon", "SELECT FROM public.notes")).rejects.toThrow(
      /permission denied for schema public/,
    );
  });

  inTurn("go back to the source's where the target gave more", async () => {
    await using source = await supabase.project();
    expect((await vault.backup(source.url, { source: "more" })).exit).toBe(0);
    await using project = await supabase.project();
    await project.query("GRANT CREATE ON SCHEMA public TO anon");
    const restored = await vault.restore(project.url, { source: "more" });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining("everything as it was"),
    });
    expect(
      await project.query(`
        SELECT has_schema_privilege('anon', 'public', 'CREATE') AS makes,
               has_schema_privilege('anon', 'public', 'USAGE') AS uses
      `),
    ).toEqual([{ makes: false, uses: true }]);
  });
});

describe("memberships of roles that are there on both sides", () => {
  inTurn("are given where they are gone, and one that the target has besides is named", async () => {
    await supabase.cluster.admin(`
      CREATE ROLE readers;
      CREATE ROLE bob;
      CREATE ROLE eve;
      GRANT readers TO bob;
      GRANT bob TO authenticated
    `);
    await using source = await supabase.project();
    await source.query("CREATE TABLE public.papers (id int); GRANT SELECT ON public.papers TO readers");
    expect((await vault.backup(source.url, { source: "members" })).exit).toBe(0);
    await supabase.cluster.admin(
      "REVOKE readers FROM bob; REVOKE bob FROM authenticated; GRANT readers TO eve",
    );
    await using project = await supabase.project();
    const restored = await vault.restore(project.url, { source: "members" });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining(
        "role eve is a member of readers here, other than at the source; where it should not be: " +
          'REVOKE "readers" FROM "eve"',
      ),
    });
    expect(
      await project.query(`
        SELECT pg_has_role('bob', 'readers', 'MEMBER') AS bob,
               pg_has_role('authenticated', 'bob', 'MEMBER') AS api
      `),
    ).toEqual([{ bob: true, api: true }]);
  });
});

describe("attributes of roles that are there on both sides", () => {
  inTurn("are left as they are, and named where they are others", async () => {
    await supabase.cluster.admin("CREATE ROLE worker LOGIN CREATEDB CONNECTION LIMIT 5; CREATE ROLE idler");
    await using source = await supabase.project();
    await source.query("CREATE TABLE public.work (id int); GRANT SELECT ON public.work TO worker, idler");
    expect((await vault.backup(source.url, { source: "attributes" })).exit).toBe(0);
    await supabase.cluster.admin(
      "ALTER ROLE worker NOLOGIN NOCREATEDB NOINHERIT CREATEROLE CONNECTION LIMIT -1",
    );
    await using project = await supabase.project();
    const restored = await vault.restore(project.url, { source: "attributes" });
    expect({
      exit: restored.exit,
      notes: restored.report.notes.filter((note) => /^role (?:worker|idler) /.test(note)),
    }).toEqual({
      exit: 0,
      notes: [
        "role worker lacks CREATEDB, lacks LOGIN, lacks INHERIT, has CREATEROLE, has connection limit -1 " +
          "here, other than at the source",
      ],
    });
    expect(
      await project.query(
        "SELECT rolcanlogin AS login, rolcreaterole AS makes FROM pg_roles WHERE rolname = 'worker'",
      ),
    ).toEqual([{ login: false, makes: true }]);
  });
});

describe("rights on what is the user's", () => {
  inTurn("that somebody had passed on are given in his name", async () => {
    await supabase.cluster.admin("CREATE ROLE lender; CREATE ROLE borrower; CREATE ROLE reader");
    await using source = await supabase.project();
    await source.query(`
      CREATE TABLE public.lent (id int);
      GRANT SELECT ON public.lent TO lender WITH GRANT OPTION;
      GRANT SELECT, INSERT ON public.lent TO reader
    `);
    await source.admin("SET ROLE lender; GRANT SELECT ON public.lent TO borrower");
    expect((await vault.backup(source.url, { source: "lent" })).exit).toBe(0);
    await using project = await supabase.project();
    const restored = await vault.restore(project.url, { source: "lent" });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining("everything as it was"),
    });
    expect(
      await project.query(`
        SELECT x.grantor::regrole::text AS grantor
          FROM pg_class c, aclexplode(c.relacl) x
         WHERE c.oid = 'public.lent'::regclass AND x.grantee = 'borrower'::regrole
      `),
    ).toEqual([{ grantor: "lender" }]);
    expect(
      await project.query("SELECT count(*)::int AS n FROM pg_auth_members WHERE roleid = 'lender'::regrole"),
    ).toEqual([{ n: 0 }]);
  });

  inTurn("are gaps by name where the platform lacks their role, and cost nobody else his", async () => {
    await supabase.cluster.admin("CREATE ROLE supabase_etl_admin");
    await using source = await supabase.project();
    await source.query(`
      CREATE TABLE public.papers2 (id int);
      GRANT SELECT ON public.papers2 TO anon, supabase_etl_admin;
      GRANT USAGE ON SCHEMA public TO supabase_etl_admin;
      REVOKE USAGE ON SCHEMA public FROM authenticated;
      REVOKE ALL ON public.papers2 FROM authenticated
    `);
    expect((await vault.backup(source.url, { source: "etl" })).exit).toBe(0);
    await source.query(`
      REVOKE ALL ON public.papers2 FROM supabase_etl_admin;
      REVOKE ALL ON SCHEMA public FROM supabase_etl_admin
    `);
    await supabase.cluster.admin("DROP ROLE supabase_etl_admin");
    await using project = await supabase.project();
    const restored = await vault.restore(project.url, { source: "etl" });
    const missing =
      'could not be given to supabase_etl_admin: role "supabase_etl_admin" does not exist (SQLSTATE 42704)';
    expect({ exit: restored.exit, findings: restored.outputs["findings"] }).toEqual({
      exit: 3,
      findings: [
        { severity: "gap", about: "grant", name: "table public.papers2", message: `SELECT ${missing}` },
        { severity: "gap", about: "grant", name: "schema public", message: `USAGE ${missing}` },
      ],
    });
    expect(
      await project.query(`
        SELECT has_table_privilege('anon', 'public.papers2', 'SELECT') AS anon,
               has_table_privilege('authenticated', 'public.papers2', 'SELECT') AS authenticated,
               has_schema_privilege('anon', 'public', 'USAGE') AS uses
      `),
    ).toEqual([{ anon: true, authenticated: false, uses: true }]);
  });
});
