import { describe, expect, it } from "@jest/globals";
import { runMigrateCheck } from "../../../src/schema/check/run.ts";
import { query, sharedServer } from "../../support/postgres.ts";
import { secret, testPorts } from "../../support/test-ports.ts";
import { eventually, scratchFolder } from "../../support/tools.ts";
import { checkFiles, checkFolder, DEFAULTS, writeFiles, type CheckedFolder } from "./check-folder.ts";
import { casesInTurn, rounds } from "../../support/sampling.ts";
import { testInTurn } from "../../support/cases-in-turn.ts";
import { processorMs } from "../../support/processor-time.ts";

/** One pair between two sound ones: whatever it does, the others must be proved. */
async function between(forward: string, rollback: string | undefined, shared = true): Promise<CheckedFolder> {
  const checked = await checkFiles(
    {
      "1_first.sql": "CREATE TABLE first (a int);",
      "1_first_rollback.sql": "DROP TABLE first;",
      "2_bad.sql": forward,
      ...(rollback === undefined ? {} : { "2_bad_rollback.sql": rollback }),
      "3_last.sql": "CREATE TABLE last (a int);",
      "3_last_rollback.sql": "DROP TABLE last;",
    },
    // What touches the server as a whole gets one of its own.
    shared ? {} : { shadow: undefined },
  );
  expect(checked.pairs.map(({ file, verdict }) => [file, verdict])).toEqual([
    ["1_first.sql", "proved"],
    ["2_bad.sql", expect.any(String)],
    ["3_last.sql", "proved"],
  ]);
  return checked;
}

async function verdictOf(
  forward: string,
  rollback: string | undefined,
  shared = true,
): Promise<CheckedFolder["pairs"][0]> {
  return (await between(forward, rollback, shared)).pairs[1]!;
}

describe("scripts that hold little", () => {
  it.each(
    casesInTurn(
      "scripts that hold little",
      [
        ["an empty pair", "", "", "proved"],
        ["comments alone, without a rollback", "-- nothing\n/* at all */", undefined, "proved"],
        ["BEGIN and COMMIT alone, without a rollback", "BEGIN;\n-- nothing\nCOMMIT;", undefined, "proved"],
        ["a statement that changes nothing, without a rollback", "SELECT 1;", undefined, "missing"],
        ["a rollback of BEGIN and COMMIT", "CREATE TABLE t (a int);", "BEGIN;\nCOMMIT;\n", "missing"],
        ["comments alone", "-- nothing\r\n", "/* nothing /* at all */ */", "proved"],
        ["an empty rollback of something", "CREATE TABLE t (a int);", "", "missing"],
        ["a rollback of comments of something", "CREATE TABLE t (a int);", "-- DROP TABLE t;\n", "missing"],
        ["Windows line ends", "CREATE TABLE t (\r\n a int\r\n);\r\n", "DROP TABLE t;\r\n", "proved"],
        ["a byte order mark", "\uFEFFCREATE TABLE t (a int);", "\uFEFFDROP TABLE t;", "proved"],
      ],
      { every: 4, kind: ([, , , verdict]) => verdict },
    ),
  )("%s", async (_, forward, rollback, verdict) => {
    expect((await verdictOf(forward, rollback)).verdict).toBe(verdict);
  });
});

describe("a migration without a rollback", () => {
  it.each(
    casesInTurn(
      "migrations without a rollback",
      [
        ["CREATE TABLE t (a int); CREATE INDEX ON t (a);", "table public.t"],
        ["ALTER TABLE first ADD b int, ADD c int;", "table public.first"],
        ["ALTER TABLE first ADD b int;", "column public.first.b"],
        ["CREATE TABLE t (); CREATE TABLE u ();", ""],
      ],
      { every: 3, kind: ([, object]) => (object === "" ? "several" : "one") },
    ),
  )("is told with what it changes, where that is one thing: %s", async (forward, object) => {
    const { verdict, differences } = await verdictOf(forward, undefined);
    expect({ verdict, objects: differences.map((each) => each.object) }).toEqual({
      verdict: "missing",
      objects: [object],
    });
  });
});

const inTurn = testInTurn("scripts that do harm", 3);

