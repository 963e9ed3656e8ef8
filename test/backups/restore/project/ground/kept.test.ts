import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { startSupabase, type SupabaseServer } from "../../../../support/supabase/supabase.ts";
import { Vault } from "../../../../support/vault.ts";
import { outcome, smallProject, WHOLE } from "../small-project.ts";
import { testInTurn } from "../../../../support/cases-in-turn.ts";

/**
 * What of the user's cannot be dropped on the platform's ground: it is neither made again nor filled again.
 */

let supabase: SupabaseServer;
let strict: SupabaseServer;
let vault: Vault;

beforeAll(async () => {
  supabase = await startSupabase();
  strict = await startSupabase({ strict: true });
  vault = await Vault.make();
});
afterAll(async () => {
  await supabase[Symbol.asyncDispose]();
  await strict[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

const inTurn = testInTurn("what stays in a project", 2);

describe("what stands on the platform's ground", () => {
  inTurn("a chain of views goes, however long it is, and comes back", async () => {
    await smallProject(supabase, vault, "chain", {
      query: `
        CREATE TABLE extensions.t0 (a int);
        INSERT INTO extensions.t0 VALUES (1), (2);
        CREATE VIEW extensions.v1 AS SELECT a FROM extensions.t0;
        CREATE VIEW extensions.v2 AS SELECT a FROM extensions.v1;
        CREATE VIEW extensions.v3 AS SELECT a FROM extensions.v2
      `,
    });
    await using project = await supabase.project();
    expect(await outcome(vault, project, "chain")).toEqual(WHOLE);
    expect(await outcome(vault, project, "chain", { confirm: project.name })).toEqual(WHOLE);
    expect(await project.query("SELECT count(*)::int AS n FROM extensions.v3")).toEqual([{ n: 2 }]);
  });

  inTurn("a table on which something of the platform's stands keeps its rows, not loaded twice", async () => {
    await using project = await smallProject(supabase, vault, "held", {
      query: `
        CREATE TABLE extensions.held (id serial PRIMARY KEY, a int UNIQUE);
        INSERT INTO extensions.held (a) VALUES (1), (2);
        CREATE FUNCTION extensions.of(a int) RETURNS int LANGUAGE sql RETURN a;
        CREATE FUNCTION extensions.of(a text) RETURNS text LANGUAGE sql RETURN a
      `,
    });
    await project.admin(`
      CREATE VIEW auth.watches AS SELECT a, extensions.of(a) AS of FROM extensions.held;
      ALTER VIEW auth.watches OWNER TO supabase_auth_admin
    `);
    for (const choice of [{}, { allowGaps: true }]) {
      const restored = await outcome(vault, project, "held", { confirm: project.name, ...choice });
      expect(restored).toEqual(WHOLE);
      expect(restored.said).toContain("could not be dropped and stays as it is at the target: ");
      expect(
        await project.query("SELECT count(*)::int AS n, extensions.of('b') AS other FROM extensions.held"),
      ).toEqual([{ n: 2, other: "b" }]);
    }
    // What it holds is compared, so that nobody takes it for restored.
    await project.query("INSERT INTO extensions.held (a) VALUES (3)");
    expect(await outcome(vault, project, "held", { confirm: project.name })).toEqual({
      exit: 5,
      said: expect.stringContaining("extensions.held"),
    });
  });

  inTurn("a trigger that may not be dropped stays, with its function", async () => {
    await using project = await smallProject(strict, vault, "greets", {
      query: `
        CREATE FUNCTION extensions.hello() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
        CREATE TRIGGER greets AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION extensions.hello()
      `,
    });
    expect(await outcome(vault, project, "greets", { confirm: project.name })).toEqual(WHOLE);
  });
});

describe("a webhook on a table of the platform's", () => {
  const HOOK = `
    CREATE SCHEMA supabase_functions;
    GRANT USAGE ON SCHEMA supabase_functions TO PUBLIC;
    CREATE FUNCTION supabase_functions.http_request() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RETURN NULL; END $$
  `;
  const SENDS = `
    CREATE TRIGGER sends AFTER INSERT ON storage.objects FOR EACH ROW
      EXECUTE FUNCTION supabase_functions.http_request()
  `;
  const STATE = "SELECT tgenabled AS state FROM pg_trigger WHERE tgname = 'sends'";

  inTurn("was there and may be neither dropped nor paused: it stays, and is named", async () => {
    await using project = await smallProject(strict, vault, "hook", { admin: HOOK, query: SENDS });
    const restored = await outcome(vault, project, "hook", { confirm: project.name });
    expect(restored).toEqual(WHOLE);
    expect(restored.said).toContain(
      "webhook sends on storage.objects was there, could not be replaced and goes on sending",
    );
    expect(await project.query(STATE)).toEqual([{ state: "O" }]);
  });

  inTurn("is at the target alone: it stays, and is a gap by its name", async () => {
    await smallProject(strict, vault, "no-hook", { admin: HOOK });
    await using project = await strict.project();
    await project.admin(HOOK);
    await project.query(SENDS);
    const restored = await outcome(vault, project, "no-hook", { confirm: project.name });
    expect(restored).toEqual({
      exit: 3,
      said: expect.stringContaining(
        "storage.objects.sends | gap: is not in the backup and stays: it could not be dropped",
      ),
    });
  });
});
