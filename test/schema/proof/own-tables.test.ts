import { describe, expect, it } from "@jest/globals";
import { OwnTables } from "../../../src/schema/proof/own-tables.ts";
import { parseScript } from "../../../src/schema/script/parse-script.ts";

/** The statements of a script that are about more than what it made itself. */
async function ofOthers(...statements: readonly string[]): Promise<string[]> {
  const own = new OwnTables();
  const script = await parseScript(statements.join(";\n"));
  expect(script.problem).toBeUndefined();
  return script.statements.filter((each) => !own.isAlone(each)).map(({ text }) => text.trim());
}

const TABLE = "CREATE TABLE app.t (a int)";

describe("what a script has made itself", () => {
  it("is nobody else's, whatever is done to it", async () => {
    const found = await ofOthers(
      TABLE,
      "ALTER TABLE ONLY app.t ADD CONSTRAINT t_pkey PRIMARY KEY (a)",
      "CREATE INDEX t_a ON app.t (a)",
      "CREATE SEQUENCE app.t_seq",
      "ALTER SEQUENCE app.t_seq OWNED BY app.t.a",
      "GRANT SELECT ON app.t TO PUBLIC",
      "CREATE VIEW app.v AS SELECT a FROM app.t",
    );
    expect(found).toEqual([]);
  });

  it.each([
    ["a table that was there", "ALTER TABLE app.old ADD COLUMN b int"],
    ["a foreign key to one", "ALTER TABLE app.t ADD FOREIGN KEY (a) REFERENCES app.old (a)"],
    ["a new table's key to one", "CREATE TABLE app.u (a int REFERENCES app.old (a))"],
    ["a partition of one", "CREATE TABLE app.p PARTITION OF app.old DEFAULT"],
    ["one that becomes a partition", "ALTER TABLE app.t ATTACH PARTITION app.old DEFAULT"],
    ["a trigger on one", "CREATE TRIGGER g AFTER INSERT ON app.old EXECUTE FUNCTION f()"],
    ["a view of one", "CREATE VIEW app.v AS SELECT a FROM app.t JOIN app.old USING (a)"],
    ["the same name without its schema", "ALTER TABLE t ADD COLUMN b int"],
    ["a table that may have been there", "CREATE TABLE IF NOT EXISTS app.maybe (a int)"],
    ["rows", "UPDATE app.t SET a = 1"],
  ])("is not %s", async (_, statement) => {
    expect(await ofOthers(TABLE, statement)).toEqual([statement]);
  });

  it.each([
    "SET search_path = other",
    "DROP TABLE app.t",
    "ALTER TABLE app.t RENAME TO u",
    "ALTER TABLE app.t SET SCHEMA other",
    "DO $$ BEGIN EXECUTE 'DROP TABLE app.t'; END $$",
  ])("is not known any more after %s", async (statement) => {
    const change = "ALTER TABLE app.t ADD COLUMN b int";
    expect(await ofOthers(TABLE, change, statement, change)).toEqual([statement, change]);
  });
});
