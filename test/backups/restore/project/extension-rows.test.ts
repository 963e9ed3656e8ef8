import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { ownInstallation, type OwnInstallation } from "../../../support/own-installation.ts";
import { startSupabase, type SupabaseServer } from "../../../support/supabase/supabase.ts";
import { findings, said, Vault } from "../../../support/vault.ts";

/** Extensions that keep tables for the user: queues, partitioning, reference systems of maps. */

const QUEUES = `
  CREATE TABLE queues.meta (name text UNIQUE NOT NULL, since int NOT NULL DEFAULT 1);
  SELECT pg_catalog.pg_extension_config_dump('queues.meta', '');
  GRANT ALL ON queues.meta TO postgres
`;

let installation: OwnInstallation;
let supabase: SupabaseServer;
let vault: Vault;

beforeAll(async () => {
  installation = ownInstallation();
  installation.provide("fake_queues", QUEUES, "schema = 'queues'\nrelocatable = false\ntrusted = true");
  supabase = await startSupabase({ installation });
  vault = await Vault.make();
});
afterAll(async () => {
  await supabase[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

describe("tables that an extension keeps for the user", () => {
  it("come back into a project without the extension; further rows there are no difference", async () => {
    const tools = { binDir: supabase.cluster.facts.binDir };
    await using source = await supabase.project();
    await source.query(`
      CREATE SCHEMA queues;
      CREATE EXTENSION fake_queues;
      INSERT INTO queues.meta VALUES ('mine');
      CREATE TABLE queues.q_mine (id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, message text);
      INSERT INTO queues.q_mine (message) VALUES ('hello')
    `);
    await vault.backup(source.url, {}, tools);
    await using project = await supabase.project();
    expect(said(await vault.restore(project.url, { dryRun: true }, tools))).toContain(
      "queues.meta: 1 in the backup, 0 at the target; 1 new",
    );
    const restored = await vault.restore(project.url, {}, tools);
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining("everything as it was"),
    });
    const names = "SELECT string_agg(name, ', ' ORDER BY name) AS names FROM queues.meta";
    expect(await project.query(names)).toEqual([{ names: "mine" }]);

    await project.query("INSERT INTO queues.meta VALUES ('other')");
    const again = await vault.restore(project.url, { confirm: project.name, safetyBackup: false }, tools);
    expect({ exit: again.exit, said: said(again) }).toEqual({
      exit: 0,
      said: expect.stringContaining("1 row of queues.meta"),
    });
    expect(await project.query(names)).toEqual([{ names: "mine, other" }]);
  });

  it("that an extension took for its own are a gap of the backup, and fail no proof", async () => {
    const tools = { binDir: supabase.cluster.facts.binDir };
    await using source = await supabase.project();
    await source.query(`
      CREATE SCHEMA queues;
      CREATE EXTENSION fake_queues;
      CREATE TABLE queues.q_old (id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, message text);
      ALTER EXTENSION fake_queues ADD TABLE queues.q_old;
      INSERT INTO queues.q_old (message) VALUES ('hello')
    `);
    await vault.backup(source.url, { source: "old" }, tools);
    const validated = await vault.validate({ source: "old" }, tools);
    expect({
      exit: validated.exit,
      found: findings(validated).filter((found) => JSON.stringify(found).includes('"difference"')),
    }).toEqual({ exit: 3, found: [] });
    expect(said(validated)).toContain("queues.q_old_id_seq");
  });
});
