import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { output, Vault } from "../../support/vault.ts";
import { describeOn, found, Lab, serversInTurn } from "./lab.ts";

const PATIENCE_MS = 120_000;

/** Everything is made, backed up, proved and restored on PostgreSQL of one version. */
describe("the database with one of everything", () => {
  const lab = new Lab();
  let vault: Vault;

  beforeAll(async () => {
    vault = await Vault.make();
  });

  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
    await vault[Symbol.asyncDispose]();
  });

  for (const version of serversInTurn("one of everything on one server")) {
    describeOn([version], `on PostgreSQL ${version}`, () => {
      it(
        "is backed up, proved without any finding, restored beside itself and into a new database",
        async () => {
          const { cluster, binDir, isComplete } = await lab.server(version);
          await using database = await lab.everything(version);
          const made = await vault.backup(database.adminUrl, { source: version }, { binDir });
          expect(made.exit).toBe(0);
          const backup = output(made, "id");

          const scratch = isComplete ? {} : { scratch: cluster.adminUrl() };
          const proved = await vault.validate({ backup, ...scratch }, { binDir });
          expect({ found: found(proved), exit: proved.exit }).toEqual({ found: [], exit: 0 });

          await using fresh = await cluster.createDatabase({ owner: "postgres" });
          const restored = await vault.restore(fresh.adminUrl, { backup, safetyBackup: false }, { binDir });
          expect({ exit: restored.exit, verdict: restored.outputs["verdict"] }).toEqual({
            exit: 0,
            verdict: "proved",
          });

          await database.admin("DELETE FROM app.duplicates; DROP VIEW app.joined");
          const beside = { backup, confirm: database.name, mode: "beside", safetyBackup: false } as const;
          const back = await vault.restore(database.adminUrl, beside, { binDir });
          expect({ exit: back.exit, verdict: back.outputs["verdict"] }).toEqual({
            exit: 0,
            verdict: "proved",
          });
          for (const each of [database, fresh]) {
            const [counted] = await each.admin(`
              SELECT (SELECT count(*)::int FROM app.duplicates) AS rows, count(a)::int AS joined
                FROM app.joined
            `);
            expect(counted).toEqual({ rows: 3, joined: 100 });
          }
        },
        PATIENCE_MS,
      );
    });
  }
});
