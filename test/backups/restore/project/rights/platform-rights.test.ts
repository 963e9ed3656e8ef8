import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import {
  expectProjectWorks,
  installApplication,
  startSupabase,
  type Project,
  type SupabaseServer,
} from "../../../../support/supabase/supabase.ts";
import { said, Vault } from "../../../../support/vault.ts";
import { testInTurn } from "../../../../support/cases-in-turn.ts";

/** Rights that somebody gave or took away on the platform's own objects. */

const CHANGED = `
  REVOKE EXECUTE ON FUNCTION auth.email() FROM PUBLIC, anon;
  REVOKE SELECT ON storage.buckets FROM anon;
  GRANT SELECT ON auth.identities TO service_role;
  GRANT SELECT (email) ON auth.users TO service_role
`;
const RIGHTS = `
  SELECT has_function_privilege('anon', 'auth.email()', 'EXECUTE') AS email,
         has_table_privilege('anon', 'storage.buckets', 'SELECT') AS buckets,
         has_table_privilege('service_role', 'auth.identities', 'SELECT') AS identities,
         has_column_privilege('service_role', 'auth.users', 'email', 'SELECT') AS "column"
`;
const NEW = { email: true, buckets: true, identities: false, column: false };

const inTurn = testInTurn("rights on what is a platform's", 2);

describe("rights on the platform's own", () => {
  let supabase: SupabaseServer;
  let source: Project;
  let vault: Vault;

  beforeAll(async () => {
    supabase = await startSupabase();
    source = await supabase.project();
    await installApplication(source);
    await source.admin(CHANGED);
    vault = await Vault.make();
    await vault.backup(source.url);
  });
  afterAll(async () => {
    await supabase[Symbol.asyncDispose]();
    await vault[Symbol.asyncDispose]();
  });

  inTurn("come back as they were, given and taken away, where the role may act as the owner", async () => {
    await using project = await supabase.project();
    expect(await project.query(RIGHTS)).toEqual([NEW]);
    const restored = await vault.restore(project.url);
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining("everything as it was"),
    });
    expect(await project.query(RIGHTS)).toEqual([
      { email: false, buckets: false, identities: true, column: true },
    ]);
    await expectProjectWorks(project);
  });

  inTurn("are left and named between two versions of the platform", async () => {
    await using before = await supabase.project({ platform: "older" });
    await installApplication(before);
    await before.admin(CHANGED);
    await using own = await Vault.make();
    await own.backup(before.url);
    await using project = await supabase.project();
    const restored = await own.restore(project.url);
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringMatching(
        /were left, as its versions may differ in them: .*function auth\.email\(\)/,
      ),
    });
    expect(await project.query(RIGHTS)).toMatchObject([{ email: true, buckets: true }]);
  });

  inTurn("are named as gaps where the role may not set them, and stay as they are", async () => {
    await using strict = await startSupabase({ strict: true });
    await using project = await strict.project();
    const restored = await vault.restore(project.url, { allowGaps: true });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 3,
      said: expect.stringContaining(
        "grant | function auth.email() | gap: on the platform's own is not as at the source",
      ),
    });
    expect(said(restored)).toContain("grant | table storage.buckets | gap: on the platform's own");
    expect(await project.query(RIGHTS)).toMatchObject([{ email: true, buckets: true }]);
  });

  inTurn("are told once each, those on a schema too", async () => {
    await using strict = await startSupabase({ strict: true });
    await strict.cluster.admin("CREATE ROLE reporting");
    await using own = await Vault.make();
    await using other = await strict.project();
    await other.admin(`
      GRANT USAGE ON SCHEMA auth TO reporting;
      GRANT INSERT ON auth.identities TO reporting;
      GRANT CREATE ON SCHEMA storage TO anon
    `);
    await own.backup(other.url);
    await using project = await strict.project();
    const restored = await own.restore(project.url);
    const found = (restored.outputs["findings"] as { about: string; name: string; message: string }[]).map(
      ({ about, name, message }) => `${about} ${name} ${message}`,
    );
    expect(found.sort()).toEqual([
      expect.stringMatching(/^grant ACL SCHEMA auth USAGE could not be given to reporting/),
      expect.stringMatching(/^grant ACL auth TABLE identities INSERT could not be given to reporting/),
      expect.stringMatching(
        /^grant schema storage on the platform's own .*: CREATE could not be given to anon: /,
      ),
    ]);
  });
});
