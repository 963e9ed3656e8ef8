import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { startSupabase, type SupabaseServer } from "../../../support/supabase/supabase.ts";
import { expectRefusal, said, Vault } from "../../../support/vault.ts";
import { outcome, smallProject, WHOLE } from "./small-project.ts";
import { testInTurn } from "../../../support/cases-in-turn.ts";

/** The platform has more than this version knows, at one end or at both. */

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

/** A table with an index, an index on a table that is known and a comment, all of names that nobody knows. */
const LATER = `
  SET ROLE supabase_storage_admin;
  CREATE TABLE storage.later_log (id bigserial PRIMARY KEY, status text);
  CREATE INDEX later_log_status ON storage.later_log (status, id);
  CREATE INDEX later_on_objects ON storage.objects (bucket_id, updated_at);
  COMMENT ON COLUMN storage.objects.version IS 'of a later version';
  RESET ROLE;
  INSERT INTO storage.migrations (id, name, hash) VALUES (5000, 'later', 'x')
`;
const DOUBTS = "index storage.later_on_objects, comment column storage.objects.version";

const inTurn = testInTurn("what a platform has moved", 3);

describe("a later storage service", () => {
  inTurn("at the target: a new project stays new, and what is unknown stays, no difference", async () => {
    await smallProject(strict, vault, "earlier", {});
    await using project = await strict.project();
    await project.admin(LATER);
    const restored = await outcome(vault, project, "earlier");
    expect(restored).toEqual(WHOLE);
    expect(restored.said).toContain(
      `not known to this version, not in the backup and left at the target as it is: ${DOUBTS}`,
    );
    expect(await project.query("SELECT to_regclass('storage.later_on_objects')::text AS index")).toEqual([
      { index: "storage.later_on_objects" },
    ]);
  });

  inTurn(
    "at the source: nothing of it is made at an earlier one, nor is in the way of the same",
    async () => {
      await smallProject(strict, vault, "later", { admin: LATER });
      await using earlier = await strict.project();
      const restored = await outcome(vault, earlier, "later");
      expect(restored).toEqual(WHOLE);
      expect(restored.said).toContain(`left to the platform; make anew what is yours: ${DOUBTS}`);
      await using same = await strict.project();
      await same.admin(LATER);
      expect(await outcome(vault, same, "later")).toEqual(WHOLE);
    },
  );

  inTurn(
    "an index at the target that may be anybody's stays and is named; one by a user's goes",
    async () => {
      await smallProject(supabase, vault, "bare", {});
      await using project = await supabase.project();
      await project.query(`
      CREATE INDEX users_by_city ON auth.users ((raw_user_meta_data ->> 'city'));
      CREATE FUNCTION public.norm(t text) RETURNS text LANGUAGE sql IMMUTABLE RETURN lower(t);
      CREATE INDEX users_norm ON auth.users (public.norm(email::text))
    `);
      const planned = await vault.restore(project.url, { source: "bare", dryRun: true });
      expect(said(planned)).toMatch(/removes \| .*index auth\.users_norm/);
      expect(said(planned)).not.toMatch(/removes \| .*users_by_city/);
      const restored = await outcome(vault, project, "bare", { confirm: project.name });
      expect(restored).toEqual(WHOLE);
      expect(restored.said).toContain("left at the target as it is: index auth.users_by_city");
      expect(
        await project.query(`
        SELECT to_regclass('auth.users_by_city')::text AS guessed,
               to_regclass('auth.users_norm')::text AS sure
      `),
      ).toEqual([{ guessed: "auth.users_by_city", sure: null }]);
    },
  );
});

