import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { areNumbers } from "../../../src/nouns/content/rows/object-numbers.ts";
import { startCluster, type Cluster } from "../../support/postgres.ts";
import { said, Vault } from "../../support/vault.ts";

/**
 * Numbers of dropped objects in a column of `regclass`: right, although something in the copy has them;
 * anything else is damage as ever.
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

describe("numbers that named nothing at the source", () => {
  it("and are those of objects in a copy are no damage; another name in the same column is", async () => {
    await using copy = await cluster.createDatabase({
      owner: "postgres",
      sql: "CREATE TABLE log (n int, rel regclass); CREATE TABLE other (n int)",
    });
    const [row] = await copy.query("SELECT 'other'::regclass::oid::int AS oid");
    await using database = await cluster.createDatabase({
      owner: "postgres",
      sql: "CREATE TABLE log (n int, rel regclass); CREATE TABLE other (n int)",
    });
    const oid = Number(row?.["oid"]);
    // The databases of one server count their objects together, so this number names nothing here.
    await database.admin(
      `INSERT INTO log VALUES (1, '${oid}'), (2, '${oid}'), (3, 'log'), (4, NULL), (5, 'pg_class')`,
    );
    expect(await database.query("SELECT rel::text FROM log WHERE n = 1")).toEqual([{ rel: String(oid) }]);
    await vault.backup(database.adminUrl, { source: "numbers" });
    const choice = { source: "numbers", what: "data", confirm: copy.name, safetyBackup: false } as const;
    const right = await vault.restore(copy.adminUrl, choice);
    expect({ said: said(right), verdict: right.outputs["verdict"] }).toEqual({
      said: expect.stringMatching(/numbers in rel that named nothing at the source/),
      verdict: "gaps",
    });
    await copy.admin(`
      ALTER TABLE log RENAME TO logged;
      CREATE VIEW seen AS SELECT 1;
      ALTER TABLE logged RENAME TO log;
      ALTER TABLE other RENAME TO another
    `);
    expect(
      (await vault.restore(copy.adminUrl, { ...choice, tables: ["public.log"] })).outputs["verdict"],
    ).toBe("gaps");
  });

  it("explain a difference only if some of the names in the column make up all of it", () => {
    expect([
      areNumbers(0n, [5n]),
      areNumbers(5n, undefined),
      areNumbers(5n, [2n, 3n, 4n]),
      areNumbers(8n, [2n, 3n, 4n]),
      areNumbers(-1n, [-1n]),
    ]).toEqual([false, false, true, false, true]);
  });
});
