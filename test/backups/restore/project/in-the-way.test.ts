import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { startSupabase, type Project, type SupabaseServer } from "../../../support/supabase/supabase.ts";
import { expectRefusal, said, Vault } from "../../../support/vault.ts";
import { testInTurn } from "../../../support/cases-in-turn.ts";

/** What stands in the way of a restore, and what only seems to. */

let supabase: SupabaseServer;
let vault: Vault;

beforeAll(async () => {
  supabase = await startSupabase({ strict: true });
  vault = await Vault.make();
});
afterAll(async () => {
  await supabase[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

/** A project that was backed up under a name of its own after some SQL had been run in it. */
async function backedUp(name: string, sql: string, by: "query" | "admin" = "query"): Promise<Project> {
  const project = await supabase.project();
  await project[by](sql);
  expect((await vault.backup(project.url, { source: name })).exit).toBe(0);
  return project;
}

/** Restores and holds that it ended with this exit. */
async function restore(project: Project, source: string, exit = 0, choice = {}): Promise<string> {
  const restored = await vault.restore(project.url, {
    source,
    confirm: project.name,
    safetyBackup: false,
    ...choice,
  });
  expect({ exit: restored.exit, said: said(restored) }).toEqual({
    exit,
    said: restored.exit === exit ? expect.any(String) : "",
  });
  return said(restored);
}

function restoring(project: Project, source: string): ReturnType<Vault["restore"]> {
  return vault.restore(project.url, { source, confirm: project.name, safetyBackup: false });
}

const inTurn = testInTurn("what is in the way in a project", 3);

describe("what is the user's at the target", () => {
  /** As the platform makes it for people who ask for it. */
  const WATCHING = `
    CREATE FUNCTION public.rls_auto_enable() RETURNS event_trigger LANGUAGE plpgsql AS $$
    DECLARE
      c record;
    BEGIN
      FOR c IN
        SELECT *
          FROM pg_event_trigger_ddl_commands()
         WHERE command_tag = 'CREATE TABLE' AND schema_name = 'public' LOOP
        EXECUTE format('ALTER TABLE IF EXISTS %s ENABLE ROW LEVEL SECURITY', c.object_identity);
      END LOOP;
    END $$;
    CREATE EVENT TRIGGER ensure_rls ON ddl_command_end WHEN TAG IN ('CREATE TABLE')
      EXECUTE FUNCTION public.rls_auto_enable();
  `;

  inTurn(
    "goes, an event trigger first, and things on the platform's tables whatever their names",
    async () => {
      await using source = await backedUp(
        "named",
        `
        SET ROLE postgres;
        CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TABLE public.a (id int);
        RESET ROLE;
        CREATE TRIGGER "onAuthUserCreated" AFTER INSERT ON auth.users FOR EACH ROW
          EXECUTE FUNCTION public.f();
        CREATE CONSTRAINT TRIGGER "a.b ""c""" AFTER INSERT ON auth.users FOR EACH ROW
          EXECUTE FUNCTION public.f()
      `,
        "admin",
      );
      await using project = await supabase.project();
      await project.admin(`
      ALTER ROLE postgres SUPERUSER;
      SET ROLE postgres;
      ${WATCHING} CREATE FUNCTION public.g() RETURNS boolean LANGUAGE sql AS 'SELECT true';
      CREATE POLICY "ownFiles" ON storage.objects USING (public.g());
      RESET ROLE;
      ALTER ROLE postgres NOSUPERUSER
    `);
      const names = `
      SELECT (SELECT string_agg(tgname, ' ' ORDER BY tgname)
                FROM pg_trigger
               WHERE tgfoid::regproc::text = 'f') AS triggers,
             (SELECT string_agg(polname, ' ') FROM pg_policy WHERE polname = 'ownFiles') AS policies,
             (SELECT count(*)::int FROM pg_event_trigger WHERE evtname = 'ensure_rls') AS watching,
             (SELECT relrowsecurity FROM pg_class WHERE relname = 'a') AS secured
    `;
      for (const _ of [1, 2]) {
        await restore(project, "named");
        expect(await project.query(names)).toEqual([
          { triggers: 'a.b "c" onAuthUserCreated', policies: null, watching: 0, secured: false },
        ]);
      }
      // Where it is another's it stays, and the function that it calls with it.
      await source.admin(`
      ALTER ROLE postgres SUPERUSER;
      SET ROLE postgres;
      ${WATCHING} RESET ROLE;
      ALTER EVENT TRIGGER ensure_rls OWNER TO supabase_admin;
      ALTER ROLE postgres NOSUPERUSER;
      ALTER TABLE public.a ENABLE ROW LEVEL SECURITY
    `);
      expect((await vault.backup(source.url, { source: "watched" })).exit).toBe(0);
      await restore(source, "watched");
      expect(await source.query(names)).toEqual([
        { triggers: 'a.b "c" onAuthUserCreated', policies: null, watching: 1, secured: true },
      ]);
    },
  );

  inTurn("is a partitioned table as well: it asks for confirmation and is replaced", async () => {
    await using source = await backedUp("divided", "CREATE TABLE public.beside (id int)");
    await using project = await supabase.project();
    await project.query(`
      CREATE TABLE public.p (id int, at date) PARTITION BY RANGE (at);
      CREATE TABLE public.p1 PARTITION OF public.p DEFAULT;
      CREATE SCHEMA mine;
      CREATE TABLE mine.p (id int) PARTITION BY LIST (id)
    `);
    await expectRefusal(vault.restore(project.url, { source: "divided" }), {
      code: "database.not-empty",
      exit: 7,
      says: "public.p",
      hint: /confirm/,
    });
    const rights = `
      SELECT string_agg(relacl::text, ' ' ORDER BY oid::regclass::text) AS acl
        FROM pg_class
       WHERE relname IN ('p', 'p1')
    `;
    const before = await project.query(rights);
    const looked = said(await vault.restore(project.url, { source: "divided", dryRun: true }));
    expect(looked).toMatch(/removes \| .*: schema mine, table mine\.p, table public\.p\b/);
    expect(await project.query(rights)).toEqual(before);
    await restore(project, "divided");
    expect(
      await project.query(`
        SELECT to_regclass('public.p') AS p, to_regclass('mine.p') AS m,
               to_regclass('public.beside')::text AS beside
      `),
    ).toEqual([{ p: null, m: null, beside: "beside" }]);
    expect(source.name).not.toBe(project.name);
  });
});

describe("where nothing may be made in a schema of the platform's any more", () => {
  const MORE = `
    CREATE TYPE auth.lvl AS ENUM ('a');
    CREATE TABLE auth.my_roles (id serial PRIMARY KEY, l auth.lvl, u uuid REFERENCES auth.users);
    INSERT INTO auth.my_roles VALUES (7, 'a');
    CREATE INDEX my_roles_l ON auth.my_roles (l);
    CREATE SEQUENCE auth.alone;
    CREATE FUNCTION auth.is_admin() RETURNS bool LANGUAGE sql STABLE RETURN true;
    CREATE TABLE public.p (id int);
    ALTER TABLE public.p ENABLE ROW LEVEL SECURITY;
    CREATE POLICY x ON public.p USING (auth.is_admin());
    CREATE POLICY y ON public.p USING (true);
    ALTER TABLE auth.my_roles ENABLE ROW LEVEL SECURITY;
    CREATE POLICY z ON auth.my_roles USING (auth.is_admin())
  `;
  const THERE = `
    SELECT (SELECT string_agg(polname, '' ORDER BY polname)
              FROM pg_policy
             WHERE polname IN ('x', 'y', 'z')) AS policies,
           to_regclass('auth.my_roles')::text AS roles, to_regclass('auth.my_roles_l')::text AS index,
           to_regclass('public.p')::text AS p
  `;

  inTurn("what stood there is refused, or left out with what needs it; what stands there stays", async () => {
    await using source = await backedUp("closed", MORE);
    await using project = await supabase.project();
    await project.admin("REVOKE CREATE ON SCHEMA auth FROM postgres");
    await expectRefusal(vault.restore(project.url, { source: "closed" }), {
      code: "refused.misfit",
      exit: 7,
      says: "role postgres may not make TYPE auth lvl (nothing may be made in schema auth any more)",
      hint: /--allow-gaps/,
    });
    const told = await restore(project, "closed", 3, { allowGaps: true });
    expect(told).toContain("POLICY public p x | gap: was left out: it needs FUNCTION auth is_admin()");
    expect(told).not.toMatch(/differs|\| is missing/);
    expect(await project.query(THERE)).toEqual([{ policies: "y", roles: null, index: null, p: "p" }]);

    await source.admin("REVOKE CREATE ON SCHEMA auth FROM postgres");
    // Nobody but the platform says what postgres may do in its schema: of one version, it is named.
    expect(await restore(source, "closed", 3)).toContain(
      "grant | schema auth | gap: on the platform's own is not as at the source",
    );
    expect(await source.query(THERE)).toEqual([
      { policies: "xyz", roles: "auth.my_roles", index: "auth.my_roles_l", p: "p" },
    ]);
    expect(await source.admin("SELECT id, l::text FROM auth.my_roles")).toEqual([{ id: 7, l: "a" }]);
  });
});

describe("what an archive does not say", () => {
  inTurn("is found out by trying again: checks and domains that read tables; moved extensions", async () => {
    await using source = await backedUp(
      "reading",
      `
        CREATE TABLE public.zz_allowed (k text PRIMARY KEY);
        INSERT INTO public.zz_allowed VALUES ('a');
        CREATE FUNCTION public.ok(k text) RETURNS bool LANGUAGE sql STABLE SET search_path = '' AS
          'SELECT EXISTS (SELECT FROM public.zz_allowed z WHERE z.k = ok.k)';
        CREATE TABLE public.aa_items (k text CHECK (public.ok(k)), n serial);
        INSERT INTO public.aa_items SELECT 'a' FROM generate_series(1, 20000);
        CREATE DOMAIN public.allowed AS text CHECK (public.ok(VALUE));
        CREATE TABLE public.ab_items (k public.allowed);
        INSERT INTO public.ab_items VALUES ('a');
        CREATE TABLE public.divided (k text CHECK (public.ok(k))) PARTITION BY LIST (k);
        CREATE TABLE public.divided_a PARTITION OF public.divided DEFAULT;
        INSERT INTO public.divided VALUES ('a');
        CREATE EXTENSION citext SCHEMA extensions;
        CREATE TABLE public.t (a extensions.citext PRIMARY KEY);
        INSERT INTO public.t VALUES ('Ab')
      `,
    );
    await using project = await supabase.project();
    await project.query("CREATE EXTENSION citext SCHEMA public");
    await restore(project, "reading");
    const rows = `
      SELECT (SELECT count(*)::int FROM public.aa_items) AS a,
             (SELECT count(*)::int FROM public.ab_items) AS b,
             (SELECT count(*)::int FROM public.divided) AS c, (SELECT a::text FROM public.t) AS t,
             nextval('public.aa_items_n_seq')::int AS next
    `;
    expect(await project.query(rows)).toEqual([{ a: 20000, b: 1, c: 1, t: "Ab", next: 20001 }]);
    // Rows that nothing makes true any more are refused, and the remedy is not the whole backup,
    // which this is.
    await source.query("DELETE FROM public.zz_allowed");
    expect((await vault.backup(source.url, { source: "reading" })).exit).toBe(0);
    await expectRefusal(restoring(project, "reading"), {
      code: "database.query",
      exit: 4,
      says: /filling "public"\."(?:a[ab]_items|divided_a)": .*violates check constraint/,
      hint: /asks for what is not there/,
    });
  });
});

describe("what does not fit", () => {
  inTurn("is named beforehand: values that a type does not take, and what the platform lacks", async () => {
    const person = "11111111-1111-1111-1111-111111111111";
    await using source = await supabase.project();
    await source.admin("ALTER TYPE auth.factor_type ADD VALUE 'passkey'");
    await source.admin(`
      INSERT INTO auth.users (id, email, phone) VALUES ('${person}', 'a@x.example', '+12345678901234567890');
      INSERT INTO auth.mfa_factors (id, user_id, factor_type, status, created_at, updated_at)
        VALUES ('${person}', '${person}', 'passkey', 'verified', now(), now());
      CREATE FUNCTION auth.newer() RETURNS boolean LANGUAGE sql AS 'SELECT true';
      ALTER FUNCTION auth.newer() OWNER TO supabase_auth_admin
    `);
    await source.query(`
      CREATE TABLE public.a (id int);
      CREATE POLICY p ON public.a USING (auth.newer());
      CREATE VIEW public.v AS SELECT auth.newer() AS n
    `);
    expect((await vault.backup(source.url, { source: "newer" })).exit).toBe(0);
    await using project = await supabase.project();
    await project.admin("ALTER TABLE auth.users ALTER phone TYPE varchar(15)");
    const looked = said(await vault.restore(project.url, { source: "newer", dryRun: true }));
    for (const words of [
      "column auth.users.phone is character varying(15) at the target, which does not take every value " +
        "of it in the backup",
      "column auth.mfa_factors.factor_type is auth.factor_type at the target",
      "may not make POLICY public a p (the project has no function auth.newer)",
      "may not make VIEW public v (the project has no function auth.newer)",
    ]) {
      expect(looked).toContain(words);
    }
    expect(looked).not.toContain("+1234567");
  });

  inTurn("is told with the advice that a validation gives", async () => {
    await using source = await backedUp(
      "advised",
      `
        CREATE FUNCTION public.inner_one(t text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper(t)';
        CREATE FUNCTION public.outer_one(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
          'BEGIN RETURN inner_one(t); END';
        CREATE TABLE public.a (t text);
        INSERT INTO public.a VALUES ('x');
        CREATE INDEX a_t ON public.a (public.outer_one(t))
      `,
    );
    await using project = await supabase.project();
    await expectRefusal(restoring(project, "advised"), {
      code: "database.query",
      exit: 4,
      says: /INDEX public a_t: .*ALTER FUNCTION public\.outer_one\(.*\) SET search_path/s,
      hint: /right in the project/,
    });
    expect(source.name).not.toBe(project.name);
  });
});

describe("what was left out", () => {
  inTurn("is a gap, and not a difference besides", async () => {
    await using source = await backedUp(
      "left",
      `
        ALTER ROLE postgres SUPERUSER;
        SET ROLE postgres;
        CREATE TABLE public.a (id int);
        CREATE FUNCTION public.et() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
        CREATE EVENT TRIGGER et ON ddl_command_end EXECUTE FUNCTION public.et();
        CREATE PUBLICATION insch FOR TABLES IN SCHEMA public;
        RESET ROLE;
        ALTER ROLE postgres NOSUPERUSER
      `,
      "admin",
    );
    await using project = await supabase.project();
    // The plan knows it, so that a dry run is not green where the restore would refuse.
    await expectRefusal(restoring(project, "left"), {
      code: "refused.misfit",
      exit: 7,
      says: /EVENT TRIGGER et/,
      hint: /--allow-gaps/,
    });
    const told = await restore(project, "left", 3, { allowGaps: true });
    expect(told).toMatch(/event trigger et \| gap: .*only a superuser/i);
    expect(told).toContain("PUBLICATION TABLES IN SCHEMA public insch public | gap: was left out");
    expect(source.name).not.toBe(project.name);
  });
});

describe("public, made anew at the source", () => {
  inTurn("belongs to whom it belonged, also where it is made anew", async () => {
    await using source = await backedUp(
      "anew",
      `
        DROP SCHEMA public CASCADE;
        CREATE SCHEMA public;
        GRANT USAGE ON SCHEMA public TO postgres, anon, authenticated, service_role;
        CREATE TABLE public.a (id int)
      `,
    );
    const owner =
      "SELECT pg_get_userbyid(nspowner)::text AS owner FROM pg_namespace WHERE nspname = 'public'";
    await using project = await supabase.project();
    expect(await project.query(owner)).toEqual([{ owner: "pg_database_owner" }]);
    const told =
      "schema public belonged to postgres at the source, and belongs to pg_database_owner here: " +
      "it is given to postgres";
    expect(said(await vault.restore(project.url, { source: "anew", dryRun: true }))).toContain(told);
    const restored = await restoring(project, "anew");
    expect(await project.query(owner)).toEqual([{ owner: "postgres" }]);
    expect(said(restored)).not.toContain("owner | schema public");
    expect(
      said(await vault.restore(project.url, { source: "anew", confirm: project.name, dryRun: true })),
    ).not.toContain(told);
    expect(source.name).not.toBe(project.name);
  });

  inTurn("goes back to whom it belongs in a new project, or stays where it may not, as planned", async () => {
    await using source = await backedUp("untouched", "CREATE TABLE public.a (id int)");
    const owner =
      "SELECT pg_get_userbyid(nspowner)::text AS owner FROM pg_namespace WHERE nspname = 'public'";
    await using project = await supabase.project();
    await project.admin("ALTER SCHEMA public OWNER TO postgres");
    const dryRun = async (): Promise<string> =>
      said(await vault.restore(project.url, { source: "untouched", dryRun: true }));
    expect(await dryRun()).toContain(
      "schema public belonged to pg_database_owner at the source, and belongs to postgres here: " +
        "it is given to pg_database_owner",
    );
    const restored = await restoring(project, "untouched");
    expect([await project.query(owner), said(restored)]).toEqual([
      [{ owner: "pg_database_owner" }],
      expect.not.stringContaining("schema public |"),
    ]);
    await project.admin(
      "ALTER SCHEMA public OWNER TO supabase_admin; GRANT ALL ON SCHEMA public TO postgres",
    );
    expect(await dryRun()).toMatch(
      /belonged to pg_database_owner .* belongs to supabase_admin here: it stays, as role postgres/,
    );
    expect(source.name).not.toBe(project.name);
  });
});

describe("a schema public that somebody has made anew", () => {
  inTurn("and that lets this role make nothing is told before anything is touched", async () => {
    await using source = await backedUp(
      "closed",
      "CREATE TABLE public.a (id int); INSERT INTO public.a VALUES (1)",
    );
    await source.admin("DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION supabase_admin");
    const choice = { source: "closed", confirm: source.name, safetyBackup: false };
    const planned = await vault.restore(source.url, { ...choice, dryRun: true });
    expect([planned.exit, said(planned)]).toEqual([
      4,
      expect.stringContaining("role postgres may make nothing in schema public"),
    ]);
    await expectRefusal(vault.restore(source.url, choice), {
      code: "database.permission",
      exit: 4,
      says: "may make nothing in schema public",
      hint: /GRANT CREATE ON SCHEMA public TO postgres/,
    });
    await source.admin(
      "ALTER SCHEMA public OWNER TO pg_database_owner; GRANT USAGE ON SCHEMA public TO PUBLIC",
    );
    await restore(source, "closed", 3);
    expect(await source.query("SELECT id FROM public.a")).toEqual([{ id: 1 }]);
  });

  inTurn("by this role comes back whole, its comment too", async () => {
    await using source = await backedUp("anew", "CREATE TABLE public.a (id int)");
    await source.admin("DROP SCHEMA public CASCADE");
    await source.query("CREATE SCHEMA public");
    // Its default privileges went with it, and are the platform's to give.
    const told = await restore(source, "anew", 3);
    expect(told.match(/^(?!default-privilege)\S+ \| .* \| gap: .*/gm)).toBeNull();
    expect(await source.query("SELECT obj_description('public'::regnamespace) AS comment")).toEqual([
      { comment: "standard public schema" },
    ]);
  });
});
