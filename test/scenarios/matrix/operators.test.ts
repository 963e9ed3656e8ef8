import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { PRINTED, UNPRINTED } from "../../nouns/content/operators-used.ts";
import { output, Vault } from "../../support/vault.ts";
import { describeOn, found, Lab, serversInTurn } from "./lab.ts";

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

  for (const version of serversInTurn("operators of an extension")) {
    describeOn([version], `on PostgreSQL ${version}`, () => {
      /** What the backup warned of and what the proof found; undefined where there is no such extension. */
      async function proof(
        sql: string,
      ): Promise<{ readonly warned: number; readonly lines: readonly string[] } | undefined> {
        const { cluster, binDir, isComplete, abilities } = await lab.server(version);
        if (!abilities.extensions.has("citext")) return undefined;
        await using database = await cluster.createDatabase({ owner: "postgres", sql });
        const backup = output(await vault.backup(database.adminUrl, { source: version }, { binDir }), "id");
        const { warnings = [] } = await vault.manifest(backup);
        const warned = warnings.filter((each) => each.includes("prints no operator")).length;
        const proved = await vault.validate(
          { backup, ...(isComplete ? {} : { scratch: cluster.adminUrl() }) },
          { binDir },
        );
        return { warned, lines: found(proved) };
      }

      it(
        "is proved where they are printed",
        async () => {
          const came = await proof(PRINTED);
          if (came !== undefined) expect(came).toEqual({ warned: 0, lines: [] });
        },
        PATIENCE_MS,
      );

      it(
        "is not where they are not, and other ones would be taken",
        async () => {
          const came = await proof(UNPRINTED);
          if (came === undefined) return;
          const differing = came.lines.filter((each) =>
            / differs from the source in .*operators$/.test(each),
          );
          expect([differing.length, came.warned]).toEqual([13, 13]);
        },
        PATIENCE_MS,
      );
    });
  }
});
