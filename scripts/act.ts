/**
 * npm run act: the shipped backup, validate and restore workflows, called from a user's workflow and run
 * by a real runner (nektos/act in host mode) on the built dist/, against a private PostgreSQL and a file://
 * store. Where act cannot be had it says so and exits 0. What act does not model: environments, concurrency
 * and permissions.
 */
import { strict as assert } from "node:assert";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { startCluster, type TestDatabase } from "../test/support/postgres.ts";
import { run, runOk, scratchFolder, type Finished } from "../test/support/tools.ts";
import { obtainAct } from "./act/obtain.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

const SHOP = `
  create table customers (id int generated always as identity primary key, name text not null);
  create table orders (id bigint primary key, customer int not null references customers,
    placed timestamptz not null, note jsonb);
  insert into customers (name) select 'customer ' || n from generate_series(1, 500) n;
  insert into orders
    select n, 1 + n % 500, timestamptz '2026-01-01' + n * interval '1 minute', jsonb_build_object('n', n)
      from generate_series(1, 5000) n;
  create view latest as select * from orders where placed > timestamptz '2026-01-03';
`;

/** Everything about the rows, in one value. */
const CONTENT = `
  select (select md5(string_agg(c::text, '|' order by id)) from customers c) as customers,
         (select md5(string_agg(o::text, '|' order by id)) from orders o) as orders,
         (select count(*)::int from latest) as latest
`;

/** `needs` of the report job: result and outputs of each called workflow. */
type Needs = Readonly<
  Record<
    "backup" | "validate" | "restore",
    { readonly result: string; readonly outputs: Readonly<Record<string, string>> }
  >
>;

/** What one run is given. The secrets travel by environment. */
interface Trial {
  readonly act: string;
  readonly folder: string;
  readonly store: string;
  readonly recipient: string;
  readonly secrets: Readonly<Record<"DATABASE_URL" | "TARGET_URL" | "AGE_IDENTITY", string>>;
}

/**
 * A user's repository (the caller and the workflows it calls) and the actions it names, as
 * `truststream/holdfast@v1`.
 */
function layOut(folder: string): void {
  const workflows = join(folder, "caller/.github/workflows");
  mkdirSync(workflows, { recursive: true });
  for (const name of ["backup.yml", "validate.yml", "restore.yml"]) {
    cpSync(join(root, ".github/workflows", name), join(workflows, name));
  }
  cpSync(join(root, "scripts/act/caller.yml"), join(workflows, "caller.yml"));
  for (const name of ["action.yml", "actions", "dist"]) {
    cpSync(join(root, name), join(folder, "holdfast", name), { recursive: true });
  }
  // The runner fetches every action of a job beforehand, also one whose step does not run: this stands in for
  // azure/login, and fails if it does.
  mkdirSync(join(folder, "login"));
  writeFileSync(
    join(folder, "login/action.yml"),
    "name: login\ndescription: must not run\nruns:\n  using: node24\n  main: main.js\n",
  );
  writeFileSync(join(folder, "login/main.js"), 'throw new Error("no store here is on Azure");\n');
}

/** The exact references of the workflow files, mapped to local folders. */
function localRepositories(folder: string): string[] {
  const text = ["backup.yml", "validate.yml", "restore.yml"]
    .map((name) => readFileSync(join(root, ".github/workflows", name), "utf8"))
    .join("\n");
  const logins = [
    ...new Set([...text.matchAll(/uses: (azure\/login@[0-9a-f]{40})/g)].map((match) => match[1]!)),
  ];
  const mapped = [
    `truststream/holdfast@v1=${join(folder, "holdfast")}`,
    ...logins.map((each) => `${each}=${join(folder, "login")}`),
  ];
  return mapped.flatMap((each) => ["--local-repository", each]);
}

/** Starts one workflow by hand. */
async function dispatch(
  trial: Trial,
  workflow: string,
  inputs: Readonly<Record<string, string>>,
): Promise<Finished & { needs: Needs | undefined }> {
  const { folder, secrets } = trial;
  const reportPath = join(folder, "report.json");
  writeFileSync(reportPath, "");
  const words = [
    "workflow_dispatch",
    "--workflows",
    `.github/workflows/${workflow}`,
    "--platform",
    "ubuntu-latest=-self-hosted",
    ...Object.entries({ store: trial.store, ...inputs }).flatMap(([name, value]) => [
      "--input",
      `${name}=${value}`,
    ]),
    "--var",
    `REPORT_PATH=${reportPath}`,
    ...Object.keys(secrets).flatMap((name) => ["--secret", name]),
    ...localRepositories(folder),
  ];
  const { PATH, HOLDFAST_PG_BIN } = process.env;
  const pgBin = HOLDFAST_PG_BIN === undefined ? {} : { HOLDFAST_PG_BIN };
  // A home of its own: neither the user's act settings nor cache are read or written. The runner's node is
  // the project's.
  const env = {
    PATH: `${dirname(process.execPath)}:${PATH ?? ""}`,
    HOME: join(folder, "home"),
    ...pgBin,
    ...secrets,
  };
  const finished = await run(trial.act, words, { cwd: join(folder, "caller"), env, timeoutMs: 480_000 });
  const report = readFileSync(reportPath, "utf8");
  return { ...finished, needs: report === "" ? undefined : (JSON.parse(report) as Needs) };
}

