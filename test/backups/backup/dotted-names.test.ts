import { expect, it } from "@jest/globals";
import { createDatabase } from "../../support/postgres.ts";
import { output, Vault } from "../../support/vault.ts";

/** `a`.`b.c` and `a.b`.`c` are the same once a dot has joined them. */
const DOTTED = `
  CREATE SCHEMA a;
  CREATE SCHEMA "a.b";
  CREATE SEQUENCE a."b.c";
  CREATE SEQUENCE "a.b".c;
  SELECT setval('a."b.c"', 5), setval('"a.b".c', 900);
  CREATE TABLE a."b.t" AS SELECT 1 AS n;
  CREATE TABLE "a.b".t AS SELECT g AS n FROM generate_series(1, 7) g
`;

it("sequences whose names a dot makes alike keep their own readings", async () => {
  await using database = await createDatabase({ sql: DOTTED });
  await using vault = await Vault.make();
  const manifest = await vault.manifest(output(await vault.backup(database.url), "id"));
  const readings = manifest.content.sequences.map(({ schema, name, before, after }) => ({
    schema,
    name,
    before: before.value,
    after: after.value,
  }));
  expect(readings).toContainEqual({ schema: "a", name: "b.c", before: "5", after: "5" });
  expect(readings).toContainEqual({ schema: "a.b", name: "c", before: "900", after: "900" });
  expect((await vault.validate({ backup: manifest.id })).exit).toBe(0);
});