describe("places of errors", () => {
  it.each(
    casesInTurn(
      "places of errors",
      [
        ["a statement among others", "CREATE TABLE t (a int);\n-- ä€😀\n\nCREATE TABLE first (b int);", 4],
        [
          "a word behind characters of four bytes",
          "SELECT '😀😀😀😀', 'ä€';\nSELECT 'é',\n  gone FROM\n  first;",
          3,
        ],
        ["Windows line ends", "SELECT 1;\r\nSELECT '😀',\r\n gone FROM first;\r\n", 3],
        ["the grammar", "SELECT '😀😀😀';\nCREATE TABEL t (a int);\n", 2],
        [
          "a constraint checked at the end",
          "CREATE TABLE t (a int PRIMARY KEY, b int REFERENCES t DEFERRABLE INITIALLY DEFERRED);\n" +
            "INSERT INTO t VALUES (1, 2);",
          1,
        ],
      ],
      { every: 3 },
    ),
  )("%s", async (_, forward, line) => {
    const { verdict, differences } = await verdictOf(forward, "SELECT 1;");
    expect({ verdict, line: differences[0]?.line }).toEqual({ verdict: "failed", line });
  });

  inTurn("counts lines from the beginning of a file that holds both directions", async () => {
    const { pairs } = await checkFiles({
      "1_a.sql": "-- migrate:up\nSELECT 1;\n\n-- migrate:down\nSELECT '😀';\nSELECT gone;\n",
    });
    expect(pairs[0]).toMatchObject({
      verdict: "failed",
      differences: [expect.objectContaining({ file: "1_a.sql", line: 6 })],
    });
  });
});

describe("transactions of their own", () => {
  it.each(
    casesInTurn(
      "scripts with transactions of their own",
      [
        [
          "BEGIN and COMMIT around",
          "BEGIN;\nCREATE TABLE t (a int);\nCOMMIT;",
          "BEGIN; DROP TABLE t; COMMIT;",
          "proved",
        ],
        [
          "two transactions",
          "BEGIN; CREATE TABLE t (a int); COMMIT; BEGIN; CREATE TABLE u (a int); COMMIT;",
          "DROP TABLE t, u;",
          "proved",
        ],
        [
          "a COMMIT in the middle, and a rollback for half",
          "CREATE TABLE t (a int); COMMIT; CREATE TABLE u (a int);",
          "DROP TABLE t;",
          "differs",
        ],
        ["an open BEGIN", "BEGIN; CREATE TABLE t (a int);", "DROP TABLE IF EXISTS t;", "failed"],
        ["ROLLBACK at the end", "BEGIN; CREATE TABLE t (a int); ROLLBACK;", "SELECT 1;", "proved"],
        [
          "a block that commits",
          "CREATE TABLE t (a int); DO $$ BEGIN INSERT INTO t VALUES (1); COMMIT; END $$;",
          "DROP TABLE t;",
          "proved",
        ],
        [
          "an index without a lock",
          "CREATE INDEX CONCURRENTLY first_a ON first (a);",
          "DROP INDEX CONCURRENTLY first_a;",
          "proved",
        ],
      ],
      { every: 3, kind: ([, , , verdict]) => verdict },
    ),
  )("%s", async (_, forward, rollback, verdict) => {
    expect(await verdictOf(forward, rollback)).toMatchObject({ verdict });
  });
});

