import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { readlink } from "node:fs/promises";
import { join } from "node:path";
import { createDatabase, type TestDatabase } from "../../support/postgres.ts";
import { eventually, runOk, scratchFolder } from "../../support/tools.ts";
import { Vault } from "../../support/vault.ts";

/**
 * A restore with two jobs that dies in the middle, with plain rows in the temporary folder and two
 * workers writing.
 */

/**
 * Takes its time only where the setting `holdfast.slow` is on: quick to make at the source, endless
 * at the target.
 */
const SLOW = `
  CREATE FUNCTION slow(n int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
  BEGIN
    IF COALESCE(current_setting('holdfast.slow', true), '') = 'on' THEN
      PERFORM pg_sleep(0.1);
    END IF;
    RETURN n;
  END $$;
  CREATE TABLE one AS SELECT g AS id FROM generate_series(1, 3000) g; CREATE INDEX ON one (slow(id));
  CREATE TABLE two AS SELECT g AS id FROM generate_series(1, 3000) g; CREATE INDEX ON two (slow(id));
`;

let vault: Vault;
let source: TestDatabase;
beforeAll(async () => {
  vault = await Vault.make();
  source = await createDatabase({ sql: SLOW });
  await vault.backup(source.url);
});
afterAll(async () => {
  await vault[Symbol.asyncDispose]();
  await source.drop();
});

/** The command line of a restore, as a process of its own whose temporary folder is `folder`/tmp. */
function startRestore(target: TestDatabase, folder: string): ChildProcess {
  writeFileSync(join(folder, "target"), target.url);
  writeFileSync(join(folder, "identity"), vault.identity);
  mkdirSync(join(folder, "tmp"), { recursive: true });
  const cli = new URL("../../../src/entry/cli/cli.ts", import.meta.url).href;
  const script =
    `const { runCli } = await import(${JSON.stringify(cli)}); ` + "await runCli(process.argv.slice(1));";
  const args = [
    "restore",
    "--store",
    vault.url,
    "--target-file",
    join(folder, "target"),
    "--identity-file",
    join(folder, "identity"),
    "--jobs",
    "2",
  ];
  return spawn(process.execPath, ["--no-warnings", "--input-type=module", "-e", script, "--", ...args], {
    env: { ...process.env, TMPDIR: join(folder, "tmp") },
    stdio: ["ignore", "ignore", "inherit"],
  });
}

/** Command lines of the pg_restores that read from this folder. */
async function restorers(folder: string): Promise<string[]> {
  return (await runOk("ps", ["-A", "-o", "args="]))
    .split("\n")
    .filter((line) => line.includes("pg_restore") && line.includes(folder));
}

const sessions = async (target: TestDatabase): Promise<number> =>
  Number(
    (
      await target.admin(`
        SELECT count(*) AS n
          FROM pg_stat_activity
         WHERE datname = current_database() AND query LIKE 'CREATE INDEX%'
      `)
    )[0]?.["n"],
  );

/** Starts a restore and waits until both workers make an index. */
async function halfRestored(target: TestDatabase, folder: string): Promise<ChildProcess> {
  await target.admin(`ALTER DATABASE ${target.name} SET holdfast.slow = 'on'`);
  const child = startRestore(target, folder);
  await eventually("both workers to be busy", async () => (await sessions(target)) === 2, 60_000);
  expect((await restorers(folder)).length).toBeGreaterThanOrEqual(3);
  expect(readdirSync(join(folder, "tmp"), { recursive: true })).toContainEqual(
    expect.stringMatching(/^holdfast-archive-\d+-t\d+-\w{6}\/full\.dump$/),
  );
  return child;
}

async function expectNothingLeft(target: TestDatabase, folder: string): Promise<void> {
  await eventually("pg_restore to be gone", async () => (await restorers(folder)).length === 0, 10_000);
  await eventually(
    "the plain archive to be gone",
    () => readdirSync(join(folder, "tmp")).length === 0,
    10_000,
  );
  await eventually("the statements to be cancelled", async () => (await sessions(target)) === 0, 10_000);
}

it("the next run removes what a wholly killed process tree has left, before anything else", async () => {
  await using folder = scratchFolder("swept");
  await using target = await createDatabase();
  const dead = spawn("true");
  await once(dead, "exit");
  const left = join(folder.path, "tmp", `holdfast-archive-${dead.pid}-t5-aaaaaa`);
  mkdirSync(left, { recursive: true });
  writeFileSync(join(left, ".owner"), await readlink("/proc/self/ns/pid").catch(() => ""));
  writeFileSync(join(left, "full.dump"), "plain rows");
  const [code] = (await once(startRestore(target, folder.path), "exit")) as [number];
  expect([code, readdirSync(join(folder.path, "tmp"))]).toEqual([0, []]);
});

describe("a restore that dies in its middle leaves no process and no plain row behind", () => {
  it("when it is killed with no chance to do anything", async () => {
    await using folder = scratchFolder("killed");
    await using target = await createDatabase();
    const child = await halfRestored(target, folder.path);
    child.kill("SIGKILL");
    await once(child, "exit");
    await expectNothingLeft(target, folder.path);
  });

  it("when its user does not wait for it to clean up", async () => {
    await using folder = scratchFolder("impatient");
    await using target = await createDatabase();
    const child = await halfRestored(target, folder.path);
    const exited = once(child, "exit");
    child.kill("SIGINT");
    child.kill("SIGTERM");
    child.kill("SIGTERM");
    await exited;
    await expectNothingLeft(target, folder.path);
    expect(existsSync(folder.path)).toBe(true);
  });
});
