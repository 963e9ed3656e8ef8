import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { startSupabase, type SupabaseServer } from "../../../support/supabase/supabase.ts";
import { Vault } from "../../../support/vault.ts";
import { outcome, smallProject, WHOLE } from "./small-project.ts";
import { testInTurn } from "../../../support/cases-in-turn.ts";

/**
 * What the target has beyond the source and no restore may take: publications of the platform's, event
 * triggers of its roles.
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

const inTurn = testInTurn("what is beyond the restoring role", 3);

describe("a publication of the platform's", () => {
  it("that the source had not is no difference, and is emptied of what somebody put in", async () => {
    await smallProject(supabase, vault, "without", { admin: "DROP PUBLICATION supabase_realtime" });
    await using project = await supabase.project();
    await project.query(`
      ALTER PUBLICATION supabase_realtime ADD TABLE auth.users;
      CREATE TABLE public.notes (id int);
      ALTER PUBLICATION supabase_realtime ADD TABLE public.notes
    `);
    await project.admin(
      "CREATE PUBLICATION supabase_realtime_messages_publication FOR TABLE auth.identities",
    );
    expect(
      (await outcome(vault, project, "without", { confirm: project.name, dryRun: true })).said,
    ).toContain("table auth.users of publication supabase_realtime");
    expect(await outcome(vault, project, "without", { confirm: project.name })).toEqual(WHOLE);
    expect(
      await project.query(
        "SELECT pubname::text AS publication, tablename::text AS table FROM pg_publication_tables",
      ),
    ).toEqual([{ publication: "supabase_realtime_messages_publication", table: "identities" }]);
  });

  inTurn(
    "that holds all tables, and that the source had not, is a gap in the plan and afterwards",
    async () => {
      await using project = await supabase.project();
      await project.admin(`
      DROP PUBLICATION supabase_realtime;
      CREATE PUBLICATION supabase_realtime FOR ALL TABLES;
      ALTER PUBLICATION supabase_realtime OWNER TO postgres
    `);
      const gap = "holds all tables here, and at the source there is none of that name";
      expect(
        (await outcome(vault, project, "without", { confirm: project.name, dryRun: true })).said,
      ).toContain(gap);
      expect(await outcome(vault, project, "without", { confirm: project.name })).toEqual({
        exit: 3,
        said: expect.stringContaining(gap),
      });
    },
  );

  inTurn("is a difference where something stays in it that the backup has not", async () => {
    await using project = await supabase.project();
    await project.admin(`
      ALTER PUBLICATION supabase_realtime OWNER TO supabase_admin;
      ALTER PUBLICATION supabase_realtime ADD TABLE auth.users
    `);
    expect(await outcome(vault, project, "without", { confirm: project.name })).toEqual({
      exit: 5,
      said: expect.stringContaining("publication supabase_realtime differs from the source in tables"),
    });
  });

  inTurn("keeps the comment that somebody wrote on it", async () => {
    await smallProject(supabase, vault, "said", {
      query: "COMMENT ON PUBLICATION supabase_realtime IS 'mine'",
    });
    const COMMENT = `
      SELECT obj_description(oid, 'pg_publication') AS text
        FROM pg_publication
       WHERE pubname = 'supabase_realtime'
    `;
    await using project = await supabase.project();
    expect(await outcome(vault, project, "said")).toEqual(WHOLE);
    expect(await project.query(COMMENT)).toEqual([{ text: "mine" }]);
    await using theirs = await supabase.project();
    await theirs.admin("ALTER PUBLICATION supabase_realtime OWNER TO supabase_admin");
    expect(await outcome(vault, theirs, "said")).toEqual({
      exit: 3,
      said: expect.stringContaining(
        "comment | publication supabase_realtime | gap: could not be written: " +
          "must be owner of publication supabase_realtime",
      ),
    });
  });
});

describe("an event trigger of the platform's superuser at the target", () => {
  const FUNCTION = "CREATE FUNCTION public.watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'";
  const watching = (name: string): string =>
    `CREATE EVENT TRIGGER ${name} ON ddl_command_end EXECUTE FUNCTION public.watch()`;

  inTurn("stays with what is said of it, and ends no restore", async () => {
    await using source = await smallProject(supabase, vault, "watched", { query: FUNCTION });
    await source.admin(`
      ALTER ROLE postgres SUPERUSER;
      SET ROLE postgres;
      ${watching("watching")};
      COMMENT ON EVENT TRIGGER watching IS 'mine';
      RESET ROLE;
      ALTER ROLE postgres NOSUPERUSER
    `);
    expect((await vault.backup(source.url, { source: "watched" })).exit).toBe(0);
    await using project = await supabase.project();
    await project.query(FUNCTION);
    await project.admin(watching("watching"));
    const told =
      "comment | event-trigger watching | gap: is missing: what it is of could not be dropped, " +
      "and stays as it is";
    expect(await outcome(vault, project, "watched", { confirm: project.name })).toEqual({
      exit: 3,
      said: expect.stringContaining(told),
    });
    await project.admin("COMMENT ON EVENT TRIGGER watching IS 'mine'");
    expect(await outcome(vault, project, "watched", { confirm: project.name })).toEqual(WHOLE);
  });

  inTurn("that the backup has not is a gap, with its owner", async () => {
    await smallProject(supabase, vault, "unwatched", { query: FUNCTION });
    await using project = await supabase.project();
    await project.query(FUNCTION);
    await project.admin(watching("other"));
    const restored = await vault.restore(project.url, {
      source: "unwatched",
      safetyBackup: false,
      confirm: project.name,
    });
    expect({ exit: restored.exit, findings: restored.outputs["findings"] }).toEqual({
      exit: 3,
      findings: [
        {
          severity: "gap",
          about: "event-trigger",
          name: "other",
          message: "is not in the backup and stays: it could not be dropped",
        },
      ],
    });
  });
});

describe("what only a superuser may make", () => {
  inTurn("is refused by name beforehand, in the dry run's words, and left out where accepted", async () => {
    await using source = await smallProject(supabase, vault, "powerful", {
      query: "CREATE SCHEMA app; CREATE TABLE app.things (id int)",
      admin: `
        CREATE PUBLICATION wide FOR ALL TABLES;
        CREATE SCHEMA own;
        GRANT ALL ON SCHEMA own TO postgres;
        ALTER SCHEMA own OWNER TO postgres;
        CREATE OPERATOR FAMILY own.fam USING btree;
        ALTER OPERATOR FAMILY own.fam USING btree OWNER TO postgres;
        CREATE TEXT SEARCH TEMPLATE own.simply (LEXIZE = dsimple_lexize);
        CREATE FUNCTION own.fast(n int) RETURNS int LANGUAGE internal AS 'int4abs';
        ALTER FUNCTION own.fast(int) OWNER TO postgres;
        CREATE FUNCTION own.fast(n text) RETURNS int LANGUAGE sql AS 'SELECT 1';
        ALTER FUNCTION own.fast(text) OWNER TO postgres
      `,
    });
    await source.admin("ALTER PUBLICATION supabase_realtime ADD TABLES IN SCHEMA app");
    await source.admin(`
      ALTER ROLE postgres SUPERUSER;
      ALTER PUBLICATION wide OWNER TO postgres;
      ALTER ROLE postgres NOSUPERUSER
    `);
    expect((await vault.backup(source.url, { source: "powerful" })).exit).toBe(0);
    await using project = await supabase.project();
    const planned = await vault.restore(project.url, { source: "powerful", dryRun: true });
    const refusals = planned.report.tables[0]!.rows.filter(([what]) => what === "would refuse").map(
      ([, why]) => String(why),
    );
    expect(planned.exit).toBe(7);
    for (const name of [
      "PUBLICATION wide",
      "PUBLICATION TABLES IN SCHEMA",
      "OPERATOR FAMILY own fam",
      "TEXT SEARCH TEMPLATE own simply",
      String.raw`FUNCTION own fast\(integer\)`,
    ]) {
      expect(refusals).toContainEqual(expect.stringMatching(`^role postgres may not make ${name}`));
    }
    const restored = await outcome(vault, project, "powerful", { allowGaps: true });
    expect({ exit: restored.exit, said: restored.said }).toEqual({
      exit: 3,
      said: expect.stringContaining("PUBLICATION wide | gap: was left out"),
    });
    expect(restored.said).toContain("FUNCTION own fast(integer) | gap: was left out");
    expect(await project.query("SELECT own.fast('x') AS n")).toEqual([{ n: 1 }]);
    expect(await project.query("SELECT count(*)::int AS n FROM public.notes")).toEqual([{ n: 1 }]);
  });
});
