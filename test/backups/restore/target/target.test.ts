import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { HoldfastError } from "../../../../src/kernel/errors.ts";
import type { DumpTools } from "../../../../src/ports/dump-tools.ts";
import { startCluster, type Cluster, type TestDatabase } from "../../../support/postgres.ts";
import { withDump, withQueries } from "../../../support/decorators.ts";
import { query } from "../../../support/postgres.ts";
import { testPorts } from "../../../support/test-ports.ts";
import { expectRefusal, output, said, Vault } from "../../../support/vault.ts";
import { casesInTurn } from "../../../support/sampling.ts";
import { testInTurn } from "../../../support/cases-in-turn.ts";

/**
 * What a restore may do to its target: nothing without its name, nothing that cannot be undone, and one
 * at a time.
 */

let cluster: Cluster;
let source: TestDatabase;
let vault: Vault;
let id: string;

beforeAll(async () => {
  cluster = await startCluster();
  source = await cluster.createDatabase({
    sql: `
      CREATE TABLE orders AS SELECT g AS id, md5(g::text) AS note FROM generate_series(1, 20000) g;
      CREATE TABLE customers (name text);
      INSERT INTO customers VALUES ('a')
    `,
  });
  vault = await Vault.make();
  id = output(await vault.backup(source.url), "id");
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

/** A database in use, which holds something else. */
async function target(): Promise<TestDatabase> {
  return await cluster.createDatabase({ sql: "CREATE TABLE kept (a int); INSERT INTO kept VALUES (1), (2)" });
}

async function expectKept(database: TestDatabase): Promise<void> {
  expect(
    await database.query("SELECT (SELECT count(*)::int FROM kept) AS kept, to_regclass('orders') AS orders"),
  ).toEqual([{ kept: 2, orders: null }]);
  expect(await leftovers(database)).toEqual([]);
}

async function leftovers(database: TestDatabase): Promise<string[]> {
  return (
    await cluster.admin("SELECT datname FROM pg_database WHERE datname LIKE $1 ORDER BY 1", [
      `${database.name}\\_%`,
    ])
  ).map((row) => String(row["datname"]));
}

const inTurn = testInTurn("targets of a restore", 3);

describe("a restore", () => {
  inTurn(
    "into an empty database needs no confirmation, no safety backup, and ends with the proof",
    async () => {
      await using database = await cluster.createDatabase();
      const restored = await vault.restore(database.url);
      expect(restored).toMatchObject({
        exit: 0,
        outputs: { id, verdict: "proved", "safety-backup": "", "old-database": "", "first-difference": "" },
      });
      expect(await database.query("SELECT count(*)::int AS n FROM orders")).toEqual([{ n: 20_000 }]);
      expect(vault.files("manifests/").filter((path) => path.includes("safety"))).toEqual([]);
    },
  );

  inTurn("onto a database that holds something is refused without its right name, untouched", async () => {
    await using database = await target();
    await expectRefusal(vault.restore(database.url), {
      code: "database.not-empty",
      exit: 7,
      says: `database ${database.name} is not empty: it holds table public.kept`,
      hint: new RegExp(`--confirm ${database.name}; a safety backup is made first`),
    });
    await expectRefusal(vault.restore(database.url, { confirm: source.name }), {
      code: "refused.unconfirmed",
      exit: 7,
      says: `confirm is '${source.name}', and the target database is '${database.name}'`,
      hint: /own name/,
    });
    await expectRefusal(vault.restore(database.url, { confirm: database.name.toUpperCase() }), {
      code: "refused.unconfirmed",
      exit: 7,
      says: database.name,
      hint: /own name/,
    });
    await expectKept(database);
  });

  inTurn("into a database that was empty when planned, and is not when locked, is refused", async () => {
    await using database = await cluster.createDatabase();
    let others = 0;
    const meanwhile = withQueries({
      before: async (sql) => {
        if (sql.includes("pg_try_advisory_lock") && others++ === 0) await vault.restore(database.url);
      },
    });
    await expectRefusal(vault.restore(database.url, {}, { database: meanwhile }), {
      code: "database.not-empty",
      exit: 7,
      says:
        `database ${database.name} was empty when this restore was planned, and is not any more: ` +
        "it holds table public.customers",
      hint: new RegExp(`nothing was touched.*--confirm ${database.name}`),
    });
    expect(others).toBe(1);
    expect(await database.query("SELECT count(*)::int AS n FROM orders")).toEqual([{ n: 20_000 }]);
  });

  it.each(
    casesInTurn("modes of a restore whose lock is lost", ["in-place", "beside"] as const, { every: 2 }),
  )("whose lock's session is ended meanwhile stops where it changes the target itself: %s", async (mode) => {
    await using database = await target();
    const ended = (tools: DumpTools): DumpTools => ({
      ...tools,
      load: async (request) => {
        await cluster.admin(
          `
              SELECT pg_terminate_backend(pid)
                FROM pg_stat_activity
               WHERE application_name = 'holdfast restore lock' AND datname = $1
            `,
          [database.name],
        );
        await sleep(500);
        return await tools.load(request);
      },
    });
    const restored = vault.restore(database.adminUrl, { confirm: database.name, mode }, { tools: ended });
    if (mode === "in-place") {
      await expectRefusal(restored, {
        code: "database.lost",
        exit: 4,
        says: `the session that keeps other restores out of ${database.name} has ended`,
        hint: /Another restore could have begun.*\. What the target held before is backup/,
      });
      return;
    }
    const { exit, outputs } = await restored;
    expect(exit).toBe(0);
    expect(await database.query("SELECT count(*)::int AS n FROM orders")).toEqual([{ n: 20_000 }]);
    await cluster.admin(`DROP DATABASE "${String(outputs["old-database"])}"`);
  });

  it.each(
    casesInTurn(
      "what makes a target not empty",
      [
        ["a sequence", "CREATE SEQUENCE s"],
        ["a function", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'"],
        ["a type", "CREATE TYPE e AS ENUM ('a')"],
        ["a schema", "CREATE SCHEMA x"],
        ["a large object", "SELECT lo_from_bytea(0, 'x')"],
        ["a view", "CREATE VIEW v AS SELECT 1 AS a"],
      ],
      { every: 3 },
    ),
  )("counts %s as something", async (_, sql) => {
    await using database = await cluster.createDatabase({ sql });
    await expectRefusal(vault.restore(database.url), {
      code: "database.not-empty",
      exit: 7,
      says: "is not empty",
      hint: /--confirm/,
    });
  });

  inTurn("as a dry run shows what it would do and touches nothing", async () => {
    await using database = await target();
    const before = vault.files();
    const plan = await vault.restore(database.url, { confirm: database.name, dryRun: true });
    expect(plan).toMatchObject({
      exit: 0,
      outputs: { verdict: "", plan: { backup: id, mode: "beside", safetyBackup: true, targetEmpty: false } },
    });
    expect(said(plan)).toContain("not empty (table public.kept)");
    expect(vault.files()).toEqual(before);
    await expectKept(database);
  });
});

describe("a restore in place", () => {
  inTurn("makes a safety backup first, which is itself proved and gives everything back", async () => {
    await using database = await target();
    const restored = await vault.restore(database.url, { confirm: database.name, mode: "in-place" });
    expect(restored).toMatchObject({ exit: 0, outputs: { verdict: "proved", "old-database": "" } });
    const safety = output(restored, "safety-backup");
    expect(
      await database.query("SELECT to_regclass('kept') AS kept, (SELECT count(*)::int FROM orders) AS n"),
    ).toEqual([{ kept: null, n: 20_000 }]);
    expect((await vault.validate({ backup: safety, scratch: cluster.adminUrl() })).outputs["verdict"]).toBe(
      "proved",
    );
    // It is never taken for the newest by itself.
    expect(
      (await vault.restore(database.url, { dryRun: true, confirm: database.name, source: "shop" })).outputs[
        "id"
      ],
    ).toBe(id);
    const back = await vault.restore(database.url, {
      backup: safety,
      confirm: database.name,
      mode: "in-place",
      safetyBackup: false,
    });
    expect(back.exit).toBe(0);
    await expectKept(database);
  });

  inTurn("that breaks midway says that the target is incomplete, and which backup has the old", async () => {
    await using database = await target();
    const ports = testPorts({
      tools: (tools) => ({
        ...tools,
        load: async (request) => {
          if (request.address.database === database.name) {
            await cluster.admin(
              `
                SELECT pg_terminate_backend(pid)
                  FROM pg_stat_activity
                 WHERE datname = $1
                   AND application_name LIKE 'holdfast%'
                   AND application_name <> 'holdfast restore lock'
              `,
              [database.name],
            );
          }
          return tools.load({ ...request, address: { ...request.address, port: 1 } });
        },
      }),
    });
    const error = await expectRefusal(
      vault.restore(database.url, { confirm: database.name, mode: "in-place" }, ports),
      {
        code: "database.unreachable",
        exit: 4,
        says: "pg_restore",
        hint: /run the restore again\. What the target held before is backup \d{8}T\d{6}Z-\w{6} /,
      },
    );
    const safety = /backup (\S+) \(tier safety\)/.exec(error.hint ?? "")![1]!;
    expect(
      (
        await vault.restore(database.url, {
          backup: safety,
          confirm: database.name,
          mode: "in-place",
          safetyBackup: false,
        })
      ).exit,
    ).toBe(0);
    await expectKept(database);
  });

  inTurn("that cannot make the safety backup touches nothing", async () => {
    await using database = await target();
    const ports = testPorts({
      tools: withDump(() => {
        throw new Error("pg_dump is broken");
      }),
    });
    await expect(
      vault.restore(database.url, { confirm: database.name, mode: "in-place" }, ports),
    ).rejects.toThrow("pg_dump is broken");
    await expectKept(database);
  });

  inTurn("without a safety backup makes none, and says so in capitals", async () => {
    await using database = await target();
    const before = vault.files("manifests").length;
    const restored = await vault.restore(database.url, {
      confirm: database.name,
      mode: "in-place",
      safetyBackup: false,
    });
    expect(restored.outputs["safety-backup"]).toBe("");
    expect(said(restored)).toContain("NO safety backup");
    expect(vault.files("manifests")).toHaveLength(before);
  });

  inTurn("of the same database by two at once is done by one; the other ends with exit 6", async () => {
    await using database = await target();
    let second: Promise<unknown> | undefined;
    const ports = testPorts({
      tools: (tools) => ({
        ...tools,
        load: async (request) => {
          second ??= expectRefusal(
            vault.restore(database.url, { confirm: database.name, mode: "in-place", safetyBackup: false }),
            {
              code: "lock.held",
              exit: 6,
              says: `another restore into ${database.name}`,
              hint: /pg_stat_activity/,
            },
          );
          await second;
          return tools.load(request);
        },
      }),
    });
    await cluster.admin("SELECT 1");
    await database.query("CREATE TABLE stays_until_done (a int)");
    // The second one sees an emptied database and needs no confirmation; the lock alone keeps it away.
    const first = await vault.restore(
      database.url,
      { confirm: database.name, mode: "in-place", safetyBackup: false },
      ports,
    );
    expect(second).toBeDefined();
    expect(first.exit).toBe(0);
  });
});

describe("a restore beside", () => {
  inTurn("keeps the old database, and gives the new one its owner, grants, settings and limit", async () => {
    await using database = await target();
    const name = database.name;
    await cluster.admin(`
      CREATE ROLE app_${name};
      COMMENT ON DATABASE ${name} IS 'the shop''s';
      ALTER DATABASE ${name} SET work_mem = '7MB';
      ALTER DATABASE ${name} SET search_path = 'a b', public;
      ALTER ROLE app_${name} IN DATABASE ${name} SET statement_timeout = '5s';
      REVOKE CONNECT ON DATABASE ${name} FROM PUBLIC;
      GRANT CONNECT ON DATABASE ${name} TO app_${name} WITH GRANT OPTION;
      ALTER DATABASE ${name} CONNECTION LIMIT 33
    `);
    const properties = (one: string) =>
      cluster.admin(
        `
          SELECT pg_get_userbyid(datdba) AS owner, datconnlimit,
                 shobj_description(oid, 'pg_database') AS comment,
                 (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(datacl) a) AS grants,
                 (SELECT json_agg(json_build_array(setrole::regrole,
                                                   (SELECT array_agg(c ORDER BY c)
                                                      FROM unnest(setconfig) c)) ORDER BY setrole)
                    FROM pg_db_role_setting
                   WHERE setdatabase = d.oid) AS settings
            FROM pg_database d
           WHERE datname = $1
        `,
        [one],
      );
    const before = await properties(name);
    // A role without the right to give those settings must not find that out at the very end.
    const plan = await vault.restore(database.url, { confirm: name, dryRun: true });
    expect(plan.outputs["plan"]).toMatchObject({
      mode: "in-place",
      modeReason:
        "role holdfast may not give a new database its setting statement_timeout " + `for role app_${name}`,
    });
    await expectRefusal(vault.restore(database.url, { confirm: name, mode: "beside" }), {
      code: "database.permission",
      exit: 4,
      says: "mode beside is not possible",
      hint: /--mode in-place/,
    });
    const restored = await vault.restore(database.adminUrl, { confirm: name });
    expect(restored).toMatchObject({ exit: 0, outputs: { verdict: "proved" } });
    const old = output(restored, "old-database");
    expect(await leftovers(database)).toEqual([old]);
    expect(await properties(name)).toEqual(before);
    expect(await query(cluster.adminUrl(name), "SELECT count(*)::int AS n FROM public.orders")).toEqual([
      { n: 20_000 },
    ]);
    expect(await query(cluster.adminUrl(old), "SELECT count(*)::int AS n FROM public.kept")).toEqual([
      { n: 2 },
    ]);
    expect(said(restored)).toContain(`DROP DATABASE "${old}"`);
    await cluster.admin(`DROP DATABASE ${old}`);
    await database.drop();
    await cluster.admin(`DROP ROLE app_${name}`);
  });

  inTurn("swaps under an application that reconnects all the time: each answer is old or new", async () => {
    await using database = await target();
    let stop = false;
    let [old, fresh, failed] = [0, 0, 0];
    const pool = Array.from({ length: 6 }, async () => {
      while (!stop) {
        await query(
          database.url,
          "SELECT to_regclass('kept') IS NOT NULL AS kept, to_regclass('orders') IS NOT NULL AS orders",
        ).then(
          ([row]) => {
            expect(row!["kept"]).not.toBe(row!["orders"]);
            if (row!["kept"] === true) old += 1;
            else fresh += 1;
          },
          () => {
            failed += 1;
          },
        );
      }
    });
    const restored = await vault
      .restore(database.url, { confirm: database.name, safetyBackup: false })
      .finally(async () => {
        await new Promise((resolve) => setTimeout(resolve, 300));
        stop = true;
        await Promise.all(pool);
      });
    expect(restored.exit).toBe(0);
    expect(Math.min(old, fresh)).toBeGreaterThan(0);
    expect(failed).toBeLessThan(old + fresh);
    await cluster.admin(`DROP DATABASE ${output(restored, "old-database")}`);
  });

  inTurn("that comes out wrong leaves the target as it was and removes the unfinished database", async () => {
    await using database = await target();
    const ports = testPorts({
      tools: (tools) => ({
        ...tools,
        load: async (request) => {
          const problems = await tools.load(request);
          await cluster.admin("DELETE FROM orders WHERE id = 7", [], request.address.database);
          return problems;
        },
      }),
    });
    const restored = await vault.restore(database.url, { confirm: database.name, mode: "beside" }, ports);
    expect(restored).toMatchObject({
      exit: 5,
      outputs: {
        verdict: "failed",
        "old-database": "",
        "first-difference": "table public.orders holds 19,999 rows, the source held 20,000 rows",
      },
      report: { headline: expect.stringContaining("was NOT put in place") },
    });
    // A command that goes back would undo what nobody did.
    expect(
      restored.report.notes.filter((note) => note.startsWith("what the target held before is backup ")),
    ).toEqual([expect.not.stringContaining("to go back to it")]);
    await expectKept(database);
  });

  /** Refuses the owner's change, and the first `times` attempts to drop anything. */
  const stubborn = (times: number) => {
    let refused = 0;
    return testPorts({
      database: withQueries({
        before: (sql) => {
          if (/^ALTER DATABASE .* OWNER TO/.test(sql)) {
            throw new HoldfastError("database.permission", "the owner cannot be given");
          }
          if (/^DROP DATABASE/.test(sql) && (refused += 1) <= times) {
            throw new HoldfastError("database.query", "it is being accessed by other users");
          }
        },
      }),
    });
  };

  inTurn(
    "that fails removes the unfinished database although the server holds on to it a while",
    async () => {
      await using database = await target();
      await expectRefusal(
        vault.restore(
          database.url,
          { confirm: database.name, mode: "beside", safetyBackup: false },
          stubborn(2),
        ),
        {
          code: "database.permission",
          exit: 4,
          says: "old one's owner",
          hint: /^Use a role that may do that/,
        },
      );
      await expectKept(database);
    },
  );

  inTurn(
    "that fails and cannot remove the unfinished database names it in the error, not in a log",
    async () => {
      await using database = await target();
      const failed = vault.restore(
        database.url,
        { confirm: database.name, mode: "beside", safetyBackup: false },
        stubborn(99),
      );
      const error = await expectRefusal(failed, {
        code: "database.permission",
        exit: 4,
        says: "owner",
        hint: /unfinished copy \S+_restored_\S+ is still .* \(it is being accessed by other users\): drop it/,
      });
      const left = await leftovers(database);
      expect(left).toEqual([expect.stringContaining("_restored_")]);
      expect(error.hint).toContain(left[0]);
      await cluster.admin(`DROP DATABASE ${left[0]!}`);
      await expectKept(database);
    },
  );

  inTurn(
    "whose swap fails leaves the target under its name, and says where the restored one is",
    async () => {
      await using database = await target();
      const ports = testPorts({
        database: withQueries({
          before: (sql) => {
            if (sql.includes("_restored_") && sql.includes("RENAME TO")) {
              throw new Error("the server said no");
            }
          },
        }),
      });
      await expectRefusal(
        vault.restore(database.url, { confirm: database.name, safetyBackup: false }, ports),
        {
          code: "database.query",
          exit: 4,
          says: "could not exchange the names",
          hint: /The target is as it was, and the proved copy stays as \S+_restored_/,
        },
      );
      const left = await leftovers(database);
      expect(left).toEqual([expect.stringContaining("_restored_")]);
      await cluster.admin(`DROP DATABASE ${left[0]!}`);
      await expectKept(database);
    },
  );

  inTurn(
    "asked for by a role that may not make databases is refused; unasked it is done in place",
    async () => {
      await using database = await target();
      await cluster.admin("ALTER ROLE holdfast NOCREATEDB");
      try {
        await expectRefusal(vault.restore(database.url, { confirm: database.name, mode: "beside" }), {
          code: "database.permission",
          exit: 4,
          says: "mode beside is not possible: role holdfast may not create databases",
          hint: /--mode in-place/,
        });
        await expectKept(database);
        const plan = await vault.restore(database.url, { confirm: database.name, dryRun: true });
        expect(plan.outputs["plan"]).toMatchObject({
          mode: "in-place",
          modeReason: "role holdfast may not create databases",
        });
      } finally {
        await cluster.admin("ALTER ROLE holdfast CREATEDB");
      }
    },
  );
});
