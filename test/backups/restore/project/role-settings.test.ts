import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import {
  installApplication,
  startSupabase,
  type Project,
  type SupabaseServer,
} from "../../../support/supabase/supabase.ts";
import { output, said, Vault } from "../../../support/vault.ts";

/**
 * Settings of roles are in no dump, and none of them is lost without being named; those of the database, and
 * of roles in it, come back.
 */

let supabase: SupabaseServer;
let source: Project;
let vault: Vault;
let id: string;

beforeAll(async () => {
  supabase = await startSupabase();
  source = await supabase.project();
  await installApplication(source);
  await source.admin(`
    ALTER ROLE authenticator SET pgrst.db_schemas = 'api, public';
    ALTER ROLE supabase_storage_admin SET work_mem = '9MB';
    ALTER DATABASE ${source.name} SET app.settings.jwt_secret = 'hush';
    ALTER ROLE anon IN DATABASE ${source.name} SET app.settings.key = 'hush too';
    ALTER ROLE anon IN DATABASE ${source.name} SET search_path = 'odd, one', public;
    ALTER DATABASE ${source.name} SET statement_timeout = '77s';
    ALTER DATABASE ${source.name} SET work_mem = '3MB';
    COMMENT ON DATABASE ${source.name} IS 'the project''s'
  `);
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
    expect(manifest.platform!.settings).toEqual(
      expect.arrayContaining([
        ["anon", "statement_timeout"],
        ["authenticator", "pgrst.db_schemas"],
        ["reporting", "statement_timeout"],
        ["supabase_storage_admin", "work_mem"],
      ]),
    );
    expect(JSON.stringify(manifest)).not.toMatch(/hush|api, public|30s/);
  });

  it("are told by the plan: what is lacking, and what may differ; not the platform's own", async () => {
    await using other = await startSupabase();
    await using project = await other.project();
    await other.cluster.admin(
      `ALTER ROLE supabase_auth_admin SUPERUSER; ALTER DATABASE ${project.name} SET work_mem = '5MB'`,
    );
    const planned = await vault.restore(project.url, { dryRun: true });
    const { kit } = (planned.outputs["plan"] as { project: { kit: { what: string; how: string }[] } })
      .project;
    const told = new Map(kit.map(({ what, how }) => [what, how]));
    expect(told.get('settings of role reporting (ALTER ROLE "reporting" SET …)')).toBe(
      "statement_timeout: not set here, set it by hand",
    );
    expect(told.get('settings of role anon (ALTER ROLE "anon" SET …)')).toBe(
      "statement_timeout: set here too, look whether the value is right",
    );
    expect(told.get('settings of role authenticator (ALTER ROLE "authenticator" SET …)')).toBe(
      "pgrst.db_schemas: not set here, set it by hand; lock_timeout, session_preload_libraries, " +
        "statement_timeout: set here too, look whether the value is right",
    );
    expect([...told.keys()].filter((what) => what.includes("DATABASE"))).toEqual([]);
    expect((planned.outputs["plan"] as { database: unknown }).database).toEqual({
      brings: [
        "settings of the source's database: statement_timeout, search_path for role anon",
        "the comment of the source's database",
      ],
      notes: [
        "database setting work_mem is set for the target's database with another value than " +
          "for the source's, and stays",
        "database setting app.settings.key for role anon cannot be set: " +
          "the role that restores may not (SQLSTATE 42501)",
      ],
    });
    expect([...told.keys()].filter((what) => what.includes("supabase_auth_admin"))).toEqual([]);
    expect(said(planned)).toContain("not in any backup | settings of role reporting");
    // Asking has changed nothing.
    expect(await project.query("SELECT FROM pg_roles WHERE 'application_name=' = ANY (rolconfig)")).toEqual(
      [],
    );
    const restored = await vault.restore(project.url);
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining("not in any backup of the database: settings of role reporting"),
    });
    const settings = async (): Promise<unknown> =>
      (
        await project.admin(`
          SELECT ARRAY(SELECT coalesce(r.rolname || ': ', '') || e
                         FROM pg_db_role_setting s
                         LEFT JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) e
                        WHERE s.setdatabase = d.oid
                        ORDER BY 1) AS settings,
                 shobj_description(oid, 'pg_database') AS comment
            FROM pg_database d
           WHERE datname = current_database()
        `)
      )[0];
    // The platform gives its own secret; who restores may store no parameter that no library has told of.
    const now = {
      settings: ['anon: search_path="odd, one", public', "statement_timeout=77s", "work_mem=5MB"],
      comment: "the project's",
    };
    expect(await settings()).toEqual(now);
    expect(said(restored)).toContain(
      "database setting app.settings.key for role anon cannot be set: the role that restores may " +
        "not (SQLSTATE 42501)",
    );
    expect(said(restored)).not.toMatch(/hush|jwt_secret/);
    expect((await vault.restore(project.url, { confirm: project.name, safetyBackup: false })).exit).toBe(0);
    expect(await settings()).toEqual(now);
  });
});
