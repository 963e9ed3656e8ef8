import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { startSupabase, type Project, type SupabaseServer } from "../../../support/supabase/supabase.ts";
import { said, Vault } from "../../../support/vault.ts";

/**
 * What roles may do, and what may be done with the database and the platform's things: as at the source, or
 * named; never more.
 */

let vault: Vault;
let servers: SupabaseServer[];
let source: Project;

beforeAll(async () => {
  servers = [await startSupabase({ strict: true }), await startSupabase({ strict: true })];
  source = await servers[0]!.project();
  vault = await Vault.make();
});
afterAll(async () => {
  for (const server of servers) await server[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

describe("roles of the user's in another project", () => {
  it("have what they had as far as the server gives it, and never more; the rest is named", async () => {
    await source.admin(`
      CREATE ROLE orm LOGIN BYPASSRLS CREATEDB;
      CREATE ROLE reader NOINHERIT CONNECTION LIMIT 3 VALID UNTIL '2030-01-01 00:00+00';
      GRANT reader TO orm WITH ADMIN OPTION;
      GRANT anon TO reader;
      GRANT USAGE ON SCHEMA auth TO reader;
      GRANT SELECT, INSERT, UPDATE (email), UPDATE (id) ON auth.identities TO reader;
      GRANT EXECUTE ON FUNCTION auth.uid() TO reader;
      COMMENT ON DATABASE ${source.name} IS 'of the shop';
      REVOKE CONNECT, TEMPORARY ON DATABASE ${source.name} FROM PUBLIC;
      GRANT CONNECT ON DATABASE ${source.name} TO reader, authenticator;
      GRANT CREATE ON DATABASE ${source.name} TO orm WITH GRANT OPTION
    `);
    await vault.backup(source.url);
    await using project = await servers[1]!.project();
    const planned = await vault.restore(project.url, { dryRun: true });
    expect(said(planned)).toContain(
      "rights on the database itself that the source had not are taken away: " +
        "CONNECT of PUBLIC, TEMPORARY of PUBLIC",
    );
    expect(said(planned)).toContain("CREATE WITH GRANT OPTION of orm");
    expect(said(planned)).toContain("brings | the comment of the source's database");

    const restored = await vault.restore(project.url);
    const told = said(restored);
    expect({ exit: restored.exit, told }).toEqual({
      exit: 3,
      told: expect.stringContaining("role | orm | gap: lacks BYPASSRLS here, which it had at the source: "),
    });
    const attributes = `
      SELECT rolname AS name, rolinherit AS inherit, rolcreatedb AS createdb, rolbypassrls AS bypass,
             rolconnlimit AS limit, rolcanlogin AS login, rolvaliduntil = '2030-01-01 00:00+00' AS until
        FROM pg_roles
       WHERE rolname IN ('orm', 'reader')
       ORDER BY 1
    `;
    expect(await project.admin(attributes)).toEqual([
      { name: "orm", inherit: true, createdb: true, bypass: false, limit: -1, login: false, until: null },
      { name: "reader", inherit: false, createdb: false, bypass: false, limit: 3, login: false, until: true },
    ]);
    const memberships = `
      SELECT member::regrole::text || ' in ' || roleid::regrole::text
        || CASE WHEN admin_option THEN ' with admin' ELSE '' END AS m
        FROM pg_auth_members
       WHERE member::regrole::text IN ('orm', 'reader')
       ORDER BY 1
    `;
    expect(await project.admin(memberships)).toEqual([
      { m: "orm in reader with admin" },
      { m: "reader in anon" },
    ]);

    const rights = `
      SELECT coalesce(r.rolname, 'public') || ' '
        || string_agg(privilege_type || CASE WHEN is_grantable THEN '*' ELSE '' END,
                      ',' ORDER BY privilege_type) AS r
        FROM pg_database, aclexplode(datacl) LEFT JOIN pg_roles r ON r.oid = grantee
       WHERE datname = current_database()
       GROUP BY r.rolname
       ORDER BY 1
    `;
    expect(await project.admin(rights)).toEqual(await source.admin(rights));
    expect(
      await project.admin(`
        SELECT shobj_description(oid, 'pg_database') AS said
          FROM pg_database
         WHERE datname = current_database()
      `),
    ).toEqual([{ said: "of the shop" }]);

    // Of several rights those that may be passed on are given, and each of the others is named.
    const may = `
      SELECT has_schema_privilege('reader', 'auth', 'USAGE') AS schema,
             has_table_privilege('reader', 'auth.identities', 'SELECT') AS select,
             has_table_privilege('reader', 'auth.identities', 'INSERT') AS insert,
             has_column_privilege('reader', 'auth.identities', 'email', 'UPDATE') AS update,
             has_function_privilege('reader', 'auth.uid()', 'EXECUTE') AS execute
    `;
    const [there] = await project.admin(may);
    const named = {
      schema: told.includes("USAGE could not be given to reader"),
      select: told.includes("SELECT could not be given to reader"),
      insert: told.includes("INSERT could not be given to reader"),
      update: told.includes("UPDATE (email) could not be given to reader"),
      execute: told.includes("EXECUTE could not be given to reader"),
    };
    expect(named).toEqual(
      Object.fromEntries(Object.entries(there!).map(([name, has]) => [name, has === false])),
    );
    expect(Object.values(named)).toContain(true);
    expect(Object.values(named)).toContain(false);
    // And once more, where all of it is there.
    const again = await vault.restore(project.url, { confirm: project.name, safetyBackup: false });
    expect({
      exit: again.exit,
      rights: await project.admin(rights),
      members: await project.admin(memberships),
    }).toEqual({
      exit: 3,
      rights: await source.admin(rights),
      members: [{ m: "orm in reader with admin" }, { m: "reader in anon" }],
    });
  });
});

describe("a schema of the user's that has a name of the platform's", () => {
  it("comes back with its rights and comment, and holds no sealed secrets", async () => {
    await using own = await servers[0]!.project();
    await own.query(`
      CREATE SCHEMA net;
      CREATE TABLE net.hosts (id int PRIMARY KEY);
      INSERT INTO net.hosts VALUES (1);
      GRANT USAGE ON SCHEMA net TO anon;
      COMMENT ON SCHEMA net IS 'hosts';
      CREATE SCHEMA vault;
      CREATE TABLE vault.secrets (id int, v text);
      INSERT INTO vault.secrets VALUES (1, 'open')
    `);
    expect(said(await vault.backup(own.url, { source: "own" }))).not.toContain("encrypted with a key");
    await using project = await servers[0]!.project();
    const restored = await vault.restore(project.url, { source: "own" });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining("everything as it was"),
    });
    expect(said(restored)).not.toContain("1 secrets of the vault");
    const there = `
      SELECT has_schema_privilege('anon', 'net', 'USAGE') AS may,
             obj_description('net'::regnamespace) AS comment,
             (SELECT count(*)::int FROM vault.secrets) AS rows
    `;
    expect(await project.query(there)).toEqual([{ may: true, comment: "hosts", rows: 1 }]);
  });
});

describe("memberships since PostgreSQL 16", () => {
  it("have their options, and the maker of a role is not given more than he had", async () => {
    await using before = await startSupabase({ major: "17" });
    await using after = await startSupabase({ major: "17" });
    await using home = await before.project();
    const tools = { binDir: before.cluster.facts.binDir };
    await home.query(`
      CREATE ROLE team;
      CREATE ROLE lead;
      CREATE ROLE worker;
      GRANT team TO lead WITH ADMIN OPTION, INHERIT FALSE;
      GRANT team TO worker WITH SET FALSE, INHERIT TRUE
    `);
    await vault.backup(home.url, { source: "seventeen" }, tools);
    await using project = await after.project();
    const restored = await vault.restore(project.url, { source: "seventeen" }, tools);
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining("everything as it was"),
    });
    const options = `
      SELECT m.member::regrole::text AS member, m.roleid::regrole::text AS role,
             bool_or(admin_option) AS admin, bool_or(inherit_option) AS inherit, bool_or(set_option) AS set
        FROM pg_auth_members m
       WHERE m.roleid::regrole::text IN ('team', 'lead', 'worker')
       GROUP BY 1, 2
       ORDER BY 1, 2
    `;
    expect(await project.admin(options)).toEqual(await home.admin(options));
  });
});
