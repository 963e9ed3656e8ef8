import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { startCluster, type Cluster } from "../../support/postgres.ts";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import { said, Vault } from "../../support/vault.ts";
import { holdSituation, type Situation } from "./situation.ts";

/**
 * Databases that a dump alone cannot bring back whole: what can be had is had, and what cannot comes with the
 * statement that mends it.
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

const SITUATIONS: readonly Situation[] = [
  {
    name: "24: a generated column whose function calls another one without its schema",
    sql: `
      CREATE FUNCTION enc58(int) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''x'' || $1';
      CREATE FUNCTION short(int) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT enc58($1)';
      CREATE TABLE links (id int, short text GENERATED ALWAYS AS (short(id)) STORED);
      INSERT INTO links VALUES (1);
    `,
    verdict: "failed",
    says: /ALTER FUNCTION short.* SET search_path/s,
    restoreSays: /ALTER FUNCTION short.* SET search_path/s,
    backupSays: /public\.short/,
  },
  {
    name: "25: a materialized view that names its tables in a string",
    sql: `
      CREATE TABLE doc (sd tsvector);
      INSERT INTO doc VALUES ('fat cat');
      CREATE MATERIALIZED VIEW words AS SELECT word FROM ts_stat('select sd from doc');
    `,
    verdict: "proved",
  },
  {
    name: "26: a value that names an index, which is made after the rows",
    sql: `
      CREATE TABLE t (a int);
      CREATE INDEX t_a ON t (a);
      CREATE TABLE r (id int, what regclass);
      INSERT INTO r VALUES (1, 't_a'), (2, 't');
    `,
    verdict: "proved",
  },
  {
    name: "27: a stored generated column whose function was replaced after the rows were written",
    sql: `
      CREATE FUNCTION tax(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
      CREATE TABLE bills (net int, gross int GENERATED ALWAYS AS (tax(net)) STORED);
      INSERT INTO bills (net) VALUES (1), (2);
      CREATE OR REPLACE FUNCTION tax(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 3';
    `,
    verdict: "failed",
    says: /gross.*(generated|computed)|(generated|computed).*gross/is,
  },
  {
    name: "28: a valid foreign key over rows that break it, written while triggers were off",
    sql: `
      CREATE TABLE p (id int PRIMARY KEY);
      CREATE TABLE c (p int CONSTRAINT c_p REFERENCES p);
      SET session_replication_role = replica;
      INSERT INTO c VALUES (7);
    `,
    verdict: "failed",
    says: /the source itself holds rows that break c_p.*NOT VALID/s,
    restoreSays: /the source itself holds rows that break c_p/,
  },
];

describe("what a dump alone cannot bring back", () => {
  it.each(SITUATIONS.map((situation) => [situation.name, situation] as const))("%s", async (_, situation) => {
    await holdSituation(situation, cluster, vault);
  });

  it("29: for a role that may not make event triggers and the like is said beforehand", async () => {
    await using database = await cluster.createDatabase({
      owner: "postgres",
      sql: `
        CREATE TABLE t (a int PRIMARY KEY);
        INSERT INTO t VALUES (1);
        CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
        CREATE EVENT TRIGGER et ON ddl_command_end EXECUTE FUNCTION f();
        CREATE PUBLICATION everything FOR ALL TABLES;
        CREATE EXTENSION pageinspect;
      `,
    });
    await vault.backup(database.adminUrl, { source: "managed" });
    await using target = await cluster.createDatabase();
    for (const choice of [{}, { noOwner: true, noPrivileges: true }]) {
      const words = await vault
        .restore(target.url, { source: "managed", dryRun: true, allowGaps: true, ...choice })
        .then(said, (error: unknown) => {
          if (!(error instanceof HoldfastError)) throw error;
          return `${error.message} ${error.hint ?? ""}`;
        });
      expect(words).toMatch(/event.trigger.*\bet\b|\bet\b.*event.trigger/is);
      expect(words).toMatch(/publication.*everything|everything.*publication/is);
      expect(words).toContain("pageinspect");
    }
    expect(
      await target.query(
        "SELECT count(*)::int AS n FROM pg_class WHERE relnamespace = 'public'::regnamespace",
      ),
    ).toEqual([{ n: 0 }]);
  });
});
