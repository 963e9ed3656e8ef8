import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import pg from "pg";
import { server, startCluster, type Cluster } from "../../support/postgres.ts";
import { withDefinitions } from "../../../src/adapters/pg-tools/archive-definitions.ts";
import type { DumpTools } from "../../../src/ports/dump-tools.ts";
import { findings, output, said, Vault } from "../../support/vault.ts";
import { testInTurn } from "../../support/cases-in-turn.ts";
import { casesInTurn } from "../../support/sampling.ts";

/**
 * Settings, rights, comment and connection limit of a database itself, which its archive holds and pg_restore
 * brings only with --create.
 */

/** Names that would be something else as SQL, or as a command of psql's. */
const NAME = `odd"; 'db \\connect x --`;
const ROLE = `odd"; 'role`;
const AT_START =
  "database setting local_preload_libraries for role app is set for the source's database and is not set " +
  "here: it changes every session from its start, so set it by hand when you want it here";

describe.each(["15.20", "17.10"] as const)("a database's own properties, on PostgreSQL %s", (version) => {
  const way = version === "15.20" ? 0 : 1;
  const inOne = testInTurn(`a database itself, on ${version}`, 2, way);
  let cluster: Cluster;
  let vault: Vault;
  let id: string;
  let tools: { readonly binDir: string };

  beforeAll(async () => {
    const installation = await server(version);
    cluster = await startCluster({ installation });
    tools = { binDir: cluster.facts.binDir };
    // Renamed, because the driver does not read such a name out of an address.
    await cluster.createDatabase({ name: "plain", sql: "CREATE TABLE t (id int); INSERT INTO t VALUES (1)" });
    await cluster.admin(`ALTER DATABASE plain RENAME TO ${pg.escapeIdentifier(NAME)}`);
    const [database, role] = [pg.escapeIdentifier(NAME), pg.escapeIdentifier(ROLE)];
    await cluster.admin(`
      CREATE ROLE ${role};
      CREATE ROLE gone;
      CREATE ROLE app;
      ALTER DATABASE ${database} SET search_path = 'a b', "$user", 'q"u''o,te', public;
      ALTER DATABASE ${database} SET app.secret = E'hush \\\\ it''s; -- so';
      ALTER DATABASE ${database} SET work_mem = '9MB';
      ALTER DATABASE ${database} SET log_statement = 'all';
      ALTER ROLE ${role} IN DATABASE ${database} SET "app"."Odd" = 'x=y';
      ALTER ROLE gone IN DATABASE ${database} SET work_mem = '1MB';
      ALTER ROLE app IN DATABASE ${database} SET local_preload_libraries = 'not_there';
      COMMENT ON DATABASE ${database} IS E'it''s \\\\ mine\n; DROP DATABASE x;';
      ALTER DATABASE ${database} CONNECTION LIMIT 40;
      REVOKE CONNECT, TEMPORARY ON DATABASE ${database} FROM PUBLIC;
      GRANT CONNECT ON DATABASE ${database} TO ${role} WITH GRANT OPTION;
      GRANT TEMPORARY ON DATABASE ${database} TO gone
    `);
    vault = await Vault.make();
    id = output(await vault.backup(cluster.adminUrl(NAME), {}, tools), "id");
  });
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
    await vault[Symbol.asyncDispose]();
  });

  /** Everything of it, and of roles in it. */
  async function properties(
    name: string,
  ): Promise<{ settings: string[]; comment: string | null; limit: number; rights: string[] }> {
    const [row] = await cluster.admin(
      `
        SELECT ARRAY(SELECT coalesce(r.rolname || ': ', '') || e
                       FROM pg_db_role_setting s
                       LEFT JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) e
                      WHERE s.setdatabase = d.oid
                      ORDER BY 1) AS settings,
               shobj_description(oid, 'pg_database') AS comment, datconnlimit AS "limit",
               ARRAY(SELECT coalesce(pg_get_userbyid(nullif(x.grantee, 0)), 'PUBLIC') || ' '
                     || x.privilege_type || CASE WHEN x.is_grantable THEN '*' ELSE '' END
                       FROM aclexplode(coalesce(datacl, acldefault('d', datdba))) x
                      WHERE x.grantee <> datdba
                      ORDER BY 1) AS rights
          FROM pg_database d
         WHERE datname = $1
      `,
      [name],
    );
    return row as never;
  }

  inOne("do not make the restored one read-only, nor switch its triggers and keys off", async () => {
    await using source = await cluster.createDatabase({ owner: "postgres", sql: "CREATE TABLE t (id int)" });
    await source.admin(`ALTER DATABASE ${source.name} SET default_transaction_read_only = on`);
    await cluster.admin(`ALTER DATABASE ${source.name} SET session_replication_role = replica`);
    await vault.backup(source.adminUrl, { source: "frozen" }, tools);
    await using target = await cluster.createDatabase({ owner: "postgres" });
    const restored = await vault.restore(target.adminUrl, { source: "frozen" }, tools);
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringMatching(/setting default_transaction_read_only[^]*is not set here[^]*by hand/),
    });
    expect((await properties(target.name)).settings).toEqual([]);
    await target.admin("INSERT INTO t VALUES (1)");
    await cluster.admin(`ALTER DATABASE ${source.name} RESET default_transaction_read_only`);
  });

  inOne(
    "come back into an empty one, by a superuser, and nothing more when it is done again",
    async () => {
      await using target = await cluster.createDatabase({ name: `t"'${NAME}` });
      const planned = await vault.restore(target.adminUrl, { backup: id, dryRun: true }, tools);
      expect(planned.outputs["plan"]).toMatchObject({
        database: {
          notes: [AT_START],
          brings: expect.arrayContaining([
            "settings of the source's database: search_path, app.secret, work_mem, log_statement, app.Odd " +
              `for role ${ROLE}, work_mem for role gone`,
            "rights on the database itself that the source had not are taken away: " +
              "CONNECT of PUBLIC, TEMPORARY of PUBLIC",
          ]),
        },
      });
      const before = await properties(NAME);
      expect(before).toMatchObject({ limit: 40, rights: ["gone TEMPORARY", `${ROLE} CONNECT*`] });
      const restored = await vault.restore(target.adminUrl, { backup: id }, tools);
      expect({ exit: restored.exit, said: said(restored) }).toEqual({
        exit: 0,
        said: expect.stringContaining("brought: settings of the source's database: search_path"),
      });
      const whole = { ...before, settings: before.settings.filter((one) => !one.includes("not_there")) };
      expect(await properties(target.name)).toEqual(whole);
      expect(JSON.stringify([planned, restored])).not.toMatch(/hush|9MB|x=y/);
      for (const mode of ["in-place", "beside"] as const) {
        const again = await vault.restore(
          target.adminUrl,
          { backup: id, confirm: target.name, mode, safetyBackup: false },
          tools,
        );
        expect({
          mode,
          exit: again.exit,
          brought: said(again).match(/^(?:brought|database setting|rights on).*/gm),
        }).toEqual({ mode, exit: 0, brought: [AT_START] });
        expect(await properties(target.name)).toEqual(whole);
      }
      expect(await vault.validate({ backup: id, scratch: cluster.adminUrl() }, tools)).toMatchObject({
        exit: 0,
        outputs: { verdict: "proved" },
      });
    },
    60_000,
  );

  inOne("of an ordinary owner: what only a superuser may set, or is of no role here, is named", async () => {
    await using target = await cluster.createDatabase();
    await cluster.admin(`ALTER ROLE gone RENAME TO other`);
    try {
      const restored = await vault.restore(target.url, { backup: id, noOwner: true }, tools);
      const told = said(restored);
      expect([restored.exit, told]).toEqual([
        0,
        expect.stringContaining(
          "database setting log_statement cannot be set: the role that restores may not (SQLSTATE 42501)",
        ),
      ]);
      expect(told).toContain(
        "database setting work_mem for role gone was not set: the role does not exist here",
      );
      expect(told).toContain(
        "rights on the database itself of roles that do not exist here were not given: TEMPORARY of gone",
      );
      const now = await properties(target.name);
      // A parameter that no library has told of may turn out to be a superuser's, so the server lets nobody
      // else store it.
      expect(told).toContain(
        "database setting app.secret cannot be set: the role that restores may not (SQLSTATE 42501)",
      );
      expect(now.settings).toEqual([`search_path="a b", "$user", "q""u'o,te", public`, "work_mem=9MB"]);
      expect(now).toMatchObject({
        comment: "it's \\ mine\n; DROP DATABASE x;",
        limit: 40,
        rights: [`${ROLE} CONNECT*`],
      });
    } finally {
      await cluster.admin(`ALTER ROLE other RENAME TO gone`);
    }
  });

  it.each(
    casesInTurn(`modes, on ${version}`, ["in-place", "beside"], {
      every: 1,
      kind: String,
      share: { way, ways: 2 },
    }),
  )(
    "onto a database with its own (%s): they stay, what it lacks is added, PUBLIC keeps its rights",
    async (mode) => {
      await using target = await cluster.createDatabase({ sql: "CREATE TABLE kept (a int)" });
      await cluster.admin(`
        ALTER DATABASE ${target.name} SET work_mem = '3MB';
        ALTER DATABASE ${target.name} SET app.secret = 'their own';
        COMMENT ON DATABASE ${target.name} IS 'theirs';
        ALTER DATABASE ${target.name} CONNECTION LIMIT 33;
        GRANT CREATE ON DATABASE ${target.name} TO app
      `);
      const restored = await vault.restore(
        target.adminUrl,
        { backup: id, confirm: target.name, mode, safetyBackup: false },
        tools,
      );
      const told = said(restored);
      expect([restored.exit, told]).toEqual([
        0,
        expect.stringContaining(
          "database setting app.secret is set for the target's database with another value than " +
            "for the source's, and stays",
        ),
      ]);
      expect(told).toContain("the comment on the target's database is another than the source's, and stays");
      expect(told).toContain(
        "the connection limit of the source's database was 40; it is 33 here, and stays",
      );
      expect(told).toContain(
        "the database itself is more open than the source was: CONNECT of PUBLIC, TEMPORARY of PUBLIC",
      );
      expect(told).not.toMatch(/their own|hush/);
      expect(await properties(target.name)).toMatchObject({
        comment: "theirs",
        limit: 33,
        rights: expect.arrayContaining([
          "PUBLIC CONNECT",
          "PUBLIC TEMPORARY",
          "app CREATE",
          "gone TEMPORARY",
          `${ROLE} CONNECT*`,
        ]),
        settings: expect.arrayContaining([
          "work_mem=3MB",
          "app.secret=their own",
          "log_statement=all",
          `${ROLE}: app.Odd=x=y`,
        ]),
      });
    },
  );

  inOne("missing from an archive or another in it, fail a validation, which names them", async () => {
    const doctored = async (edit: (type: string, sql: Buffer) => Buffer): Promise<string[]> => {
      const doctoring = {
        ...tools,
        tools: (real: DumpTools): DumpTools => ({
          ...real,
          dump: (request) => withDefinitions(real.dump(request), edit),
        }),
      };
      const made = output(
        await vault.backup(cluster.adminUrl(NAME), { source: "doctored", proof: "rows" }, doctoring),
        "id",
      );
      return findings(await vault.validate({ backup: made, source: "doctored", depth: "opened" }, tools))
        .filter(({ severity }) => severity === "difference")
        .map(({ about, name, message }) => `${about} ${name} ${message.replace(/ \(.*\)$/, "")}`);
    };
    expect(
      await doctored((type, sql) =>
        type === "DATABASE PROPERTIES"
          ? Buffer.from(sql.toString().replaceAll("SET work_mem", "SET maintenance_work_mem"))
          : sql,
      ),
    ).toEqual([
      "database setting work_mem was set for the source's database, and the archive does not set it",
      "database setting work_mem for role gone was set for the source's database, and the archive " +
        "does not set it",
      "database setting maintenance_work_mem is in the archive, and was not set for the source's database",
      "database setting maintenance_work_mem for role gone is in the archive, and was not set " +
        "for the source's database",
    ]);
    expect(
      await doctored((type, sql) => (type === "ACL" || type === "COMMENT" ? Buffer.from("") : sql)),
    ).toEqual([
      "database comment is not in the archive, and the source's database had one",
      "database rights TEMPORARY of gone on the database itself was given at the source, " +
        "and is not by the archive",
      `database rights CONNECT of ${ROLE} on the database itself was given at the source, ` +
        "and is not by the archive",
      "database rights CONNECT of PUBLIC on the database itself is given by the archive, and was " +
        "not at the source",
      "database rights TEMPORARY of PUBLIC on the database itself is given by the archive, and was " +
        "not at the source",
    ]);
  });

  inOne("are left alone with --no-privileges as far as they are rights; else with rows alone", async () => {
    await using target = await cluster.createDatabase();
    expect((await vault.restore(target.adminUrl, { backup: id, noPrivileges: true }, tools)).exit).toBe(0);
    expect(await properties(target.name)).toMatchObject({
      limit: 40,
      rights: ["PUBLIC CONNECT", "PUBLIC TEMPORARY"],
    });
    await using rows = await cluster.createDatabase({ sql: "CREATE TABLE t (id int)" });
    for (const choice of [{ what: "data" as const }, { tables: ["public.t"] }]) {
      expect(
        (
          await vault.restore(
            rows.adminUrl,
            { backup: id, confirm: rows.name, safetyBackup: false, ...choice },
            tools,
          )
        ).exit,
      ).toBe(0);
    }
    expect(await properties(rows.name)).toEqual({
      settings: [],
      comment: null,
      limit: -1,
      rights: ["PUBLIC CONNECT", "PUBLIC TEMPORARY"],
    });
  });
});
