import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { startSupabase, type Project, type SupabaseServer } from "../../../support/supabase/supabase.ts";
import { Vault } from "../../../support/vault.ts";
import { outcome, WHOLE } from "./small-project.ts";
import { testInTurn } from "../../../support/cases-in-turn.ts";

/**
 * Rights on the platform's tables that `postgres` passed on: it has SELECT on `auth.users` with grant option,
 * and is not its owner.
 */

const GIVEN = `
  SELECT x.who::text, x.privilege_type AS what, x.by::text
    FROM (
          SELECT x.grantee::regrole AS who, x.privilege_type, x.grantor::regrole AS by
            FROM pg_class c, aclexplode(c.relacl) x
           WHERE c.oid = 'auth.users'::regclass
          UNION ALL SELECT x.grantee::regrole, x.privilege_type || ' (' || a.attname || ')',
                           x.grantor::regrole
                      FROM pg_attribute a, aclexplode(a.attacl) x
                     WHERE a.attrelid = 'auth.users'::regclass) x
   WHERE x.who::text IN ('app_reader', 'service_role', 'anon')
   ORDER BY 1, 2
`;

describe.each([
  ["the role is not a member of the services' roles", true],
  ["it may act as them", false],
])("where %s", (_, strict) => {
  const inOne = testInTurn(`rights passed on, ${strict ? "strict" : "not strict"}`, 2, strict ? 0 : 1);
  let supabase: SupabaseServer;
  let vault: Vault;

  beforeAll(async () => {
    supabase = await startSupabase({ strict });
    vault = await Vault.make();
    await supabase.cluster.admin("CREATE ROLE app_reader");
  });
  afterAll(async () => {
    await supabase[Symbol.asyncDispose]();
    await vault[Symbol.asyncDispose]();
  });

  /** Backed up with rights given by some SQL. */
  async function sourceWith(name: string, sql: string, by: "query" | "admin" = "query"): Promise<Project> {
    const source = await supabase.project();
    await source[by](sql);
    expect((await vault.backup(source.url, { source: name })).exit).toBe(0);
    return source;
  }

  inOne("rights of the user's and of the platform's roles come back, on tables and on columns", async () => {
    await using source = await sourceWith(
      "passed",
      `
        GRANT SELECT ON auth.users TO app_reader, service_role;
        GRANT SELECT (email) ON auth.users TO service_role, anon
      `,
    );
    const given = await source.query(GIVEN);
    expect(given).toContainEqual({ who: "service_role", what: "SELECT", by: "postgres" });
    await using project = await supabase.project();
    expect(await outcome(vault, project, "passed")).toEqual(WHOLE);
    expect(await project.query(GIVEN)).toEqual(given);
  });

  inOne(
    "rights that the role gave at the target alone are taken back, and rights on columns stay",
    async () => {
      await using source = await sourceWith("back", "GRANT SELECT (email) ON auth.users TO anon");
      await using project = await supabase.project();
      await project.query("GRANT SELECT ON auth.users TO anon, service_role");
      expect(await outcome(vault, project, "back")).toEqual(WHOLE);
      expect(await project.query(GIVEN)).toEqual(await source.query(GIVEN));
    },
  );

  it("what the owner alone can give or take is named with that reason, and costs nothing else", async () => {
    await using source = await sourceWith(
      "owners",
      "SET ROLE supabase_auth_admin; GRANT SELECT, INSERT ON auth.users TO service_role",
      "admin",
    );
    await using project = await supabase.project();
    await project.admin("SET ROLE supabase_auth_admin; GRANT DELETE ON auth.users TO anon");
    const restored = await vault.restore(project.url, { source: "owners", safetyBackup: false });
    if (!strict) {
      expect({ exit: restored.exit, findings: restored.outputs["findings"] }).toEqual({
        exit: 0,
        findings: [],
      });
      expect(await project.query(GIVEN)).toEqual(await source.query(GIVEN));
      return;
    }
    expect({ exit: restored.exit, findings: restored.outputs["findings"] }).toEqual({
      exit: 3,
      findings: [
        {
          severity: "gap",
          about: "grant",
          name: "table auth.users",
          message:
            "on the platform's own is not as at the source: INSERT could not be given to service_role: of " +
            "supabase_auth_admin's, the role that restores may not pass it on; DELETE could not be taken " +
            "from anon: supabase_auth_admin gave it, in whose name the role that restores may not speak",
        },
      ],
    });
    expect(await project.query(GIVEN)).toEqual([
      { who: "anon", what: "DELETE", by: "supabase_auth_admin" },
      { who: "service_role", what: "SELECT", by: "postgres" },
    ]);
  });
});
