import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { expect, it } from "@jest/globals";
import { FakeSupabase, PROJECT } from "../../support/supabase/fake-functions.ts";
import { runOk } from "../../support/tools.ts";
import { migrationsFolder } from "../../schema/support.ts";

const require = createRequire(import.meta.url);
const CLI = join(dirname(require.resolve("@supabase/cli-linux-x64/package.json")), "bin", "supabase");
const TOKEN = `sbp_${"0123456789abcdef".repeat(3).slice(0, 40)}`;

it("the Supabase CLI deploys, lists, fetches and removes functions of the sandbox", async () => {
  await using fake = await FakeSupabase.start();
  await using folder = migrationsFolder({
    "supabase/functions/orders/index.ts":
      'import { word } from "../_shared/word.ts";\nDeno.serve(() => new Response(word));\n',
    "supabase/functions/users/index.ts": `Deno.serve(() => new Response("users"));\n`,
    "supabase/functions/_shared/word.ts": `export const word = "v1";\n`,
    "supabase/config.toml": `project_id = "shop"\n[functions.users]\nverify_jwt = false\n`,
  });
  const project = folder.path;
  const profile = join(project, "profile.yaml");
  writeFileSync(
    profile,
    `name: sandbox\napi_url: ${fake.api}\ndashboard_url: ${fake.api}\nproject_host: localhost\n`,
  );
  mkdirSync(join(project, "home"));
  const cli = (...args: readonly string[]): Promise<string> =>
    runOk(CLI, [...args, "--profile", profile, "--yes"], {
      cwd: project,
      env: {
        PATH: process.env["PATH"],
        HOME: join(project, "home"),
        SUPABASE_ACCESS_TOKEN: TOKEN,
        SUPABASE_YES: "1",
        DO_NOT_TRACK: "1",
        NO_COLOR: "1",
      },
      input: "",
    });

  await cli("functions", "deploy", "--use-api", `--remote=${PROJECT}`);
  expect(
    fake.shelf
      .list()
      .map(({ slug, version, verify_jwt: verify }) => `${slug} ${version} ${verify}`)
      .sort(),
  ).toEqual(["orders 1 true", "users 1 false"]);
  // Several at once are bundled first, and then activated by one call.
  expect(fake.calls.filter((call) => call.startsWith("PUT"))).toHaveLength(1);
  expect([...fake.shelf.served("orders")!.bundle.files.keys()].sort()).toEqual([
    "supabase/functions/_shared/word.ts",
    "supabase/functions/orders/index.ts",
  ]);
  await cli("functions", "deploy", "orders", "--use-api", `--remote=${PROJECT}`);
  expect(fake.shelf.served("orders")!.shown.version).toBe(2);
  const listed = await cli("functions", "list", `--remote=${PROJECT}`);
  expect(listed).toMatch(/orders[\s\S]*ACTIVE[\s\S]*users[\s\S]*ACTIVE/);
  await cli("functions", "download", "orders", `--remote=${PROJECT}`);
  // Below which folders is the CLI's own affair; that it is what was deployed is ours.
  const fetched = (
    await runOk("find", [join(project, "supabase/functions/orders"), "-name", "word.ts"])
  ).trim();
  expect(readFileSync(fetched, "utf8")).toContain('word = "v1"');
  await cli("functions", "delete", "users", `--remote=${PROJECT}`);
  expect(fake.shelf.list().map(({ slug }) => slug)).toEqual(["orders"]);
  // `GET /v1/projects/{ref}` is another part of the API, which the sandbox does not play.
  expect(fake.wrong).toEqual([]);
  expect(fake.held).toBeGreaterThan(8);
});
