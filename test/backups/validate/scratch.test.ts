import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import pg from "pg";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import type { DumpTools } from "../../../src/ports/dump-tools.ts";
import {
  server,
  startCluster,
  startNewestCluster,
  startPgBouncer,
  type Cluster,
  type TestDatabase,
} from "../../support/postgres.ts";
import { withoutExtensions, withQueries } from "../../support/decorators.ts";
import { testPorts } from "../../support/test-ports.ts";
import { expectRefusal, findings, output, said, Vault } from "../../support/vault.ts";
import { casesInTurn, rounds } from "../../support/sampling.ts";

/**
 * Where a backup is restored for proof: what is made there is removed again, and what cannot be had there
 * is a gap.
 */

let cluster: Cluster;
let other: Cluster;
let source: TestDatabase;
let vault: Vault;

beforeAll(async () => {
  [cluster, other] = await Promise.all([startCluster(), startCluster()]);
  await cluster.admin(`CREATE ROLE anon; CREATE ROLE "auth owner"; CREATE ROLE member IN ROLE anon`);
  source = await cluster.createDatabase({
    owner: "postgres",
    sql: `
      CREATE EXTENSION hstore;
      CREATE EXTENSION citext;
      CREATE TABLE plain AS SELECT g AS a FROM generate_series(1, 100) g;
      CREATE TABLE tagged (id int, tags hstore, names citext[]);
      INSERT INTO tagged VALUES (1, 'a=>1', '{X}');
      CREATE TABLE owned (a int);
      ALTER TABLE owned OWNER TO "auth owner";
      GRANT SELECT ON plain TO anon;
      ALTER TABLE plain ENABLE ROW LEVEL SECURITY;
      CREATE POLICY p ON plain TO member USING (true);
      CREATE VIEW v AS SELECT tags -> 'a' AS a FROM tagged
    `,
  });
  vault = await Vault.make();
  await vault.backup(source.adminUrl, { tier: "tier3" });
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

async function traces(server: Cluster): Promise<unknown> {
  return await server.admin(`
    SELECT (SELECT array_agg(datname::text ORDER BY datname)
              FROM pg_database
             WHERE datname LIKE 'holdfast%') AS databases,
           (SELECT array_agg(rolname::text ORDER BY rolname) FROM pg_roles WHERE rolname !~ '^pg_') AS roles
  `);
}

describe("a validation on a given server", () => {
  it("proves the backup, and removes the databases and roles that it made", async () => {
    const before = await traces(other);
    const validated = await vault.validate({ scratch: other.adminUrl() });
    expect({ exit: validated.exit, found: findings(validated) }).toEqual({ exit: 0, found: [] });
    expect(await traces(other)).toEqual(before);
  });

  it("leaves nothing behind when it fails in the middle either", async () => {
    const before = await traces(other);
    const ports = {
      tools: (tools: DumpTools) => ({
        ...tools,
        load: () => Promise.reject(new Error("pg_restore is broken")),
      }),
    };
    await expect(vault.validate({ scratch: other.adminUrl() }, ports)).rejects.toThrow(
      "pg_restore is broken",
    );
    expect(await traces(other)).toEqual(before);
  });

  it.each(casesInTurn("majors of a given server", ["15", "17"], { every: 2 }))(
    "of a role that may not give objects to their owners is an error, and no verdict about the backup: on %s",
    async (major) => {
      const receipts = vault.files("receipts");
      await using own =
        major === "17" ? await startCluster({ installation: await server("17.10") }) : undefined;
      const host = own ?? other;
      await host.admin(`
        CREATE ROLE anon;
        CREATE ROLE "auth owner";
        CREATE ROLE member IN ROLE anon;
        CREATE ROLE maker LOGIN CREATEDB PASSWORD 'maker'
      `);
      const url = new URL(host.adminUrl());
      [url.username, url.password] = ["maker", "maker"];
      await expectRefusal(vault.validate({ scratch: url.href }), {
        code: "database.permission",
        exit: 4,
        says: "role maker is no superuser on the scratch server",
        hint: /superuser of a throw-away server.*no receipt was written/,
      });
      expect(vault.files("receipts")).toEqual(receipts);
      await host.admin(`DROP ROLE maker, member, "auth owner", anon`);
    },
  );

  it("by a role that forced row security keeps from its own copy is an error, and no verdict", async () => {
    await using forced = await cluster.createDatabase({
      sql: `
        CREATE TABLE t AS SELECT 1 AS a;
        ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY
      `,
    });
    await using alone = await Vault.make();
    await alone.backup(forced.adminUrl);
    await cluster.admin("ALTER ROLE holdfast CREATEDB");
    await expectRefusal(alone.validate({ scratch: cluster.url("postgres") }), {
      code: "database.row-security",
      exit: 4,
      says: /the copy on the scratch server \S+ cannot be read by the role that made it: .*"t"/,
      hint: /superuser of a throw-away server.*no receipt was written/,
    });
    expect(alone.files("receipts")).toEqual([]);
    await cluster.admin("ALTER ROLE holdfast NOCREATEDB");
  });

  it("of a role that may not make roles lacks none that was only on the same server", async () => {
    await using own = await cluster.createDatabase({ sql: "CREATE TABLE t AS SELECT 1 AS a" });
    await using alone = await Vault.make();
    await cluster.admin("CREATE ROLE passing_by");
    await alone.backup(own.url);
    await cluster.admin("DROP ROLE passing_by; ALTER ROLE holdfast CREATEDB");
    expect((await alone.validate({ scratch: cluster.url("postgres") })).exit).toBe(0);
    await cluster.admin("ALTER ROLE holdfast NOCREATEDB");
  });

  it("of a role that may not make databases is an error, and no verdict about the backup", async () => {
    const receipts = vault.files("receipts");
    await other.admin("CREATE ROLE weak LOGIN PASSWORD 'weak'");
    const url = new URL(other.adminUrl());
    url.username = "weak";
    url.password = "weak";
    await expectRefusal(vault.validate({ scratch: url.href }), {
      code: "database.permission",
      exit: 4,
      says: /permission denied/,
      hint: /Grant the role 'weak'|superuser/,
    });
    expect(vault.files("receipts")).toEqual(receipts);
    await other.admin("DROP ROLE weak");
  });

  it("that is newer proves the rows, and says which definitions it could not compare", async () => {
    await using newest = await startNewestCluster();
    const validated = await vault.validate({ scratch: newest.adminUrl() });
    expect(findings(validated).filter((finding) => finding.severity === "difference")).toEqual([]);
    // What another major prints differently, and other versions of extensions, could not be proved: said,
    // and not green.
    expect(validated.exit).toBe(3);
    expect(
      [
        ...new Set(
          findings(validated).map(({ about, name }) => (about === "extension" ? about : `${about} ${name}`)),
        ),
      ].sort(),
    ).toEqual(["database definitions", "extension"]);
    expect(validated.outputs["backups"]).toMatchObject([{ depth: "restored" }]);
  });
});

describe("a scratch server behind a pooler", () => {
  it("in transaction mode is refused before anything is made there", async () => {
    const [before, receipts] = [await traces(other), vault.files("receipts")];
    await using pooler = await startPgBouncer(other.facts, "transaction");
    const url = new URL(pooler.url("postgres"));
    [url.username, url.password] = ["postgres", other.facts.adminPassword];
    for (const dryRun of [true, false]) {
      await expectRefusal(vault.validate({ scratch: url.href, dryRun }), {
        code: "database.pooler",
        exit: 4,
        says: `127.0.0.1:${pooler.port} answers as a pooler in transaction mode`,
        hint: /server's own address \(usually port 5432\) or a pooler port in session mode/,
      });
    }
    expect([await traces(other), vault.files("receipts")]).toEqual([before, receipts]);
  });

  it("in session mode proves the backup, and nothing is left there", async () => {
    const before = await traces(other);
    await using pooler = await startPgBouncer(other.facts, "session");
    const url = new URL(pooler.url("postgres"));
    [url.username, url.password] = ["postgres", other.facts.adminPassword];
    const validated = await vault.validate({ scratch: url.href });
    expect({ exit: validated.exit, found: findings(validated) }).toEqual({ exit: 0, found: [] });
    expect(await traces(other)).toEqual(before);
  });

  it.each([
    ["aws-0-eu-central-1.pooler.supabase.com:6543", "aws-0-eu-central-1.pooler.supabase.com:5432"],
    ["shop.postgres.database.azure.com:6432", "shop.postgres.database.azure.com:5432"],
  ])("is refused at %s without connecting, naming the address to use", async (address, instead) => {
    const ports = testPorts({
      database: (database) => ({ ...database, connect: () => Promise.reject(new Error("it connected")) }),
    });
    const error = await expectRefusal(
      vault.validate({ scratch: `postgresql://postgres.ref:secret-word@${address}/postgres` }, ports),
      {
        code: "database.pooler",
        exit: 4,
        says: `${address} cannot keep a session: port `,
        hint: /^Use /,
      },
    );
    expect(error.hint).toContain(instead);
    expect(`${error.message}${error.hint ?? ""}`).not.toContain("secret-word");
  });
});

describe("validations side by side on one given server", () => {
  it("do not take each other's roles, and the last one leaves none behind", async () => {
    const before = await traces(other);
    for (let left = rounds("validations side by side", 1, 3); left > 0; left -= 1) {
      const both = await Promise.all([
        vault.validate({ scratch: other.adminUrl() }),
        vault.validate({ scratch: other.adminUrl() }),
      ]);
      expect(both.map((one) => ({ exit: one.exit, found: findings(one) }))).toEqual([
        { exit: 0, found: [] },
        { exit: 0, found: [] },
      ]);
      expect(await traces(other)).toEqual(before);
    }
  });

  it("leave alone a role that somebody else made", async () => {
    await other.admin("CREATE ROLE anon");
    expect((await vault.validate({ scratch: other.adminUrl() })).exit).toBe(0);
    expect(
      await other.admin("SELECT rolname::text AS name FROM pg_roles WHERE rolname IN ('anon', 'member')"),
    ).toEqual([{ name: "anon" }]);
    await other.admin("DROP ROLE anon");
  });
});

describe("a clean-up that fails", () => {
  it("is a warning beside the verdict, and the receipt is written", async () => {
    const receipts = vault.files("receipts").length;
    const ports = testPorts({
      database: withQueries({
        before: (sql) => {
          if (sql.startsWith("DROP DATABASE")) throw new HoldfastError("database.query", "it is in use");
        },
      }),
    });
    expect((await vault.validate({ scratch: other.adminUrl() }, ports)).exit).toBe(0);
    expect(ports.lines.join("\n")).toMatch(
      /warn: could not remove the scratch database (holdfast_scratch_\S+) .*it is in use; drop it by hand/,
    );
    expect(vault.files("receipts")).toHaveLength(receipts + 1);
    for (const { name } of await other.admin(
      "SELECT datname AS name FROM pg_database WHERE datname LIKE 'holdfast%'",
    )) {
      await other.admin(`DROP DATABASE "${String(name)}"`);
    }
    // The roles were held by that database; the next run drops them.
    expect((await vault.validate({ scratch: other.adminUrl() })).exit).toBe(0);
    expect(
      await other.admin("SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'member', 'auth owner')"),
    ).toEqual([]);
  });
});

describe("what a killed run left on a given server", () => {
  it("is dropped by the next one when it is a day old and nobody uses it, with its roles", async () => {
    const before = await traces(other);
    await other.admin(`CREATE ROLE forgotten`);
    await other.admin(`COMMENT ON ROLE forgotten IS 'made by holdfast for a scratch database'`);
    const [old, used, young] = [
      "20200101t000000_00000000",
      "20200101t000000_00000001",
      `${new Date()
        .toISOString()
        .slice(0, "YYYY-MM-DDThh:mm:ss".length)
        .replaceAll(/[-:]/g, "")
        .replace("T", "t")}_00000002`,
    ].map((rest) => `holdfast_scratch_${rest}`) as [string, string, string];
    for (const name of [old, used, young]) await other.admin(`CREATE DATABASE ${name}`);
    await other.admin(`GRANT CONNECT ON DATABASE ${old} TO forgotten`);
    const ports = testPorts();
    const user = new pg.Client(other.adminUrl(used));
    await user.connect();
    expect((await vault.validate({ scratch: other.adminUrl() }, ports)).exit).toBe(0);
    await user.end();
    expect(ports.lines.join("\n")).toContain(`dropped the scratch database ${old}`);
    expect(
      await other.admin(
        "SELECT datname::text AS name FROM pg_database WHERE datname LIKE 'holdfast%' ORDER BY 1",
      ),
    ).toEqual([{ name: used }, { name: young }]);
    for (const name of [used, young]) await other.admin(`DROP DATABASE ${name}`);
    expect(await traces(other)).toEqual(before);
  });
});

describe("a scratch database", () => {
  it("whose name holds no time keeps the sweep from nothing", async () => {
    const before = await traces(other);
    const [odd, old] = [
      "holdfast_scratch_20261301t000000_ab",
      "holdfast_scratch_20200101t000000_cd",
    ] as const;
    for (const name of [odd, old]) await other.admin(`CREATE DATABASE ${name}`);
    const ports = testPorts();
    expect((await vault.validate({ scratch: other.adminUrl() }, ports)).exit).toBe(0);
    expect(ports.lines.filter((line) => line.includes("could not look for"))).toEqual([]);
    expect(ports.lines.join("\n")).toContain(`dropped the scratch database ${old}`);
    await other.admin(`DROP DATABASE IF EXISTS ${odd}`);
    expect(await traces(other)).toEqual(before);
  });

  it("of a run that takes longer than a day is left to that run, whenever another sweeps", async () => {
    let swept = 0;
    const tools = (real: DumpTools): DumpTools => ({
      ...real,
      load: async (request) => {
        if (swept++ === 0) expect((await vault.validate({ scratch: other.adminUrl() })).exit).toBe(0);
        return await real.load(request);
      },
    });
    const ports = testPorts({ tools });
    const yesterday = { ...ports.clock, now: () => new Date(ports.clock.now().getTime() - 48 * 3_600_000) };
    expect((await vault.validate({ scratch: other.adminUrl() }, { ...ports, clock: yesterday })).exit).toBe(
      0,
    );
    expect(swept).toBeGreaterThan(0);
  });
});

describe("an extension that cannot be installed there", () => {
  it("makes gaps of what needs it, names them, and is never green", async () => {
    const validated = await vault.validate(
      { scratch: other.adminUrl() },
      { database: withoutExtensions("hstore") },
    );
    expect(validated).toMatchObject({
      exit: 3,
      outputs: { verdict: "gaps", "first-difference": "" },
      report: { good: false, headline: expect.stringContaining("with gaps") },
    });
    const found = findings(validated);
    expect(found.filter((finding) => finding.severity === "difference")).toEqual([]);
    expect(found).toContainEqual(
      expect.objectContaining({ severity: "gap", about: "extension", name: "hstore" }),
    );
    expect(found).toContainEqual(
      expect.objectContaining({
        severity: "gap",
        about: "table",
        name: "public.tagged",
        message: expect.stringContaining("it needs hstore, not available here"),
      }),
    );
    expect((await vault.list()).outputs["latest-verified"]).not.toBe("");
    await using fresh = await Vault.make();
    await fresh.backup(source.adminUrl);
    await fresh.validate({ scratch: other.adminUrl() }, { database: withoutExtensions("hstore") });
    expect((await fresh.list()).outputs).toMatchObject({
      "latest-verified": "",
      backups: [{ state: "unverified", reason: "restored with gaps" }],
    });
  });

  it("does not hide a table that is really wrong", async () => {
    const validated = await vault.validate(
      { scratch: other.adminUrl() },
      {
        database: withoutExtensions("hstore"),
        tools: (tools) => ({
          ...tools,
          load: async (request) => {
            const problems = await tools.load(request);
            // With the archive's two phases this runs after each; the table is there from the second on.
            await other.admin(
              `
                DO $$
                BEGIN
                  IF to_regclass('plain') IS NOT NULL THEN
                    DELETE FROM plain WHERE a = 5;
                  END IF;
                END $$
              `,
              [],
              request.address.database,
            );
            return problems;
          },
        }),
      },
    );
    expect(validated).toMatchObject({
      exit: 5,
      outputs: {
        "first-difference": expect.stringContaining(
          "table public.plain holds 99 rows, the source held 100 rows",
        ),
      },
    });
  });

  it("stops a restore before anything is touched, unless gaps are allowed", async () => {
    await using target = await cluster.createDatabase({ owner: "postgres" });
    const ports = { database: withoutExtensions("hstore") };
    await expectRefusal(vault.restore(target.adminUrl, {}, ports), {
      code: "database.lacks",
      exit: 4,
      says: /the target server cannot install hstore \d/,
      hint: /--allow-gaps/,
    });
    expect(await target.admin("SELECT to_regclass('plain') AS plain")).toEqual([{ plain: null }]);
    const restored = await vault.restore(target.adminUrl, { allowGaps: true }, ports);
    expect(restored).toMatchObject({ exit: 3, outputs: { verdict: "gaps" }, report: { good: false } });
    expect(await target.admin("SELECT count(*)::int AS n FROM plain")).toEqual([{ n: 100 }]);
  });
});

describe("roles that the target lacks", () => {
  const onOther = async (choice: Parameters<Vault["restore"]>[1]) => {
    const target = await other.createDatabase({ owner: "postgres" });
    return { target, outcome: vault.restore(target.adminUrl, choice) };
  };

  it("stop a restore before anything is touched, when they own something", async () => {
    const { target, outcome } = await onOther({});
    await expectRefusal(outcome, {
      code: "database.lacks",
      exit: 4,
      says: "lacks roles that own objects in backup",
      hint: /--create-roles.*--no-owner.*Nothing was touched/,
    });
    expect(await target.admin("SELECT to_regclass('plain') AS plain")).toEqual([{ plain: null }]);
    await target.drop();
  });

  it("are made without login with --create-roles, and the restore is proved", async () => {
    const { target, outcome } = await onOther({ createRoles: true });
    const restored = await outcome;
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining("roles that will be made without login: anon, auth owner, member"),
    });
    expect(
      await other.admin(`
        SELECT rolname::text AS name, rolcanlogin AS login, pg_has_role(oid, 'anon', 'MEMBER') AS anon
          FROM pg_roles
         WHERE rolname IN ('anon', 'auth owner', 'member')
         ORDER BY 1
      `),
    ).toEqual([
      { name: "anon", login: false, anon: true },
      { name: "auth owner", login: false, anon: false },
      { name: "member", login: false, anon: true },
    ]);
    await target.drop();
    await other.admin(`DROP ROLE anon, "auth owner", member`);
  });

  it("are done without by --no-owner and --no-privileges; a policy for one is named", async () => {
    const { target, outcome } = await onOther({ noOwner: true, noPrivileges: true });
    const restored = await outcome;
    expect({ exit: restored.exit, first: output(restored, "first-difference") }).toEqual({
      exit: 5,
      first: "policy public.plain.p is missing",
    });
    const rows = restored.report.tables[0]!.rows;
    expect(
      rows
        .filter(([, , message]) => !message!.startsWith("gap: "))
        .map(([about, name]) => `${about} ${name}`),
    ).toEqual(["policy public.plain.p"]);
    expect(rows.filter(([about]) => about === "role").map(([, name]) => name)).toEqual([
      "anon",
      "auth owner",
      "member",
    ]);
    expect(
      await target.admin(`
        SELECT (SELECT count(*)::int FROM plain) AS n,
               (SELECT tableowner::text FROM pg_tables WHERE tablename = 'owned') AS owner
      `),
    ).toEqual([{ n: 100, owner: "postgres" }]);
    await target.drop();
  });
});
