import { afterAll, beforeAll, describe, it } from "@jest/globals";
import { startCluster, type Cluster } from "../../support/postgres.ts";
import { expectForeseen, expectRefusal, Vault } from "../../support/vault.ts";

/** What is named and is in the backup, but is no table, is called what it is. */

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

describe("tables", () => {
  it("that became partitioned, and partitions without siblings, are refused beforehand", async () => {
    await using database = await cluster.createDatabase({
      owner: "postgres",
      sql: `
        CREATE TABLE t (n int);
        INSERT INTO t VALUES (1);
        CREATE TYPE e AS ENUM ('a', 'b');
        CREATE TABLE h (v e) PARTITION BY HASH (v);
        CREATE TABLE h0 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE h1 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 1);
        INSERT INTO h VALUES ('a'), ('b')
      `,
    });
    await vault.backup(database.adminUrl, { source: "divided", tier: "tier1" });
    await database.admin(
      "DROP TABLE t; CREATE TABLE t (n int) PARTITION BY LIST (n); CREATE TABLE t1 PARTITION OF t DEFAULT",
    );
    const choice = { source: "divided", confirm: database.name };
    for (const way of [{ tables: ["public.t"] }, { what: "data" as const }]) {
      await expectForeseen(
        vault,
        database.adminUrl,
        { ...choice, ...way },
        {
          code: "database.lacks",
          exit: 4,
          says: /public\.t is partitioned at the target/,
          hint: /rename.*Nothing was touched/,
        },
      );
    }
    await expectForeseen(
      vault,
      database.adminUrl,
      { ...choice, tables: ["public.h1"] },
      {
        code: "refused.outside-scope",
        exit: 7,
        says: /"public"\."h"/,
        hint: /public\.h0 too.*Nothing was changed/,
      },
    );
  });

  it("may only be tables: other relations of the backup are refused by what they are", async () => {
    await using database = await cluster.createDatabase({
      owner: "postgres",
      sql: `
        CREATE TABLE t (n int);
        CREATE MATERIALIZED VIEW m AS SELECT n FROM t;
        CREATE FOREIGN DATA WRAPPER w;
        CREATE SERVER s FOREIGN DATA WRAPPER w;
        CREATE FOREIGN TABLE f (n int) SERVER s;
        CREATE TABLE p (n int) PARTITION BY LIST (n)
      `,
    });
    await vault.backup(database.adminUrl, { source: "relations", proof: "none" });
    const refused = (name: string, says: RegExp, hint: RegExp): Promise<unknown> =>
      expectRefusal(
        vault.restore(database.adminUrl, { source: "relations", tables: [name], confirm: database.name }),
        { code: "input.malformed", exit: 2, says, hint },
      );
    await refused(
      "public.m",
      /public\.m, which is a materialized view: only tables can be named/,
      /REFRESH MATERIALIZED VIEW public\.m/,
    );
    await refused(
      "public.f",
      /public\.f, which is a foreign table: only tables can be named/,
      /in no backup/,
    );
    await refused("public.p", /which is partitioned/, /partitions/);
    await refused("public.x", /does not have/, /^It has .*names are taken as they are/);
  });
});
