import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { expect, it } from "@jest/globals";
import { runMigrateRollback } from "../../../src/schema/rollback/run.ts";
import { createDatabase } from "../../support/postgres.ts";
import { testPorts } from "../../support/test-ports.ts";
import { runOk } from "../../support/tools.ts";
import { migrate, migrationsFolder, noBackups, output, rollbackInputs } from "../support.ts";

const require = createRequire(import.meta.url);

/**
 * The Supabase CLI itself, of the package for the platform on which CI runs: `supabase` asks for all
 * platforms in one version, which not every mirror of the registry has.
 */
const CLI = join(dirname(require.resolve("@supabase/cli-linux-x64/package.json")), "bin", "supabase");

/** Versions of the folder, and which of them the CLI takes for applied. */
async function listed(project: string, url: string): Promise<string[]> {
  const text = await cli(project, ["migration", "list", "--db-url", url]);
  return [...text.matchAll(/`(\d{14})?\s*`\s*\|\s*`(\d{14})?\s*`/g)].map(
    ([, local = "none", remote = "none"]) => `${local} ${remote}`,
  );
}

function cli(project: string, args: readonly string[]): Promise<string> {
  return runOk(CLI, args, {
    cwd: project,
    env: { PATH: process.env["PATH"], HOME: project, DO_NOT_TRACK: "1", NO_COLOR: "1" },
    input: "",
  });
}

it("the Supabase CLI sees what is applied and taken back, and what it applies is taken over", async () => {
  await using database = await createDatabase({ owner: "postgres" });
  const first = "supabase/migrations/20260101090000_shop.sql";
  const second = "supabase/migrations/20260102090000_more.sql";
  await using project = migrationsFolder({ [first]: "create table shop (id int primary key);\n" });
  const folder = { path: `${project.path}/supabase/migrations` };
  const url = new URL(database.adminUrl);
  url.searchParams.set("sslmode", "disable");
  const push = ["db", "push", "--db-url", url.href, "--yes"];
  await cli(project.path, push);
  project.write({
    [second]: "create table more (id int primary key);\ncreate index more_id on more (id);\n",
    "supabase/migrations/rollback/20260102090000_more_rollback.sql": "drop table more;\n",
  });

  const taken = await migrate(database, folder, { adopt: "supabase" });
  expect([output(taken, "adopted"), output(taken, "applied")]).toEqual([
    ["20260101090000"],
    ["20260102090000"],
  ]);
  const both = ["20260101090000 20260101090000", "20260102090000 20260102090000"];
  expect(await listed(project.path, url.href)).toEqual(both);
  // Nothing is left for it to do: it would fail at a table that is there already.
  await cli(project.path, push);

  const back = await runMigrateRollback(
    rollbackInputs(database, { migrations: folder.path, to: "20260101090000" }),
    testPorts(),
    noBackups,
  );
  expect(back.exit).toBe(0);
  expect(await listed(project.path, url.href)).toEqual([both[0], "20260102090000 none"]);

  await cli(project.path, push);
  await expect(migrate(database, folder)).rejects.toMatchObject({
    message: expect.stringContaining(
      "supabase has applied 1 migration that the history does not know",
    ) as unknown,
  });
  const again = await migrate(database, folder, { adopt: "supabase" });
  expect([again.exit, output(again, "adopted"), output(again, "applied")]).toEqual([
    0,
    ["20260102090000"],
    [],
  ]);
});
