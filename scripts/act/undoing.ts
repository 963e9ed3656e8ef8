import { strict as assert } from "node:assert";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestDatabase } from "../../test/support/postgres.ts";
import { zipOf } from "../../test/support/sandbox.ts";
import { runOk } from "../../test/support/tools.ts";
import { APP, functionsOf, on, PROJECT, type Rollouts } from "./shop.ts";
import { noSecrets, ok, type Ran, type Start } from "./trial.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

const ORDERS = {
  "migrations/202611270900_orders.sql":
    "CREATE SCHEMA app;\nCREATE TABLE app.orders (id int PRIMARY KEY, total int NOT NULL);\n",
  "migrations/202611270900_orders_rollback.sql": "DROP SCHEMA app CASCADE;\n",
};
const NOTE = {
  "migrations/202611271000_note.sql": "ALTER TABLE app.orders ADD COLUMN note text;\n",
  "migrations/202611271000_note_rollback.sql": "ALTER TABLE app.orders DROP COLUMN note;\n",
};

/** What a release is by what its users have. */
interface Whole {
  readonly build: unknown;
  readonly versions: unknown;
  readonly columns: unknown;
  readonly total: unknown;
  readonly functions: string;
}

export interface Undoing extends Rollouts {
  readonly database: TestDatabase;
  readonly recipient: string;
}

/**
 * rollback.yml, called from a user's button: a bad release with its migration and its functions is undone.
 *
 */
export async function tryUndoing(trial: Undoing): Promise<void> {
  await released(trial, "2.0.0", ORDERS);
  await trial.database.query("INSERT INTO app.orders SELECT n, 7 * n FROM generate_series(1, 100) n");
  const before = await now(trial);
  assert.deepEqual(before, {
    build: "2.0.0",
    versions: "202611270900",
    columns: "id total",
    total: 35_350,
    functions: "orders 2.0.0",
  });
  await released(trial, "2.1.0", NOTE);
  const bad = await now(trial);
  assert.deepEqual(bad, {
    build: "2.1.0",
    versions: "202611270900 202611271000",
    columns: "id total note",
    total: 35_350,
    functions: "orders 2.1.0",
  });
  await undecided(trial, bad);
  const run = await blocked(trial, before, bad);
  await goneOnWith(trial, run, before);
  await again(trial, before);
}

/** Commits and tags it, and brings database, functions and app to it. */
async function released(
  trial: Undoing,
  version: string,
  migrations: Readonly<Record<string, string>>,
): Promise<void> {
  const repository = join(trial.folder, "caller");
  for (const [path, text] of Object.entries({ ...functionsOf(version), ...migrations })) {
    mkdirSync(dirname(join(repository, path)), { recursive: true });
    writeFileSync(join(repository, path), text);
  }
  await trial.git("add", "--all");
  await trial.git("commit", "--quiet", "--message", `feat: ${version}`);
  await trial.git("tag", `v${version}`);
  const zip = join(trial.folder, `shop-${version}.zip`);
  writeFileSync(zip, await zipOf({ ...APP, "build.txt": version }));
  const { DATABASE_URL, SUPABASE_ACCESS_TOKEN, FUNCTIONS_KEY } = trial.secrets;
  const holdfast = (...words: string[]): Promise<string> =>
    runOk(process.execPath, [join(root, "dist/cli.js"), ...words], {
      cwd: repository,
      env: {
        ...process.env,
        ...trial.sandbox.env,
        HOLDFAST_DATABASE: DATABASE_URL,
        SUPABASE_ACCESS_TOKEN,
        HOLDFAST_FUNCTIONS_KEY: FUNCTIONS_KEY,
      },
    });
  await holdfast("migrate");
  await holdfast("functions-deploy", "--project", PROJECT, "--store", trial.store);
  await holdfast("deploy", "--version", `v${version}`, "--package", zip, "--store", trial.store);
}

/** What users have now: production by HTTPS, the schema and its rows, the function by a call. */
async function now({ sandbox, database, secrets }: Undoing): Promise<Whole> {
  const { json } = await sandbox.production();
  const { text } = await sandbox.call("orders", secrets["FUNCTIONS_KEY"]!);
  const [row] = await database.query(`
    SELECT (SELECT string_agg(version, ' ' ORDER BY position) FROM holdfast.migrations) AS versions,
           (SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute
             WHERE attrelid = 'app.orders'::regclass AND attnum > 0 AND NOT attisdropped) AS columns,
           (SELECT sum(total)::int FROM app.orders) AS total
  `);
  const { versions, columns, total } = row!;
  return { build: (json as { readonly build: unknown }).build, versions, columns, total, functions: text };
}

