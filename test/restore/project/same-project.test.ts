import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { expectProjectWorks, installApplication, PERSON, Project, startSupabase, type SupabaseServer } from "../../support/supabase/supabase.ts";
import { expectRefusal, said, Vault } from "../../support/vault.ts";
import { stateOf } from "./state.ts";

/** A project that is in use: the same one after an accident, or one with people of its own in it. */

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

/** A copy of the project as it was when it was backed up. */
async function used(): Promise<Project> {
  const name = `used_${randomBytes(6).toString("hex")}`;
  await supabase.cluster.admin(`CREATE DATABASE ${name} TEMPLATE ${source.name} OWNER postgres`);
  return new Project(supabase, source.platform, name);
}

describe("after an accident", () => {
  it("half of the users gone and public dropped: everything is there again, once", async () => {
    await using project = await used();
    await project.query(`DELETE FROM auth.users WHERE id::text > '${PERSON(250)}'; DROP SCHEMA private CASCADE; DROP TABLE public.posts, public.profiles CASCADE; DROP FUNCTION public.handle_new_user CASCADE;
      UPDATE auth.users SET encrypted_password = 'spoilt' WHERE id = '${PERSON(7)}'`);
    await expectRefusal(vault.restore(project.url), { code: "database.not-empty", exit: 7, says: "250 rows of auth.users", hint: /--confirm/ });
    const restored = await vault.restore(project.url, { confirm: project.name });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({ exit: 0, said: expect.stringContaining("everything as it was") });
    expect(restored.outputs["safety-backup"]).not.toBe("");
    expect(await project.query("SELECT count(*)::int AS users, count(*) FILTER (WHERE encrypted_password = 'spoilt')::int AS spoilt FROM auth.users")).toEqual([{ users: 500, spoilt: 0 }]);
    await expectProjectWorks(project);
  });

  it("schema public itself gone: it is made again; rights that only the platform can give are named", async () => {
    await using project = await used();
    await project.query("DROP SCHEMA public CASCADE");
    const restored = await vault.restore(project.url, { confirm: project.name, safetyBackup: false });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({ exit: 3, said: expect.stringContaining("default-privilege | supabase_admin in public for r | gap: are not at the target") });
    expect(said(restored)).not.toContain("differs");
    await expectProjectWorks(project);
  });

  it("the safety backup of before is itself a backup that goes back", async () => {
    await using project = await used();
    await project.query("CREATE TABLE public.later (id int PRIMARY KEY); INSERT INTO public.later VALUES (1); UPDATE public.profiles SET full_name = 'changed'");
    const restored = await vault.restore(project.url, { confirm: project.name });
    expect(said(restored)).toContain("everything as it was");
    expect(await project.query("SELECT to_regclass('public.later')::text AS later")).toEqual([{ later: null }]);
    const back = await vault.restore(project.url, { backup: String(restored.outputs["safety-backup"]), confirm: project.name, safetyBackup: false });
    expect({ exit: back.exit, said: said(back) }).toEqual({ exit: 0, said: expect.stringContaining("everything as it was") });
    expect(await project.query("SELECT (SELECT count(*)::int FROM public.later) AS later, (SELECT count(*)::int FROM public.profiles WHERE full_name = 'changed') AS changed")).toEqual([{ later: 1, changed: 500 }]);
  });
});

