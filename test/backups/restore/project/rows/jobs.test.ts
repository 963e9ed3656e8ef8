import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { CRON_SQL } from "../../../../support/supabase/cron.ts";
import { startSupabase, type Project, type SupabaseServer } from "../../../../support/supabase/supabase.ts";
import { said, Vault } from "../../../../support/vault.ts";

/** Jobs by the clock, whose SQL runs with the power of whoever scheduled them. */

let supabase: SupabaseServer;
let vault: Vault;

beforeAll(async () => {
  supabase = await startSupabase();
  vault = await Vault.make();
  await supabase.cluster.admin("CREATE ROLE lowly; GRANT lowly TO postgres");
});
afterAll(async () => {
  await supabase[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

/** A job of a weaker role, which the platform's superuser schedules in its name. */
const LOWLY = `
  SELECT cron.schedule_in_database(
    'cleanup', '* * * * *', 'GRANT postgres TO lowly', current_database(), 'lowly')
`;
const JOBS = "SELECT jobname, username, active FROM cron.job ORDER BY jobid";

async function withCron(): Promise<Project> {
  const project = await supabase.project();
  await project.admin(CRON_SQL);
  return project;
}

describe("the stand-in for pg_cron", () => {
  it("lets people schedule, alter and end their own jobs only, as the platform's does", async () => {
    await using project = await withCron();
    await project.admin(LOWLY);
    expect(await project.query("SELECT cron.schedule('nightly', '0 3 * * *', 'VACUUM') AS id")).toEqual([
      { id: "2" },
    ]);
    await project.query("SELECT cron.alter_job(2, active := false)");
    await project.query(
      "SELECT cron.schedule_in_database('elsewhere', '0 4 * * *', 'VACUUM', 'postgres', active := false)",
    );
    expect(
      await project.query(
        "SELECT jobid::int AS id, database, username, active FROM cron.job WHERE jobid > 1 ORDER BY 1",
      ),
    ).toEqual([
      { id: 2, database: project.name, username: "postgres", active: false },
      { id: 3, database: "postgres", username: "postgres", active: false },
    ]);
    expect(await project.query("SELECT cron.unschedule('nightly') AS gone")).toEqual([{ gone: true }]);
    await expect(project.query("SELECT cron.alter_job(1, active := false)")).rejects.toThrow(
      /does not exist or you don't own it/,
    );
    await expect(project.query("SELECT cron.unschedule(1)")).rejects.toThrow(
      /does not exist or you don't own it/,
    );
    await expect(
      project.query("SELECT cron.schedule_in_database('x', '* * * * *', 'SELECT 1', 'postgres', 'lowly')"),
    ).rejects.toThrow(/another role/);
    await expect(
      project.query("INSERT INTO cron.job (schedule, command) VALUES ('* * * * *', 'SELECT 1')"),
    ).rejects.toThrow(/permission denied/);
  });
});

describe("a job of a role that is not the restoring one", () => {
  const GAP =
    "job 1 (cleanup) stays behind: it runs as lowly, in whose name only that role itself may schedule it; " +
    "as that role, with the command that the backup has in its row: SELECT cron.schedule('cleanup', " +
    "'* * * * *', '…')";

  it("never becomes the restoring role's: is named before and after, with how to make it", async () => {
    await using source = await withCron();
    await source.admin(LOWLY);
    await source.query("SELECT cron.schedule('nightly', '0 3 * * *', 'VACUUM')");
    expect((await vault.backup(source.url, { source: "lowly" })).exit).toBe(0);
    await using project = await withCron();
    const planned = await vault.restore(project.url, { source: "lowly", dryRun: true });
    expect(said(planned)).toContain(`cron.job: ${GAP}`);
    const restored = await vault.restore(project.url, { source: "lowly" });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 3,
      said: expect.stringContaining(GAP),
    });
    expect(said(restored)).not.toContain("GRANT postgres");
    expect(await project.admin(JOBS)).toEqual([{ jobname: "nightly", username: "postgres", active: false }]);
  });

  it("is not doubled in the project that has it; where it cannot be paused, that is said", async () => {
    await using project = await withCron();
    await project.admin(LOWLY);
    expect((await vault.backup(project.url, { source: "same" })).exit).toBe(0);
    const restored = await vault.restore(project.url, {
      source: "same",
      confirm: project.name,
      safetyBackup: false,
    });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 3,
      said: expect.stringContaining(`${GAP}; the one that is there could not be paused, and goes on`),
    });
    expect(await project.admin(JOBS)).toEqual([{ jobname: "cleanup", username: "lowly", active: true }]);
  });

  it("comes back as its own role's where the restoring role may write the table, paused", async () => {
    await using project = await withCron();
    await project.admin(LOWLY);
    expect((await vault.backup(project.url, { source: "direct" })).exit).toBe(0);
    const restored = await vault.restore(project.adminUrl, {
      source: "direct",
      confirm: project.name,
      safetyBackup: false,
    });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining("job 2 (cleanup) is paused"),
    });
    expect(await project.admin(JOBS)).toEqual([{ jobname: "cleanup", username: "lowly", active: false }]);
  });
});
