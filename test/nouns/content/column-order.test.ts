import { describe, expect, it } from "@jest/globals";
import { postgresDatabase } from "../../../src/adapters/postgres/database.ts";
import { columnOrderWarnings } from "../../../src/nouns/content/read/column-order-warnings.ts";
import { PINNED_SETTINGS } from "../../../src/nouns/server/pinned-settings.ts";
import { createDatabase, type TestDatabase } from "../../support/postgres.ts";
import { Vault } from "../../support/vault.ts";
import { copy, WHOLE } from "./copies.ts";

const SQL = `
  CREATE TABLE par (a int, b int);
  CREATE TABLE late (b int, a int); ALTER TABLE late INHERIT par;
  CREATE TABLE kept (c int) INHERITS (par);
  CREATE TABLE grown_par (a int);
  CREATE TABLE grown (x int) INHERITS (grown_par);
  ALTER TABLE grown_par ADD b int;
  CREATE TABLE "Enkel" (y int) INHERITS (late);
  CREATE TABLE two (d int, e int, b int, a int); ALTER TABLE two INHERIT par;
  CREATE TABLE also (e int);
  CREATE TABLE both_of (f int) INHERITS (also, par);
  ALTER TABLE par DROP b, ADD b int;
  CREATE TABLE parts (a int, b int) PARTITION BY LIST (a); CREATE TABLE part (b int, a int);
  ALTER TABLE parts ATTACH PARTITION part DEFAULT;
`;

async function orders(database: TestDatabase): Promise<ReadonlyMap<string, string>> {
  const rows = (await database.query(`
    SELECT attrelid::regclass::text AS name, string_agg(attname, ',' ORDER BY attnum) AS columns
      FROM pg_attribute
     WHERE attnum > 0
       AND NOT attisdropped
       AND attrelid IN (SELECT oid
                          FROM pg_class
                         WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p'))
     GROUP BY 1
  `)) as { name: string; columns: string }[];
  return new Map(rows.map((row) => [row.name, row.columns]));
}

describe("the order of columns of a table that inherits", () => {
  it("is warned of exactly where a restore changes it", async () => {
    await using source = await createDatabase({ owner: "postgres", sql: SQL });
    await using target = await createDatabase({ owner: "postgres" });
    expect(await copy(source.adminAddress, target.adminAddress)).toEqual([]);
    const [before, after] = [await orders(source), await orders(target)];
    const changed = [...before]
      .filter(([name, columns]) => after.get(name) !== columns)
      .map(([name]) => name);
    await using session = await postgresDatabase(source.adminAddress).connect({
      purpose: "order",
      settings: PINNED_SETTINGS,
    });
    const warnings = await columnOrderWarnings(session, WHOLE);
    expect(warnings.map((warning) => /^table public\.(\S+) inherits/.exec(warning)?.[1]).sort()).toEqual(
      changed.sort(),
    );
    expect(changed).toEqual(expect.arrayContaining(["late", "grown", '"Enkel"']));
    expect(changed).not.toContain("part");
    for (const [at, name] of changed.entries()) {
      const told = /column (\d+) is (\S+) here and (\S+) after/.exec(
        warnings.find((one) => one.includes(`.${name} `)) ?? `none at ${at}`,
      );
      const [was, is] = [before.get(name)!.split(","), after.get(name)!.split(",")];
      expect([was[Number(told?.[1]) - 1], is[Number(told?.[1]) - 1]]).toEqual([told?.[2], told?.[3]]);
    }
  });

  it("is in the manifest and the report of a backup", async () => {
    await using vault = await Vault.make();
    await using source = await createDatabase({
      owner: "postgres",
      sql: "CREATE TABLE par (a int, b int); CREATE TABLE ch (b int, a int); ALTER TABLE ch INHERIT par",
    });
    const taken = await vault.backup(source.adminUrl);
    expect(taken).toMatchObject({
      exit: 0,
      outputs: { warnings: [expect.stringContaining("table public.ch inherits")] },
    });
    expect((await vault.manifest(String(taken.outputs["id"]))).warnings).toEqual(taken.outputs["warnings"]);
  });
});
