import { describe, expect, it } from "@jest/globals";
import { createDatabase } from "../../support/postgres.ts";
import { testPorts } from "../../support/test-ports.ts";
import { historyOf, migrate, migrationsFolder, type MigratedDatabase } from "../support.ts";
import { testInTurn } from "../../support/cases-in-turn.ts";

const TABLE = { "20260101090000_t.sql": "CREATE TABLE t (a int, b int);\n" };
const NEXT = "20260102090000_next.sql";

type Leftover = readonly [what: string, sql: string];

/** What a file may leave behind in its session. */
const HARMLESS: readonly Leftover[] = [
  ["resets everything", "CREATE TABLE u ();\nRESET ALL;\n"],
  ["sets another encoding", "SET client_encoding = 'LATIN1';\nCREATE TABLE u (); -- ä\n"],
];

/** What has kept us from writing down what a file did. */
const HARMFUL: readonly Leftover[] = [
  ["forgets the prepared statements", "DEALLOCATE ALL;\nCREATE TABLE u ();\n"],
  ["forgets the session", "CREATE TABLE u ();\nDISCARD ALL;\n"],
  ["gives its statements no time", "CREATE TABLE u ();\nSET statement_timeout = '5ms';\n"],
  [
    "calls a procedure that commits",
    "-- no-transaction\nCREATE TABLE u ();\nCREATE PROCEDURE p() LANGUAGE plpgsql " +
      "AS $$ BEGIN COMMIT; END $$;\nCALL p();\n",
  ],
  [
    "turns read-only between steps",
    "BEGIN; CREATE TABLE u (); COMMIT;\nSET default_transaction_read_only = on;\n",
  ],
];

describe("a file that leaves its session in another state", () => {
  async function expectWrittenDown(sql: string): Promise<void> {
    await using database = await createDatabase({ owner: "postgres" });
    await using folder = migrationsFolder({ ...TABLE, [NEXT]: sql });
    const outcome = await migrate(database, folder);
    expect([outcome.report.headline, outcome.exit]).toEqual([expect.any(String), 0]);
    expect(await database.query("SELECT forward FROM holdfast.migrations WHERE name ~ 'next'")).toEqual([
      { forward: sql },
    ]);
  }

  it.each(HARMLESS)("is written down all the same where it %s", (_, sql) => expectWrittenDown(sql));
  it.each(HARMFUL)("is written down all the same where it %s", (_, sql) => expectWrittenDown(sql));
});

const inTurn = testInTurn("bad days of a migration", 3);

describe("the history's own tables", () => {
  inTurn("are not touched by a role that may use them and owns nothing", async () => {
    await using database = await createDatabase({ owner: "postgres" });
    await using folder = migrationsFolder(TABLE);
    await migrate(database, folder);
    const role = `${database.name}_user`;
    await database.query(`
      CREATE ROLE ${role} LOGIN SUPERUSER; ALTER ROLE ${role} NOSUPERUSER;
      GRANT USAGE ON SCHEMA holdfast TO ${role}; GRANT ALL ON ALL TABLES IN SCHEMA holdfast TO ${role};
      GRANT CREATE ON SCHEMA public TO ${role}; ALTER ROLE ${role} PASSWORD 'x'`);
    folder.write({ [NEXT]: "CREATE TABLE u ();\n" });
    const url = new URL(database.adminUrl);
    url.username = role;
    url.password = "x";
    expect((await migrate({ adminUrl: url.href }, folder)).exit).toBe(0);
    await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  });

  inTurn("are nobody else's, whatever default privileges there are", async () => {
    await using database = await createDatabase({ owner: "postgres" });
    await database.query(
      "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC; " +
        "ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO PUBLIC",
    );
    await using folder = migrationsFolder(TABLE);
    await migrate(database, folder);
    expect(
      await database.query(`
        SELECT c.relname::text AS name FROM pg_class c, aclexplode(c.relacl) a
         WHERE c.relnamespace = 'holdfast'::regnamespace AND a.grantee <> c.relowner
        UNION ALL
        SELECT n.nspname FROM pg_namespace n, aclexplode(n.nspacl) a
         WHERE n.nspname = 'holdfast' AND a.grantee <> n.nspowner`),
    ).toEqual([]);
  });

  inTurn("are written as the role that the server makes of whoever logs in", async () => {
    await using database = await createDatabase({ owner: "postgres" });
    const [owner, login] = [`${database.name}_owner`, `${database.name}_login`];
    await database.query(`
      CREATE ROLE ${owner}; CREATE ROLE ${login} LOGIN NOINHERIT PASSWORD 'x' IN ROLE ${owner};
      ALTER ROLE ${login} SET role = ${owner}; GRANT CREATE ON SCHEMA public TO ${owner};
      GRANT CREATE ON DATABASE ${database.name} TO ${owner}`);
    await using folder = migrationsFolder(TABLE);
    const url = new URL(database.adminUrl);
    url.username = login;
    url.password = "x";
    expect((await migrate({ adminUrl: url.href }, folder)).exit).toBe(0);
    await database.query(`DROP OWNED BY ${owner}; DROP ROLE ${login}; DROP ROLE ${owner}`);
  });
});

