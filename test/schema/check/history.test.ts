import { execFileSync } from "node:child_process";
import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { sharedServer } from "../../support/postgres.ts";
import { secret } from "../../support/test-ports.ts";
import { scratchFolder } from "../../support/tools.ts";
import { checkFolder, writeFiles, type CheckedFolder } from "./check-folder.ts";

const MERGED = {
  "10_a.sql": "CREATE TABLE a (x int);",
  "10_a_rollback.sql": "DROP TABLE a;",
  "30_c.sql": "ALTER TABLE a ADD COLUMN z int;",
  "30_c_rollback.sql": "ALTER TABLE a DROP COLUMN z;",
};

function git(folder: string, ...args: string[]): void {
  const identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"];
  execFileSync("git", ["-C", folder, ...identity, ...args], { stdio: ["ignore", "pipe", "pipe"] });
}

/** Checks what a pull request makes of the merged folder. */
async function pullRequest(
  change: (folder: string) => void,
  merged: Readonly<Record<string, string>> = {},
): Promise<CheckedFolder> {
  await using scratch = scratchFolder("pull request");
  const folder = join(scratch.path, "db migrations");
  writeFiles(folder, { ...MERGED, ...merged });
  git(scratch.path, "init", "-q", "-b", "main");
  git(scratch.path, "add", "-A");
  git(scratch.path, "commit", "-qm", "merged");
  change(folder);
  return await checkFolder(folder, { all: false, base: "main", shadow: secret(sharedServer().adminUrl()) });
}

const brief = ({ pairs, findings }: CheckedFolder): unknown => ({
  pairs: pairs.map(({ file, verdict }) => `${file} ${verdict}`),
  findings: findings.map(({ rule, level, file, line }) => `${level} ${rule} ${file}:${line}`),
});

describe("what a pull request does to merged files", () => {
  it("nothing: nothing is tried", async () => {
    expect(brief(await pullRequest(() => undefined))).toEqual({ pairs: [], findings: [] });
  });

  it("a new file after them is judged, and they are not", async () => {
    const found = await pullRequest((folder) =>
      writeFiles(folder, { "40_d.sql": "ALTER TABLE a DROP COLUMN z;" }),
    );
    expect(found.pairs.map(({ file, verdict }) => `${file} ${verdict}`)).toEqual(["40_d.sql missing"]);
  });

  it("a rollback that is bettered later is judged, and the file that nobody may change is not", async () => {
    const found = await pullRequest(
      (folder) =>
        writeFiles(folder, { "40_d_rollback.sql": "DROP INDEX d_y;\nALTER TABLE a DROP COLUMN y;" }),
      {
        "40_d.sql": "ALTER TABLE a ADD COLUMN y int NOT NULL;\nCREATE INDEX d_y ON a (y);",
        "40_d_rollback.sql": "ALTER TABLE a DROP COLUMN y;",
      },
    );
    expect(found.findings.filter(({ level }) => level !== "note")).toEqual([]);
    expect(found.outcome.exit).toBe(0);
  });

  it("a rollback that is added later is judged", async () => {
    const { pairs, findings } = await pullRequest((folder) => {
      rmSync(join(folder, "30_c_rollback.sql"));
      writeFiles(folder, { "rollback/30_c.sql": "ALTER TABLE a DROP COLUMN z;" });
    });
    expect(pairs.map(({ file, verdict }) => `${file} ${verdict}`)).toEqual(["30_c.sql proved"]);
    expect(findings.map(({ rule, file }) => `${rule} ${file}`)).toEqual([
      "deleted-after-merge 30_c_rollback.sql",
    ]);
  });

  it("a rollback that is edited is judged anew", async () => {
    const { pairs, findings } = await pullRequest((folder) => {
      writeFiles(folder, { "30_c_rollback.sql": "SELECT 1;" });
    });
    expect(pairs.map(({ file, verdict }) => `${file} ${verdict}`)).toEqual(["30_c.sql differs"]);
    expect(findings).toEqual([]);
  });

  it("an edit is told with its line; other line ends are none", async () => {
    expect(
      brief(
        await pullRequest((folder) =>
          writeFiles(folder, { "30_c.sql": "-- why\nALTER TABLE a ADD COLUMN z int;" }),
        ),
      ),
    ).toEqual({ pairs: [], findings: ["error edited-after-merge 30_c.sql:1"] });
    expect(
      brief(
        await pullRequest((folder) =>
          writeFiles(folder, { "30_c.sql": "ALTER TABLE a ADD COLUMN z int;\r\n" }),
        ),
      ),
    ).toEqual({ pairs: [], findings: [] });
  });

  it("a deleted file and a renamed one are told", async () => {
    expect(
      (await pullRequest((folder) => rmSync(join(folder, "10_a.sql")))).findings.map(
        ({ rule, file }) => `${rule} ${file}`,
      ),
    ).toEqual(["deleted-after-merge 10_a.sql"]);
    const renamed = await pullRequest((folder) => {
      for (const end of [".sql", "_rollback.sql"]) {
        renameSync(join(folder, `30_c${end}`), join(folder, `50_c${end}`));
      }
    });
    expect(renamed.findings.map(({ rule, file }) => `${rule} ${file}`)).toEqual([
      "deleted-after-merge 30_c.sql",
      "deleted-after-merge 30_c_rollback.sql",
    ]);
  });
});

