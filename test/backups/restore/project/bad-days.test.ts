import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { startPgBouncer } from "../../../support/postgres.ts";
import {
  expectProjectWorks,
  installApplication,
  startSupabase,
  type Project,
  type SupabaseServer,
} from "../../../support/supabase/supabase.ts";
import { eventually } from "../../../support/tools.ts";
import { expectRefusal, said, Vault } from "../../../support/vault.ts";
import { stateOf } from "./state.ts";
import { testInTurn } from "../../../support/cases-in-turn.ts";

/** The other tests' backups lie in the same store. */
const SHOP = { source: "shop" } as const;

let supabase: SupabaseServer;
let source: Project;
let vault: Vault;

beforeAll(async () => {
  supabase = await startSupabase();
  source = await supabase.project();
  await installApplication(source);
  vault = await Vault.make();
  await vault.backup(source.url);
});
afterAll(async () => {
  await supabase[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

/** A project with the application and more, backed up under a name of its own. */
async function withMore(name: string, sql: string, by: "query" | "admin" = "query"): Promise<void> {
  await using project = await supabase.project();
  await installApplication(project);
  await project[by](sql);
  expect((await vault.backup(project.url, { source: name })).exit).toBe(0);
}

async function expectWhole(project: Project, name = "shop", choice = {}): Promise<string> {
  const restored = await vault.restore(project.url, { source: name, ...choice });
  expect({ exit: restored.exit, said: said(restored) }).toEqual({
    exit: 0,
    said: expect.stringContaining("everything as it was"),
  });
  await expectProjectWorks(project);
  return said(restored);
}

const inTurn = testInTurn("bad days of a project", 3);

describe("bad days", () => {
  inTurn("row-level security is forced on a table of the platform's", async () => {
    await using project = await supabase.project();
    await project.admin(
      "ALTER TABLE auth.users FORCE ROW LEVEL SECURITY; ALTER TABLE storage.objects FORCE ROW LEVEL SECURITY",
    );
    const restored = await vault.restore(project.url, SHOP);
    // Everything is there, and the platform's own services may not see it: no success in silence.
    expect({ exit: restored.exit, findings: restored.outputs["findings"] }).toEqual({
      exit: 3,
      findings: ["auth.users", "storage.objects"].map((name) => ({
        severity: "gap",
        about: "row-security",
        name,
        message: expect.stringContaining(`ALTER TABLE ${name} NO FORCE ROW LEVEL SECURITY`),
      })),
    });
    expect(await project.query("SELECT count(*)::int AS n FROM auth.users")).toEqual([{ n: 500 }]);
  });

  inTurn(
    "a function the platform executes, one like pg_restore's words, a view over auth.users",
    async () => {
      await withMore(
        "functions",
        `
        CREATE FUNCTION public.hook(event jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN
-- TOC entry 1 (class 1255 OID 1)
--
-- TOC entry 7 (class 1255 OID 99)
-- Name: hook(jsonb); Type: FUNCTION; Schema: public; Owner: postgres
--

/*
DROP TABLE public.posts;
*/
        RETURN event; END $$;
        REVOKE ALL ON FUNCTION public.hook FROM PUBLIC, anon, authenticated, service_role;
        GRANT EXECUTE ON FUNCTION public.hook TO supabase_auth_admin;
        GRANT USAGE ON SCHEMA public TO supabase_auth_admin;
        CREATE VIEW public.emails WITH (security_invoker = true) AS SELECT id, email FROM auth.users
      `,
      );
      await using project = await supabase.project();
      await expectWhole(project, "functions");
      expect(await project.as("supabase_auth_admin", "SELECT public.hook('{\"a\": 1}') AS event")).toEqual([
        { event: { a: 1 } },
      ]);
      expect(
        await project.query(`
        SELECT has_function_privilege('anon', 'public.hook(jsonb)', 'EXECUTE') AS anon,
               (SELECT count(*)::int FROM public.emails) AS emails
      `),
      ).toEqual([{ anon: false, emails: 500 }]);
    },
  );

  inTurn(
    "a user's table and type inside extensions, his function's index on a platform's table",
    async () => {
      await withMore(
        "inside",
        `
        CREATE TYPE extensions.mood AS ENUM ('good', 'bad');
        CREATE TABLE extensions.moods (id serial PRIMARY KEY, mood extensions.mood);
        INSERT INTO extensions.moods (mood) VALUES ('good'), ('bad');
        CREATE INDEX users_by_slug ON auth.users (extensions.slug(email::text))
      `,
      );
      await using project = await supabase.project();
      await expectWhole(project, "inside");
      expect(
        await project.query(`
        SELECT (SELECT count(*)::int FROM extensions.moods) AS moods,
               nextval('extensions.moods_id_seq')::int AS next,
               to_regclass('auth.users_by_slug')::text AS index
      `),
      ).toEqual([{ moods: 2, next: 3, index: "auth.users_by_slug" }]);
      await expectWhole(project, "inside", { confirm: project.name, safetyBackup: false });
      expect(await project.query("SELECT count(*)::int AS moods FROM extensions.moods")).toEqual([
        { moods: 2 },
      ]);
    },
  );

  inTurn("a foreign key from the side of auth", async () => {
    const key = `
      ALTER TABLE auth.audit_log_entries ADD CONSTRAINT audited FOREIGN KEY (id)
        REFERENCES public.audited (id)
    `;
    await withMore("key", `CREATE TABLE public.audited (id uuid PRIMARY KEY); ${key}`);
    await using project = await supabase.project();
    await expectWhole(project, "key");
    const keys = "SELECT conrelid::regclass::text AS on FROM pg_constraint WHERE conname = 'audited'";
    expect(await project.query(keys)).toEqual([{ on: "auth.audit_log_entries" }]);
    // Where it is there already it goes with the table, and comes back with it.
    await expectWhole(project, "key", { confirm: project.name, safetyBackup: false });
    expect(await project.query(keys)).toEqual([{ on: "auth.audit_log_entries" }]);
  });

  inTurn("two hundred policies, on tables of both sides", async () => {
    const policies = Array.from(
      { length: 100 },
      (_, n) => `
        CREATE POLICY "Rule ${n}" ON public.posts FOR SELECT TO service_role USING (id <> ${n});
        CREATE POLICY "Rule ${n} of files" ON storage.objects FOR INSERT TO authenticated WITH
          CHECK (bucket_id = 'b${n}');
      `,
    );
    await withMore("policies", policies.join("\n"));
    await using project = await supabase.project();
    await expectWhole(project, "policies");
    expect(
      await project.query("SELECT count(*)::int AS n FROM pg_policy WHERE polname LIKE 'Rule%'"),
    ).toEqual([{ n: 200 }]);
  });

  inTurn("through a pooler in session mode; one in transaction mode is refused", async () => {
    const { facts } = supabase.cluster;
    await using project = await supabase.project();
    await using pooler = await startPgBouncer({ ...facts, adminPassword: facts.password }, "session");
    const through = pooler.url(project.name).replace("//holdfast:", "//postgres:");
    const restored = await vault.restore(through, SHOP);
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining("everything as it was"),
    });
    await expectProjectWorks(project);
    await using jumping = await startPgBouncer({ ...facts, adminPassword: facts.password }, "transaction");
    await expect(
      vault.restore(jumping.url(project.name).replace("//holdfast:", "//postgres:"), {
        ...SHOP,
        confirm: project.name,
      }),
    ).rejects.toMatchObject({ code: "database.pooler" });
  });

  inTurn("two restores at once: the second is told who is at it, and nothing is there twice", async () => {
    await using project = await supabase.project();
    await using blocker = await blocking(project, "LOCK TABLE auth.users IN ROW EXCLUSIVE MODE");
    const first = vault.restore(project.url, SHOP);
    await eventually(
      "the first to wait for the table",
      async () => (await project.admin("SELECT FROM pg_locks WHERE NOT granted")).length > 0,
      60_000,
    );
    await expectRefusal(vault.restore(project.url, SHOP), {
      code: "lock.held",
      exit: 6,
      says: /another restore into \w+ is under way \(role postgres from 127\.0\.0\.1.* since 2/,
      hint: /pg_stat_activity/,
    });
    await blocker[Symbol.asyncDispose]();
    expect((await first).exit).toBe(0);
    expect(await project.query("SELECT count(*)::int AS n FROM auth.users")).toEqual([{ n: 500 }]);
  });

  inTurn("a database that only looks like the platform is none", async () => {
    await supabase.cluster.admin("CREATE DATABASE looks OWNER postgres");
    const url = source.url.replace(source.name, "looks");
    await supabase.cluster.admin(
      `
        CREATE SCHEMA auth;
        CREATE TABLE auth.users (id uuid, email text);
        ALTER TABLE auth.users OWNER TO postgres
      `,
      [],
      "looks",
    );
    await expectRefusal(vault.restore(url, { ...SHOP, into: "project" }), {
      code: "database.unsupported",
      exit: 4,
      says: "is no platform's that is known",
      hint: /Give a project of Supabase/,
    });
    expect((await vault.restore(url, { ...SHOP, dryRun: true })).outputs["plan"]).not.toHaveProperty(
      "project",
    );
  });

  inTurn(
    "an extension that the project cannot have refuses by name; --allow-gaps goes on without",
    async () => {
      await using project = await supabase.project();
      await project.admin(`
      CREATE FUNCTION extensions.no_citext() RETURNS event_trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF position('citext' in current_query()) > 0 THEN
            RAISE EXCEPTION
              'not on the list';
            END IF;
        END $$;
      DROP EVENT TRIGGER issue_pg_cron_access;
      CREATE EVENT TRIGGER issue_pg_cron_access ON ddl_command_start WHEN TAG IN ('CREATE EXTENSION')
        EXECUTE FUNCTION extensions.no_citext()
    `);
      await expectRefusal(
        vault.restore(project.url, { ...SHOP, confirm: project.name, safetyBackup: false }),
        {
          code: "database.lacks",
          exit: 4,
          says: /the project cannot have citext .*not on the list/,
          hint: /--allow-gaps.*Nothing was changed/s,
        },
      );
      const restored = await vault.restore(project.url, {
        ...SHOP,
        allowGaps: true,
        confirm: project.name,
        safetyBackup: false,
      });
      expect({ exit: restored.exit, said: said(restored) }).toEqual({
        exit: 3,
        said: expect.stringContaining("extension | citext | gap: "),
      });
      expect(
        await project.query(`
        SELECT (SELECT count(*)::int FROM public.posts) AS posts,
               to_regclass('public.profiles')::text AS profiles
      `),
      ).toEqual([{ posts: 10_000, profiles: null }]);
      // What does not need the extension is not excused by it.
      await project.admin(`
      CREATE FUNCTION extensions.no_view() RETURNS event_trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'no views today'; END $$;
      DROP EVENT TRIGGER issue_pg_graphql_access;
      CREATE EVENT TRIGGER issue_pg_graphql_access
        ON ddl_command_start WHEN TAG IN ('CREATE MATERIALIZED VIEW')
        EXECUTE FUNCTION extensions.no_view()
    `);
      await expectRefusal(
        vault.restore(project.url, { ...SHOP, allowGaps: true, confirm: project.name, safetyBackup: false }),
        {
          code: "database.query",
          exit: 4,
          says: /did not take 2 definitions of the backup: MATERIALIZED VIEW public authors/,
          hint: /Nothing was changed/,
        },
      );
    },
  );
});

describe("rights and roles", () => {
  it("a right taken away on what is the user's in a schema of the platform's stays away", async () => {
    await withMore(
      "notes",
      `
        CREATE TABLE storage.notes (id int PRIMARY KEY);
        INSERT INTO storage.notes VALUES (1);
        REVOKE ALL ON storage.notes FROM anon, authenticated;
        CREATE FUNCTION storage.mine(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
        REVOKE ALL ON FUNCTION storage.mine(int) FROM anon, authenticated
      `,
    );
    await using project = await supabase.project();
    await expectWhole(project, "notes");
    const rights = `
      SELECT has_table_privilege('anon', 'storage.notes', 'SELECT') AS notes,
             has_table_privilege('service_role', 'storage.notes', 'SELECT') AS service,
             (SELECT array_agg(DISTINCT grantee::regrole::text)
                FROM pg_proc, aclexplode(proacl)
               WHERE proname = 'mine' AND grantee <> 0) AS mine
    `;
    const [there] = await project.admin(rights);
    expect(there).toMatchObject({ notes: false, service: true });
    expect(there!["mine"]).not.toContain("anon");
  });

  it("a right given since on what is the user's there is taken back", async () => {
    await using project = await supabase.project();
    await vault.restore(project.url, { source: "notes" });
    await project.admin("GRANT SELECT ON storage.notes TO anon");
    const again = await vault.restore(project.url, {
      source: "notes",
      confirm: project.name,
      safetyBackup: false,
    });
    expect({ exit: again.exit, said: said(again) }).toEqual({
      exit: 0,
      said: expect.stringContaining("everything as it was"),
    });
    expect(
      await project.admin("SELECT has_table_privilege('anon', 'storage.notes', 'SELECT') AS may"),
    ).toEqual([{ may: false }]);
  });

  inTurn("roles of the user's are members of what they were, and the API's login role of them", async () => {
    await withMore(
      "members",
      "CREATE ROLE app_user; GRANT app_user TO authenticator; GRANT anon TO app_user",
      "admin",
    );
    await using other = await startSupabase();
    await using project = await other.project();
    const restored = await vault.restore(project.url, { source: "members" });
    const given = await project.admin(`
      SELECT pg_has_role('authenticator', 'app_user', 'MEMBER') AS login,
             pg_has_role('app_user', 'anon', 'MEMBER') AS anon
    `);
    // What the role may not give is named; nothing in between.
    const missed = [
      ["login", "role | authenticator | gap: could not be made a member of app_user"],
      ["anon", "role | app_user | gap: could not be made a member of anon"],
    ] as const;
    for (const [which, words] of missed) {
      expect([which, said(restored).includes(words)]).toEqual([which, given[0]![which] === false]);
    }
    expect(given[0]!["login"]).toBe(true);
  });

  inTurn("a grant within a quoted name is not carried out", async () => {
    await withMore(
      "hidden",
      `CREATE ROLE climber; CREATE VIEW auth."x
GRANT postgres TO climber;
y" AS SELECT 1 AS a; ALTER VIEW auth."x
GRANT postgres TO climber;
y" OWNER TO supabase_auth_admin; GRANT SELECT ON auth."x
GRANT postgres TO climber;
y" TO climber`,
      "admin",
    );
    await using project = await supabase.project();
    await vault.restore(project.url, { source: "hidden" }).catch(() => undefined);
    expect(await project.admin("SELECT pg_has_role('climber', 'postgres', 'MEMBER') AS climbed")).toEqual([
      { climbed: false },
    ]);
  });

  inTurn("names with blanks, quotes, dots and parentheses are told apart, and like prefixes", async () => {
    await withMore(
      "names",
      `
        CREATE SCHEMA "auth users";
        CREATE TABLE "auth users"."my table" (id int PRIMARY KEY, "a b" text);
        INSERT INTO "auth users"."my table" VALUES (1, 'x');
        CREATE POLICY "reads (all) it" ON "auth users"."my table" USING (true);
        CREATE POLICY "Give (some) files" ON storage.objects FOR SELECT TO anon USING (bucket_id = 'some');
        CREATE TABLE "auth users".users (id int);
        INSERT INTO "auth users".users VALUES (1), (2);
        CREATE VIEW "auth users"."v.w" AS SELECT 1 AS a;
        CREATE FUNCTION extensions."f (g)"(a int, b text) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE TYPE "auth users"."he said ""no""" AS ENUM ('a');
        COMMENT ON TABLE "auth users"."my table" IS 'mine';
        COMMENT ON COLUMN "auth users"."my table"."a b" IS 'mine too';
        COMMENT ON SCHEMA "auth users" IS 'alike';
        REVOKE ALL ON "auth users"."my table" FROM postgres;
        GRANT SELECT ON "auth users"."my table" TO anon, postgres;
        GRANT USAGE ON SCHEMA "auth users" TO anon;
        ALTER DEFAULT PRIVILEGES IN SCHEMA "auth users" GRANT SELECT ON TABLES TO anon;
        CREATE PUBLICATION "my pub" FOR TABLE "auth users"."my table"
      `,
    );
    await using project = await supabase.project();
    await expectWhole(project, "names");
    expect(
      await project.query(`
        SELECT (SELECT count(*)::int FROM "auth users"."my table") AS rows,
               (SELECT count(*)::int FROM "auth users".users) AS users
      `),
    ).toEqual([{ rows: 1, users: 2 }]);
    await expectWhole(project, "names", { confirm: project.name, safetyBackup: false });
    expect(await project.query("SELECT polname FROM pg_policy WHERE polname ~ '[(]' ORDER BY 1")).toEqual([
      { polname: "Give (some) files" },
      { polname: "reads (all) it" },
    ]);
  });
});

/** Holds a lock as the platform's superuser until it is disposed of. */
async function blocking(project: Project, sql: string): Promise<AsyncDisposable> {
  const { default: pg } = await import("pg");
  const client = new pg.Client({ connectionString: project.adminUrl });
  await client.connect();
  await client.query(`BEGIN; ${sql}`);
  let ended: Promise<void> | undefined;
  return { [Symbol.asyncDispose]: () => (ended ??= client.end()) };
}

describe("a role revoked from postgres, as the platform did in 2025", () => {
  let strict: SupabaseServer;
  let before: Project;
  let own: Vault;

  beforeAll(async () => {
    strict = await startSupabase({ strict: true });
    before = await strict.project();
    await installApplication(before);
    own = await Vault.make();
    await own.backup(before.url);
  });
  afterAll(async () => {
    await strict[Symbol.asyncDispose]();
    await own[Symbol.asyncDispose]();
  });

  inTurn("what it may not make any more is refused by name; --allow-gaps goes on, naming it", async () => {
    await using project = await strict.project();
    const empty = await stateOf(project);
    const refusal = await expectRefusal(own.restore(project.url), {
      code: "refused.misfit",
      exit: 7,
      says: "role postgres may not make INDEX auth users_by_handle",
      hint: /--allow-gaps/,
    });
    expect(refusal.message).toContain("POLICY storage objects");
    expect(await stateOf(project)).toEqual(empty);
    const restored = await own.restore(project.url, { allowGaps: true });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 3,
      said: expect.stringContaining("INDEX auth users_by_handle | gap: was left out"),
    });
    expect(said(restored)).not.toContain("differs");
    // The sign-up trigger takes only the right TRIGGER.
    expect(
      await project.query("SELECT count(*)::int AS n FROM pg_trigger WHERE tgname = 'on_auth_user_created'"),
    ).toEqual([{ n: 1 }]);
    const again = await own.restore(project.url, {
      allowGaps: true,
      confirm: project.name,
      safetyBackup: false,
    });
    expect(again.exit).toBe(3);
    expect(await project.query("SELECT count(*)::int AS n FROM auth.users")).toEqual([{ n: 500 }]);
  });

  inTurn("a webhook on another's table cannot be paused: refused by name; --allow-gaps goes on", async () => {
    const hook = `
      CREATE SCHEMA supabase_functions;
      GRANT USAGE ON SCHEMA supabase_functions TO PUBLIC;
      CREATE FUNCTION supabase_functions.http_request() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RETURN NULL; END $$
    `;
    await using sending = await strict.project();
    await sending.admin(hook);
    await sending.admin(`
      CREATE TRIGGER sends AFTER INSERT ON storage.objects FOR EACH ROW
        EXECUTE FUNCTION supabase_functions.http_request()
    `);
    expect((await own.backup(sending.url, { source: "sending" })).exit).toBe(0);
    await using project = await strict.project();
    await project.admin(hook);
    await expectRefusal(own.restore(project.url, { source: "sending" }), {
      code: "refused.misfit",
      exit: 7,
      says: /may not make TRIGGER storage objects sends.*would send at once/,
      hint: /--allow-gaps/,
    });
    const restored = await own.restore(project.url, { source: "sending", allowGaps: true });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 3,
      said: expect.stringContaining("TRIGGER storage objects sends | gap: was left out"),
    });
    expect(await project.admin("SELECT FROM pg_trigger WHERE tgname = 'sends'")).toEqual([]);
  });

  inTurn("what it may not drop goes with what of the user's it needs, whatever its name", async () => {
    const named = `
      CREATE FUNCTION public.greet() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
      CREATE TRIGGER "on new user" AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION public.greet()
    `;
    await using source = await strict.project();
    await source.query(named);
    expect((await own.backup(source.url, { source: "named" })).exit).toBe(0);
    await using project = await strict.project();
    await project.query(named);
    // One that the backup has not is the user's as well.
    await project.query(
      `CREATE TRIGGER "since. then" AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION public.greet()`,
    );
    const restored = await own.restore(project.url, {
      source: "named",
      confirm: project.name,
      safetyBackup: false,
    });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining("everything as it was"),
    });
    expect(
      await project.query(
        "SELECT tgname::text AS name FROM pg_trigger WHERE tgfoid = 'public.greet'::regproc",
      ),
    ).toEqual([{ name: "on new user" }]);
  });

  inTurn("what of the platform's hangs on the user's ends the restore with all as it was", async () => {
    await using project = await strict.project();
    await project.admin(`
      CREATE FUNCTION public.now_of() RETURNS timestamptz LANGUAGE sql AS 'SELECT now()';
      ALTER FUNCTION public.now_of() OWNER TO postgres;
      CREATE VIEW auth.times AS SELECT public.now_of() AS at;
      ALTER VIEW auth.times OWNER TO supabase_auth_admin
    `);
    const empty = await stateOf(project);
    await expectRefusal(
      own.restore(project.url, { ...SHOP, confirm: project.name, safetyBackup: false, allowGaps: true }),
      { code: "refused.outside-scope", exit: 7, says: /view auth\.times/, hint: /Nothing was changed|take/i },
    );
    expect(await stateOf(project)).toEqual(empty);
  });

  inTurn("what it may not make and not drop either stays where it is, and is compared", async () => {
    await before.query("DELETE FROM auth.users WHERE email LIKE 'person4%'");
    const restored = await own.restore(before.url, { ...SHOP, confirm: before.name, safetyBackup: false });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining("everything as it was"),
    });
    await expectProjectWorks(before);
  });
});