describe("scripts that do harm", () => {
  inTurn(
    "one by which the server reads quotes otherwise is not sent, and commits nothing hidden",
    async () => {
      const hidden = "SELECT 'x\\'' ; COMMIT; CREATE TABLE leaked (a int); --';";
      const { pairs } = await between(
        `DO $$ BEGIN PERFORM set_config('standard_conforming_strings', 'off', false); END $$;\n${hidden}`,
        "SELECT 1;",
      );
      expect(pairs[1]).toMatchObject({
        verdict: "failed",
        differences: [{ line: 2, message: expect.stringContaining("standard_conforming_strings is off") }],
      });
    },
  );

  inTurn("what is of the whole server is left out, told, and never tried", async () => {
    const database = "holdfast_of_nobody";
    const { pairs, findings } = await between(
      `CREATE DATABASE ${database};`,
      `DROP DATABASE ${database};\nALTER SYSTEM SET work_mem = '1GB';`,
    );
    expect(pairs[1]!.notes).toContain("CREATE DATABASE was left out: it is of the whole server");
    expect(findings.map(({ rule, level, file, line }) => [rule, level, file, line])).toEqual([
      ["server-wide", "error", "2_bad.sql", 1],
      ["drop-database", "error", "2_bad_rollback.sql", 1],
      ["server-wide", "error", "2_bad_rollback.sql", 2],
    ]);
    expect(
      await query(sharedServer().adminUrl(), "SELECT 1 FROM pg_database WHERE datname = $1", [database]),
    ).toEqual([]);
  });

  inTurn("one that goes through when it is tried and not for good is told", async () => {
    await using scratch = scratchFolder("made-by-the-server");
    const folder = `${scratch.path}-by-server`;
    const { findings } = await between(
      `COPY (SELECT 1) TO PROGRAM 'cat > /dev/null; mkdir ${folder}';`,
      `COPY (SELECT 1) TO PROGRAM 'cat > /dev/null; rmdir ${folder}';`,
      false,
    );
    expect(findings).toMatchObject([{ rule: "fails-for-good", level: "error", file: "2_bad.sql" }]);
  });

  inTurn("one that the rows made here do not suit is told as a warning", async () => {
    const { pairs, findings } = await between(
      "ALTER TABLE first ADD CONSTRAINT nobody CHECK (a < -5000000);",
      "ALTER TABLE first DROP CONSTRAINT nobody;",
    );
    expect(pairs[1]!.verdict).toBe("proved");
    expect(findings).toContainEqual(
      expect.objectContaining({ rule: "rows-may-refuse", level: "warning", file: "2_bad.sql", line: 1 }),
    );
  });

  inTurn("one that ends everybody else's session of its database is judged like another", async () => {
    const others = "WHERE datname = current_database() AND pid <> pg_backend_pid()";
    const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity ${others};`;
    const { verdict } = await verdictOf(
      `CREATE INDEX CONCURRENTLY first_a ON first (a);\n${end}`,
      "DROP INDEX CONCURRENTLY first_a;",
    );
    expect(verdict).toBe("proved");
  });

  inTurn("one that ends its own session fails, and the next has a new one", async () => {
    const { verdict, differences } = await verdictOf(
      "SELECT 1;\nSELECT pg_terminate_backend(pg_backend_pid());",
      "SELECT 1;",
    );
    expect(verdict).toBe("failed");
    expect(differences[0]!.message).toMatch(/session ended/);
  });

  inTurn("a rollback that ends its own session fails", async () => {
    expect(
      await verdictOf(
        "CREATE TABLE t (a int);",
        "DROP TABLE t; SELECT pg_terminate_backend(pg_backend_pid());",
      ),
    ).toMatchObject({ verdict: "failed" });
  });

  inTurn("one that makes a type which cannot be printed is that pair's failed, with the cause", async () => {
    const { pairs } = await checkFiles({
      "1_type.sql": `
        CREATE TYPE odd AS (a int);
        CREATE FUNCTION told(odd) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
        CREATE CAST (odd AS text) WITH FUNCTION told(odd);
        CREATE TABLE t (x odd);
      `,
      "1_type_rollback.sql": "DROP TABLE t; DROP CAST (odd AS text); DROP FUNCTION told(odd); DROP TYPE odd;",
      "2_bad.sql": "ALTER TABLE t ADD y int;",
      "2_bad_rollback.sql": "ALTER TABLE t DROP y;",
      "3_last.sql": "CREATE TABLE last (a int);",
      "3_last_rollback.sql": "DROP TABLE last;",
    });
    expect(pairs.map(({ verdict }) => verdict)).toEqual(["proved", "failed", "proved"]);
    expect(pairs[1]!.differences).toEqual([
      expect.objectContaining({
        object: "",
        message: expect.stringMatching(/^could not be tried: .*told\(odd\)/) as unknown as string,
      }),
    ]);
  });

  inTurn(
    "one that leaves settings, roles and prepared statements behind does not touch the next",
    async () => {
      const { verdict } = await verdictOf(
        `
        SET search_path = '';
        SET statement_timeout = 1;
        SET ROLE pg_monitor;
        RESET ROLE;
        PREPARE p AS SELECT 1;
        DEALLOCATE ALL;
      `,
        "SET default_transaction_read_only = on;",
      );
      expect(verdict).toBe("proved");
    },
  );

  inTurn("one that drops the schema public is told, and what comes after it is tried", async () => {
    const { pairs } = await checkFiles({
      "1_a.sql": "CREATE TABLE a (a int);",
      "1_a_rollback.sql": "DROP TABLE a;",
      "2_b.sql": "DROP SCHEMA public CASCADE;",
      "2_b_rollback.sql": "CREATE SCHEMA public;",
      "3_c.sql": "CREATE TABLE c (a int);",
      "3_c_rollback.sql": "DROP TABLE c;",
    });
    expect(pairs.map(({ verdict }) => verdict)).toEqual(["proved", "differs", "failed"]);
    expect(pairs[1]!.differences.map(({ object }) => object)).toContain("table public.a");
    expect(pairs[2]!.notes.join()).not.toMatch(/did not go through/);
  });

  inTurn("one that drops its database fails", async () => {
    const { verdict, differences } = await verdictOf(
      "DO $$ BEGIN EXECUTE format('DROP DATABASE %I', current_database()); END $$;",
      "SELECT 1;",
    );
    expect(verdict).toBe("failed");
    expect(differences[0]!.message).toMatch(/DROP DATABASE cannot|cannot drop the currently open database/);
  });

  inTurn("databases and settings of a private server are taken back with it", async () => {
    expect(await verdictOf("CREATE DATABASE another;", "DROP DATABASE another;", false)).toMatchObject({
      verdict: "proved",
    });
    expect(
      await verdictOf("ALTER SYSTEM SET work_mem = '5MB';", "ALTER SYSTEM RESET work_mem;", false),
    ).toMatchObject({ verdict: "proved" });
  });

  inTurn("one that gives out more rows than anybody wants does not fill the memory", async () => {
    const before = process.memoryUsage().rss;
    expect(
      await verdictOf("SELECT repeat('x', 1000) FROM generate_series(1, 100000);", "SELECT 1;"),
    ).toMatchObject({ verdict: "proved" });
    expect(process.memoryUsage().rss - before).toBeLessThan(90_000_000);
  });

  inTurn("one that says more than anybody reads does not either", async () => {
    const notice = "DO $$ BEGIN FOR i IN 1..20000 LOOP RAISE NOTICE 'line % of many', i; END LOOP; END $$;";
    expect(await verdictOf(notice, "SELECT 1;")).toMatchObject({ verdict: "proved" });
  });

  inTurn("rows for COPY are refused with what to do instead, and never waited for", async () => {
    const { verdict, differences } = await verdictOf("COPY first (a) FROM stdin;\n1\n\\.\n", "SELECT 1;");
    expect(verdict).toBe("failed");
    expect(differences[0]).toMatchObject({
      line: 1,
      message: expect.stringMatching(/COPY … FROM stdin.*INSERT/),
    });
  });

  it("a run that is cancelled ends soon, though a script sleeps, and leaves no database behind", async () => {
    await using scratch = scratchFolder("cancelled");
    writeFiles(scratch.path, { "1_a.sql": "SELECT pg_sleep(3600);" });
    const stopping = new AbortController();
    const ports = testPorts({ cancelled: stopping.signal });
    const url = sharedServer().adminUrl();
    const run = runMigrateCheck({ ...DEFAULTS, migrations: scratch.path, shadow: secret(url) }, ports).catch(
      (error: unknown) => error,
    );
    const { query } = await import("../../support/postgres.ts");
    const sleeping = (): Promise<Record<string, unknown>[]> =>
      query(
        url,
        "SELECT datname FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep.3600' AND state = 'active'",
      );
    const [{ datname }] = (await eventually("the script to sleep", async () => {
      const rows = await sleeping();
      return rows.length > 0 ? rows : undefined;
    })) as [{ datname: string }];
    const before = processorMs();
    stopping.abort(new Error("stop now"));
    expect(await run).toMatchObject({ message: "stop now" });
    expect(processorMs() - before).toBeLessThan(10_000);
    expect(await sleeping()).toEqual([]);
    expect(await query(url, "SELECT FROM pg_database WHERE datname = $1", [datname])).toEqual([]);
  });
});

describe("many and large files", () => {
  const MEGABYTES = rounds("MB of a seed file that is tried", 2, 10);

  inTurn(`a seed file of ${MEGABYTES} MB is tried`, async () => {
    const row = `INSERT INTO seed (id, name) VALUES (1, '${"é".repeat(100)}');\n`;
    const rows = row.repeat(Math.ceil((MEGABYTES * 1_000_000) / Buffer.byteLength(row)));
    const { verdict } = await verdictOf(
      `CREATE TABLE seed (id int, name text);\n${rows}`,
      "DROP TABLE seed;",
    );
    expect(verdict).toBe("proved");
  });

  inTurn("a long folder is judged on two servers as it would be on one, roles too", async () => {
    const files: Record<string, string> = {};
    for (let at = 1; at <= 60; at += 1) {
      files[`${at}_t.up.sql`] = `CREATE TABLE t${at} (id int PRIMARY KEY); CREATE ROLE holdfast_r${at};`;
      files[`${at}_t.down.sql`] =
        at % 20 === 0 ? `DROP TABLE t${at};` : `DROP TABLE t${at}; DROP ROLE holdfast_r${at};`;
    }
    const { pairs } = await checkFiles(files, { shadow: undefined });
    expect(pairs.map(({ file }) => file)).toEqual(
      Array.from({ length: 60 }, (_, at) => `${at + 1}_t.up.sql`),
    );
    expect(
      pairs
        .filter(({ verdict }) => verdict !== "proved")
        .map(({ file, differences }) => [file, differences.at(-1)]),
    ).toEqual(
      [20, 40, 60].map((at) => [
        `${at}_t.up.sql`,
        expect.objectContaining({ object: `role holdfast_r${at}` }),
      ]),
    );
  });

  inTurn("a folder that is not there, and one that holds nothing, are errors that name it", async () => {
    await using scratch = scratchFolder("empty");
    await expect(checkFolder(`${scratch.path}/gone`)).rejects.toMatchObject({
      code: "source.missing",
      message: expect.stringContaining("/gone"),
    });
    await expect(checkFolder(scratch.path)).rejects.toMatchObject({ code: "source.missing" });
  });
});