describe("what the storage service of 2025 had", () => {
  const PREFIXES = `
    CREATE TABLE storage.prefixes (
      bucket_id text REFERENCES storage.buckets (id), name text NOT NULL,
      level int GENERATED ALWAYS AS (array_length(string_to_array(name, '/'), 1)) STORED,
      PRIMARY KEY (bucket_id, level, name));
    ALTER TABLE storage.prefixes OWNER TO supabase_storage_admin;
    GRANT ALL ON storage.prefixes TO postgres;
    ALTER TABLE storage.objects ADD COLUMN level int;
    CREATE FUNCTION storage.fill_prefixes() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO storage.prefixes (bucket_id, name)
        VALUES (new.bucket_id, split_part(new.name, '/', 1))
            ON CONFLICT DO NOTHING;
      RETURN new;
    END $$;
    ALTER FUNCTION storage.fill_prefixes() OWNER TO supabase_storage_admin;
    CREATE TRIGGER fill_prefixes BEFORE INSERT ON storage.objects FOR EACH ROW
      EXECUTE FUNCTION storage.fill_prefixes();
    DELETE FROM storage.migrations WHERE id = (SELECT max(id) FROM storage.migrations)
  `;

  inTurn(
    "folders come where the target has them, once, else are left out with the files' depth",
    async () => {
      await smallProject(supabase, vault, "folders", {
        admin: PREFIXES,
        query: `
        INSERT INTO storage.buckets (id, name) VALUES ('b', 'b');
        INSERT INTO storage.objects (bucket_id, name, level)
          VALUES ('b', 'folder/a.png', 2), ('b', 'other/b.png', 2)
      `,
      });
      await using same = await supabase.project();
      await same.admin(PREFIXES);
      const rows = `
      SELECT (SELECT count(*)::int FROM storage.objects) AS objects,
             (SELECT array_agg(name || level ORDER BY name) FROM storage.prefixes) AS folders
    `;
      expect(await outcome(vault, same, "folders")).toEqual(WHOLE);
      expect(await same.query(rows)).toEqual([{ objects: 2, folders: ["folder1", "other1"] }]);
      expect(await outcome(vault, same, "folders", { confirm: same.name })).toEqual(WHOLE);
      expect(await same.query(rows)).toEqual([{ objects: 2, folders: ["folder1", "other1"] }]);

      await using today = await supabase.project();
      const restored = await outcome(vault, today, "folders");
      expect(restored).toEqual(WHOLE);
      expect(restored.said).toContain(
        "column storage.objects.level is computed by the platform, and the target's version has no such " +
          "column",
      );
      expect(restored.said).toContain(
        "the target has no table storage.prefixes, whose rows follow from others: 2 rows of it stay behind",
      );
    },
  );

  inTurn("is made of the files' names where only the target has it, in every depth", async () => {
    await smallProject(supabase, vault, "files", {
      query: `
        INSERT INTO storage.buckets (id, name) VALUES ('b', 'b');
        INSERT INTO storage.objects (bucket_id, name)
          VALUES ('b', 'a/b/c.png'), ('b', 'a/d.png'), ('b', 'top.png')
      `,
    });
    await using older = await supabase.project();
    await older.admin(PREFIXES);
    for (const choice of [{}, { confirm: older.name }]) {
      expect(await outcome(vault, older, "files", choice)).toEqual(WHOLE);
      expect(await older.query("SELECT name, level FROM storage.prefixes ORDER BY name")).toEqual([
        { name: "a", level: 1 },
        { name: "a/b", level: 2 },
      ]);
    }
    await older.admin(
      "ALTER TABLE storage.prefixes OWNER TO supabase_admin; REVOKE ALL ON storage.prefixes FROM postgres",
    );
    expect(await outcome(vault, older, "files", { confirm: older.name })).toEqual({
      exit: 3,
      said: expect.stringContaining(
        "storage.prefixes | gap: could not be filled with what follows from the backup's rows",
      ),
    });
  });
});

describe("things outside of its schemas that only it can own", () => {
  const NEWER = `
    CREATE FUNCTION extensions.newer() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
    ALTER FUNCTION extensions.newer() OWNER TO supabase_admin;
    CREATE EVENT TRIGGER issue_newer_access ON ddl_command_end WHEN TAG IN ('CREATE EXTENSION')
      EXECUTE FUNCTION extensions.newer();
    CREATE PUBLICATION platform_newer;
    CREATE SCHEMA newer;
    CREATE TABLE newer.state (id int PRIMARY KEY);
    GRANT USAGE ON SCHEMA newer TO postgres;
    GRANT SELECT ON newer.state TO postgres
  `;
  const TOLD =
    "taken for the platform's, because only it can own them: schema newer, event trigger " +
    "issue_newer_access, publication platform_newer";

  inTurn("are left alone at both ends, and the plan names them", async () => {
    await smallProject(supabase, vault, "newer", { admin: NEWER });
    await using project = await supabase.project();
    await project.admin(NEWER);
    expect(said(await vault.restore(project.url, { source: "newer", dryRun: true }))).toContain(TOLD);
    expect(await outcome(vault, project, "newer")).toEqual(WHOLE);
    await using older = await supabase.project();
    expect(await outcome(vault, older, "newer")).toEqual(WHOLE);
  });

  inTurn("rows in such a schema that stay behind are a gap by name", async () => {
    await smallProject(supabase, vault, "with-rows", {
      admin: `${NEWER}; INSERT INTO newer.state VALUES (1)`,
    });
    await using project = await supabase.project();
    expect(await outcome(vault, project, "with-rows")).toEqual({
      exit: 3,
      said: expect.stringContaining(
        "newer.state | gap: stays behind (1 row): its schema is taken for the platform's",
      ),
    });
  });

  inTurn("a schema of the platform's with a table of somebody else's in it is the user's", async () => {
    await using project = await smallProject(supabase, vault, "mixed", {
      admin: "CREATE SCHEMA mixed; GRANT ALL ON SCHEMA mixed TO postgres",
      query: "CREATE TABLE mixed.mine (a int); INSERT INTO mixed.mine VALUES (1)",
    });
    expect(await outcome(vault, project, "mixed", { confirm: project.name })).toEqual(WHOLE);
    expect(await project.query("SELECT a FROM mixed.mine")).toEqual([{ a: 1 }]);
  });

  inTurn("a publication of another role's name refuses beforehand; --allow-gaps leaves it", async () => {
    await smallProject(supabase, vault, "shop", { query: "CREATE PUBLICATION shop FOR TABLE public.notes" });
    await supabase.cluster.admin("CREATE ROLE seller");
    await using project = await supabase.project();
    await project.admin(
      "CREATE PUBLICATION shop; ALTER PUBLICATION shop OWNER TO supabase_admin; GRANT CREATE ON DATABASE " +
        project.name +
        " TO seller; ALTER PUBLICATION shop OWNER TO seller",
    );
    await expectRefusal(vault.restore(project.url, { source: "shop" }), {
      code: "refused.misfit",
      exit: 7,
      says: /may not make PUBLICATION shop \(the target has one that belongs to seller/,
      hint: /--allow-gaps/,
    });
    expect(await outcome(vault, project, "shop", { allowGaps: true })).toEqual({
      exit: 3,
      said: expect.stringContaining(
        "PUBLICATION shop | gap: was left out: the target has one that belongs to seller",
      ),
    });
  });
});
