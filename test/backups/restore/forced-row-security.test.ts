import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { startCluster, type Cluster } from "../../support/postgres.ts";
import { said, Vault } from "../../support/vault.ts";

/** An owner on whom row-level security is forced may restore rows, and may not read them afterwards. */

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

it("rows behind forced row security are restored by their owner, planned, and a gap afterwards", async () => {
  await using source = await cluster.createDatabase({
    sql: `
      CREATE TABLE t (id int, owner text);
      INSERT INTO t SELECT g, 'x' FROM generate_series(1, 10) g;
      ALTER TABLE t ENABLE ROW LEVEL SECURITY;
      ALTER TABLE t FORCE ROW LEVEL SECURITY;
      CREATE POLICY p ON t USING (owner = 'y')
    `,
  });
  await vault.backup(source.adminUrl);
  await using target = await cluster.createDatabase();
  const planned = await vault.restore(target.url, { dryRun: true });
  expect(said(planned)).toMatch(
    /row-level security is forced on public\.t.*rows are restored and cannot be compared/,
  );
  const restored = await vault.restore(target.url);
  expect({ exit: restored.exit, said: said(restored) }).toEqual({
    exit: 3,
    said: expect.stringMatching(/rows could not be compared: .*BYPASSRLS/s),
  });
  expect(await target.admin("SELECT count(*)::int AS rows FROM t")).toEqual([{ rows: 10 }]);
});
