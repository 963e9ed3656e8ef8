import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { startSupabase, type SupabaseServer } from "../../../../support/supabase/supabase.ts";
import { Vault } from "../../../../support/vault.ts";
import { outcome, smallProject } from "../small-project.ts";

/** Row-level security of the platform's tables that somebody turned on or off at the target. */

let supabase: SupabaseServer;
let vault: Vault;

beforeAll(async () => {
  supabase = await startSupabase();
  vault = await Vault.make();
  await smallProject(supabase, vault, "secured", {});
});
afterAll(async () => {
  await supabase[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

it.each([
  [
    "off",
    "ALTER TABLE auth.users DISABLE ROW LEVEL SECURITY",
    "auth.users",
    "is not on here, and was at the source: ALTER TABLE auth.users ENABLE ROW LEVEL SECURITY",
  ],
  [
    "forced",
    "ALTER TABLE storage.objects FORCE ROW LEVEL SECURITY",
    "storage.objects",
    "is forced on its owner here, and was not at the source: where it should not be, ALTER TABLE " +
      "storage.objects NO FORCE ROW LEVEL SECURITY",
  ],
])("that is %s there is a gap, in the plan and afterwards", async (_, sql, name, message) => {
  await using project = await supabase.project();
  await project.admin(sql);
  expect((await outcome(vault, project, "secured", { dryRun: true })).said).toContain(message);
  const restored = await vault.restore(project.url, { source: "secured", safetyBackup: false });
  expect({ exit: restored.exit, findings: restored.outputs["findings"] }).toEqual({
    exit: 3,
    findings: [{ severity: "gap", about: "row-security", name, message }],
  });
});

it("that another version of the platform has on is a note, and what it has off a gap", async () => {
  await using project = await supabase.project();
  await project.admin(`
    ALTER TABLE auth.users FORCE ROW LEVEL SECURITY;
    ALTER TABLE auth.identities DISABLE ROW LEVEL SECURITY;
    INSERT INTO auth.schema_migrations VALUES ('20300101000000')
  `);
  const restored = await vault.restore(project.url, { source: "secured", safetyBackup: false });
  expect({ exit: restored.exit, findings: restored.outputs["findings"] }).toEqual({
    exit: 3,
    findings: [
      {
        severity: "gap",
        about: "row-security",
        name: "auth.identities",
        message:
          "is not on here, and was at the source: ALTER TABLE auth.identities ENABLE ROW LEVEL SECURITY",
      },
    ],
  });
  expect(restored.report.notes).toContainEqual(
    expect.stringMatching(
      /^row security of auth\.users, a table of the platform's, is forced on its owner here/,
    ),
  );
});
