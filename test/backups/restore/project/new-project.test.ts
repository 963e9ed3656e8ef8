import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { findServer } from "../../../support/postgres.ts";
import {
  COUNTS,
  expectProjectWorks,
  installApplication,
  REACHING_OUT,
  startSupabase,
  type Project,
  type SupabaseOptions,
  type SupabaseServer,
} from "../../../support/supabase/supabase.ts";
import { testPorts } from "../../../support/test-ports.ts";
import { said, Vault } from "../../../support/vault.ts";
import { stateOf } from "./state.ts";
import { testInTurn } from "../../../support/cases-in-turn.ts";

/** A project with an ordinary application goes into another one, as the role that people have. */

const SERVERS: readonly SupabaseOptions[] = [{ major: "15" }, { major: "17" }];

describe.each(SERVERS)("into a new project on %j", (options) => {
  const found = findServer("17.10");
  if (options.major === "17" && "reason" in found) {
    it.skip(`comes back whole (NOT RUN: ${found.reason})`, () => undefined);
    return;
  }
  const inOne = testInTurn(`into a new project, on ${options.major}`, 2, options.major === "15" ? 0 : 1);
  let supabase: SupabaseServer;
  let source: Project;
  let vault: Vault;
  /** The programs of the server's own version. */
  let tools: { readonly binDir: string };

  beforeAll(async () => {
    supabase = await startSupabase(options);
    tools = { binDir: supabase.cluster.facts.binDir };
    source = await supabase.project();
    await installApplication(source);
    vault = await Vault.make();
    await vault.backup(source.url, {}, tools);
  });
  afterAll(async () => {
    await supabase[Symbol.asyncDispose]();
    await vault[Symbol.asyncDispose]();
  });

  inOne("everything of the user's comes back, works, is told in the plan, and has a receipt", async () => {
    await using project = await supabase.project();
    const before = await stateOf(project);
    const planned = await vault.restore(project.url, { dryRun: true }, tools);
    expect({ exit: planned.exit, said: said(planned) }).toEqual({
      exit: 0,
      said: expect.stringContaining("project: both the backup and the target are of Supabase"),
    });
    expect(planned.outputs["plan"]).toMatchObject({
      mode: "project",
      project: {
        fresh: true,
        refusals: [],
        rows: expect.arrayContaining([
          expect.objectContaining({
            table: "auth.users",
            backup: COUNTS.users,
            target: 0,
            new: COUNTS.users,
            changed: 0,
            further: 0,
          }),
        ]),
        onPlatform: expect.arrayContaining([
          expect.stringContaining("TRIGGER auth users on_auth_user_created"),
          expect.stringContaining("POLICY storage objects Own files"),
        ]),
      },
    });
    expect(said(planned)).toMatch(
      /not in any backup \| the files of 90 storage objects: .*no Holdfast command yet/,
    );
    expect(await stateOf(project)).toEqual(before);

    const ports = testPorts(tools);
    const restored = await vault.restore(project.url, {}, ports);
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining("everything as it was"),
    });
    // Told once: the plan that goes before leaves it to the end.
    expect(said(restored)).toContain("not in any backup of the database: the files of 90 storage objects");
    expect(ports.lines.join("\n")).not.toContain("not in any backup");
    expect(said(restored)).toMatch(
      /not touched and not compared: what stands in \d+ schemas \(auth, .*\), \d+ things outside of them/,
    );
    expect(restored.outputs["safety-backup"]).toBe("");
    await expectProjectWorks(project);
    expect(vault.files("receipts").filter((path) => path.includes("recovered"))).toHaveLength(1);
    const rows = `
      SELECT (SELECT count(*)::int FROM auth.users) AS users,
             (SELECT count(*)::int FROM auth.identities) AS identities,
             (SELECT count(*)::int FROM auth.sessions) AS sessions,
             (SELECT count(*)::int FROM storage.objects) AS objects,
             (SELECT count(*)::int FROM public.authors) AS authors,
             nextval('public.receipt_numbers')::int AS receipt
    `;
    expect(await project.query(rows)).toEqual([
      { users: 500, identities: 500, sessions: 0, objects: 90, authors: 500, receipt: 1420 },
    ]);
    expect(
      await project.query("SELECT count(*)::int AS n FROM pg_indexes WHERE indexname = 'users_by_handle'"),
    ).toEqual([{ n: 1 }]);
    expect(
      await project.query(`
        SELECT col_description('auth.users'::regclass, attnum) AS said
          FROM pg_attribute
         WHERE attrelid = 'auth.users'::regclass AND attname = 'raw_user_meta_data'
      `),
    ).toEqual([{ said: "handle and full_name become the profile" }]);
    expect(
      await project.query("SELECT tablename FROM pg_publication_tables WHERE pubname = 'supabase_realtime'"),
    ).toEqual([{ tablename: "posts" }]);
  });

  inOne("what the platform has there is as it was: every row, right and definition of its own", async () => {
    await using project = await supabase.project();
    const before = await stateOf(project);
    await vault.restore(project.url, {}, tools);
    const after = await stateOf(project);
    const kept = (kind: string, of: typeof before): string[] =>
      Object.entries(of.objects[kind as "grant"] ?? {}).map((entry) => entry.join(" "));
    for (const kind of Object.keys(before.objects)) {
      const lost = kept(kind, before).filter((one) => !kept(kind, after).includes(one));
      // Its own publication has the user's table now.
      expect([kind, lost]).toEqual([
        kind,
        kind === "publication" ? [expect.stringMatching(/^supabase_realtime /)] : [],
      ]);
    }
  });

  inOne("a right taken away at the source does not come back by the platform's defaults", async () => {
    await using project = await supabase.project();
    await vault.restore(project.url, {}, tools);
    const asked = `
      SELECT has_function_privilege(
        'authenticated', 'public.published_by(uuid)', 'EXECUTE') AS authenticated,
             has_function_privilege('anon', 'public.published_by(uuid)', 'EXECUTE') AS anon
    `;
    expect(await project.query(asked)).toEqual([{ authenticated: false, anon: true }]);
  });

  inOne("--with-sessions brings who is signed in, and the tokens' sequence goes on behind them", async () => {
    await using project = await supabase.project();
    const restored = await vault.restore(project.url, { withSessions: true }, tools);
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining("everything as it was"),
    });
    const rows = `
      SELECT (SELECT count(*)::int FROM auth.sessions) AS sessions,
             (SELECT count(*)::int FROM auth.refresh_tokens) AS tokens,
             (SELECT max(id)::int FROM auth.refresh_tokens) AS last
    `;
    expect(await project.query(rows)).toEqual([
      { sessions: COUNTS.sessions, tokens: 2 * COUNTS.sessions, last: 80 },
    ]);
    expect(
      await project.as("supabase_auth_admin", "SELECT nextval('auth.refresh_tokens_id_seq')::int AS next"),
    ).toEqual([{ next: 81 }]);
  });

  inOne("webhooks and jobs by the clock come back paused and are named, with what starts each", async () => {
    await using reaching = await supabase.project();
    await reaching.admin(REACHING_OUT);
    await installApplication(reaching);
    await reaching.query(`
      CREATE TRIGGER tell_shop AFTER INSERT ON public.posts FOR EACH ROW
        EXECUTE FUNCTION supabase_functions.http_request(
          'https://example.org/hook', 'POST', '{}', '{}', '1000');
      CREATE TABLE public.notices (id int);
      CREATE FUNCTION public.tell() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM net.http_post('https://example.org'); RETURN new; END $$;
      CREATE TRIGGER tell_all AFTER INSERT ON public.notices FOR EACH ROW EXECUTE FUNCTION public.tell();
      SELECT cron.schedule('nightly', '0 3 * * *', 'VACUUM');
      SELECT cron.schedule('* * * * *', 'SELECT 1')
    `);
    await using own = await Vault.make();
    await own.backup(reaching.url, {}, tools);
    await using project = await supabase.project();
    await project.admin(REACHING_OUT);
    const restored = await own.restore(project.url, {}, tools);
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining("everything as it was"),
    });
    expect(said(restored)).toContain(
      "webhook tell_shop on public.posts is paused; to send again: ALTER TABLE public.posts ENABLE " +
        "TRIGGER tell_shop",
    );
    expect(said(restored)).toContain(
      "trigger tell_all on public.notices calls public.tell(), which may reach out of the database, " +
        "and is not paused; to keep it from that: ALTER TABLE public.notices DISABLE TRIGGER tell_all",
    );
    expect(said(restored)).toContain(
      "job 1 (nightly) is paused; to run it again: SELECT cron.alter_job(1, active := true)",
    );
    expect(await project.query("SELECT tgenabled FROM pg_trigger WHERE tgname = 'tell_shop'")).toEqual([
      { tgenabled: "D" },
    ]);
    expect(
      await project.query("SELECT jobname, active, database, command FROM cron.job ORDER BY jobid"),
    ).toEqual([
      { jobname: "nightly", active: false, database: project.name, command: "VACUUM" },
      { jobname: null, active: false, database: project.name, command: "SELECT 1" },
    ]);
    await expectProjectWorks(project);
    // A second time they are not doubled.
    const again = await own.restore(project.url, { confirm: project.name, safetyBackup: false }, tools);
    expect(again.exit).toBe(0);
    expect(said(again)).not.toMatch(/cron.* stays? as|not in the backup stayed/);
    expect(await project.query("SELECT count(*)::int AS n FROM cron.job")).toEqual([{ n: 2 }]);
    await project.query("SELECT cron.schedule('more', '0 4 * * *', 'SELECT 2')");
    expect(
      said(await own.restore(project.url, { confirm: project.name, safetyBackup: false }, tools)),
    ).toContain("1 job of pg_cron that the backup has not stays as it is");

    await using without = await supabase.project();
    const gaps = await own.restore(without.url, { allowGaps: true }, tools);
    expect({ exit: gaps.exit, said: said(gaps) }).toEqual({
      exit: 3,
      said: expect.stringContaining("cron.job"),
    });
  });

  inOne("roles of the user's come back without login, and keep rights on the platform's tables", async () => {
    await source
      .query(
        "GRANT SELECT (id, email) ON auth.users TO reporting; GRANT SELECT ON auth.identities TO reporting",
      )
      .catch(() => undefined);
    await using own = await Vault.make();
    await own.backup(source.url, {}, tools);
    await using other = await startSupabase(options);
    await using project = await other.project();
    const restored = await own.restore(project.url, {}, tools);
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining("made without login"),
    });
    expect(
      await project.query(`
        SELECT rolcanlogin AS login, has_table_privilege('reporting', 'private.people', 'SELECT') AS people,
               has_column_privilege('reporting', 'auth.users', 'email', 'SELECT') AS email
          FROM pg_roles
         WHERE rolname = 'reporting'
      `),
    ).toEqual([{ login: false, people: true, email: true }]);
    await expectProjectWorks(project);
  });

  inOne("a plain database takes it as any other, and --into project refuses one by name", async () => {
    const refused = vault.restore(supabase.cluster.adminUrl("postgres"), { into: "project" }, tools);
    await expect(refused).rejects.toMatchObject({
      code: "database.unsupported",
      message: expect.stringContaining("is no platform's that is known"),
    });
    await expect(
      vault.restore(source.url, { into: "project", mode: "in-place" }, tools),
    ).rejects.toMatchObject({ code: "input.conflict" });
    await expect(vault.restore(source.url, { into: "project", what: "data" }, tools)).rejects.toMatchObject({
      code: "input.conflict",
    });
  });
});