describe("a project with people of its own", () => {
  const STRANGER = "11111111-0000-4000-8000-000000000001";

  it("people of another id and e-mail stay, and are counted", async () => {
    await using project = await supabase.project();
    await project.as("supabase_auth_admin", "INSERT INTO auth.users (id, email) VALUES ($1, 'stranger@example.net')", [STRANGER]);
    const planned = await vault.restore(project.url, { dryRun: true });
    expect(said(planned)).toContain("auth.users: 500 in the backup, 1 at the target; 500 new, 0 changed to the backup's, 1 further stay");
    const restored = await vault.restore(project.url, { confirm: project.name });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({ exit: 0, said: expect.stringContaining("1 row of auth.users") });
    expect(await project.query("SELECT count(*)::int AS users FROM auth.users")).toEqual([{ users: 501 }]);
    await expectProjectWorks(project);
  });

  it("the same e-mail under another id is refused before anything is touched, with how many and by which rule", async () => {
    await using project = await used();
    await project.admin(`SET session_replication_role = replica; UPDATE auth.users SET id = '${STRANGER}' WHERE id = '${PERSON(9)}'; UPDATE auth.users SET email = 'moved@example.org' WHERE id = '${PERSON(10)}';
      UPDATE auth.identities SET id = gen_random_uuid(), user_id = '${STRANGER}' WHERE user_id = '${PERSON(9)}'`);
    const before = await stateOf(project);
    const refusal = await expectRefusal(vault.restore(project.url, { confirm: project.name }), {
      code: "refused.misfit", exit: 7, says: /1 row of auth\.users in the backup collide with rows at the target that have another id \(users_email_partial_key: the same email/, hint: /Nothing was touched/,
    });
    expect(refusal.message).not.toContain("person9@");
    expect(await stateOf(project)).toEqual(before);
    const planned = await vault.restore(project.url, { dryRun: true });
    expect({ exit: planned.exit, said: said(planned) }).toEqual({ exit: 0, said: expect.stringContaining("nothing will be done: 1 row of auth.users") });
  });

  it("rows that a rule of the target alone forbids are refused before anything is touched", async () => {
    await using project = await used();
    await project.admin("DELETE FROM auth.users; CREATE UNIQUE INDEX idx_users_email ON auth.users (aud)");
    await expectRefusal(vault.restore(project.url, { confirm: project.name }), {
      code: "refused.misfit", exit: 7, says: "500 rows of auth.users in the backup are alike by a rule of the target that the source did not have (idx_users_email: the same aud)", hint: /Nothing was touched/,
    });
  });

  describe("values that rows have exchanged since the backup", () => {
    const SWAP = `SET session_replication_role = replica; ALTER TABLE auth.users ADD COLUMN nickname text;
      UPDATE auth.users SET nickname = 'kept' WHERE id IN ('${PERSON(1)}', '${PERSON(2)}', '${PERSON(3)}');
      UPDATE auth.users SET email = 'nobody@example.org', phone = '49' WHERE id = '${PERSON(1)}'; UPDATE auth.users SET email = 'person1@example.org', phone = '50' WHERE id = '${PERSON(2)}';
      UPDATE auth.users SET email = 'person2@example.org' WHERE id = '${PERSON(3)}'; UPDATE auth.users SET email = 'person3@example.org' WHERE id = '${PERSON(1)}';
      UPDATE storage.buckets SET name = 'between' WHERE id = 'avatars'; UPDATE storage.buckets SET name = 'avatars' WHERE id = 'letters'; UPDATE storage.buckets SET name = 'letters' WHERE id = 'avatars'`;
    const ROWS = `SELECT email, nickname, (SELECT count(*)::int FROM auth.identities i WHERE i.user_id = u.id) AS identities, (SELECT count(*)::int FROM public.profiles p WHERE p.id = u.id) AS profiles
      FROM auth.users u WHERE id IN ('${PERSON(1)}', '${PERSON(2)}', '${PERSON(3)}') ORDER BY id`;
    const THERE = [1, 2, 3].map((n) => ({ email: `person${n}@example.org`, nickname: "kept", identities: 1, profiles: 1 }));

    it("come back to whom they belonged, with all that refers to them, and the target's own columns", async () => {
      await using project = await used();
      await project.admin("CREATE UNIQUE INDEX bname ON storage.buckets (name)").catch(() => undefined);
      await project.admin(SWAP);
      const restored = await vault.restore(project.url, { confirm: project.name, safetyBackup: false });
      expect({ exit: restored.exit, said: said(restored) }).toEqual({ exit: 0, said: expect.stringContaining("everything as it was") });
      expect(await project.query(ROWS)).toEqual(THERE);
      expect(await project.query("SELECT id, name FROM storage.buckets ORDER BY id")).toEqual([{ id: "avatars", name: "avatars" }, { id: "letters", name: "letters" }]);
      await expectProjectWorks(project);
    });

    it("and so they do by a role that may not switch keys off, where they may be without for a moment; else it says who may", async () => {
      await using project = await used();
      await project.admin(SWAP);
      await project.admin("UPDATE storage.buckets SET name = id || '!'; UPDATE storage.buckets SET name = id");
      await supabase.cluster.admin("REVOKE SET ON PARAMETER session_replication_role FROM postgres");
      try {
        const restored = await vault.restore(project.url, { confirm: project.name, safetyBackup: false });
        expect({ exit: restored.exit, said: said(restored) }).toEqual({ exit: 0, said: expect.stringContaining("everything as it was") });
        expect(await project.query(ROWS)).toEqual(THERE);
        await project.admin("CREATE UNIQUE INDEX bname ON storage.buckets (name)").catch(() => undefined);
        await project.admin("UPDATE storage.buckets SET name = 'between' WHERE id = 'avatars'; UPDATE storage.buckets SET name = 'avatars' WHERE id = 'letters'; UPDATE storage.buckets SET name = 'letters' WHERE id = 'avatars'");
        await expectRefusal(vault.restore(project.url, { confirm: project.name, safetyBackup: false }), {
          code: "database.query", exit: 4, says: "rows of storage.buckets have exchanged values since the backup", hint: /session_replication_role.*Nothing was changed/,
        });
      } finally {
        await supabase.cluster.admin("GRANT SET ON PARAMETER session_replication_role TO postgres");
      }
    });
  });

  it("what is the user's there and not in the backup goes, and the plan names it", async () => {
    await using project = await used();
    await project.query("CREATE VIEW public.extra AS SELECT 1 AS a; CREATE FUNCTION public.more() RETURNS int LANGUAGE sql RETURN 1; CREATE POLICY \"Extra\" ON storage.objects FOR SELECT TO anon USING (false)");
    const planned = await vault.restore(project.url, { dryRun: true });
    expect(said(planned)).toMatch(/removes \| .*policy storage\.objects\."Extra".*view public\.extra.*function public\.more\(\)/);
    expect(said(await vault.restore(project.url, { confirm: project.name, safetyBackup: false }))).toContain("everything as it was");
    expect(await project.query("SELECT (SELECT count(*)::int FROM pg_policy WHERE polname = 'Extra') AS policies, to_regclass('public.extra')::text AS extra")).toEqual([{ policies: 0, extra: null }]);
  });
});
