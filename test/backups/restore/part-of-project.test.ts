import { randomBytes } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import {
  expectProjectWorks,
  installApplication,
  Project,
  startSupabase,
} from "../../support/supabase/supabase.ts";
import { said, Vault } from "../../support/vault.ts";

const DEFAULTS = `
  SELECT defaclrole::regrole::text AS role, defaclobjtype::text AS of, defaclacl::text AS acl
    FROM pg_default_acl
   WHERE defaclnamespace = 'public'::regnamespace
   ORDER BY 1, 2
`;

describe("a backup of public alone, in place in a project", () => {
  it("replaces what is in the schema and leaves it, with what the platform's roles set there", async () => {
    await using supabase = await startSupabase();
    await using source = await supabase.project();
    await installApplication(source);
    await using vault = await Vault.make();
    const made = await vault.backup(source.url, { schemas: ["public"] });
    expect(made.exit).toBe(0);
    const name = `used_${randomBytes(6).toString("hex")}`;
    await supabase.cluster.admin(`CREATE DATABASE ${name} TEMPLATE ${source.name} OWNER postgres`);
    await using project = new Project(supabase, source.platform, name);
    await project.query(`
      DROP VIEW private.people;
      DROP TRIGGER on_auth_user_created ON auth.users;
      UPDATE public.profiles SET full_name = 'spoilt';
      CREATE TABLE public.later (id int)
    `);
    const before = [
      await project.query(DEFAULTS),
      await project.query("SELECT nspacl::text AS acl FROM pg_namespace WHERE nspname = 'public'"),
    ];
    const restored = await vault.restore(project.url, {
      mode: "in-place",
      confirm: name,
      safetyBackup: false,
    });
    // What the platform's roles give of what they make is theirs alone to say: told once, and no doubt
    // about this restore.
    expect({
      exit: restored.exit,
      findings: restored.outputs["findings"],
      notes: restored.report.notes.filter((note) => /supabase_admin/.test(note)),
    }).toEqual({
      exit: 0,
      findings: [],
      notes: [
        expect.stringMatching(/^Supabase's own, not compared .*DEFAULT PRIVILEGES FOR TABLES supabase_admin/),
      ],
    });
    expect([
      findingsOf(restored),
      await project.query("SELECT count(*)::int AS n FROM public.profiles WHERE full_name = 'spoilt'"),
    ]).toEqual([[], [{ n: 0 }]]);
    expect([
      await project.query(DEFAULTS),
      await project.query("SELECT nspacl::text AS acl FROM pg_namespace WHERE nspname = 'public'"),
    ]).toEqual(before);
    expect(
      await project.query(`
        SELECT to_regclass('public.later')::text AS later,
               has_function_privilege('authenticated', 'public.published_by(uuid)', 'EXECUTE') AS taken
      `),
    ).toEqual([{ later: null, taken: false }]);
    await project.query(`
      CREATE TRIGGER on_auth_user_created AFTER INSERT ON auth.users FOR EACH ROW
        EXECUTE FUNCTION public.handle_new_user()
    `);
    await expectProjectWorks(project);
  });
});

/** Differences that a restore tells. */
function findingsOf(outcome: Parameters<typeof said>[0]): string[] {
  return said(outcome)
    .split("\n")
    .filter((line) => / \| (?:is missing|differs|exists|holds)/.test(line));
}
