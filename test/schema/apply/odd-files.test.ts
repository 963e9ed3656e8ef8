import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { isHoldfastError } from "../../../src/kernel/errors.ts";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import { scriptSha256 } from "../../../src/schema/history/standing.ts";
import { runMigrateStatus } from "../../../src/schema/status/run.ts";
import { createDatabase } from "../../support/postgres.ts";
import { secret, testPorts } from "../../support/test-ports.ts";
import { historyOf, migrate, migrationsFolder } from "../support.ts";
import { casesInTurn, rounds } from "../../support/sampling.ts";

/** How it ended, in the words that a person reads. */
const said = async (work: Promise<Outcome>): Promise<string> => {
  try {
    const { exit, report } = await work;
    return [String(exit), report.headline, ...report.notes].join(" ");
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return [String(error.exitCode), error.code, error.message, error.hint].join(" ");
  }
};

describe("migrate takes", () => {
  it("a byte order mark, Windows' line ends, an empty file and one of words alone", async () => {
    await using database = await createDatabase({ owner: "postgres" });
    await using folder = migrationsFolder({
      "20260101090000_bom.sql": "\ufeffCREATE TABLE bom (id int);\r\nCREATE TABLE crlf (t text);\r\n",
      "20260102090000_empty.sql": "",
      "20260103090000_words.sql": "-- only words\n",
    });
    expect(await said(migrate(database, folder))).toMatch(/^0 3 migrations applied/);
    expect(await historyOf(database)).toEqual([
      "20260101090000 applied 2",
      "20260102090000 applied 0",
      "20260103090000 applied 0",
    ]);
    writeFileSync(join(folder.path, "20260104090000_latin.sql"), Buffer.from("-- gr\xfcn\n", "latin1"));
    expect(await said(migrate(database, folder))).toMatch(
      /^7 refused\.unsafe .*: 20260104090000_latin\.sql is not UTF-8 Save it as UTF-8/,
    );
  });

  const ROWS = rounds("rows of a seed file that is applied", 22_000, 110_000);

  it(`a seed file of ${ROWS} rows`, async () => {
    await using database = await createDatabase({ owner: "postgres" });
    const words = "what a seed file holds, in a text of some eighty characters or a few more";
    const rows = Array.from({ length: ROWS }, (_, at) => `(${at}, '${words} ${at}')`);
    await using folder = migrationsFolder({
      "20260101090000_seed.sql": [
        "CREATE TABLE seed (id int, t text);",
        `INSERT INTO seed VALUES ${rows.join(",\n")};`,
      ].join("\n"),
    });
    expect(await said(migrate(database, folder))).toMatch(/^0 1 migration applied/);
    expect(
      await database.query(`
        SELECT (SELECT count(*)::int FROM seed) AS rows, length(forward) > ${ROWS * 82} AS kept
          FROM holdfast.migrations
      `),
    ).toEqual([{ rows: ROWS, kept: true }]);
  }, 60_000);

  it("a folder of 2,000 files, of which the database has all but ten", async () => {
    await using database = await createDatabase({ owner: "postgres" });
    const names = Array.from({ length: 2_000 }, (_, at) => `${20_260_101_000_000 + at}_step.sql`);
    const text = (at: number): string => `CREATE TABLE t${at} ();\nDROP TABLE t${at};\n`;
    await using folder = migrationsFolder({ [names[0]!]: text(0) });
    expect(await said(migrate(database, folder))).toMatch(/^0 1 migration applied/);
    folder.write(Object.fromEntries(names.map((name, at) => [name, text(at)])));
    await database.query(
      `
        INSERT INTO holdfast.migrations (version, name, position, sha256, forward, state, steps,
                                         fingerprint_before, fingerprint_after, applied_at, applied_by,
                                         holdfast_version)
          SELECT left(n.name, 14), n.name, left(n.name, 14)::numeric, n.sha, n.forward, 'applied', 2,
                 m.fingerprint_after, m.fingerprint_after, now(), 'test', '0'
            FROM holdfast.migrations m, unnest($1::text[], $2::text[], $3::text[]) AS n (name, sha, forward)
      `,
      [
        names.slice(1, -10),
        names.slice(1, -10).map((_, at) => scriptSha256(text(at + 1))),
        names.slice(1, -10).map((_, at) => text(at + 1)),
      ],
    );
    expect(await said(migrate(database, folder))).toMatch(/^0 10 migrations applied/);
    const status = runMigrateStatus(
      { database: secret(database.adminUrl), migrations: folder.path },
      testPorts(),
    );
    expect(await said(status)).toMatch(/^0 .*: 2,000 migrations applied, 0 pending/);
  }, 60_000);

  it.each(casesInTurn("encodings of a migrated database", ["LATIN1", "SQL_ASCII"], { every: 2 }))(
    "a database whose encoding is %s",
    async (encoding) => {
      await using database = await createDatabase({ owner: "postgres", encoding });
      const first = "CREATE TABLE grün (t text DEFAULT 'ü');\nINSERT INTO grün DEFAULT VALUES;\n";
      await using folder = migrationsFolder({ "20260101090000_a.sql": first });
      expect(await said(migrate(database, folder))).toMatch(/^0 1 migration applied/);
      expect(await database.query("SELECT t, octet_length(t) AS bytes FROM grün")).toEqual([
        { t: "ü", bytes: encoding === "LATIN1" ? 1 : 2 },
      ]);
      expect(await database.query("SELECT forward FROM holdfast.migrations")).toEqual([{ forward: first }]);
      expect(await said(migrate(database, folder))).toMatch(/^0 .*already/);
      folder.write({ "20260102090000_b.sql": "-- for 漢字\nCOMMENT ON TABLE grün IS 'costs 5 €';\n" });
      expect(await said(migrate(database, folder))).toMatch(
        encoding === "LATIN1"
          ? /^4 20260102090000_b\.sql:2 was refused by .*0xe2 0x82 0xac.* "UTF8" has no equivalent/
          : /^0 1 migration applied/,
      );
    },
  );

  it.each([
    ["standard_conforming_strings", "off", "SELECT 'x\\'' ; COMMIT; CREATE TABLE leaked (a int); --'"],
    ["client_encoding", "SJIS", "SELECT E'あ\\'; COMMIT; CREATE TABLE leaked (a int); --'"],
  ])("no statement that the server would read otherwise, because of %s", async (setting, value, hidden) => {
    await using database = await createDatabase({ owner: "postgres" });
    await using folder = migrationsFolder({
      "20260101090000_a.sql": `CREATE TABLE kept (a int);\nSET ${setting} = ${value};\n${hidden};\n`,
    });
    expect(await said(migrate(database, folder))).toMatch(
      new RegExp(`^4 20260101090000_a\\.sql:3 was refused by .*: ${setting} is ${value}.*was not sent`),
    );
    expect(
      await database.query("SELECT to_regclass('kept') AS kept, to_regclass('leaked') AS leaked"),
    ).toEqual([{ kept: null, leaked: null }]);
    expect(await historyOf(database)).toEqual([]);
  });

  it("no character that the database cannot hold, in comments neither: it says what to do", async () => {
    await using database = await createDatabase({ owner: "postgres", encoding: "LATIN1" });
    await using folder = migrationsFolder({ "20260101090000_a.sql": "-- 漢字\nCREATE TABLE a ();\n" });
    expect(await said(migrate(database, folder))).toMatch(
      /^4 20260101090000_a\.sql was not applied to its end: .*22P05.* take it out, of comments too\./,
    );
    expect(await database.query("SELECT to_regclass('a') AS made")).toEqual([{ made: null }]);
  });
});
