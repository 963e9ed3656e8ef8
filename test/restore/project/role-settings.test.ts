import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { installApplication, startSupabase, type Project, type SupabaseServer } from "../../support/supabase/supabase.ts";
import { output, said, Vault } from "../../support/vault.ts";

/** Settings of roles and of the database are in no dump: none of them is lost without being named. */

let supabase: SupabaseServer;
let source: Project;
let vault: Vault;
let id: string;

beforeAll(async () => {
  supabase = await startSupabase();
  source = await supabase.project();
  await installApplication(source);
  await source.admin(`ALTER ROLE authenticator SET pgrst.db_schemas = 'api, public'; ALTER ROLE supabase_storage_admin SET work_mem = '9MB';
    ALTER DATABASE ${source.name} SET app.settings.jwt_secret = 'hush'; ALTER ROLE anon IN DATABASE ${source.name} SET app.settings.key = 'hush too'`);
  vault = await Vault.make();
  id = output(await vault.backup(source.url), "id");
});
afterAll(async () => {
  await supabase[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

describe("settings of roles", () => {
  it("are recorded by name alone", async () => {
    const manifest = await vault.manifest(id);
    expect(manifest.platform!.settings).toEqual(expect.arrayContaining([
      ["anon", "statement_timeout"], ["authenticator", "pgrst.db_schemas"], ["reporting", "statement_timeout"], ["supabase_storage_admin", "work_mem"],
    ]));
    expect(JSON.stringify(manifest)).not.toMatch(/hush|api, public|30s/);
  });

  it("are told by the plan: those that are lacking, and those whose value may be another; of roles that only the platform alters only what is lacking", async () => {
    await using other = await startSupabase();
    await using project = await other.project();
    await other.cluster.admin("ALTER ROLE supabase_auth_admin SUPERUSER");
    const planned = await vault.restore(project.url, { dryRun: true });
    const { kit } = (planned.outputs["plan"] as { project: { kit: { what: string; how: string }[] } }).project;
    const told = new Map(kit.map(({ what, how }) => [what, how]));
    const here = `"${project.name}"`;
    expect(told.get('settings of role reporting (ALTER ROLE "reporting" SET …)')).toBe("statement_timeout: not set here, set it by hand");
    expect(told.get('settings of role anon (ALTER ROLE "anon" SET …)')).toBe("statement_timeout: set here too, look whether the value is right");
    expect(told.get('settings of role authenticator (ALTER ROLE "authenticator" SET …)'))
      .toBe("pgrst.db_schemas: not set here, set it by hand; lock_timeout, session_preload_libraries, statement_timeout: set here too, look whether the value is right");
    expect(told.get(`settings of the database (ALTER DATABASE ${here} SET …)`)).toBe("app.settings.jwt_secret: not set here, set it by hand");
    expect(told.get(`settings of role anon (ALTER ROLE "anon" IN DATABASE ${here} SET …)`)).toBe("app.settings.key: not set here, set it by hand");
    expect([...told.keys()].filter((what) => what.includes("supabase_auth_admin"))).toEqual([]);
    expect(said(planned)).toContain("not in any backup | settings of role reporting");
    // Asking has changed nothing.
    expect(await project.query("SELECT FROM pg_roles WHERE 'application_name=' = ANY (rolconfig)")).toEqual([]);
    const restored = await vault.restore(project.url);
    expect({ exit: restored.exit, said: said(restored) }).toEqual({ exit: 0, said: expect.stringContaining("not in any backup of the database: settings of role reporting") });
  });
});
