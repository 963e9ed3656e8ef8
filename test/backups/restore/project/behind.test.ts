import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { CRON_SQL } from "../../../support/supabase/cron.ts";
import { startSupabase, type Project, type SupabaseServer } from "../../../support/supabase/supabase.ts";
import { expectRefusal, said, Vault } from "../../../support/vault.ts";
import { casesInTurn } from "../../../support/sampling.ts";

/** What a project does not get, and what of a restore must therefore be said. */

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

const SIGNED_IN = `
  INSERT INTO auth.users (id, email)
    SELECT gen_random_uuid(), 'p' || n || '@example.org'
      FROM generate_series(1, 5) n;
  INSERT INTO auth.sessions (id, user_id) SELECT id, id FROM auth.users;
`;

const KEYS = "SELECT count(*)::int AS keys FROM pg_constraint WHERE conname = 'runs_job_fkey'";

async function backedUp(name: string, sql: string): Promise<Project> {
  const project = await supabase.project();
  await project.query(SIGNED_IN + sql);
  expect((await vault.backup(project.url, { source: name })).exit).toBe(0);
  return project;
}

describe("a key of the user's to jobs, which the target numbers", () => {
  const CRON = `${CRON_SQL}; GRANT REFERENCES ON cron.job TO postgres`;
  const REFUSED =
    "FK CONSTRAINT public runs runs_job_fkey cannot be made: 1 row of public.runs may refer to jobs " +
    "of cron.job, which are scheduled anew after the keys are made, and numbered by the target";
  const OTHER = "SELECT cron.schedule('other', '0 4 * * *', 'SELECT 1')";

  it("is refused in the plan where jobs are lacking, left out on request, else made", async () => {
    await using source = await supabase.project();
    await source.admin(CRON);
    await source.query(`
      SELECT cron.schedule('nightly', '0 3 * * *', 'VACUUM');
      CREATE TABLE public.runs (job bigint REFERENCES cron.job);
      INSERT INTO public.runs VALUES (1)
    `);
    expect((await vault.backup(source.url, { source: "runs" })).exit).toBe(0);
    await using project = await supabase.project();
    await project.admin(`${CRON}; SELECT nextval('cron.job_jobid_seq')`);
    const why =
      "1 row of public.runs may refer to jobs of cron.job, which are scheduled anew after the keys are " +
      "made, and numbered by the target";
    const planned = await vault.restore(project.url, { source: "runs", dryRun: true });
    expect(planned.outputs["plan"]).toMatchObject({
      project: { refusals: [`FK CONSTRAINT public runs runs_job_fkey cannot be made: ${why}`] },
    });
    await expectRefusal(vault.restore(project.url, { source: "runs" }), {
      code: "refused.misfit",
      exit: 7,
      says: why,
      hint: /--allow-gaps/,
    });
    const left = await vault.restore(project.url, { source: "runs", allowGaps: true });
    expect({ exit: left.exit, said: said(left) }).toEqual({
      exit: 3,
      said: expect.stringContaining("FK CONSTRAINT public runs runs_job_fkey | gap: was left out: "),
    });
    expect(
      await project.query(`
        SELECT (SELECT count(*)::int FROM public.runs) AS runs, (SELECT count(*)::int FROM cron.job) AS jobs
      `),
    ).toEqual([{ runs: 1, jobs: 1 }]);
    expect(await project.query(KEYS)).toEqual([{ keys: 0 }]);
    // In the project that has the jobs they keep their numbers.
    const same = await vault.restore(source.url, {
      source: "runs",
      confirm: source.name,
      safetyBackup: false,
    });
    expect({ exit: same.exit, said: said(same) }).toEqual({
      exit: 0,
      said: expect.stringContaining("everything as it was"),
    });
    expect(await source.query(KEYS)).toEqual([{ keys: 1 }]);
    // Who may write the table puts them in again, under new numbers.
    const written = await vault.restore(source.adminUrl, { source: "runs", dryRun: true });
    expect(written.outputs["plan"]).toMatchObject({ project: { refusals: [REFUSED] } });
  });

  const NIGHTLY = "SELECT cron.schedule('nightly', '0 3 * * *', 'VACUUM')";

  it.each<[string, string, number, string?]>(
    casesInTurn<[string, string, number, string?]>(
      "keys to jobs under other numbers",
      [
        ["the number is another job's, which the server would take", OTHER, 1],
        ["as many others are there under other numbers", OTHER, 6],
        ["it has another number", NIGHTLY, 5],
        [
          "it has its number, and another one of the backup's is lacking",
          NIGHTLY,
          1,
          "SELECT cron.schedule('weekly', '0 3 * * 0', 'VACUUM')",
        ],
      ],
      { every: 4 },
    ),
  )("is refused and left out alike where %s", async (_, there, number, further = "SELECT 1") => {
    await using source = await supabase.project();
    await source.admin(CRON);
    await source.query(
      `${NIGHTLY}; ${further}; CREATE TABLE public.runs (job bigint REFERENCES cron.job); ` +
        "INSERT INTO public.runs VALUES (1)",
    );
    const name = `numbers-${source.name}`;
    expect((await vault.backup(source.url, { source: name })).exit).toBe(0);
    await using project = await supabase.project();
    await project.admin(`${CRON}; SELECT setval('cron.job_jobid_seq', ${number}, false)`);
    await project.query(there);
    const planned = await vault.restore(project.url, { source: name, dryRun: true });
    expect(planned.outputs["plan"]).toMatchObject({ project: { refusals: [REFUSED] } });
    const left = await vault.restore(project.url, {
      source: name,
      confirm: project.name,
      safetyBackup: false,
      allowGaps: true,
    });
    expect({ exit: left.exit, said: said(left) }).toEqual({
      exit: 3,
      said: expect.stringContaining(
        "FK CONSTRAINT public runs runs_job_fkey | gap: was left out: 1 row of public.runs may refer to jobs",
      ),
    });
    expect(said(left)).not.toMatch(/\| is missing/);
    expect(await project.query(KEYS)).toEqual([{ keys: 0 }]);
  });
});

