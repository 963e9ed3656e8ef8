import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import {
  expectProjectWorks,
  installApplication,
  PERSON,
  startSupabase,
  type SupabaseServer,
} from "../../../support/supabase/supabase.ts";
import { expectRefusal, said, Vault } from "../../../support/vault.ts";
import { testInTurn } from "../../../support/cases-in-turn.ts";

/** Two projects whose platforms are not of one version. */

let supabase: SupabaseServer;
let vault: Vault;

beforeAll(async () => {
  supabase = await startSupabase();
  vault = await Vault.make();
  for (const platform of ["older", "newer"] as const) {
    await using source = await supabase.project({ platform });
    await installApplication(source);
    await vault.backup(source.url, { source: platform });
  }
});
afterAll(async () => {
  await supabase[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

const inTurn = testInTurn("versions of a platform", 2);

describe("versions of the platform", () => {
  inTurn("from an older one: columns that it lacked get defaults, and both versions are told", async () => {
    await using project = await supabase.project({ platform: "newer" });
    const restored = await vault.restore(project.url, { source: "older" });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining("everything as it was"),
    });
    expect(said(restored)).toContain(
      "column auth.users.is_anonymous is not in the backup and gets the target's default",
    );
    expect(said(restored)).toMatch(/auth is at \d{14} at the target and was at \d{14} in the backup/);
    await expectProjectWorks(project);
  });

  inTurn("from a newer one: columns of nothing but NULL or their default are left out, named", async () => {
    await using project = await supabase.project({ platform: "older" });
    const restored = await vault.restore(project.url, { source: "newer" });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining("everything as it was"),
    });
    expect(said(restored)).toContain(
      "column auth.users.is_anonymous is not at the target and left out: " +
        "no row has anything but its default in it",
    );
    await expectProjectWorks(project);
  });

  inTurn(
    "from a newer one: values that would be lost refuse by column, and rows without a table",
    async () => {
      await using source = await supabase.project({ platform: "newer" });
      await installApplication(source);
      await source.as(
        "supabase_auth_admin",
        `UPDATE auth.users SET is_anonymous = true WHERE id = '${PERSON(3)}'`,
      );
      await source.admin("INSERT INTO storage.buckets_vectors (id) VALUES ('vectors')");
      await vault.backup(source.url, { source: "losing" });
      await using project = await supabase.project({ platform: "older" });
      const refusal = await expectRefusal(vault.restore(project.url, { source: "losing" }), {
        code: "refused.misfit",
        exit: 7,
        says: "the target has no column auth.users.is_anonymous, and 1 row of the backup has a value in it",
        hint: /newer version of the platform/,
      });
      expect(refusal.message).toContain(
        "the target has no table storage.buckets_vectors, and the backup has 1 row of it",
      );
      expect(await project.query("SELECT count(*)::int AS n FROM auth.users")).toEqual([{ n: 0 }]);
    },
  );

  inTurn(
    "a column that some versions fill themselves is left out where lacking, filled where new",
    async () => {
      const depth = "ALTER TABLE storage.objects ADD COLUMN level int";
      await using source = await supabase.project();
      await source.admin(depth);
      await source.query(`
      INSERT INTO storage.buckets (id, name) VALUES ('deep', 'deep');
      INSERT INTO storage.objects (bucket_id, name, level)
        VALUES ('deep', 'a/b/c.png', 3), ('deep', 'd.png', 1)
    `);
      await vault.backup(source.url, { source: "levels" });
      await using without = await supabase.project();
      const restored = await vault.restore(without.url, { source: "levels" });
      expect({ exit: restored.exit, said: said(restored) }).toEqual({
        exit: 0,
        said: expect.stringContaining(
          "column storage.objects.level is computed by the platform, and the target's version " +
            "has no such column",
        ),
      });
      await vault.backup(without.url, { source: "no-levels" });
      await using again = await supabase.project();
      await again.admin(depth);
      const filled = await vault.restore(again.url, { source: "no-levels" });
      expect({ exit: filled.exit, said: said(filled) }).toEqual({
        exit: 0,
        said: expect.not.stringContaining("storage.objects.level"),
      });
      expect(await again.query("SELECT name, level FROM storage.objects ORDER BY name")).toEqual([
        { name: "a/b/c.png", level: 3 },
        { name: "d.png", level: 1 },
      ]);
    },
  );

  inTurn("a column of the target that must have a value and has no default refuses, by name", async () => {
    await using project = await supabase.project();
    await project.admin("ALTER TABLE auth.users ADD COLUMN region text NOT NULL");
    await expectRefusal(vault.restore(project.url, { source: "newer" }), {
      code: "refused.misfit",
      exit: 7,
      says: "column auth.users.region of the target must have a value",
      hint: /Nothing was touched/,
    });
  });
});
