import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { startCluster, type Cluster } from "../../support/postgres.ts";
import { startStandby, type Standby } from "../../support/standby.ts";
import { findings, said, Vault } from "../../support/vault.ts";

describe("a standby as the source", () => {
  let primary: Cluster;
  let standby: Standby;
  let vault: Vault;
  beforeAll(async () => {
    primary = await startCluster({ settings: { wal_level: "replica", max_wal_senders: "4" } });
    standby = await startStandby(primary);
    vault = await Vault.make();
  });
  afterAll(async () => {
    await standby?.[Symbol.asyncDispose]();
    await primary[Symbol.asyncDispose]();
    await vault[Symbol.asyncDispose]();
  });

  it("is backed up and proved", async () => {
    await using database = await primary.createDatabase({
      owner: "postgres",
      sql: "CREATE TABLE t (id serial PRIMARY KEY); INSERT INTO t SELECT FROM generate_series(1, 9)",
    });
    await standby.caughtUp();
    expect((await vault.backup(standby.url(database.name), { source: "plain" })).exit).toBe(0);
    expect((await vault.validate({ source: "plain" })).outputs["verdict"]).toBe("proved");
  });

  it("has no rows of unlogged tables: the backup says so by name, and all else is proved", async () => {
    await using database = await primary.createDatabase({
      owner: "postgres",
      sql: `
        CREATE TABLE t (id int PRIMARY KEY);
        INSERT INTO t VALUES (1);
        CREATE UNLOGGED TABLE cache (k text PRIMARY KEY, v text);
        INSERT INTO cache VALUES ('a', 'b')
      `,
    });
    await standby.caughtUp();
    const made = await vault.backup(standby.url(database.name), { source: "unlogged" });
    expect([made.exit, said(made)]).toEqual([
      0,
      expect.stringContaining(
        "public.cache | is unlogged, and the source is a standby, which has no rows of it",
      ),
    ]);
    const validated = await vault.validate({ source: "unlogged" });
    expect([validated.exit, findings(validated).map(({ severity, name }) => [severity, name])]).toEqual([
      3,
      [["gap", "public.cache"]],
    ]);
    // On the primary they are there, and in the backup.
    await vault.backup(database.adminUrl, { source: "unlogged-primary" });
    expect((await vault.validate({ source: "unlogged-primary" })).outputs["verdict"]).toBe("proved");
  });
});
