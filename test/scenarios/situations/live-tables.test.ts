import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import { startCluster, type Cluster } from "../../support/postgres.ts";
import { said, Vault, type RestoreChoice } from "../../support/vault.ts";
import { casesInTurn } from "../../support/sampling.ts";

/**
 * Rows put back into tables that stayed: as in the backup, or refused before anything is touched. Never
 * something between.
 */

let cluster: Cluster;
let vault: Vault;

beforeAll(async () => {
  cluster = await startCluster();
  vault = await Vault.make();
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

const TABLES: readonly (readonly [name: string, sql: string])[] = [
  [
    "16: rows from before a NOT VALID check",
    "CREATE TABLE c (n int); INSERT INTO c VALUES (5), (-5); ALTER TABLE c ADD CHECK (n > 0) NOT VALID",
  ],
  [
    "16: rows that a NOT VALID foreign key would refuse",
    `
      CREATE TABLE p (id int PRIMARY KEY);
      CREATE TABLE c (n int);
      INSERT INTO c VALUES (5), (-5);
      ALTER TABLE c ADD FOREIGN KEY (n) REFERENCES p NOT VALID
    `,
  ],
  [
    "17: an ALWAYS trigger that changes rows",
    `
      CREATE TABLE c (n int);
      INSERT INTO c VALUES (5), (-5);
      CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.n := NEW.n + 1; RETURN NEW; END';
      CREATE TRIGGER tr BEFORE INSERT ON c FOR EACH ROW EXECUTE FUNCTION f();
      ALTER TABLE c ENABLE ALWAYS TRIGGER tr
    `,
  ],
  [
    "17: a REPLICA trigger that refuses rows",
    `
      CREATE TABLE c (n int);
      INSERT INTO c VALUES (5), (-5);
      CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
      CREATE TRIGGER tr BEFORE INSERT ON c FOR EACH ROW EXECUTE FUNCTION f();
      ALTER TABLE c ENABLE REPLICA TRIGGER tr
    `,
  ],
  [
    "17: an ALWAYS rule that swallows rows",
    `
      CREATE TABLE c (n int);
      INSERT INTO c VALUES (5), (-5);
      CREATE RULE r AS ON INSERT TO c DO INSTEAD NOTHING;
      ALTER TABLE c ENABLE ALWAYS RULE r
    `,
  ],
];
const PARTS: readonly (readonly [string, RestoreChoice, number])[] = [
  ["the data alone", { what: "data" }, 0],
  ["one table", { tables: ["public.c"] }, 1],
];

describe.each(PARTS)("%s", (part, choice, way) => {
  const thinning = { every: 1, kind: ([name]: (typeof TABLES)[number]) => name, share: { way, ways: 2 } };
  it.each(casesInTurn(`live tables, ${part}`, TABLES, thinning))("%s", async (_name, sql) => {
    await using database = await cluster.createDatabase({ owner: "postgres", sql });
    const source = database.name.replaceAll("_", "-");
    await vault.backup(database.adminUrl, { source });
    await database.admin("SET session_replication_role = replica; DELETE FROM c WHERE n = -5");
    const before = await database.query("SELECT n FROM c ORDER BY n");
    const states = `
      SELECT (SELECT string_agg(tgname || ' ' || tgenabled::text, ',')
                FROM pg_trigger
               WHERE NOT tgisinternal) AS triggers,
             (SELECT string_agg(conname || ' ' || convalidated, ',')
                FROM pg_constraint
               WHERE connamespace = 'public'::regnamespace) AS constraints
    `;
    const stateBefore = await database.query(states);
    const exit = await vault
      .restore(database.adminUrl, { source, confirm: database.name, safetyBackup: false, ...choice })
      .then(
        (outcome) => outcome.exit,
        (error: unknown) => {
          if (!(error instanceof HoldfastError)) throw error;
          return `refused: ${error.message}`;
        },
      );
    const rows = await database.query("SELECT n FROM c ORDER BY n");
    if (exit === 0) expect(rows).toEqual([{ n: -5 }, { n: 5 }]);
    else expect({ exit, rows }).toEqual({ exit: expect.stringMatching(/^refused: .*\bc\b/s), rows: before });
    expect(await database.query(states)).toEqual(stateBefore);
  });

  it("into a table that has got a column since: right, and the column is named", async () => {
    await using database = await cluster.createDatabase({
      owner: "postgres",
      sql: "CREATE TABLE c (n int, note text); INSERT INTO c VALUES (5, 'x'), (6, 'y')",
    });
    const source = database.name.replaceAll("_", "-");
    await vault.backup(database.adminUrl, { source });
    // Before the others in the order of names, by which columns are hashed.
    await database.admin("ALTER TABLE c ADD COLUMN added int DEFAULT 7");
    const restored = await vault.restore(database.adminUrl, {
      source,
      confirm: database.name,
      safetyBackup: false,
      ...choice,
    });
    expect([restored.exit, restored.outputs["verdict"]]).toEqual([0, "proved"]);
    expect(said(restored)).toContain(
      "table public.c has a column besides those of the source, which was not compared: added",
    );
    expect(await database.query("SELECT n, note, added FROM c ORDER BY n")).toEqual([
      { n: 5, note: "x", added: 7 },
      { n: 6, note: "y", added: 7 },
    ]);
  });
});

describe("a target", () => {
  it("21: whose database is read-only, serializable and deferrable is restored in place", async () => {
    await using database = await cluster.createDatabase({
      owner: "postgres",
      sql: "CREATE TABLE c (n int); INSERT INTO c VALUES (5)",
    });
    await vault.backup(database.adminUrl, { source: "read-only" });
    for (const setting of [
      "default_transaction_read_only = on",
      "default_transaction_deferrable = on",
      "default_transaction_isolation = serializable",
    ]) {
      await cluster.admin(`ALTER DATABASE ${database.name} SET ${setting}`);
    }
    expect(
      (
        await vault.restore(database.adminUrl, {
          source: "read-only",
          confirm: database.name,
          mode: "in-place",
        })
      ).exit,
    ).toBe(0);
  });

  it("41: on which a migration holds one table and wants another is backed up after it", async () => {
    await using database = await cluster.createDatabase({
      owner: "postgres",
      sql: "CREATE TABLE a (n int); CREATE TABLE b (n int); INSERT INTO a VALUES (1)",
    });
    for (const [first, second] of [
      ["a", "b"],
      ["b", "a"],
    ]) {
      const migration = database.admin(`
        BEGIN;
        LOCK TABLE ${first};
        SELECT pg_sleep(1);
        ALTER TABLE ${second} ADD COLUMN from_${first} int;
        COMMIT
      `);
      const made = await vault.backup(database.adminUrl, { source: "migrated" });
      await migration;
      expect(made.exit).toBe(0);
    }
  });
});
