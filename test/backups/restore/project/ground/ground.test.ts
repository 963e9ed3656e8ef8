import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { startSupabase, type Project, type SupabaseServer } from "../../../../support/supabase/supabase.ts";
import { expectRefusal, said, Vault } from "../../../../support/vault.ts";
import { testInTurn } from "../../../../support/cases-in-turn.ts";

/** What people keep on the platform's ground, and what a project's tables stand on. */

let supabase: SupabaseServer;
let vault: Vault;

beforeAll(async () => {
  supabase = await startSupabase({ settings: { allow_in_place_tablespaces: "on" } });
  vault = await Vault.make();
});
afterAll(async () => {
  await supabase[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

/** A project that was backed up under a name of its own after some SQL had been run in it. */
async function backedUp(name: string, sql: string, by: "query" | "admin" = "admin"): Promise<Project> {
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

const inTurn = testInTurn("what stands on the ground of a platform", 3);

describe("where tables are kept", () => {
  inTurn("is where they were kept, where the target has it; what it lacks is named", async () => {
    await supabase.cluster.admin("CREATE TABLESPACE fast LOCATION ''");
    await supabase.cluster.admin("GRANT CREATE ON TABLESPACE fast TO postgres");
    const method = "CREATE ACCESS METHOD other TYPE TABLE HANDLER heap_tableam_handler";
    await using source = await backedUp(
      "places",
      `
        ${method};
        SET ROLE postgres;
        CREATE TABLE public.a (id int);
        CREATE TABLE public.b (id int PRIMARY KEY) TABLESPACE fast;
        CREATE TABLE public.c (id int) USING other;
        CREATE INDEX c_id ON public.c (id) TABLESPACE fast;
        CREATE MATERIALIZED VIEW public.d USING other TABLESPACE fast AS SELECT 1 AS a;
        CREATE TABLE public.e (id int)
      `,
    );
    const where = `
      SELECT relname AS name, coalesce(spcname, '') AS tablespace,
             coalesce(nullif(amname, 'btree'), '') AS method
        FROM pg_class c LEFT JOIN pg_tablespace t ON t.oid = reltablespace LEFT JOIN pg_am m ON m.oid = relam
       WHERE relnamespace = 'public'::regnamespace AND relname IN ('a', 'b', 'b_pkey', 'c', 'c_id', 'd', 'e')
       ORDER BY 1
    `;
    const kept = await source.query(where);
    expect(kept.map((row) => Object.values(row).join(" "))).toEqual([
      "a  heap",
      "b fast heap",
      "b_pkey  ",
      "c  other",
      "c_id fast ",
      "d fast other",
      "e  heap",
    ]);
    await using project = await supabase.project();
    await project.admin(method);
    await restore(project, "places");
    expect(await project.query(where)).toEqual(kept);
    // And once more, where all of it is there.
    await restore(project, "places");
    expect(await project.query(where)).toEqual(kept);

    await source.query("DROP MATERIALIZED VIEW public.d; DROP INDEX public.c_id; DROP TABLE public.b");
    await using without = await supabase.project();
    await supabase.cluster.admin("REVOKE CREATE ON TABLESPACE fast FROM postgres");
    const told = await restore(without, "places", 3, { allowGaps: true });
    expect(told).toContain(
      "tablespace fast is not at the target, or not open to this role; what was in it is in the default " +
        "one: TABLE public b, MATERIALIZED VIEW public d",
    );
    expect(told).toContain("is in the default one: INDEX public c_id");
    expect(told).toContain(
      "table | public.c | gap: is kept by the access method of the target's choice: it has no other",
    );
    expect(told).not.toContain("differs");
    expect(
      await without.query(
        "SELECT count(*)::int AS n FROM pg_class WHERE relname IN ('a', 'b', 'c', 'd', 'e', 'c_id')",
      ),
    ).toEqual([{ n: 6 }]);
  });
});

describe("foreign data", () => {
  /**
   * A wrapper of the user's own, which is from a time when its owner was a superuser or by leave
   * of the platform.
   */
  const WRAPPER = `
    CREATE FOREIGN DATA WRAPPER own_wrapper;
    ALTER ROLE postgres SUPERUSER;
    ALTER FOREIGN DATA WRAPPER own_wrapper OWNER TO postgres;
    ALTER ROLE postgres NOSUPERUSER
  `;
  const FOREIGN = `
    ${WRAPPER};
    CREATE FOREIGN DATA WRAPPER theirs;
    GRANT USAGE ON FOREIGN DATA WRAPPER theirs TO postgres;
    CREATE SERVER their_server FOREIGN DATA WRAPPER theirs;
    SET ROLE postgres;
    CREATE SERVER shop FOREIGN DATA WRAPPER own_wrapper OPTIONS (host 'shop.example');
    CREATE USER MAPPING FOR postgres SERVER shop OPTIONS (user 'me', password 'not secret');
    CREATE USER MAPPING FOR PUBLIC SERVER shop;
    CREATE FOREIGN TABLE public.orders (id int) SERVER shop OPTIONS (name 'orders');
    CREATE VIEW public.newest AS SELECT max(id) AS id FROM public.orders;
    GRANT USAGE ON FOREIGN SERVER shop TO authenticated;
    CREATE TABLE public.beside (id int)
  `;
  const THERE = `
    SELECT (SELECT string_agg(srvname || coalesce(srvoptions::text, ''), ' ' ORDER BY srvname)
              FROM pg_foreign_server) AS servers,
           (SELECT string_agg(usename
                              || coalesce((SELECT '(' || string_agg(o, ',' ORDER BY o) || ')'
                                             FROM unnest(umoptions) AS o),
                                          ''),
                              ' ' ORDER BY usename)
              FROM pg_user_mappings
             WHERE srvname = 'shop') AS mappings,
           to_regclass('public.orders')::text AS orders, to_regclass('public.newest')::text AS newest
  `;
  const WHOLE = [
    {
      servers: "shop{host=shop.example} their_server",
      mappings: "postgres(password=not secret,user=me) public",
      orders: "orders",
      newest: "newest",
    },
  ];

  it("of the user's is in the same project again, and what stands beside it as well", async () => {
    await using project = await backedUp("foreign", FOREIGN);
    expect(await project.query(THERE)).toEqual(WHOLE);
    await restore(project, "foreign");
    expect(await project.query(THERE)).toEqual(WHOLE);
    await project.query("DROP SERVER shop CASCADE");
    await restore(project, "foreign");
    expect(await project.query(THERE)).toEqual(WHOLE);
  });

  inTurn(
    "goes where its wrapper is; elsewhere it is refused with all that needs it, or left out",
    async () => {
      await using ready = await supabase.project();
      await ready.admin(
        `${WRAPPER}; CREATE FOREIGN DATA WRAPPER extra; ALTER ROLE postgres SUPERUSER; ` +
          "ALTER FOREIGN DATA WRAPPER extra OWNER TO postgres; ALTER ROLE postgres NOSUPERUSER",
      );
      await restore(ready, "foreign");
      expect(await ready.query(THERE)).toEqual([{ ...WHOLE[0], servers: "shop{host=shop.example}" }]);
      expect(await ready.query("SELECT fdwname FROM pg_foreign_data_wrapper")).toEqual([
        { fdwname: "own_wrapper" },
      ]);
      await using project = await supabase.project();
      const refused = await expectRefusal(vault.restore(project.url, { source: "foreign" }), {
        code: "refused.misfit",
        exit: 7,
        says:
          "role postgres may not make FOREIGN DATA WRAPPER own_wrapper (the server lets only a superuser " +
          "make one, and the target has none of that name)",
        hint: /--allow-gaps/,
      });
      expect(refused.message).toContain("SERVER shop (it needs FOREIGN DATA WRAPPER own_wrapper)");
      const told = await restore(project, "foreign", 3, { allowGaps: true });
      expect(told).toContain(
        "FOREIGN TABLE public orders | gap: was left out: it needs FOREIGN DATA WRAPPER own_wrapper",
      );
      expect(told).not.toMatch(/differs|\| is missing/);
      expect(
        await project.query(
          "SELECT to_regclass('public.beside')::text AS beside, to_regclass('public.orders') AS orders",
        ),
      ).toEqual([{ beside: "beside", orders: null }]);
    },
  );
});

describe("jobs by the clock, where the role may only read them and call pg_cron's functions", () => {
  const CRON = `
    CREATE SCHEMA cron; GRANT USAGE ON SCHEMA cron TO postgres;
    CREATE TABLE cron.job (jobid bigserial PRIMARY KEY, schedule text NOT NULL, command text NOT NULL,
      nodename text NOT NULL DEFAULT 'localhost', nodeport int NOT NULL DEFAULT 5432,
      database text NOT NULL DEFAULT current_database(), username text NOT NULL DEFAULT session_user,
      active boolean NOT NULL DEFAULT true, jobname text, UNIQUE (jobname, username));
    GRANT SELECT ON cron.job TO postgres;
    CREATE FUNCTION cron.schedule(schedule text, command text) RETURNS bigint LANGUAGE sql SECURITY DEFINER AS
      'INSERT INTO cron.job (schedule, command) VALUES ($1, $2) RETURNING jobid';
    CREATE FUNCTION cron.schedule(job_name text, schedule text, command text) RETURNS bigint
      LANGUAGE sql SECURITY DEFINER AS
      $$
      INSERT INTO cron.job (jobname, schedule, command) VALUES ($1, $2, $3)
        ON CONFLICT (jobname, username)
        DO UPDATE SET schedule = excluded.schedule, command = excluded.command RETURNING jobid
    $$;
    CREATE FUNCTION cron.alter_job(
      job_id bigint, schedule text DEFAULT NULL, command text DEFAULT NULL, database text DEFAULT NULL,
      username text DEFAULT NULL, active boolean DEFAULT NULL)
      RETURNS void
      LANGUAGE sql SECURITY DEFINER AS 'UPDATE cron.job SET active = coalesce($6, active) WHERE jobid = $1'
  `;
  const JOBS = `
    SELECT schedule, command, jobname, active, database = current_database() AS here
      FROM cron.job
     ORDER BY jobid
  `;

  it("come back once, however often it is run, two that are alike as two", async () => {
    await using source = await backedUp("jobs", CRON);
    await source.query(
      "SELECT cron.schedule('* * * * *', 'SELECT 1'); SELECT cron.schedule('* * * * *', 'SELECT 1'); " +
        "SELECT cron.schedule('nightly', '0 3 * * *', 'VACUUM')",
    );
    expect((await vault.backup(source.url, { source: "jobs" })).exit).toBe(0);
    const once = { schedule: "* * * * *", command: "SELECT 1", jobname: null, active: false, here: true };
    const all = [once, once, { ...once, schedule: "0 3 * * *", command: "VACUUM", jobname: "nightly" }];
    await using project = await supabase.project();
    await project.admin(CRON);
    for (const _ of [1, 2]) {
      await restore(project, "jobs");
      expect(await project.query(JOBS)).toEqual(all);
    }
    // What only looks alike stays what it is.
    await project.query("SELECT cron.schedule('* * * * *', 'SELECT 2')");
    await restore(project, "jobs");
    expect(await project.query(JOBS)).toEqual([...all, { ...once, command: "SELECT 2", active: true }]);
  });

  inTurn("and so they do where the role may write the table", async () => {
    await using project = await supabase.project();
    await project.admin(
      `${CRON}; GRANT ALL ON cron.job TO postgres; GRANT ALL ON SEQUENCE cron.job_jobid_seq TO postgres`,
    );
    for (const _ of [1, 2]) {
      await restore(project, "jobs");
      expect(
        await project.query(`
          SELECT count(*)::int AS n, count(*) FILTER (WHERE command = 'SELECT 1')::int AS alike
            FROM cron.job
           WHERE NOT active
        `),
      ).toEqual([{ n: 3, alike: 2 }]);
    }
  });
});

describe("what stands on the platform's tables and calls nothing of the user's", () => {
  const ON_TABLES = `
    ALTER TABLE storage.buckets ADD CONSTRAINT "Named well" CHECK (name <> ');,' AND name ~ '^[a-z''"(]+$');
    ALTER TABLE storage.buckets ALTER COLUMN public SET DEFAULT (NOT false);
    CREATE TRIGGER touched BEFORE UPDATE ON storage.buckets FOR EACH ROW
      EXECUTE FUNCTION storage.update_updated_at_column();
    COMMENT ON TRIGGER touched ON storage.buckets IS 'by hand';
    ALTER TABLE auth.users ALTER COLUMN email SET STATISTICS 500, ALTER COLUMN phone_change DROP DEFAULT;
    COMMENT ON CONSTRAINT users_pkey ON auth.users IS 'who';
    COMMENT ON FUNCTION auth.uid() IS 'me'
  `;
  const THERE = `
    SELECT (SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'Named well') AS check,
           (SELECT pg_get_expr(adbin, adrelid)
              FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
             WHERE adrelid = 'storage.buckets'::regclass AND attname = 'public') AS public,
           (SELECT obj_description(oid) FROM pg_trigger WHERE tgname = 'touched') AS trigger,
           (SELECT attstattarget
              FROM pg_attribute
             WHERE attrelid = 'auth.users'::regclass AND attname = 'email') AS statistics,
           (SELECT atthasdef
              FROM pg_attribute
             WHERE attrelid = 'auth.users'::regclass AND attname = 'phone_change') AS phone,
           (SELECT obj_description(oid) FROM pg_constraint WHERE conname = 'users_pkey') AS key,
           obj_description('auth.uid()'::regprocedure) AS function
  `;
  let whole: Record<string, unknown>[];

  it("comes back where the platform is of the same version, once, and is compared", async () => {
    await using source = await backedUp("tables", ON_TABLES);
    whole = await source.query(THERE);
    expect(whole).toEqual([
      expect.objectContaining({
        public: "(NOT false)",
        trigger: "by hand",
        statistics: 500,
        phone: false,
        key: "who",
        function: "me",
      }),
    ]);
    await using project = await supabase.project();
    const planned = await vault.restore(project.url, { source: "tables", dryRun: true });
    expect(said(planned)).toContain(
      "on tables of the platform's and at the source alone, so taken for yours and brought: " +
        'trigger storage.buckets.touched, constraint storage.buckets."Named well", comment on constraint ' +
        "auth.users.users_pkey, comment on function auth.uid(), comment on trigger storage.buckets.touched," +
        " column auth.users.email, column auth.users.phone_change, column storage.buckets.public\n",
    );
    await restore(project, "tables");
    expect(await project.query(THERE)).toEqual(whole);
    await restore(project, "tables");
    expect(await project.query(THERE)).toEqual(whole);
    // What was changed since is told, and what is more stays.
    await project.admin(`
      ALTER TABLE storage.buckets DROP CONSTRAINT "Named well";
      ALTER TABLE storage.buckets ADD CONSTRAINT "Named well" CHECK (true), ADD CONSTRAINT more CHECK (true)
    `);
    const told = await restore(project, "tables");
    expect(told).toContain(
      "on tables of the platform's and otherwise than in the backup, left as the target has it: " +
        'constraint storage.buckets."Named well" (definition)',
    );
    expect(told).toContain(
      "on tables of the platform's and not in the backup, left there: constraint storage.buckets.more",
    );
  });

  inTurn("is named and left out where the platform is of another version", async () => {
    await using older = await supabase.project({ platform: "older" });
    const told = await restore(older, "tables");
    expect(told).toMatch(
      /the platform's: left out: .*trigger storage\.buckets\.touched.*\."Named well".*; make it by hand/,
    );
    expect(told).toMatch(/left as the target has it: .*column auth\.users\.email \(statistics target\)/);
    expect((await older.query(THERE))[0]).toMatchObject({ check: null, trigger: null, statistics: -1 });
  });

  inTurn("a check and a default on a platform's table by a function of the user's come with it", async () => {
    await using source = await backedUp(
      "check",
      `
        SET ROLE postgres;
        CREATE FUNCTION public.fine(text) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN $1 <> 'x';
        RESET ROLE;
        ALTER TABLE storage.buckets ADD CONSTRAINT fine CHECK (public.fine(name)),
          ALTER COLUMN public SET DEFAULT public.fine('y')
      `,
    );
    const fine = `
      SELECT (SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'fine') AS check,
             (SELECT pg_get_expr(adbin, adrelid)
                FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
               WHERE adrelid = 'storage.buckets'::regclass AND attname = 'public') AS public
    `;
    const there = [{ check: "CHECK (fine(name))", public: "fine('y'::text)" }];
    await restore(source, "check");
    expect(await source.query(fine)).toEqual(there);
    await using project = await supabase.project();
    await restore(project, "check");
    expect(await project.query(fine)).toEqual(there);
  });
});

describe("publications of the platform's", () => {
  const HELD = `
    SELECT p.pubname AS pub, n.nspname || '.' || c.relname AS held,
           (SELECT string_agg(attname, ',' ORDER BY attname)
              FROM pg_attribute
             WHERE attrelid = c.oid AND attnum = ANY (r.prattrs::int2[])) AS columns,
           pg_get_expr(r.prqual, r.prrelid) AS filter
      FROM pg_publication_rel r
      JOIN pg_publication p ON p.oid = prpubid
      JOIN pg_class c ON c.oid = prrelid
      JOIN pg_namespace n ON n.oid = relnamespace
    UNION ALL SELECT p.pubname, n.nspname, NULL, NULL
                FROM pg_publication_namespace r
                JOIN pg_publication p ON p.oid = pnpubid
                JOIN pg_namespace n ON n.oid = pnnspid
               ORDER BY 1, 2
  `;
  const MESSAGES = `
    CREATE TABLE realtime.messages (id int PRIMARY KEY);
    ALTER TABLE realtime.messages OWNER TO supabase_admin;
    CREATE PUBLICATION supabase_realtime_messages_publication FOR TABLE realtime.messages
  `;
  const FILLED = `
    ${MESSAGES};
    CREATE TABLE public.a (id int PRIMARY KEY, b text);
    ALTER TABLE public.a OWNER TO postgres;
    ALTER PUBLICATION supabase_realtime ADD TABLE public.a (id), auth.users (id, email)
     WHERE (id IS NOT NULL), storage.objects
  `;

  inTurn(
    "hold again what they held of both sides, columns and filters; what was added goes, named",
    async () => {
      await using source = await backedUp("published", FILLED);
      const held = await source.query(HELD);
      expect(held.map((row) => Object.values(row).join(" "))).toEqual([
        "supabase_realtime auth.users email,id (id IS NOT NULL)",
        "supabase_realtime public.a id ",
        "supabase_realtime storage.objects  ",
        "supabase_realtime_messages_publication realtime.messages  ",
      ]);
      await using project = await supabase.project();
      await project.admin(MESSAGES);
      for (const _ of [1, 2]) {
        await restore(project, "published");
        expect(await project.query(HELD)).toEqual(held);
      }
      await project.query(`
      ALTER PUBLICATION supabase_realtime DROP TABLE storage.objects, auth.users;
      ALTER PUBLICATION supabase_realtime ADD TABLE auth.users (id), storage.buckets
    `);
      const planned = await vault.restore(project.url, { source: "published", dryRun: true });
      expect(planned.outputs["plan"]).toMatchObject({
        project: { removed: ["table storage.buckets of publication supabase_realtime"] },
      });
      await restore(project, "published");
      expect(await project.query(HELD)).toEqual(held);
      // Gone altogether.
      await project.query("DROP PUBLICATION supabase_realtime");
      await restore(project, "published");
      expect(await project.query(HELD)).toEqual(held);
    },
  );

  inTurn("hold whole schemas again only by a superuser: refused by name, left out, or kept", async () => {
    await using source = await backedUp(
      "schemas",
      `
        CREATE TABLE public.a (id int PRIMARY KEY);
        ALTER TABLE public.a OWNER TO postgres;
        ALTER PUBLICATION supabase_realtime ADD TABLES IN SCHEMA public, auth
      `,
    );
    const held = await source.query(HELD);
    await restore(source, "schemas");
    expect(await source.query(HELD)).toEqual(held);
    await using project = await supabase.project();
    const refused = await expectRefusal(vault.restore(project.url, { source: "schemas" }), {
      code: "refused.misfit",
      exit: 7,
      says:
        "may not make PUBLICATION TABLES IN SCHEMA auth supabase_realtime auth (must be superuser " +
        "to add or set schemas",
      hint: /--allow-gaps/,
    });
    expect(refused.message).toContain("PUBLICATION TABLES IN SCHEMA public supabase_realtime public");
    const told = await restore(project, "schemas", 3, { allowGaps: true });
    expect(told).toContain("PUBLICATION TABLES IN SCHEMA auth supabase_realtime auth | gap: was left out: ");
    expect(told).not.toContain("differs");
  });
});

describe("where postgres is no member of the services' roles", () => {
  inTurn(
    "what it may not set on their tables or publish is refused, left out, or stays, by name",
    async () => {
      await using strict = await startSupabase({ strict: true });
      await using source = await strict.project();
      await source.admin(`
      ALTER TABLE storage.buckets ADD CONSTRAINT named_well CHECK (name <> 'x');
      ALTER TABLE auth.users ALTER COLUMN email SET STATISTICS 500;
      ALTER PUBLICATION supabase_realtime ADD TABLE auth.users (id);
      CREATE TRIGGER touched BEFORE UPDATE ON storage.buckets FOR EACH ROW
        EXECUTE FUNCTION storage.update_updated_at_column()
    `);
      expect((await vault.backup(source.url, { source: "strict" })).exit).toBe(0);
      await using project = await strict.project();
      const planned = await vault.restore(project.url, { source: "strict", dryRun: true });
      const { refusals } = (planned.outputs["plan"] as { project: { refusals: string[] } }).project;
      expect(refusals.toSorted().map((each) => each.replace(/ \(.*/, ""))).toEqual([
        "role postgres may not make CHECK CONSTRAINT storage buckets named_well",
        "role postgres may not make COLUMN auth users email",
        "role postgres may not make PUBLICATION TABLE auth supabase_realtime users",
      ]);
      const told = await restore(project, "strict", 3, { allowGaps: true });
      for (const title of [
        "CHECK CONSTRAINT storage buckets named_well",
        "COLUMN auth users email",
        "PUBLICATION TABLE auth supabase_realtime users",
      ]) {
        expect(told).toContain(`${title} | gap: was left out: `);
      }
      expect(told).not.toMatch(/differs|\| is missing/);
      expect(
        await project.query("SELECT count(*)::int AS n FROM pg_trigger WHERE tgname = 'touched'"),
      ).toEqual([{ n: 1 }]);
      await restore(source, "strict");
      expect(await source.query("SELECT count(*)::int AS n FROM pg_publication_rel")).toEqual([{ n: 1 }]);
    },
  );
});
