import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { RULES } from "../../../../src/schema/check/rules/all.ts";
import {
  findServer,
  startCluster,
  type Cluster,
  type ServerVersion,
  type TestDatabase,
} from "../../../support/postgres.ts";

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

/** What only some majors refuse on the parent: from which one they take it, and the rule that says so. */
const SINCE: readonly (readonly [rule: string, statement: string, since: number])[] = [
  ["reindex-blocks", "REINDEX INDEX CONCURRENTLY po", 14],
  ["foreign-key-scan", "ALTER TABLE p ADD CONSTRAINT f FOREIGN KEY (o) REFERENCES o NOT VALID", 18],
  ["detach-blocks", "ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY", 14],
];

/** One of each major. */
const VERSIONS: readonly ServerVersion[] = ["12.22", "13.23", "14.23", "15.20", "16.2", "17.10", "18.4"];

describe.each(VERSIONS)("advice about tables with partitions, on PostgreSQL %s", (version) => {
  const found = findServer(version);
  const here = "installation" in found;
  const major = Number(version.split(".")[0]);
  let server: Cluster;

  beforeAll(async () => {
    if (here) server = await startCluster({ installation: found.installation });
  });
  afterAll(async () => {
    if (here) await server[Symbol.asyncDispose]();
  });

  const database = async (): Promise<TestDatabase> =>
    await server.createDatabase({ owner: "postgres", sql: TABLES });

  // What could not be had is told at the end of `npm test`.
  const test = here ? it : it.skip;

  test.each(FORMS)("of %s is what the server takes there", async (rule, refused, taken) => {
    await using db = await database();
    await db.query("CREATE UNIQUE INDEX made ON p (id)");
    await expect(db.query(refused)).rejects.toThrow(/partitioned/);
    await db.query("DROP INDEX made");
    for (const statement of taken) await db.query(statement);
    expect(await db.query("SELECT indexrelid FROM pg_index WHERE NOT indisvalid")).toEqual([]);
    expect(solutionOf(rule)).toMatch(
      /On a partitioned table, which refuses .*ONLY the parent.*ATTACH PARTITION/,
    );
  });

  test("of index-drop-blocks and foreign-key-scan is what the server takes there", async () => {
    await using db = await database();
    await db.query("CREATE INDEX pi ON p (o)");
    await expect(db.query("DROP INDEX CONCURRENTLY pi")).rejects.toThrow(/partitioned/);
    expect(solutionOf("index-drop-blocks")).toContain("partitioned");
    const key = "ADD CONSTRAINT f FOREIGN KEY (o) REFERENCES o";
    for (const statement of [
      `ALTER TABLE p1 ${key} NOT VALID`,
      "ALTER TABLE p1 VALIDATE CONSTRAINT f",
      `ALTER TABLE p ${key}`,
    ]) {
      await db.query(statement);
    }
    const keys =
      "SELECT count(*)::int AS n FROM pg_constraint WHERE conrelid = 'p1'::regclass AND contype = 'f'";
    expect(await db.query(keys)).toEqual([{ n: 1 }]);
  });

  test.each(SINCE)("of %s says from which major on the server takes %s", async (rule, statement, since) => {
    await using db = await database();
    await db.query("CREATE INDEX po ON p (o)");
    if (major >= since) await db.query(statement);
    else await expect(db.query(statement)).rejects.toThrow(/partitioned|syntax error/);
    expect(solutionOf(rule)).toMatch(new RegExp(`(?:since|before) ${String(since)}\\b`));
  });

  test("of reindex-blocks names what passes a partitioned table over", async () => {
    await using db = await database();
    await db.query("CREATE INDEX po ON p (o)");
    const file = "SELECT pg_relation_filenode('p1_o_idx') AS file";
    const [before] = await db.query(file);
    await db.query("REINDEX TABLE CONCURRENTLY p");
    const [after] = await db.query(file);
    expect(before!["file"] !== after!["file"]).toBe(major >= 14);
    expect(solutionOf("reindex-blocks")).toMatch(/since 14: before that REINDEX TABLE passes it over/);
  });
});
