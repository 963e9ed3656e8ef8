import { strict as assert } from "node:assert";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Cluster, TestDatabase } from "../../test/support/postgres.ts";
import { runOk, type Finished } from "../../test/support/tools.ts";
import { ageKey } from "./backups.ts";
import { dispatch, layOut, noSecrets, ok, telling, type Start, type Trial } from "./trial.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

const FILES = {
  "202611270900_orders.sql":
    "CREATE SCHEMA app;\nCREATE TABLE app.orders (id int PRIMARY KEY, total int NOT NULL);\n" +
    "INSERT INTO app.orders SELECT n, 7 * n FROM generate_series(1, 100) n;\n",
  "202611270900_orders_rollback.sql": "DROP SCHEMA app CASCADE;\n",
  "202611271000_note.sql": "ALTER TABLE app.orders ADD COLUMN note text;\n",
  "202611271000_note_rollback.sql": "ALTER TABLE app.orders DROP COLUMN note;\n",
};

/** A folder that goes on with a file which destroys what is there. */
const DESTROYING = {
  ...FILES,
  "202611271100_no_note.sql": "ALTER TABLE app.orders DROP COLUMN note;\n",
  "202611271100_no_note_rollback.sql": "ALTER TABLE app.orders ADD COLUMN note text;\n",
};

/** As migrate.yml is where GitHub has left the hash out, which this runner never does. */
const MASKED = "migrate-masked.yml";

interface Migrations extends Trial {
  readonly database: TestDatabase;
  readonly store: string;
  readonly recipient: string;
}

/** The workflows migrate.yml and rollback-database.yml. */
export async function tryMigrations(act: string, folder: string, cluster: Cluster): Promise<void> {
  const migrate = readFileSync(join(root, ".github/workflows/migrate.yml"), "utf8");
  const passed = "plan-hash: ${{ steps.plan.outputs.plan-hash }}";
  assert(migrate.includes(passed), "migrate.yml does not pass the hash on as it did");
  await layOut(folder, {
    shipped: ["migrate.yml", "rollback-database.yml"],
    caller: "migrations.yml",
    files: {
      ...within("migrations", FILES),
      ...within("destroying", DESTROYING),
      [`.github/workflows/${MASKED}`]: migrate.replace(passed, "plan-hash: ''"),
    },
  });
  const store = join(folder, "store");
  mkdirSync(store);
  const database = await cluster.createDatabase({ name: "shop_migrated" });
  const { recipient, identity } = await ageKey();
  const secrets = {
    DATABASE_URL: database.url,
    PLAN_DATABASE_URL: await reader(database, "planner"),
    AGE_IDENTITY: identity,
  };
  const trial = { act, folder, database, secrets, store: `file://${store}`, recipient };
  await inARow(trial);
  await hashLost(trial);
  await secretsMissing(trial);
  await appliedMeanwhile(trial);
  await driftedMeanwhile(trial);
  await unconfirmed(trial);
  await destroying(trial);
}

function within(folder: string, files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text]));
}

/** The address of a role that may read and nothing else. */
export async function reader(database: TestDatabase, role: string): Promise<string> {
  const password = randomBytes(12).toString("hex");
  await database.admin(`CREATE ROLE ${role} LOGIN PASSWORD '${password}' IN ROLE pg_read_all_data`);
  const url = new URL(database.url);
  url.username = role;
  url.password = password;
  return url.href;
}

/** Where the database stands: its versions, and whether the table has the column of the second one. */
async function standing({ database }: Migrations): Promise<unknown> {
  const [row] = await database.query(`
    SELECT (SELECT string_agg(version, ' ' ORDER BY position) FROM holdfast.migrations) AS versions,
           (SELECT sum(total)::int FROM app.orders) AS total,
           EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'app.orders'::regclass
                                              AND attname = 'note' AND NOT attisdropped) AS note
  `);
  return row;
}

const OLD = { versions: "202611270900", total: 35_350, note: false };
const NEW = { versions: "202611270900 202611271000", total: 35_350, note: true };

/** Runs a workflow, and holds what it did and that it told no secret. */
async function see(
  trial: Migrations,
  workflow: string,
  start: Start,
  check: (ran: Awaited<ReturnType<typeof dispatch>>) => Promise<void>,
): Promise<void> {
  const ran = await dispatch(trial, workflow, start);
  await telling(ran, async () => {
    await check(ran);
    const { DATABASE_URL, PLAN_DATABASE_URL, AGE_IDENTITY } = trial.secrets;
    const passwords = [DATABASE_URL!, PLAN_DATABASE_URL!].map((url) => new URL(url).password);
    noSecrets([AGE_IDENTITY!, ...passwords], ran);
  });
}

/** The way of a user: planned and applied, nothing more to do, taken back. */
async function inARow(trial: Migrations): Promise<void> {
  const inputs = { store: trial.store, recipients: trial.recipient };
  await see(trial, "caller.yml", { inputs }, async (ran) => {
    assert.equal(ran.code, 0, "the caller's workflow failed");
    assert(ran.needs !== undefined, "the report job did not run");
    const { migrate, again, rollback } = ran.needs;
    const { "plan-hash": hash, ...applied } = migrate!.outputs;
    assert.match(hash!, /^[0-9a-f]{64}$/);
    assert.deepEqual(applied, {
      verdict: "applied",
      applied: '["202611270900","202611271000"]',
      version: "202611271000",
    });
    const { "plan-hash": _, ...nothing } = again!.outputs;
    assert.deepEqual(nothing, { verdict: "nothing-pending", applied: "[]", version: "202611271000" });
    const { verdict, restored, backup, "rolled-back": back } = rollback!.outputs;
    assert.deepEqual(
      { verdict, restored, back },
      { verdict: "rolled-back", restored: "true", back: '["202611271000"]' },
    );
    assert.match(backup!, /^\d{8}T\d{6}Z-[0-9a-f]{6}$/);
    assert.deepEqual(await standing(trial), OLD);
    assert.match(ran.stdout, /Summary - [^]*dry run: nothing was changed; 2 migrations would be applied/);
    assert.match(
      ran.stdout,
      new RegExp(`Summary - An approval is one of the plan with the hash <code>${hash}`),
    );
    ok(
      "migrate.yml twice and rollback-database.yml, called in a row: planned by a role that only reads, " +
        "applied, nothing more to do, taken back after a proved backup",
    );
  });
}

