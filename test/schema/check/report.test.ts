import { beforeAll, describe, expect, it } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { reportMarkdown } from "../../../src/entry/output/report-markdown.ts";
import { reportText } from "../../../src/entry/output/report-text.ts";
import { scratchFolder } from "../../support/tools.ts";
import { checkFiles, checkFolder, writeFiles, type CheckedFolder } from "./check-folder.ts";
import { secret } from "../../support/test-ports.ts";
import { sharedServer } from "../../support/postgres.ts";

/** One pair of each verdict, and one that is allowed. */
const FILES: Readonly<Record<string, string>> = {
  "202601010900_base.sql":
    "create table orders (id int primary key, total int, note text);\ncreate table old (id int);",
  "202601010900_base_rollback.sql": "drop table old;\ndrop table orders;",
  "202601020900_order.sql": "alter table orders drop column total;",
  "202601020900_order_rollback.sql": "alter table orders add column total int;",
  "202601030900_differs.sql":
    "-- a default\nalter table orders alter column note set default 'none';\ncreate index orders_note " +
    "on orders (note);",
  "202601030900_differs_rollback.sql": "drop index orders_note;",
  "202601040900_missing.sql": "create table extra (id int);",
  "202601050900_failed.sql": "create table broken (id int);\n\nselect * from nowhere;",
  "202601050900_failed_rollback.sql": "drop table broken;",
  "202601060900_allowed.sql":
    "-- holdfast: allow missing because the table is read by nobody\ncreate table log (id int);",
  "202601070900_width.sql": "create index orders_id on orders (id);",
  "202601070900_width_rollback.sql": "drop index orders_id;",
};

describe("the report of migrate-check", () => {
  let checked: CheckedFolder;
  beforeAll(async () => {
    checked = await checkFiles(FILES);
  }, 120_000);

  /** The contract with whoever reads `--json`: names stay. */
  it("gives machines this shape", () => {
    const { outcome } = checked;
    expect(Object.keys(outcome.outputs)).toEqual([
      "verdict",
      "pairs",
      "findings",
      "counts",
      "migrations",
      "judged",
      "shadow",
      "duration-seconds",
    ]);
    expect(outcome.outputs).toMatchObject({ verdict: "bad", migrations: 7, judged: 7 });
    expect(outcome.exit).toBe(3);
    for (const pair of checked.pairs) {
      expect(Object.keys(pair)).toEqual([
        "file",
        "rollback",
        "version",
        "name",
        "late",
        "verdict",
        "waived",
        "differences",
        "notes",
        "destroys",
        "statements",
      ]);
    }
    expect(
      Object.fromEntries(checked.pairs.map(({ file, verdict }) => [file.slice(13, -4), verdict])),
    ).toEqual({
      base: "proved",
      order: "loses-data",
      differs: "differs",
      missing: "missing",
      failed: "failed",
      allowed: "missing",
      width: "proved",
    });
    expect(checked.pairs[2]).toMatchObject({
      file: "202601030900_differs.sql",
      rollback: "202601030900_differs_rollback.sql",
      version: "202601030900",
      name: "differs",
      late: false,
      waived: null,
      differences: [
        { object: "column public.orders.note", message: "default was not set and is 'none' :: text" },
      ],
      destroys: [],
      statements: {
        forward: [
          {
            line: 2,
            statement: "alter table orders alter column note set default 'none'",
            tables: [
              {
                table: "public.orders",
                lock: "AccessExclusiveLock",
                blocks: "reads and writes",
                rewrites: false,
                scans: false,
                isNew: false,
              },
            ],
          },
          { line: 3, tables: [{ lock: null, blocks: "reads and writes", scans: true }] },
        ],
      },
    });
    expect(checked.pairs[4]).toMatchObject({
      differences: [{ object: "", file: "202601050900_failed.sql", line: 3 }],
    });
    expect(outcome.outputs["counts"]).toEqual({
      proved: 2,
      "column-order": 0,
      "loses-data": 1,
      differs: 1,
      missing: 2,
      failed: 1,
      errors: expect.any(Number),
      warnings: expect.any(Number),
      notes: expect.any(Number),
    });
    expect(checked.findings.find(({ rule }) => rule === "index-blocks-writes")).toEqual({
      rule: "index-blocks-writes",
      level: "warning",
      file: "202601030900_differs.sql",
      line: 3,
      object: "orders_note",
      message: "nobody can write to orders until the index is built",
      hint: expect.stringContaining("CONCURRENTLY"),
    });
    expect(JSON.parse(JSON.stringify(outcome.outputs))).toEqual(outcome.outputs);
  });

  it("gives a terminal the verdict first, and tables that fold", () => {
    const text = reportText({ ...checked.outcome.report, notes: [] }, { columns: 100 });
    expect(text.split("\n")[0]).toMatch(/^✘ 7 migrations in .*: 4 rollbacks not proved, tried on /);
    expect(text).toContain("has no rollback, allowed: the table is read by nobody");
    expect(text).toContain("does not restore the schema");
    // But for the headline, which no table holds.
    expect(
      text
        .split("\n")
        .slice(1)
        .filter((line) => line.length > 100),
    ).toEqual([]);
  });

  it("gives the job summary the same tables as Markdown", () => {
    const markdown = reportMarkdown("migrate-check", checked.outcome.report);
    expect(markdown).toContain("| migration | rollback | what |");
    expect(markdown).toContain("Findings");
    expect(markdown).toContain("Locks on tables that were there before");
  });

  it("annotates the lines at which something is wrong, but not what is allowed", () => {
    const at = (checked.outcome.annotations ?? []).map(
      ({ level, file, line, title }) => `${level} ${file!.split("/").at(-1)!.slice(13)}:${line} ${title}`,
    );
    expect(at).toEqual([
      "error order_rollback.sql:1 rollback loses data",
      "error differs_rollback.sql:1 rollback does not restore the schema",
      "error missing.sql:1 rollback has no rollback",
      "error failed.sql:3 rollback does not go through",
      "warning order.sql:1 drop-column",
      "warning differs.sql:3 index-blocks-writes",
      "warning width.sql:1 index-blocks-writes",
    ]);
  });
});

