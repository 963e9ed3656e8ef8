import { describe, expect, it } from "@jest/globals";
import { RULES } from "../../../../src/schema/check/rules/all.ts";
import { createDatabase } from "../../../support/postgres.ts";

const TABLES = `
  CREATE TABLE o (id int PRIMARY KEY);
  CREATE TABLE p (id int NOT NULL, o int) PARTITION BY RANGE (id);
  CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9);
`;

const solutionOf = (name: string): string => RULES.find((rule) => rule.name === name)!.solution;

/** What PostgreSQL refuses on the parent, by the rule whose advice it would be, and what it takes there. */
const FORMS: readonly (readonly [rule: string, refused: string, taken: readonly string[]])[] = [
  [
    "index-blocks-writes",
    "CREATE INDEX CONCURRENTLY pi ON p (o)",
    [
      "CREATE INDEX pi ON ONLY p (o)",
      "CREATE INDEX CONCURRENTLY p1i ON p1 (o)",
      "ALTER INDEX pi ATTACH PARTITION p1i",
    ],
  ],
  [
    "unique-builds-index",
    "ALTER TABLE p ADD CONSTRAINT pu UNIQUE USING INDEX made",
    [
      "ALTER TABLE ONLY p ADD CONSTRAINT pu UNIQUE (id)",
      "CREATE UNIQUE INDEX CONCURRENTLY p1u ON p1 (id)",
      "ALTER TABLE p1 ADD CONSTRAINT p1u UNIQUE USING INDEX p1u",
      "ALTER INDEX pu ATTACH PARTITION p1u",
    ],
  ],
  [
    "primary-key-builds-index",
    "ALTER TABLE p ADD CONSTRAINT pu PRIMARY KEY USING INDEX made",
    [
      "ALTER TABLE ONLY p ADD CONSTRAINT pk PRIMARY KEY (id)",
      "CREATE UNIQUE INDEX CONCURRENTLY p1k ON p1 (id)",
      "ALTER TABLE p1 ADD CONSTRAINT p1k PRIMARY KEY USING INDEX p1k",
      "ALTER INDEX pk ATTACH PARTITION p1k",
    ],
  ],
];

describe("advice about tables with partitions", () => {
  it.each(FORMS)("of %s is what the server takes there", async (rule, refused, taken) => {
    await using database = await createDatabase({ owner: "postgres", sql: TABLES });
    await database.query("CREATE UNIQUE INDEX made ON p (id)");
    await expect(database.query(refused)).rejects.toThrow(/partitioned/);
    await database.query("DROP INDEX made");
    for (const statement of taken) await database.query(statement);
    expect(await database.query("SELECT indexrelid FROM pg_index WHERE NOT indisvalid")).toEqual([]);
    expect(solutionOf(rule)).toMatch(
      /On a partitioned table, which refuses .*ONLY the parent.*ATTACH PARTITION/,
    );
  });

  it("of index-drop-blocks and foreign-key-scan names what is refused", async () => {
    await using database = await createDatabase({
      owner: "postgres",
      sql: `${TABLES} CREATE INDEX pi ON p (o)`,
    });
    await expect(database.query("DROP INDEX CONCURRENTLY pi")).rejects.toThrow(/partitioned/);
    const key = "ADD CONSTRAINT f FOREIGN KEY (o) REFERENCES o";
    for (const statement of [
      `ALTER TABLE p1 ${key} NOT VALID`,
      "ALTER TABLE p1 VALIDATE CONSTRAINT f",
      `ALTER TABLE p ${key}`,
    ]) {
      await database.query(statement);
    }
    expect(
      await database.query(
        "SELECT count(*)::int AS n FROM pg_constraint WHERE conrelid = 'p1'::regclass AND contype = 'f'",
      ),
    ).toEqual([{ n: 1 }]);
    expect(solutionOf("index-drop-blocks")).toContain("partitioned");
    expect(solutionOf("foreign-key-scan")).toContain("partitioned");
  });
});
