import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { ownInstallation, type OwnInstallation } from "../../support/own-installation.ts";
import { startSupabase } from "../../support/supabase/supabase.ts";
import { startCluster, type Cluster } from "../../support/postgres.ts";
import { expectRefusal, said, Vault, type RestoreChoice } from "../../support/vault.ts";
import { isHoldfastError } from "../../../src/kernel/errors.ts";
import type { Outcome } from "../../../src/kernel/outcome.ts";

/**
 * A dry run always ends with the plan: all that would stop the restore are lines of it, and its exit is
 * the restore's.
 */

const GONE = "DO $$ BEGIN RAISE EXCEPTION 'fake_gone is not for this server'; END $$;";

let installation: OwnInstallation;
let cluster: Cluster;
let vault: Vault;

beforeAll(async () => {
  installation = ownInstallation();
  cluster = await startCluster({ installation });
  vault = await Vault.make();
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

function refusedIn({ exit, report, outputs }: Outcome): { exit: number; refusals: readonly string[] } {
  expect(report.good).toBe(false);
  const refusals = report.tables[0]!.rows.filter(([what]) => what === "would refuse").map(([, why]) =>
    String(why),
  );
  expect((outputs["plan"] as { refusals: string[] }).refusals).toEqual(refusals);
  return { exit, refusals };
}

describe("a dry run", () => {
  it.each(["in-place", "beside"] as const)(
    "%s names everything that would stop the restore, which ends with each in the same words",
    async (mode) => {
      const source = `all-${mode}`;
      installation.provide(
        "fake_gone",
        "CREATE FUNCTION gone() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "relocatable = true",
      );
      await cluster.admin("CREATE ROLE painter");
      await using database = await cluster.createDatabase({
        owner: "postgres",
        sql: `
          CREATE EXTENSION fake_gone;
          CREATE TABLE public.papers (id int);
          ALTER TABLE public.papers OWNER TO painter
        `,
      });
      await vault.backup(database.adminUrl, { source, recipients: [], allowUnencrypted: true });
      await database.admin(
        "DROP TABLE public.papers; DROP EXTENSION fake_gone; CREATE TABLE public.mine (id int)",
      );
      await cluster.admin("DROP ROLE painter");
      installation.provide("fake_gone", GONE, "relocatable = true");
      const choice: RestoreChoice = { source, mode, identity: null, confirm: "wrong" };
      const planned = refusedIn(await vault.restore(database.adminUrl, { ...choice, dryRun: true }));
      expect(planned).toEqual({
        exit: 4,
        refusals: [
          expect.stringMatching(
            /^the target server lacks roles that own objects in backup .*: painter\. .*--create-roles/,
          ),
          expect.stringMatching(/^the target server cannot install fake_gone 1\.0 .*--allow-gaps/),
          expect.stringMatching(/^confirm is 'wrong', and the target database is /),
          expect.stringMatching(
            /^the safety backup of the target would lie in the store unencrypted\. Give --recipients/,
          ),
        ],
      });
      const mended: RestoreChoice[] = [
        {},
        { createRoles: true },
        { allowGaps: true },
        { confirm: database.name },
      ];
      for (const [at, words] of planned.refusals.entries()) {
        Object.assign(choice, mended[at]);
        const error = await vault
          .restore(database.adminUrl, choice)
          .catch((reason: unknown) => reason as { message: string; hint: string });
        expect("message" in error && `${error.message}. ${error.hint}`).toBe(words);
      }
      expect(await database.admin("SELECT count(*)::int AS n FROM public.mine")).toEqual([{ n: 0 }]);
      // With all of it mended it is what it says.
      expect(
        (await vault.restore(database.adminUrl, { ...choice, allowUnencrypted: true, dryRun: true })).exit,
      ).toBe(0);
    },
  );

  it("ends well where nothing but the confirmation is missing, which is given on its plan", async () => {
    await using database = await cluster.createDatabase({
      owner: "postgres",
      sql: "CREATE TABLE public.papers (id int)",
    });
    await vault.backup(database.adminUrl, { source: "unconfirmed" });
    const planned = refusedIn(
      await vault.restore(database.adminUrl, { source: "unconfirmed", dryRun: true }),
    );
    expect(planned).toEqual({ exit: 0, refusals: [expect.stringContaining("is not empty: it holds ")] });
  });

  it("plans a mode that is not possible, and says so", async () => {
    await using database = await cluster.createDatabase({
      owner: "postgres",
      sql: "CREATE SCHEMA shop; CREATE TABLE shop.papers (id int)",
    });
    await vault.backup(database.adminUrl, { source: "part", schemas: ["shop"] });
    const planned = refusedIn(
      await vault.restore(database.adminUrl, {
        source: "part",
        mode: "beside",
        confirm: database.name,
        dryRun: true,
      }),
    );
    expect(planned).toEqual({
      exit: 2,
      refusals: [expect.stringContaining("mode beside replaces a whole database")],
    });
  });

  it("names every table whose rows cannot be put in", async () => {
    await using database = await cluster.createDatabase({
      owner: "postgres",
      sql: `
        CREATE TABLE public.a (id int, gone int);
        CREATE TABLE public.b (id int);
        CREATE TABLE public.c (id int)
      `,
    });
    await vault.backup(database.adminUrl, { source: "rows" });
    await database.admin(`
      ALTER TABLE public.a DROP gone;
      DROP TABLE public.b;
      CREATE VIEW public.b AS SELECT 1 AS id;
      DROP TABLE public.c
    `);
    const planned = refusedIn(
      await vault.restore(database.adminUrl, {
        source: "rows",
        what: "data",
        confirm: database.name,
        dryRun: true,
      }),
    );
    expect(planned.exit).toBe(4);
    expect(planned.refusals.map((words) => words.split(/[,:.] /)[0]).sort()).toEqual([
      "public.b is no table at the target",
      "the target has no table public.c to put rows into",
      "the target's table public.a has changed since the backup",
    ]);
  });

  it.each([
    [
      "half of it",
      (path: string) => writeFileSync(path, readFileSync(path).subarray(0, 300)),
      "artifact.damaged",
      "is damaged",
    ],
    ["all of it", (path: string) => rmSync(path), "artifact.missing", "not in the store"],
  ] as const)("is not green where %s is lacking in the store", async (name, change, code, says) => {
    await using own = await Vault.make();
    await using database = await cluster.createDatabase({
      owner: "postgres",
      sql: "CREATE TABLE public.papers AS SELECT g FROM generate_series(1, 1000) g",
    });
    await own.backup(database.adminUrl);
    change(own.path(own.files("database/")[0]!));
    await using target = await cluster.createDatabase({ owner: "postgres" });
    const ended = await own.restore(target.adminUrl, { dryRun: true }).then(refusedIn, (error: unknown) => {
      if (!isHoldfastError(error)) throw error;
      return { exit: error.exitCode, refusals: [error.message] };
    });
    expect({ name, ...ended }).toEqual({ name, exit: 5, refusals: [expect.stringContaining(says)] });
    await expectRefusal(own.restore(target.adminUrl), { code, exit: 5, says, hint: /Nothing was changed/ });
  });

  it("is not green with another key", async () => {
    await using other = await Vault.make();
    await using database = await cluster.createDatabase({
      owner: "postgres",
      sql: "CREATE TABLE public.papers (id int)",
    });
    await vault.backup(database.adminUrl, { source: "sealed" });
    await using target = await cluster.createDatabase({ owner: "postgres" });
    const planned = await vault
      .restore(target.adminUrl, { source: "sealed", identity: other.identity, dryRun: true })
      .then(refusedIn, (error: unknown) => {
        if (!isHoldfastError(error)) throw error;
        return { exit: error.exitCode, refusals: [error.message] };
      });
    expect(planned).toEqual({ exit: 2, refusals: [expect.stringContaining("none of the given identities")] });
  });

  it("says what it does not look at", async () => {
    await using database = await cluster.createDatabase({
      owner: "postgres",
      sql: "CREATE TABLE public.papers (id int)",
    });
    await vault.backup(database.adminUrl, { source: "looked" });
    expect(said(await vault.restore(database.adminUrl, { source: "looked", dryRun: true }))).toMatch(
      /a dry run compares the sizes .*holdfast validate/,
    );
  });
});

describe("a dry run of a restore into a project", () => {
  it("ends with the plan whatever is lacking", async () => {
    installation.provide(
      "fake_gone",
      "CREATE FUNCTION gone() RETURNS int LANGUAGE sql AS 'SELECT 1'",
      "relocatable = true\ntrusted = true",
    );
    await using supabase = await startSupabase({ installation, strict: true });
    const tools = { binDir: supabase.cluster.facts.binDir };
    await using source = await supabase.project();
    await source.query("CREATE EXTENSION fake_gone SCHEMA extensions; CREATE TABLE public.papers (id int)");
    await source.admin(
      "CREATE TABLE public.theirs (id int); ALTER TABLE public.theirs OWNER TO supabase_admin",
    );
    await source.admin(
      "GRANT ALL ON public.theirs TO postgres; ALTER TABLE auth.users ADD COLUMN nickname text",
    );
    await source.admin("INSERT INTO auth.users (id, nickname) VALUES (gen_random_uuid(), 'n')");
    await vault.backup(source.url, { source: "project", recipients: [], allowUnencrypted: true }, tools);
    await using project = await supabase.project();
    await project.query("CREATE TABLE public.mine (id int)");
    installation.withdraw("fake_gone");
    const choice: RestoreChoice = { source: "project", identity: null, confirm: project.name };
    const outcome = await vault.restore(project.url, { ...choice, dryRun: true }, tools);
    const planned = refusedIn(outcome);
    expect([planned.exit, (outcome.outputs["plan"] as { mode: string }).mode]).toEqual([4, "project"]);
    expect(planned.refusals).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^the target server cannot install fake_gone 1\.0/),
        expect.stringContaining("nickname"),
        expect.stringMatching(/^the safety backup of the target would lie in the store unencrypted/),
      ]),
    );
    await expectRefusal(vault.restore(project.url, choice, tools), {
      code: "database.lacks",
      exit: 4,
      says: "cannot install fake_gone",
      hint: /--allow-gaps/,
    });
  });
});
