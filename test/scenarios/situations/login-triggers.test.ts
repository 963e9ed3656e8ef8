import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { server, startCluster, type Cluster } from "../../support/postgres.ts";
import { said, Vault, type RestoreChoice } from "../../support/vault.ts";

/**
 * Event triggers on logins, which 17 has: sessions of ours do not set them off, so that what those write is
 * no difference.
 */

let cluster: Cluster;
let vault: Vault;

beforeAll(async () => {
  cluster = await startCluster({ installation: await server("17.10") });
  vault = await Vault.make();
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

const LOGINS = `
  CREATE TABLE logins (at timestamptz, who text);
  INSERT INTO logins VALUES (now(), 'somebody');
  CREATE TABLE c (n int);
  INSERT INTO c VALUES (1);
  CREATE FUNCTION note() RETURNS event_trigger SECURITY DEFINER LANGUAGE plpgsql AS
    'BEGIN INSERT INTO public.logins VALUES (now(), current_setting(''application_name'')); END';
  CREATE EVENT TRIGGER noting ON login EXECUTE FUNCTION note();
  ALTER EVENT TRIGGER noting ENABLE ALWAYS
`;

describe("a log of logins that an event trigger writes", () => {
  it("is proved, and restored anew, in place, beside, its data alone and as a named table", async () => {
    const binDir = cluster.facts.binDir;
    await using database = await cluster.createDatabase({ owner: "postgres", sql: LOGINS });
    await vault.backup(database.adminUrl, { source: "logins" }, { binDir });
    const proved = await vault.validate({ source: "logins", depth: "restored", jobs: 2 }, { binDir });
    expect([said(proved), proved.outputs["verdict"]]).toEqual([expect.anything(), "proved"]);
    await using copy = await cluster.createDatabase({ owner: "postgres" });
    const ways: readonly RestoreChoice[] = [
      {},
      { mode: "in-place" },
      { what: "data" },
      { tables: ["public.logins"] },
      { mode: "beside" },
    ];
    for (const way of ways) {
      const restored = await vault.restore(
        copy.adminUrl,
        { source: "logins", confirm: copy.name, safetyBackup: false, jobs: 2, ...way },
        { binDir },
      );
      expect({ way, said: said(restored), verdict: restored.outputs["verdict"] }).toEqual({
        way,
        said: expect.anything(),
        verdict: "proved",
      });
    }
  });
});