describe("a key of the user's to rows that stay behind", () => {
  const DEVICES = `
    CREATE TABLE public.devices (session uuid REFERENCES auth.sessions);
    INSERT INTO public.devices SELECT id FROM auth.sessions;
  `;
  const EMPTY = "CREATE TABLE public.unused (session uuid REFERENCES auth.sessions);";
  const LATER = `
    CREATE TABLE public.loose (session uuid);
    INSERT INTO public.loose VALUES (gen_random_uuid());
    ALTER TABLE public.loose ADD FOREIGN KEY (session) REFERENCES auth.sessions NOT VALID;
  `;
  const SAYS =
    "FK CONSTRAINT public devices devices_session_fkey cannot be made: 5 rows of public.devices may refer " +
    "to rows of auth.sessions, which stay behind: --with-sessions brings them";

  it("is refused by name in the plan, with what helps; what needs none of these rows is not", async () => {
    await using _ = await backedUp("devices", DEVICES + EMPTY + LATER);
    await using project = await supabase.project();
    const planned = await vault.restore(project.url, { source: "devices", dryRun: true });
    expect(planned.outputs["plan"]).toMatchObject({ project: { refusals: [SAYS] } });
    await expectRefusal(vault.restore(project.url, { source: "devices" }), {
      code: "refused.misfit",
      exit: 7,
      says: SAYS,
      hint: /--allow-gaps/,
    });
    const restored = await vault.restore(project.url, { source: "devices", withSessions: true });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining("everything as it was"),
    });
    expect(
      await project.query(`
        SELECT count(*)::int AS n
          FROM pg_constraint
         WHERE contype = 'f'
           AND conrelid IN ('public.devices'::regclass, 'public.unused'::regclass, 'public.loose'::regclass)
      `),
    ).toEqual([{ n: 3 }]);
  });

  it("is left out with --allow-gaps where the server refuses it, and named; its rows are there", async () => {
    await using project = await supabase.project();
    const restored = await vault.restore(project.url, { source: "devices", allowGaps: true });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 3,
      said: expect.stringContaining("FK CONSTRAINT public devices devices_session_fkey | gap: was left out"),
    });
    expect(said(restored)).not.toMatch(/\| is missing/);
    expect(await project.query("SELECT count(*)::int AS n FROM public.devices")).toEqual([{ n: 5 }]);
  });
});

describe("a receipt of a restore into a project", () => {
  it("says what was not compared: the platform's own, and rows that stayed behind", async () => {
    await using _ = await backedUp("receipt", "CREATE TABLE public.notes (id int)");
    await using project = await supabase.project();
    const before = new Set(vault.files("receipts"));
    expect((await vault.restore(project.url, { source: "receipt" })).exit).toBe(0);
    const [file] = vault.files("receipts").filter((path) => path.includes("recovered") && !before.has(path));
    const receipt = JSON.parse(readFileSync(vault.path(file!), "utf8")) as { notCompared: unknown[] };
    expect(receipt).toMatchObject({ format: "holdfast.receipt/2", verdict: "proved", findings: [] });
    expect(receipt.notCompared).toEqual(
      expect.arrayContaining([
        {
          about: "table",
          name: "auth.sessions",
          message: "was not brought: 5 rows of the backup stay behind",
        },
        {
          about: "event-trigger",
          name: "pgrst_ddl_watch",
          message: "is the platform's own, which the target's platform brings",
        },
        { about: "schema", name: "auth", message: expect.stringContaining("only the user's were compared") },
      ]),
    );
  });
});

