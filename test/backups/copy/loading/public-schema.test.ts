import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { server, startCluster, type Cluster } from "../../../support/postgres.ts";
import { findings, said, Vault } from "../../../support/vault.ts";
import { casesInTurn } from "../../../support/sampling.ts";

/**
 * Of a schema `public` that was asked for by name pg_dump does not write that it has no comment, which a new
 * database's has.
 */

describe.each([
  ["15.20", 0],
  ["17.10", 1],
  ["18.6", 2],
] as const)("a schema public without a comment, on PostgreSQL %s", (version, way) => {
  // Each test on one of the three.
  const once = {
    every: 1,
    kind: ([title]: readonly [string, unknown]): string => title,
    share: { way, ways: 3 },
  };
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

  async function comesBack(what: string, sql: string): Promise<void> {
    await using database = await cluster.createDatabase({
      owner: "postgres",
      sql: `${sql}; CREATE TABLE public.t AS SELECT 1 AS a`,
    });
    const comment = "SELECT obj_description('public'::regnamespace, 'pg_namespace') AS comment";
    for (const schemas of [[], ["public"]]) {
      const source = `${what}-${schemas.length}`;
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
  }

  async function isKept(): Promise<void> {
    for (const text of ["standard public schema", "ours"]) {
      await using database = await cluster.createDatabase({
        owner: "postgres",
        sql: `COMMENT ON SCHEMA public IS '${text}'; CREATE TABLE public.t AS SELECT 1 AS a`,
      });
      const source = text.replaceAll(" ", "-");
      await vault.backup(database.adminUrl, { source, schemas: ["public"] }, programs);
      expect(findings(await vault.validate({ source, depth: "restored" }, programs))).toEqual([]);
    }
  }

  const tests: readonly (readonly [string, () => Promise<void>])[] = [
    [
      "whose comment was taken away is proved and comes back, named or not",
      () => comesBack("taken-away", "COMMENT ON SCHEMA public IS NULL"),
    ],
    [
      "that was made anew is proved and comes back, named or not",
      () => comesBack("made-anew", "DROP SCHEMA public; CREATE SCHEMA public"),
    ],
    ["whose comment is the standard one, or another, keeps it", isKept],
  ];
  it.each(casesInTurn(`schemas public without a comment, on ${version}`, tests, once))("%s", (_, run) =>
    run(),
  );
});
