import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { describeOn } from "../../scenarios/matrix/lab.ts";
import { server, startCluster, type Cluster } from "../../support/postgres.ts";
import { findings, Vault } from "../../support/vault.ts";

/** The usual runner has one set of client programs, of the newest major, for servers of every age. */
describeOn(["14.23", "17.10"], "client programs newer than their server", () => {
  let cluster: Cluster;
  let vault: Vault;

  beforeAll(async () => {
    vault = await Vault.make();
    cluster = await startCluster({ installation: await server("14.23") });
  });
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
    await vault[Symbol.asyncDispose]();
  });

  it("leave no gap", async () => {
    const { binDir } = await server("17.10");
    await using source = await cluster.createDatabase({
      owner: "postgres",
      sql: `
        CREATE TABLE doc (id int PRIMARY KEY, body text);
        INSERT INTO doc SELECT g, 'x' FROM generate_series(1, 100) g;
        CREATE VIEW v AS SELECT id FROM doc
      `,
    });
    expect((await vault.backup(source.adminUrl, {}, { binDir })).exit).toBe(0);
    const proved = await vault.validate({ scratch: cluster.adminUrl() }, { binDir });
    expect({ exit: proved.exit, found: findings(proved) }).toEqual({ exit: 0, found: [] });
    for (const jobs of [1, 2]) {
      await using target = await cluster.createDatabase({ owner: "postgres" });
      const restored = await vault.restore(target.adminUrl, { jobs }, { binDir });
      expect({ exit: restored.exit, found: restored.outputs["findings"] }).toEqual({ exit: 0, found: [] });
    }
  }, 120_000);
});