describe("what acts on every definition", () => {
  it("is made last: an event trigger of the user's does not refuse the restore's own steps", async () => {
    const HOOK = `
      CREATE SCHEMA supabase_functions;
      CREATE FUNCTION supabase_functions.http_request() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RETURN new; END $$;
    `;
    await using source = await supabase.project();
    await source.admin(`
      ${HOOK} CREATE TABLE public.notes (id int);
      COMMENT ON COLUMN auth.users.phone IS 'with its country';
      CREATE TRIGGER tells AFTER INSERT ON public.notes FOR EACH ROW
        EXECUTE FUNCTION supabase_functions.http_request();
      CREATE FUNCTION public.guard() RETURNS event_trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'no changes outside of migrations'; END $$;
      CREATE EVENT TRIGGER guard ON ddl_command_start WHEN TAG IN ('ALTER TABLE', 'COMMENT')
        EXECUTE FUNCTION public.guard()
    `);
    expect((await vault.backup(source.adminUrl, { source: "guard" })).exit).toBe(0);
    await using project = await supabase.project();
    await project.admin(HOOK);
    const restored = await vault.restore(project.adminUrl, { source: "guard" });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining("webhook tells on public.notes is paused"),
    });
    expect(await project.admin("SELECT evtenabled FROM pg_event_trigger WHERE evtname = 'guard'")).toEqual([
      { evtenabled: "O" },
    ]);
  });
});

describe("looking at a project", () => {
  it("runs no function of the user's: a rule that calls one is named as not asked", async () => {
    await using _ = await backedUp("look", "CREATE TABLE public.notes (id int)");
    await using project = await supabase.project();
    await project.query(`
      CREATE SEQUENCE public.seen;
      INSERT INTO auth.users (id, email) VALUES (gen_random_uuid(), 'here@example.net')
    `);
    await project.admin(`
      CREATE FUNCTION public.norm(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
      BEGIN
        IF current_user = 'postgres' THEN
          PERFORM nextval('public.seen');
        END IF;
        RETURN lower(t);
      END $$;
      CREATE UNIQUE INDEX users_norm ON auth.users (public.norm(email::text))
    `);
    const planned = await vault.restore(project.url, { source: "look", dryRun: true });
    expect(said(planned)).toContain(
      "index users_norm of auth.users calls functions that are not the server's own, so that it was " +
        "not asked whether rows collide by it",
    );
    expect(await project.query("SELECT is_called FROM public.seen")).toEqual([{ is_called: false }]);
  });
});

describe("a key of the user's to rows that stay behind and are told apart by numbers", () => {
  it("is never made over others' rows that have the same numbers at the target", async () => {
    await using source = await backedUp(
      "numbered",
      `
        INSERT INTO auth.refresh_tokens (id, token) VALUES (1, 'mine');
        CREATE TABLE public.seen (token bigint REFERENCES auth.refresh_tokens (id));
        INSERT INTO public.seen VALUES (1)
      `,
    );
    await using project = await supabase.project();
    await project.query("INSERT INTO auth.refresh_tokens (id, token) VALUES (1, 'another''s')");
    const left = await vault.restore(project.url, { source: "numbered", allowGaps: true });
    expect({ exit: left.exit, said: said(left) }).toEqual({
      exit: 3,
      said: expect.stringContaining("FK CONSTRAINT public seen seen_token_fkey | gap: was left out: "),
    });
    expect(
      await project.query(`
        SELECT count(*)::int AS n
          FROM pg_constraint
         WHERE contype = 'f' AND conrelid = 'public.seen'::regclass
      `),
    ).toEqual([{ n: 0 }]);
    expect(source.name).not.toBe(project.name);
  });
});

describe("rows of the user's that break what stands on them", () => {
  it("refuse with what helps, and are left out on request with what needs them", async () => {
    await using source = await backedUp(
      "broken",
      `
        CREATE TABLE public.notes (id int, said text);
        INSERT INTO public.notes VALUES (1, 'a'), (1, 'a');
        CREATE UNIQUE INDEX notes_u ON public.notes (id) WHERE id < 0
      `,
    );
    // As an index broken by another collation or a failing disk is.
    await source.admin(`
      SET allow_system_table_mods = on;
      UPDATE pg_index SET indpred = NULL WHERE indexrelid = 'public.notes_u'::regclass;
      CREATE TABLE public.on_notes (note int);
      ALTER TABLE public.on_notes OWNER TO postgres
    `);
    await source.admin(`
      ALTER TABLE public.on_notes ADD CONSTRAINT on_notes_fk FOREIGN KEY (note) REFERENCES public.notes (id)
    `);
    expect((await vault.backup(source.url, { source: "broken" })).exit).toBe(0);
    await using project = await supabase.project();
    await expectRefusal(vault.restore(project.url, { source: "broken" }), {
      code: "database.query",
      exit: 4,
      says: /INDEX public notes_u: could not create unique index/,
      hint: /rows of the backup itself|--allow-gaps/,
    });
    const left = await vault.restore(project.url, { source: "broken", allowGaps: true });
    expect({ exit: left.exit, said: said(left) }).toEqual({
      exit: 3,
      said: expect.stringMatching(
        /INDEX public notes_u \| gap: was left out: [\s\S]*FK CONSTRAINT .* on_notes_fk \| gap: was left out/,
      ),
    });
    expect(await project.query("SELECT count(*)::int AS n FROM public.notes")).toEqual([{ n: 2 }]);
  });
});
