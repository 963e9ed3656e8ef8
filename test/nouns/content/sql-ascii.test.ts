import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { compareContent } from "../../../src/nouns/content/compare/compare-content.ts";
import { createDatabase } from "../../support/postgres.ts";
import { findings, output, Vault } from "../../support/vault.ts";
import { copy, measure } from "./copies.ts";

const IN_LATIN1 = String.raw`
  SET client_encoding = SQL_ASCII;
  DO $$
  BEGIN
    EXECUTE format('CREATE TABLE t (a text DEFAULT %L, b text CHECK (b <> %L))', 'caf' || chr(233), chr(233));
    EXECUTE format('COMMENT ON TABLE t IS %L', 'gr' || chr(252) || 'n \\ 351');
    EXECUTE format('CREATE TYPE mood AS ENUM (%L)', 'na' || chr(239) || 'f');
    EXECUTE format('CREATE FUNCTION %I() RETURNS text LANGUAGE sql AS %L', 'g' || chr(252),
                   'SELECT ''' || chr(223) || '''');
    EXECUTE format('CREATE VIEW v AS SELECT a FROM t WHERE a <> %L', chr(228));
  END $$;
  INSERT INTO t VALUES (DEFAULT, 'x');
`;

/** Databases that keep bytes of an encoding that nobody wrote down. */
describe("a SQL_ASCII database with bytes that are not UTF-8", () => {
  let vault: Vault;
  beforeAll(async () => {
    vault = await Vault.make();
  });
  afterAll(() => vault[Symbol.asyncDispose]());

  it("in defaults, comments, labels, bodies and names of functions is backed up and proved", async () => {
    await using source = await createDatabase({ owner: "postgres", encoding: "SQL_ASCII", sql: IN_LATIN1 });
    const id = output(await vault.backup(source.adminUrl), "id");
    const validated = await vault.validate({ backup: id });
    expect(findings(validated)).toEqual([]);
    const { content } = await vault.manifest(id);
    expect(Object.keys(content.objects.function ?? {})).toEqual([String.raw`public."g\374"()`]);
  });

  it("in the name of a table or a column says which one, and what to do", async () => {
    for (const [what, shown] of [
      ["TABLE %I (a int)", String.raw`public.caf\\xe9`],
      ["TABLE t (%I int)", String.raw`public.t.caf\\xe9`],
    ] as const) {
      await using source = await createDatabase({
        owner: "postgres",
        encoding: "SQL_ASCII",
        sql: `DO $$ BEGIN EXECUTE format('CREATE ${what}', 'caf' || chr(233)); END $$`,
      });
      await expect(measure(source.adminAddress)).rejects.toMatchObject({
        code: "database.query",
        message: expect.stringMatching(new RegExp(shown)),
        hint: expect.stringContaining("Rename it"),
      });
    }
  });

  it("finds a single changed byte, and reads UTF-8 as before", async () => {
    await using source = await createDatabase({
      owner: "postgres",
      encoding: "SQL_ASCII",
      sql: `${IN_LATIN1} CREATE TABLE "tür" (a int)`,
    });
    await using target = await createDatabase({ owner: "postgres", encoding: "SQL_ASCII" });
    expect(await copy(source.adminAddress, target.adminAddress)).toEqual([]);
    const expected = await measure(source.adminAddress);
    expect(Object.keys(expected.objects.table ?? {})).toContain('public."tür"');
    expect(
      compareContent(expected, await measure(target.adminAddress), { rows: true, exact: true }).differences,
    ).toEqual([]);
    await target.query(
      "DO $$ BEGIN EXECUTE format('ALTER TABLE t ALTER a SET DEFAULT %L', 'caf' || chr(232)); END $$",
    );
    const found = compareContent(expected, await measure(target.adminAddress), {
      rows: true,
      exact: true,
    }).differences;
    expect(found.map((each) => `${each.about} ${each.name} ${each.message}`)).toEqual([
      "column public.t.a differs from the source in default",
    ]);
  });
});