const STEPS = {
  ...TABLE,
  [NEXT]: "CREATE INDEX CONCURRENTLY t_a ON t (a);\n",
};

/** As if a run had been killed after it had sent the file's first statement. */
async function begun(database: MigratedDatabase, statement: string): Promise<void> {
  await database.query(
    "UPDATE holdfast.migrations SET state = 'applying', steps = 0, attempting = $1 WHERE name ~ 'next'",
    [statement],
  );
}

describe("a statement that no transaction may hold", () => {
  inTurn("makes an index without a name once, and leaves none that is not valid", async () => {
    await using database = await createDatabase({ owner: "postgres" });
    await using folder = migrationsFolder({
      ...TABLE,
      [NEXT]: "CREATE INDEX CONCURRENTLY ON t (a, b);\nCREATE UNIQUE INDEX CONCURRENTLY ON t ((a + b));\n",
    });
    const indexes =
      "SELECT indexrelid::regclass::text AS name, indisvalid AS valid FROM pg_index " +
      "WHERE indrelid = 't'::regclass ORDER BY 1";
    await database.query("CREATE TABLE holder (a int)");
    // Killed while the first was built, and after it was built and not written down.
    for (const valid of [false, true]) {
      await database.query("DROP TABLE IF EXISTS t; DROP SCHEMA IF EXISTS holdfast CASCADE");
      await migrate(database, folder, { to: "20260101090000" });
      await database.query("INSERT INTO t VALUES (1, 1), (0, 2)");
      // The second fails for its rows; what of it is there is gone again.
      expect((await migrate(database, folder)).exit).toBe(4);
      expect(await database.query(indexes)).toEqual([{ name: "t_a_b_idx", valid: true }]);
      await database.query("DELETE FROM t WHERE a = 0");
      await begun(database, "CREATE INDEX CONCURRENTLY ON t (a, b)");
      if (!valid) {
        await database.query("UPDATE pg_index SET indisvalid = false WHERE indrelid = 't'::regclass");
      }
      expect((await migrate(database, folder)).exit).toBe(0);
      expect(await database.query(indexes)).toEqual([
        { name: "t_a_b_idx", valid: true },
        { name: "t_expr_idx", valid: true },
      ]);
    }
  });

  inTurn("leaves nothing of a rebuild that was interrupted", async () => {
    await using database = await createDatabase({ owner: "postgres" });
    await using folder = migrationsFolder({
      "20260101090000_t.sql": "CREATE TABLE t (a int, b int);\nCREATE INDEX t_a ON t (a);\n",
      [NEXT]: "REINDEX INDEX CONCURRENTLY t_a;\nREINDEX TABLE CONCURRENTLY t;\n",
    });
    await migrate(database, folder);
    for (const left of ["t_a_ccnew", "t_a_ccold1"]) {
      await database.query(`CREATE INDEX ${left} ON t (a)`);
      await database.query(`UPDATE pg_index SET indisvalid = false WHERE indexrelid = '${left}'::regclass`);
      await begun(database, "REINDEX INDEX CONCURRENTLY t_a");
      expect((await migrate(database, folder)).exit).toBe(0);
      expect(
        await database.query(
          "SELECT indexrelid::regclass::text AS name FROM pg_index WHERE indrelid = 't'::regclass",
        ),
      ).toEqual([{ name: "t_a" }]);
    }
  });

  inTurn("is done where a dropped index is gone already, and the note of it was lost", async () => {
    await using database = await createDatabase({ owner: "postgres" });
    await using folder = migrationsFolder({
      "20260101090000_t.sql": "CREATE TABLE t (a int, b int); CREATE INDEX t_a ON t (a);\n",
      [NEXT]: "DROP INDEX CONCURRENTLY t_a;\n",
    });
    await migrate(database, folder);
    await begun(database, "DROP INDEX CONCURRENTLY t_a");
    expect((await migrate(database, folder)).exit).toBe(0);
  });

  inTurn("is not done, at the first run or after a refusal, because what it drops is not there", async () => {
    await using database = await createDatabase({ owner: "postgres" });
    await database.query("CREATE TABLE c (id int); CREATE INDEX old_v ON c (id)");
    await using folder = migrationsFolder({
      "20260101090000_drop.sql": "SET search_path = public;\nDROP INDEX CONCURRENTLY oldv;\n",
    });
    for (let run = 1; run <= 2; run += 1) {
      await expect(migrate(database, folder)).resolves.toMatchObject({
        exit: 4,
        outputs: expect.objectContaining({ applied: [] }),
      });
    }
    expect(await historyOf(database)).toEqual(["20260101090000 applying 1"]);
  });

  inTurn("is not done where an index of that name is another one", async () => {
    await using database = await createDatabase({ owner: "postgres" });
    await using folder = migrationsFolder(STEPS);
    await migrate(database, folder, { to: "20260101090000" });
    await database.query("CREATE INDEX t_a ON t (b)");
    for (const _ of [1, 2]) {
      expect((await migrate(database, folder)).report.headline).toContain("already exists");
    }
    expect((await historyOf(database)).at(-1)).toBe("20260102090000 applying 0");
  });

  inTurn(
    "says that it met a lock, where what it left behind cannot be dropped for the same lock",
    async () => {
      await using database = await createDatabase({ owner: "postgres" });
      await using folder = migrationsFolder(STEPS);
      await migrate(database, folder, { to: "20260101090000" });
      await using reader = await (
        await testPorts().openDatabase(database.adminAddress)
      ).connect({ purpose: "reader" });
      await reader.query("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM public.t");
      const outcome = await migrate(database, folder, {
        lockTimeout: 200,
        statementTimeout: 300,
        retries: 1,
      });
      expect(outcome.report.headline).toContain("SQLSTATE 55P03");
      await reader.query("COMMIT");
      expect((await migrate(database, folder)).exit).toBe(0);
      expect(
        await database.query("SELECT indisvalid AS valid FROM pg_index WHERE indrelid = 't'::regclass"),
      ).toEqual([{ valid: true }]);
    },
  );
});

describe("a database that takes no changes", () => {
  inTurn("is refused in plain words, though it is no standby", async () => {
    await using database = await createDatabase({ owner: "postgres" });
    await database.query(`ALTER DATABASE ${database.name} SET default_transaction_read_only = on`);
    await using folder = migrationsFolder(TABLE);
    await expect(migrate(database, folder)).rejects.toMatchObject({
      code: "database.unsupported",
      message: expect.stringContaining("default_transaction_read_only") as unknown as string,
    });
  });
});
