import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import {
  REACHING_OUT,
  startSupabase,
  type Project,
  type SupabaseServer,
} from "../../../support/supabase/supabase.ts";
import { expectRefusal, said, Vault } from "../../../support/vault.ts";
import { outcome, smallProject, WHOLE } from "./small-project.ts";
import { testInTurn } from "../../../support/cases-in-turn.ts";

/**
 * What a restore into a project brings of the platform's publication, and what it says of rows that do not
 * fit, and of what goes on by itself elsewhere.
 */

let supabase: SupabaseServer;
let vault: Vault;

beforeAll(async () => {
  supabase = await startSupabase();
  vault = await Vault.make();
});
afterAll(async () => {
  await supabase[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

const into = (project: Project, source: string, choice = {}): ReturnType<typeof outcome> =>
  outcome(vault, project, source, { confirm: project.name, ...choice });
const PUBLISHED = `
  SELECT puballtables AS "all", concat_ws(',', pubinsert, pubupdate, pubdelete, pubtruncate) AS operations,
         pubviaroot AS root,
         (SELECT array_agg(tablename::text ORDER BY 1)
            FROM pg_publication_tables t
           WHERE t.pubname = p.pubname) AS tables
    FROM pg_publication p
   WHERE pubname = 'supabase_realtime'
`;

const inTurn = testInTurn("what a plan explains", 3);

describe("the platform's publication", () => {
  const OPTIONS = `
    ALTER PUBLICATION supabase_realtime ADD TABLE public.notes;
    ALTER PUBLICATION supabase_realtime SET (publish = 'insert, delete', publish_via_partition_root = true)
  `;

  it("publishes as at the source, which the plan says", async () => {
    await using source = await smallProject(supabase, vault, "options", { query: OPTIONS });
    await using target = await supabase.project();
    const plan = await into(target, "options", { dryRun: true });
    expect(plan.said).toContain(
      "publication supabase_realtime publishes otherwise than at the source and is set to publish = " +
        "'insert, delete', publish_via_partition_root = true",
    );
    expect(await into(target, "options")).toEqual(WHOLE);
    expect(await target.query(PUBLISHED)).toEqual([
      { all: false, operations: "t,f,t,f", root: true, tables: ["notes"] },
    ]);
    expect(await target.query(PUBLISHED)).toEqual(await source.query(PUBLISHED));
    // And back, where the backup has the options that a project begins with.
    await using plain = await smallProject(supabase, vault, "plain", {});
    await target.admin("DELETE FROM auth.users");
    expect(await into(target, "plain")).toEqual(WHOLE);
    expect(await target.query(PUBLISHED)).toEqual(await plain.query(PUBLISHED));
  });

  inTurn("is a gap in the plan where another role owns it", async () => {
    await using target = await supabase.project();
    await target.admin("ALTER PUBLICATION supabase_realtime OWNER TO supabase_admin");
    const gap =
      /supabase_realtime publishes otherwise than .*: ALTER PUBLICATION .* SET \(publish = 'insert, delete'/;
    expect((await into(target, "options", { dryRun: true })).said).toMatch(gap);
  });

  inTurn("of all tables at one end only is a gap in the plan, and nothing fails for it", async () => {
    const ALL = `
      DROP PUBLICATION supabase_realtime;
      CREATE PUBLICATION supabase_realtime FOR ALL TABLES;
      ALTER PUBLICATION supabase_realtime OWNER TO postgres
    `;
    await using everything = await smallProject(supabase, vault, "everything", {});
    await everything.admin("ALTER ROLE postgres SUPERUSER");
    try {
      await everything.admin(ALL);
      expect((await vault.backup(everything.url, { source: "everything" })).exit).toBe(0);
      await using some = await supabase.project();
      expect((await into(some, "everything", { dryRun: true })).said).toContain(
        "publication supabase_realtime holds all tables at the source, and here those that are put in: " +
          "no ALTER PUBLICATION changes that",
      );
      expect(await into(some, "everything")).toEqual({
        exit: 3,
        said: expect.stringContaining(
          "publication | supabase_realtime | gap: holds all tables at the source",
        ),
      });
      await using all = await supabase.project();
      await all.admin(ALL);
      expect(await into(all, "plain")).toEqual({
        exit: 3,
        said: expect.stringContaining(
          "publication | supabase_realtime | gap: holds all tables here, and at the source some",
        ),
      });
      await all.admin("DELETE FROM auth.users");
      expect(await into(all, "options")).toMatchObject({ exit: 3 });
    } finally {
      await everything.admin("ALTER ROLE postgres NOSUPERUSER");
    }
  });
});

describe("rows that do not fit", () => {
  inTurn("a check of the target's, are named in the plan with the check and the way on", async () => {
    await using target = await supabase.project();
    await target.admin("ALTER TABLE auth.users ADD CONSTRAINT not_p3 CHECK (email <> 'p3@example.org')");
    const says =
      /1 row of auth\.users .* breaks a check .* \(not_p3\): .*ALTER TABLE auth\.users DROP CONSTRAINT/;
    expect((await into(target, "plain", { dryRun: true })).said).toMatch(says);
    await expectRefusal(
      vault.restore(target.url, { source: "plain", confirm: target.name, safetyBackup: false }),
      { code: "refused.misfit", exit: 7, says, hint: /Nothing was touched/ },
    );
  });

  inTurn(
    "a check that calls what somebody wrote, not asked beforehand, is explained when written",
    async () => {
      await using target = await supabase.project();
      await target.admin(`
      CREATE FUNCTION auth.takes(text) RETURNS bool LANGUAGE sql IMMUTABLE AS
        $$ SELECT $1 <> 'p3@example.org' $$;
      GRANT EXECUTE ON FUNCTION auth.takes TO PUBLIC;
      ALTER TABLE auth.users ADD CONSTRAINT asked CHECK (auth.takes(email))
    `);
      await expectRefusal(
        vault.restore(target.url, { source: "plain", confirm: target.name, safetyBackup: false }),
        {
          code: "database.query",
          exit: 4,
          says: /rows of auth\.users: .*violates check constraint "asked"/,
          hint: /A row of the backup breaks a rule of auth\.users .*: drop the check .* Nothing was changed/,
        },
      );
      expect(await target.query("SELECT count(*)::int AS n FROM auth.users")).toEqual([{ n: 0 }]);
    },
  );

  inTurn("a key broken by the source's own rows is laid to the source, whoever's the table is", async () => {
    await using platforms = await supabase.project();
    await platforms.admin(`
      SET session_replication_role = replica;
      INSERT INTO auth.identities (id, provider_id, user_id, identity_data, provider)
        VALUES (gen_random_uuid(), 'x', gen_random_uuid(), '{}', 'email')
    `);
    expect((await vault.backup(platforms.url, { source: "orphan" })).exit).toBe(0);
    await using target = await supabase.project();
    expect((await into(target, "orphan", { dryRun: true })).said).toMatch(
      /1 row of auth\.identities .*auth\.users that neither .* \(identities_user_id_fkey\): at the source/,
    );
    await using own = await smallProject(supabase, vault, "own-orphan", {
      query: "CREATE TABLE public.lines (note int CONSTRAINT of_note REFERENCES public.notes)",
    });
    await own.admin("SET session_replication_role = replica; INSERT INTO public.lines VALUES (99)");
    expect((await vault.backup(own.url, { source: "own-orphan" })).exit).toBe(0);
    await expectRefusal(
      vault.restore(target.url, { source: "own-orphan", confirm: target.name, safetyBackup: false }),
      {
        code: "database.query",
        exit: 4,
        says: /FK CONSTRAINT public lines of_note: .*the source itself holds rows that break of_note/,
        hint: /Nothing in the project is wrong: .*Mend those rows at the source/,
      },
    );
  });
});

describe("into a database of its own", () => {
  inTurn("the plan warns that jobs and webhooks come back as they were", async () => {
    await using source = await supabase.project();
    await source.admin(REACHING_OUT);
    await source.query(`
      CREATE TABLE public.orders (id int);
      CREATE TRIGGER tell AFTER INSERT ON public.orders FOR EACH ROW
        EXECUTE FUNCTION supabase_functions.http_request('https://example.org');
      SELECT cron.schedule('nightly', '0 3 * * *', 'SELECT 1')
    `);
    expect((await vault.backup(source.url, { source: "reaching" })).exit).toBe(0);
    await supabase.cluster.admin("CREATE DATABASE besides OWNER postgres");
    const target = source.url.replace(source.name, "besides");
    const plan = said(
      await vault.restore(target, { source: "reaching", into: "database", dryRun: true, noOwner: true }),
    );
    expect(plan).toContain(
      "database webhooks come back switched on, and send from here too as soon as rows change: " +
        "TRIGGER public orders tell; switch them off before anybody writes",
    );
    expect(plan).toContain("1 job of the backup (cron.job) will run from here too");
    await using project = await supabase.project();
    await project.admin(REACHING_OUT);
    expect((await into(project, "reaching", { dryRun: true })).said).not.toMatch(
      /run from here too|come back switched on/,
    );
  });
});