describe("a file that comes before merged ones", () => {
  const late = async (forward: string, rollback: string): Promise<CheckedFolder> =>
    await pullRequest((folder) => writeFiles(folder, { "20_b.sql": forward, "20_b_rollback.sql": rollback }));

  it("is only noted where both orders end alike", async () => {
    const found = await late("CREATE TABLE b (y int);", "DROP TABLE b;");
    expect(brief(found)).toEqual({ pairs: ["20_b.sql proved"], findings: ["note late-file 20_b.sql:1"] });
    expect(found.outcome.exit).toBe(0);
  });

  it("is refused where they do not", async () => {
    const found = await late(
      `
        CREATE VIEW b AS SELECT a AS whole FROM a;
        COMMENT ON TABLE a IS 'b';
        ALTER TABLE a ADD COLUMN IF NOT EXISTS z text;
      `,
      "DROP VIEW b; ALTER TABLE a DROP COLUMN z; COMMENT ON TABLE a IS NULL;",
    );
    expect(found.findings.filter(({ rule }) => rule === "late-file").map(({ level }) => level)).toEqual([
      "error",
    ]);
    expect(found.outcome.exit).toBe(3);
  });

  it("is refused where its rollback takes along what a merged one made", async () => {
    const added = await late(
      "ALTER TABLE a ADD COLUMN IF NOT EXISTS z int;",
      "ALTER TABLE a DROP COLUMN IF EXISTS z;",
    );
    expect(added.findings.find(({ rule }) => rule === "late-file")).toMatchObject({
      level: "error",
      object: "column public.a.z",
    });
  });

  it("is refused where its rollback cannot be carried out after a merged one", async () => {
    const found = await pullRequest(
      (folder) =>
        writeFiles(folder, {
          "20_b.sql": "ALTER TABLE a ADD COLUMN IF NOT EXISTS z int;",
          "20_b_rollback.sql": "ALTER TABLE a DROP COLUMN z;",
        }),
      { "30_c.sql": "ALTER TABLE a ADD COLUMN IF NOT EXISTS z int; CREATE VIEW v AS SELECT z FROM a;" },
    );
    expect(found.findings.find(({ rule }) => rule === "late-file")).toMatchObject({
      level: "error",
      message: expect.stringMatching(/taken back after it, as it would be, it cannot be: .*depend/),
    });
  });

  it("is tried beside merged ones that make roles, or freeze a moment", async () => {
    const role = `late_${process.pid}`;
    const found = await pullRequest(
      (folder) =>
        writeFiles(folder, { "20_b.sql": "CREATE TABLE b ();", "20_b_rollback.sql": "DROP TABLE b;" }),
      {
        "30_c.sql": `CREATE ROLE ${role}; ALTER TABLE a ADD COLUMN z timestamptz DEFAULT 'now'::timestamptz;`,
      },
    );
    expect(brief(found)).toEqual({ pairs: ["20_b.sql proved"], findings: ["note late-file 20_b.sql:1"] });
  });

  it("is refused where it does not go through after them", async () => {
    const found = await late(
      `
        CREATE TABLE c_only (z int);
        ALTER TABLE a ADD COLUMN z int;
        ALTER TABLE a DROP COLUMN z;
        DROP TABLE c_only;
      `,
      "SELECT 1;",
    );
    expect(found.findings.find(({ rule }) => rule === "late-file")).toMatchObject({
      level: "error",
      message: expect.stringMatching(/applied after it.*does not go through/),
    });
  });
});
