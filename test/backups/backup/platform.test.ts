import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { installApplication, startSupabase } from "../../support/supabase/supabase.ts";
import type { Project, SupabaseServer } from "../../support/supabase/supabase.ts";
import { createDatabase } from "../../support/postgres.ts";
import { expectRefusal, findings, output, said, Vault } from "../../support/vault.ts";

/** Tables that `postgres` may not read, one of them with what pg_dump would trip over. */
const HIDDEN = `
  create schema pgsodium; create table pgsodium.key (id serial primary key, name text); insert into pgsodium.key (name) values ('k');
  create index key_name on pgsodium.key (name);
  create table auth."secret keys" (id bigint generated always as identity primary key, key text);
  create policy nobody on auth."secret keys" using (false); alter table auth."secret keys" enable row level security;
  create table auth.uses (id bigint primary key references auth."secret keys"); grant select on auth.uses to postgres;
  revoke all on auth."secret keys", pgsodium.key from postgres; revoke all on sequence auth."secret keys_id_seq" from postgres`;

describe("a backup by a role that may not read everything of the platform's", () => {
  let supabase: SupabaseServer;
  let project: Project;
  let vault: Vault;

  beforeAll(async () => {
    supabase = await startSupabase();
    await supabase.cluster.admin("revoke pg_read_all_data from postgres");
    project = await supabase.project();
    await installApplication(project);
    await project.admin(HIDDEN);
    vault = await Vault.make();
  });
  afterAll(async () => {
    await vault[Symbol.asyncDispose]();
    await supabase[Symbol.asyncDispose]();
  });

  it("holds everything else, and names what it leaves out", async () => {
    const made = await vault.backup(project.url, { source: "hidden", kinds: ["schema", "data", "full"] });
    const manifest = await vault.manifest(output(made, "id"));
    expect([made.exit, manifest.gaps!.map(({ about, name, message }) => `${about} ${name} ${message.split(" and ")[0]!}`)]).toEqual([0, [
      'incomplete constraint auth.uses.uses_id_fkey needs table auth."secret keys", which is not in this backup: a restore of this backup alone cannot make it',
      'table auth."secret keys" is Supabase\'s own', "table pgsodium.key is Supabase's own",
      'sequence auth."secret keys_id_seq" is Supabase\'s own', "sequence pgsodium.key_id_seq is Supabase's own",
    ]]);
    expect(manifest.content.tables.map(({ schema, name }) => `${schema}.${name}`)).toEqual(expect.arrayContaining(["auth.users", "auth.uses", "public.posts"]));
    expect(JSON.stringify(manifest.content)).not.toMatch(/secret keys|pgsodium\.key/);
    const proof = await vault.validate({ source: "hidden" });
    expect([proof.exit, output(proof, "verdict"), [...new Set(findings(proof).map(({ severity }) => severity))]]).toEqual([3, "gaps", ["gap"]]);
    expect(said(proof)).toContain("may not read it");
  });

  it("stops at a table of people's own, and at people's rows on the platform's tables", async () => {
    await project.query("create table public.mine (id int)");
    await project.admin("alter table public.mine owner to supabase_admin; revoke all on public.mine from postgres, anon, authenticated, service_role");
    const refused = { code: "database.permission", exit: 4, hint: /pg_read_all_data/ } as const;
    await expectRefusal(vault.backup(project.url, { source: "refused" }), { ...refused, says: "table public.mine" });
    await project.admin("drop table public.mine; revoke select on auth.identities from postgres; revoke supabase_auth_admin from postgres");
    await expectRefusal(vault.backup(project.url, { source: "refused" }), { ...refused, says: "table auth.identities" });
  });
});

describe("secrets", () => {
  it("that no other project can open are named as a gap", async () => {
    await using supabase = await startSupabase();
    await using project = await supabase.project();
    await using vault = await Vault.make();
    await project.admin("create schema vault; create table vault.secrets (id uuid primary key default gen_random_uuid(), secret text)");
    const empty = await vault.backup(project.url);
    expect(output(empty, "gaps")).toBe("0");
    await project.admin("insert into vault.secrets (secret) values ('sealed'), ('sealed too')");
    const made = await vault.backup(project.url);
    expect((await vault.manifest(output(made, "id"))).gaps).toEqual([
      { severity: "gap", about: "table", name: "vault.secrets", message: expect.stringMatching(/^holds 2 rows encrypted with a key that stays with this project .*keep the secrets themselves/) },
    ]);
  });
});

describe("a database that only looks like the platform's", () => {
  it("is plain PostgreSQL, and said to be", async () => {
    await using vault = await Vault.make();
    await using database = await createDatabase({ owner: "postgres", sql: `
      CREATE SCHEMA auth; CREATE TABLE auth.users (id int PRIMARY KEY); CREATE TABLE profiles (id int REFERENCES auth.users)` });
    const dry = await vault.backup(database.adminUrl, { dryRun: true });
    expect([said(dry), dry.outputs["plan"]]).toEqual([expect.stringContaining("none that is known: plain PostgreSQL"), expect.objectContaining({ platform: null })]);
    const made = await vault.backup(database.adminUrl);
    const manifest = await vault.manifest(output(made, "id"));
    expect([manifest.format, manifest.platform]).toEqual(["holdfast.manifest/2", undefined]);
  });
});