/** Nothing is applied when nobody can tell what was approved. */
async function hashLost(trial: Migrations): Promise<void> {
  await see(trial, MASKED, {}, async (ran) => {
    refused(ran, /hash of the plan did not reach this job/);
    assert.deepEqual(await standing(trial), OLD);
    ok("migrate.yml refuses to apply when the plan's hash is lost between its jobs");
  });
}

/** The runner loses what a step has said now and then, where that ends after a few milliseconds. */
const HEARD_AT_LAST = 3;

/** A secret that did not arrive is named, in the job that it did not reach. */
async function secretsMissing(trial: Migrations): Promise<void> {
  const { PLAN_DATABASE_URL } = trial.secrets;
  const expected: readonly [Trial["secrets"], RegExp][] = [
    [{}, /Neither the secret PLAN_DATABASE_URL nor DATABASE_URL reached this job/],
    [{ PLAN_DATABASE_URL: PLAN_DATABASE_URL! }, /The secret DATABASE_URL did not reach this job/],
  ];
  for (const [secrets, told] of expected) {
    let isHeard = false;
    for (let left = HEARD_AT_LAST; !isHeard; left -= 1) {
      await see(trial, "migrate.yml", { secrets }, async (ran) => {
        isHeard = told.test(ran.stdout);
        if (left === 1) refused(ran, told);
        assert.notEqual(ran.code, 0, "the workflow did not fail");
        assert.deepEqual(await standing(trial), OLD);
      });
    }
  }
  ok("migrate.yml names the secret that is missing, and plans with PLAN_DATABASE_URL alone");
}

/** Somebody applies by hand what is being approved. */
async function appliedMeanwhile(trial: Migrations): Promise<void> {
  const whileItWaits = (): Promise<string> =>
    runOk(process.execPath, [join(root, "dist/cli.js"), "migrate", "--migrations", "migrations"], {
      cwd: join(trial.folder, "caller"),
      env: { ...process.env, HOLDFAST_DATABASE: trial.secrets["DATABASE_URL"] },
    });
  await see(trial, "migrate.yml", { whileItWaits }, async (ran) => {
    refused(ran, /this is not the plan with the hash/);
    assert.deepEqual(await standing(trial), NEW);
    ok("migrate.yml refuses a plan that somebody else has carried out while it waited for its approval");
  });
}

/** Somebody changes the schema by hand while a rollback is being approved. */
async function driftedMeanwhile(trial: Migrations): Promise<void> {
  const inputs = {
    to: "202611270900",
    confirm: "shop_migrated",
    reason: "orders fail",
    store: trial.store,
    recipients: trial.recipient,
  };
  const whileItWaits = (): Promise<unknown> =>
    trial.database.query("ALTER TABLE app.orders ADD COLUMN by_hand int");
  await see(trial, "rollback-database.yml", { inputs, whileItWaits }, async (ran) => {
    refused(ran, /this is not the plan with the hash/);
    assert.deepEqual(await standing(trial), NEW);
    ok("rollback-database.yml refuses when the schema was changed while it waited for its approval");
  });
}

/** The plan itself fails where another database is meant, and nobody is asked. */
async function unconfirmed(trial: Migrations): Promise<void> {
  const inputs = { to: "202611270900", confirm: "shop", reason: "orders fail", "without-backup": "true" };
  await see(trial, "rollback-database.yml", { inputs }, async (ran) => {
    refused(ran, /would be refused: confirm is 'shop', and the database to be taken back is 'shop_migrated'/);
    assert(!ran.stdout.includes("[rollback-database/apply]"), "the second job has run");
    assert.deepEqual(await standing(trial), NEW);
    ok("rollback-database.yml asks nobody to approve what another database's name was typed for");
  });
}

/** What destroys data is refused before anybody is asked, unless its loss is confirmed. */
async function destroying(trial: Migrations): Promise<void> {
  await see(trial, "migrate.yml", { inputs: { migrations: "destroying" } }, async (ran) => {
    refused(ran, /no verified backup holds what would be destroyed by 202611271100_no_note\.sql/);
    assert(!ran.stdout.includes("[migrate/apply]"), "the second job has run");
    assert.deepEqual(await standing(trial), NEW);
  });
  const inputs = { migrations: "destroying", confirm: "shop_migrated" };
  await see(trial, "migrate.yml", { inputs }, async (ran) => {
    assert.equal(ran.code, 0, "the confirmed loss was refused");
    const versions = `${NEW.versions} 202611271100`;
    assert.deepEqual(await standing(trial), { ...NEW, versions, note: false });
    ok("migrate.yml asks nobody to approve what no backup protects, and applies what was confirmed");
  });
}

function refused(ran: Finished, told: RegExp): void {
  assert.notEqual(ran.code, 0, "the workflow did not fail");
  assert.match(ran.stdout, told, "it failed for another reason");
}