async function makeTrial(
  act: string,
  folder: string,
  source: TestDatabase,
  target: TestDatabase,
): Promise<Trial> {
  layOut(folder);
  mkdirSync(join(folder, "home"));
  const git = (...words: string[]): Promise<string> =>
    runOk("git", ["-c", "user.name=caller", "-c", "user.email=caller@example.com", ...words], {
      cwd: join(folder, "caller"),
    });
  await git("init", "--quiet");
  await git("add", "--all");
  await git("commit", "--quiet", "--message", "caller");
  const store = join(folder, "store");
  mkdirSync(store);
  const key = await runOk("age-keygen", []);
  const recipient = /age1[0-9a-z]{58}/.exec(key)?.[0];
  const identity = /AGE-SECRET-KEY-1[0-9A-Z]+/.exec(key)?.[0];
  assert(recipient !== undefined && identity !== undefined, "age-keygen printed no key");
  return {
    act,
    folder,
    store: `file://${store}`,
    recipient,
    secrets: { DATABASE_URL: source.url, TARGET_URL: target.url, AGE_IDENTITY: identity },
  };
}

function noSecrets(trial: Trial, { stdout, stderr }: Finished): void {
  const passwords = [trial.secrets.AGE_IDENTITY, new URL(trial.secrets.DATABASE_URL).password];
  for (const secret of passwords) {
    assert(!(stdout + stderr).includes(secret), "a secret is in the runner's log");
  }
}

/** Turns one bit in the middle of the first dump. */
function damage(store: string): string {
  const path = readdirSync(store, { recursive: true, encoding: "utf8" }).find((name) =>
    name.endsWith(".age"),
  );
  assert(path !== undefined, "the store holds no encrypted dump");
  const file = join(store, path);
  const bytes = readFileSync(file);
  const middle = bytes.length >> 1;
  bytes[middle]! ^= 1;
  writeFileSync(file, bytes);
  return path;
}

async function main(): Promise<void> {
  const act = obtainAct(root);
  if ("reason" in act) {
    process.stdout.write(`not run: ${act.reason}\n`);
    return;
  }
  if (!existsSync(join(root, "dist/cli.js"))) throw new Error("dist/ is missing: npm run build");
  await using scratch = scratchFolder("act");
  await using cluster = await startCluster();
  const source = await cluster.createDatabase({ name: "shop", sql: SHOP });
  const target = await cluster.createDatabase({ name: "shop_restored" });
  const trial = await makeTrial(act.path, scratch.path, source, target);

  const id = await calledInARow(trial, source, target);
  await damaged(trial, id, await cluster.createDatabase({ name: "shop_untouched" }));
}

/** The way of a user: three workflows called from one. Returns the id of the backup. */
async function calledInARow(trial: Trial, source: TestDatabase, target: TestDatabase): Promise<string> {
  const ran = await dispatch(trial, "caller.yml", { recipients: trial.recipient });
  return await telling(ran, async () => {
    assert.equal(ran.code, 0, "the caller's workflow failed");
    assert(ran.needs !== undefined, "the report job did not run");
    const { backup, validate, restore } = ran.needs;
    const id = backup.outputs["id"] ?? "";
    assert.match(id, /^\d{8}T\d{6}Z-[0-9a-f]{6}$/);
    assert.equal(validate.outputs["verdict"], "proved");
    assert.equal(restore.outputs["verdict"], "proved");
    assert.equal(restore.outputs["id"], id);
    assert.deepEqual(await target.query(CONTENT), await source.query(CONTENT));
    noSecrets(trial, ran);
    process.stdout.write(
      "ok     backup.yml, validate.yml and restore.yml, called in a row: " +
        `${id} is proved, restored, and equal row by row\n`,
    );
    return id;
  });
}

/**
 * One bit of the dump turned: validate.yml and restore.yml, started by hand, have to fail, and nothing may
 * reach the target.
 */
async function damaged(trial: Trial, id: string, target: TestDatabase): Promise<void> {
  const path = damage(fileURLToPath(trial.store));
  const after = { ...trial, secrets: { ...trial.secrets, TARGET_URL: target.url } };
  for (const workflow of ["validate.yml", "restore.yml"]) {
    const ran = await dispatch(after, workflow, { backup: id });
    await telling(ran, async () => {
      assert.notEqual(ran.code, 0, `${workflow} did not notice that ${path} is damaged`);
      assert.match(ran.stdout + ran.stderr, /damaged/, `${workflow} failed for another reason`);
      assert.deepEqual(
        await target.query("select relname from pg_class where relnamespace = 'public'::regnamespace"),
        [],
      );
      noSecrets(after, ran);
      process.stdout.write(`ok     ${workflow} fails after one bit was turned, and the target is empty\n`);
    });
  }
}

/** Shows the runner's log when an assertion about it fails. */
async function telling<T>(ran: Finished, check: () => Promise<T>): Promise<T> {
  try {
    return await check();
  } catch (error) {
    process.stdout.write(`${ran.stdout}\n${ran.stderr}\n`);
    throw error;
  }
}

await main();