describe("what makes the verdict a no", () => {
  const files = {
    "1_a.sql": "create table t (c int);",
    "1_a_rollback.sql": "drop table t;",
    "2_b.sql": "create index t_c on t (c);",
    "2_b_rollback.sql": "drop index t_c;",
  };

  it("is a warning only where --fail-on says so", async () => {
    const gentle = await checkFiles(files);
    expect(gentle.outcome).toMatchObject({ exit: 0, outputs: { verdict: "good" } });
    expect(gentle.outcome.report.headline).toMatch(/every rollback is proved/);
    const strict = await checkFiles(files, { failOn: "warning" });
    expect(strict.outcome).toMatchObject({ exit: 3, outputs: { verdict: "bad" } });
    expect(strict.outcome.report.headline).toMatch(/: 1 finding, tried on /);
  }, 60_000);

  it("is not a warning that the file allows", async () => {
    const allowed = {
      ...files,
      "2_b.sql": `-- holdfast: allow index-blocks-writes because t is small\n${files["2_b.sql"]}`,
    };
    const { outcome, findings } = await checkFiles(allowed, { failOn: "warning" });
    expect(outcome.exit).toBe(0);
    expect(findings).toMatchObject([{ rule: "index-blocks-writes", waived: "t is small" }]);
  }, 60_000);

  it("leaves merged files alone: nothing new is nothing to try", async () => {
    await using scratch = scratchFolder("repository");
    const git = (...args: readonly string[]): void => {
      const identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"];
      const { status, stderr } = spawnSync("git", [...identity, ...args], {
        cwd: scratch.path,
        encoding: "utf8",
      });
      if (status !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
    };
    git("init", "-q", "-b", "main");
    writeFiles(join(scratch.path, "migrations"), files);
    git("add", ".");
    git("commit", "-q", "-m", "base");
    const folder = join(scratch.path, "migrations");
    const shadow = secret(sharedServer().adminUrl());
    const none = await checkFolder(folder, { all: false, base: "main", shadow });
    expect(none.outcome).toMatchObject({ exit: 0, outputs: { judged: 0, shadow: null } });
    expect(none.outcome.report.headline).toMatch(
      /has no migration that main has not: nothing had to be tried$/,
    );
    git("switch", "-q", "-c", "feature");
    writeFiles(folder, {
      "3_c.sql": "alter table t add column d int;",
      "3_c_rollback.sql": "alter table t drop column d;",
    });
    writeFiles(folder, { "1_a.sql": "create table t (c bigint);" });
    git("add", ".");
    git("commit", "-q", "-m", "feature");
    const one = await checkFolder(folder, { all: false, base: "main", shadow });
    expect(one.pairs).toMatchObject([{ file: "3_c.sql", verdict: "proved" }]);
    expect(one.findings).toMatchObject([
      { rule: "edited-after-merge", level: "error", file: "1_a.sql", line: 1 },
    ]);
  }, 60_000);
});
