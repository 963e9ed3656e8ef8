import { describe, expect, it } from "@jest/globals";
import { createDatabase } from "../../support/postgres.ts";
import { checkFiles } from "../check/check-folder.ts";
import { migrate, migrationsFolder, type Files } from "../support.ts";

const PROCEDURE = `
  CREATE TABLE q (id int);
  CREATE PROCEDURE pr() LANGUAGE plpgsql AS $$BEGIN INSERT INTO q VALUES (1); COMMIT; END$$;
`;
const DROPPED = "DROP PROCEDURE pr(); DROP TABLE q;";
const [CALL, BACK] = ["CALL pr();", "DELETE FROM q WHERE id = 1;"];

/** A folder of each layout in which the second migration calls a procedure that commits. */
const LAYOUTS: readonly (readonly [layout: string, file: string, hint: string, Files, marked: Files])[] = [
  [
    "Holdfast",
    "2_b.sql",
    "put the line '-- no-transaction' at the top of the file",
    { "1_a.sql": PROCEDURE, "1_a_rollback.sql": DROPPED, "2_b.sql": CALL, "2_b_rollback.sql": BACK },
    { "2_b.sql": `-- no-transaction\n${CALL}` },
  ],
  [
    "golang-migrate",
    "2_b.up.sql",
    "put the line '-- no-transaction' at the top of the file",
    { "1_a.up.sql": PROCEDURE, "1_a.down.sql": DROPPED, "2_b.up.sql": CALL, "2_b.down.sql": BACK },
    { "2_b.up.sql": `-- no-transaction\n${CALL}` },
  ],
  [
    "diesel",
    "2_b/up.sql",
    "put 'run_in_transaction = false' into metadata.toml beside it",
    { "1_a/up.sql": PROCEDURE, "1_a/down.sql": DROPPED, "2_b/up.sql": CALL, "2_b/down.sql": BACK },
    { "2_b/metadata.toml": "run_in_transaction = false\n" },
  ],
  [
    "dbmate",
    "2_b.sql",
    "write '-- migrate:up transaction:false'",
    {
      "1_a.sql": `-- migrate:up\n${PROCEDURE}\n-- migrate:down\n${DROPPED}`,
      "2_b.sql": `-- migrate:up\n${CALL}\n-- migrate:down\n${BACK}`,
    },
    { "2_b.sql": `-- migrate:up transaction:false\n${CALL}\n-- migrate:down\n${BACK}` },
  ],
  [
    "node-pg-migrate",
    "2_b.sql",
    "put the line '-- no-transaction' below '-- Up Migration'",
    {
      "1_a.sql": `-- Up Migration\n${PROCEDURE}\n-- Down Migration\n${DROPPED}`,
      "2_b.sql": `-- Up Migration\n${CALL}\n-- Down Migration\n${BACK}`,
    },
    { "2_b.sql": `-- Up Migration\n-- no-transaction\n${CALL}\n-- Down Migration\n${BACK}` },
  ],
];

describe("a procedure that commits, called in a file that is one transaction", () => {
  it.each(LAYOUTS)(
    "is told with the mark of %s, with which it goes through",
    async (_, file, hint, files, marked) => {
      const { pairs } = await checkFiles(files);
      const failed = pairs.find((pair) => pair.file === file)!;
      expect(failed.verdict).toBe("failed");
      expect(failed.differences[0]!.message).toMatch(/invalid transaction termination/);
      expect(failed.differences[0]!.message).toContain(hint);
      const again = await checkFiles({ ...files, ...marked });
      expect(again.pairs.map(({ file: each, verdict }) => [each, verdict === "failed"])).toEqual(
        again.pairs.map(({ file: each }) => [each, false]),
      );
    },
  );

  it("is told so by migrate too", async () => {
    const [, , hint, files, marked] = LAYOUTS[0]!;
    await using database = await createDatabase({ owner: "postgres" });
    await using folder = migrationsFolder(files);
    const refused = await migrate(database, folder);
    expect(refused.report.headline).toContain("2_b.sql:1 was refused");
    expect(refused.report.notes.join("\n")).toContain(hint);
    folder.write(marked);
    expect((await migrate(database, folder)).exit).toBe(0);
  });
});

const PARTS = `
  CREATE TABLE p (id int NOT NULL) PARTITION BY RANGE (id);
  CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9);
  CREATE INDEX pi ON p (id);
  CREATE TYPE mood AS ENUM ('sad');
`;

describe("what only the server can know of transactions", () => {
  const NO_MARK = "put the line '-- no-transaction' at the top of the file";
  it.each([
    ["REINDEX TABLE p;", NO_MARK, true],
    ["ALTER TYPE mood ADD VALUE 'ok';\nSELECT 'ok'::mood;", "a migration of its own before this one", true],
    ["BEGIN;\nVACUUM p1;\nCOMMIT;\nSELECT 1;", "the file's own BEGIN or START TRANSACTION", false],
    [
      `CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$BEGIN EXECUTE 'VACUUM p1'; END$$;\nSELECT f();`,
      "write it into the file itself",
      false,
    ],
    [
      "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$BEGIN COMMIT; END$$;\nSELECT f();",
      "A function can end no transaction",
      false,
    ],
    ["-- no-transaction\nLOCK TABLE p;", "put BEGIN before what needs a transaction", false],
  ])("%s", async (sql, hint, marks) => {
    const files = { "1_a.sql": PARTS, "2_b.sql": sql };
    const { pairs } = await checkFiles(files);
    expect(pairs[1]!.verdict).toBe("failed");
    expect(pairs[1]!.differences[0]!.message).toContain(hint);
    if (marks) {
      const again = await checkFiles({ ...files, "2_b.sql": `-- no-transaction\n${sql}` });
      expect(again.pairs[1]!.verdict).not.toBe("failed");
    }
  });

  it("a statement that must come first in its transaction is left to the server's own words", async () => {
    const { pairs } = await checkFiles({
      "1_a.sql": "SELECT 1;\nSET TRANSACTION ISOLATION LEVEL SERIALIZABLE;",
    });
    expect(pairs[0]!.differences[0]!.message).toMatch(/SQLSTATE 25001\)$/);
  });
});
