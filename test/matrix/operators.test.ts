import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { PRINTED, UNPRINTED } from "../content/operators-used.ts";
import { SERVER_VERSIONS } from "../support/postgres.ts";
import { output, Vault } from "../support/vault.ts";
import { describeOn, found, Lab } from "./lab.ts";

const PATIENCE_MS = 120_000;

/** Every major keeps what an expression was understood as in trees of its own form. */
describe("a database with operators of an extension", () => {
  const lab = new Lab();
  let vault: Vault;

  beforeAll(async () => {
    vault = await Vault.make();
  });

  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
    await vault[Symbol.asyncDispose]();
  });

  for (const version of SERVER_VERSIONS) {
    describeOn([version], `on PostgreSQL ${version}`, () => {
      async function proof(sql: string): Promise<string[] | undefined> {
        const { cluster, binDir, isComplete, abilities } = await lab.server(version);
        if (!abilities.extensions.has("citext")) return undefined;
        await using database = await cluster.createDatabase({ owner: "postgres", sql });
        const backup = output(await vault.backup(database.adminUrl, { source: version }, { binDir }), "id");
        return found(await vault.validate({ backup, ...(isComplete ? {} : { scratch: cluster.adminUrl() }) }, { binDir }));
      }

      it("is proved where they are printed", async () => {
        expect((await proof(PRINTED)) ?? []).toEqual([]);
      }, PATIENCE_MS);

      it("is not where they are not, and other ones would be taken", async () => {
        const differing = (await proof(UNPRINTED))?.filter((each) => / differs from the source in .*operators$/.test(each));
        if (differing !== undefined) expect(differing).toHaveLength(13);
      }, PATIENCE_MS);
    });
  }
});
