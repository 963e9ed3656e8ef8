import { describe, expect, it } from "@jest/globals";
import { startCluster } from "../../support/postgres.ts";
import { startSupabase } from "../../support/supabase/supabase.ts";
import { said, Vault } from "../../support/vault.ts";

/** Roles that come into a database by PUBLIC alone, where a restore brings back that PUBLIC may not. */

const connect = (role: string, database: string): string =>
  `SELECT has_database_privilege('${role}', '${database}', 'CONNECT') AS may`;

describe("CONNECT that was taken from PUBLIC at the source", () => {
  it("keeps in a project what a later platform's role has by PUBLIC, and names the user's", async () => {
    await using supabase = await startSupabase();
    await using vault = await Vault.make();
    await using source = await supabase.project();
    await source.query(`
      CREATE TABLE public.notes (id int);
      REVOKE CONNECT ON DATABASE ${source.name} FROM PUBLIC;
      GRANT CONNECT ON DATABASE ${source.name} TO authenticator
    `);
    expect((await vault.backup(source.url)).exit).toBe(0);
    await supabase.cluster.admin(`
      CREATE ROLE supabase_etl_admin LOGIN;
      CREATE ROLE visitor LOGIN;
      CREATE ROLE pgbouncer_not LOGIN IN ROLE supabase_etl_admin
    `);
    await using project = await supabase.project();
    const planned = await vault.restore(project.url, { dryRun: true });
    expect(said(planned)).toContain(
      "rights on the database itself are given as at the source: CONNECT of authenticator, CONNECT " +
        "of supabase_etl_admin",
    );
    const warning =
      "roles that the source did not know and that may connect here by PUBLIC alone cannot any more: " +
      "pgbouncer_not, visitor (GRANT CONNECT ON DATABASE … TO each that should)";
    expect(said(planned)).toContain(warning);
    const restored = await vault.restore(project.url, { safetyBackup: false });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining(warning),
    });
    expect(await supabase.cluster.admin(connect("supabase_etl_admin", project.name))).toEqual([
      { may: true },
    ]);
    expect(await supabase.cluster.admin(connect("visitor", project.name))).toEqual([{ may: false }]);
    // And again, when it has the right by itself.
    expect((await vault.restore(project.url, { safetyBackup: false, confirm: project.name })).exit).toBe(0);
    expect(await supabase.cluster.admin(connect("supabase_etl_admin", project.name))).toEqual([
      { may: true },
    ]);
  });

  it("keeps in a new database of a managed server the service's own roles", async () => {
    await using cluster = await startCluster({ superuser: "cloudsqladmin" });
    await cluster.admin(`
      CREATE ROLE cloudsqlsuperuser CREATEDB;
      GRANT cloudsqlsuperuser TO holdfast;
      CREATE ROLE cloudsqlagent LOGIN;
      CREATE ROLE visitor LOGIN
    `);
    await using vault = await Vault.make();
    await using source = await cluster.createDatabase({ sql: "CREATE TABLE t (a int)" });
    await source.query(`REVOKE CONNECT ON DATABASE ${source.name} FROM PUBLIC`);
    expect((await vault.backup(source.url)).exit).toBe(0);
    await using target = await cluster.createDatabase();
    const restored = await vault.restore(target.url);
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining("CONNECT of cloudsqlagent"),
    });
    expect(await cluster.admin(connect("cloudsqlagent", target.name))).toEqual([{ may: true }]);
    expect(await cluster.admin(connect("visitor", target.name))).toEqual([{ may: false }]);
  });
});