/** Presses the button, and looks at what came of it; no password is in what it prints. */
async function pressed(trial: Undoing, start: Start, check: (ran: Ran) => Promise<void>): Promise<void> {
  const inputs = { recipients: trial.recipient, ...start.inputs };
  await on(trial, "undo.yml", { ...start, inputs }, async (ran) => {
    const { DATABASE_URL, PLAN_DATABASE_URL } = trial.secrets;
    noSecrets(
      [DATABASE_URL!, PLAN_DATABASE_URL!].map((url) => new URL(url).password),
      ran,
    );
    await check(ran);
  });
}

/** As watch presses it. What becomes of the schema nobody has decided. */
async function undecided(trial: Undoing, bad: Whole): Promise<void> {
  const inputs = { trigger: "health-check", reason: "5 of 5 tries failed" };
  await pressed(trial, { inputs }, async (ran) => {
    assert.notEqual(ran.code, 0, "a release was put on a schema that it does not run on");
    assert.match(ran.stdout, /2\.0\.0 runs on schemas 202611270900, and the database has 1 migration more/);
    assert.doesNotMatch(ran.stdout, /rollback\/apply/);
    assert.deepEqual(await now(trial), bad);
    ok(
      "rollback.yml, started with trigger and reason alone: asks nobody where the release does not run on " +
        "the schema",
    );
  });
}

const DECIDED = { reason: "orders fail", schema: "migrations" };
const SLEEP = "SELECT pg_sleep(900)";

/** Somebody else's transaction is in the way of the migration that is taken back. Returns the run's id. */
async function blocked(trial: Undoing, before: Whole, bad: Whole): Promise<string> {
  const { database } = trial;
  let held: Promise<unknown> = Promise.resolve();
  let run = "";
  const whileItWaits = async (): Promise<void> => {
    assert.deepEqual(await now(trial), bad);
    held = database.query(`BEGIN; LOCK TABLE app.orders IN ROW SHARE MODE; ${SLEEP}`).catch(() => undefined);
  };
  const start = { inputs: { ...DECIDED, confirm: database.name }, whileItWaits };
  await pressed(trial, start, async (ran) => {
    assert.notEqual(ran.code, 0, "a rollback without its database is green");
    run = /--resume (\d{8}T\d{6}Z-[0-9a-f]{6})/.exec(ran.stdout)?.[1] ?? "";
    assert.notEqual(run, "", "the run does not say how it is gone on with");
    // The app goes first, and stays.
    assert.deepEqual(await now(trial), { ...bad, build: before.build });
  });
  await database.admin(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE pid <> pg_backend_pid() AND query LIKE '%${SLEEP}%'`,
  );
  await held;
  return run;
}

async function goneOnWith(trial: Undoing, resume: string, before: Whole): Promise<void> {
  await pressed(trial, { inputs: { ...DECIDED, confirm: trial.database.name, resume } }, async (ran) => {
    assert.equal(ran.code, 0, "the run could not be gone on with");
    const { "plan-hash": hash, ...undone } = ran.needs!["undo"]!.outputs;
    assert.deepEqual(undone, {
      outcome: "done",
      version: "2.0.0",
      production: "2.0.0",
      database: "202611270900",
      run: resume,
    });
    assert.match(
      ran.stdout,
      new RegExp(`Summary - An approval is one of the plan with the hash <code>${hash}`),
    );
    assert.deepEqual(await now(trial), before);
    ok(
      "rollback.yml undoes a bad release with its migration and its functions to what was there before, " +
        "and goes " +
        "on with a run that somebody's transaction has stopped halfway",
    );
  });
}

async function again(trial: Undoing, before: Whole): Promise<void> {
  await pressed(trial, { inputs: { reason: "pressed twice" } }, async (ran) => {
    assert.equal(ran.code, 0, "what is so already is red");
    assert.equal(ran.needs!["undo"]!.outputs["outcome"], "nothing");
    assert.doesNotMatch(ran.stdout, /rollback\/apply/);
    assert.deepEqual(await now(trial), before);
    ok("rollback.yml, pressed twice: asks nobody where there is nothing to do");
  });
}
