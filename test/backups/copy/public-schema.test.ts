import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { server, startCluster, type Cluster } from "../../support/postgres.ts";
import { findings, said, Vault } from "../../support/vault.ts";

/**
 * Of a schema `public` that was asked for by name pg_dump does not write that it has no comment, which a new
 * database's has.
 */

describe.each(["15.20", "17.10", "18.6"] as const)(
  "a schema public without a comment, on PostgreSQL %s",
  (version) => {
    let cluster: Cluster;
    let vault: Vault;
    let programs: { binDir: string };
    beforeAll(async () => {
      const installation = await server(version);
      programs = { binDir: installation.binDir };
      cluster = await startCluster({ installation });
      vault = await Vault.make();
    });
    afterAll(async () => {
      await cluster[Symbol.asyncDispose]();
      await vault[Symbol.asyncDispose]();
    });

    it.each([
      ["whose comment was taken away", "COMMENT ON SCHEMA public IS NULL"],
      ["that was made anew", "DROP SCHEMA public; CREATE SCHEMA public"],
    ])("%s is proved and comes back, named or not", async (what, sql) => {
      await using database = await cluster.createDatabase({
        owner: "postgres",
        sql: `${sql}; CREATE TABLE public.t AS SELECT 1 AS a`,
      });
      const comment = "SELECT obj_description('public'::regnamespace, 'pg_namespace') AS comment";
      for (const schemas of [[], ["public"]]) {
        const source = `${what.replaceAll(" ", "-")}-${schemas.length}`;
        await vault.backup(database.adminUrl, { source, schemas }, programs);
        const validated = await vault.validate({ source, depth: "restored" }, programs);
        expect({ exit: validated.exit, found: findings(validated) }).toEqual({ exit: 0, found: [] });
        await using target = await cluster.createDatabase({ owner: "postgres" });
        for (const confirm of [undefined, target.name]) {
          const restored = await vault.restore(
            target.adminUrl,
            { source, mode: "in-place", safetyBackup: false, ...(confirm === undefined ? {} : { confirm }) },
            programs,
          );
          expect({ exit: restored.exit, said: said(restored) }).toEqual({
            exit: 0,
            said: expect.stringContaining("everything as it was"),
          });
          expect(await target.admin(comment)).toEqual([{ comment: null }]);
        }
      }
    });

    it("whose comment is the standard one, or another, keeps it", async () => {
      for (const text of ["standard public schema", "ours"]) {
        await using database = await cluster.createDatabase({
          owner: "postgres",
          sql: `COMMENT ON SCHEMA public IS '${text}'; CREATE TABLE public.t AS SELECT 1 AS a`,
        });
        const source = text.replaceAll(" ", "-");
        await vault.backup(database.adminUrl, { source, schemas: ["public"] }, programs);
        expect(findings(await vault.validate({ source, depth: "restored" }, programs))).toEqual([]);
      }
    });
  },
);
