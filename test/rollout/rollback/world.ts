import { rmSync } from "node:fs";
import { join } from "node:path";
import { openDatabaseRoad, type RoadInputs } from "../../../src/commands/rollout/rollback-road.ts";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import type { Notifications } from "../../../src/ports/notifications.ts";
import type { Ports } from "../../../src/ports/ports.ts";
import { runFunctionsDeploy } from "../../../src/rollout/functions/deploy/run.ts";
import type { DatabaseRoad } from "../../../src/rollout/rollback/database-road.ts";
import type { RollbackInputs } from "../../../src/rollout/rollback/request.ts";
import { runRollback } from "../../../src/rollout/rollback/run.ts";
import { gitHistory } from "../../../src/adapters/source-tree/history.ts";
import { liveFingerprint } from "../../../src/schema/live/live-schema.ts";
import { parseDatabaseUrl } from "../../../src/postgres/database-url.ts";
import { MemoryFunctions } from "../../fakes/memory-functions.ts";
import { createDatabase, type TestDatabase } from "../../support/postgres.ts";
import { repository, type Repository } from "../../support/repository.ts";
import { newShelf, PROJECT } from "../../support/supabase/new-shelf.ts";
import { secret, testPorts } from "../../support/test-ports.ts";
import { appWorld, type AppWorld } from "../app/support.ts";
import { commitOf, deployInputs, type Said } from "../functions/world.ts";
import { migrate } from "../../schema/support.ts";

/** A release: its migrations, and its functions. */
export interface Release {
  readonly version: string;
  readonly migrations: Readonly<Record<string, string>>;
  readonly functions: Readonly<Record<string, Said>>;
}

export const ORDERS = {
  "202611270900_orders.sql":
    "CREATE SCHEMA app;\nCREATE TABLE app.orders (id int PRIMARY KEY, total int NOT NULL);\n",
  "202611270900_orders_rollback.sql": "DROP SCHEMA app CASCADE;\n",
};
export const NOTES = {
  "202611271000_note.sql": "ALTER TABLE app.orders ADD COLUMN note text;\n",
  "202611271000_note_rollback.sql": "ALTER TABLE app.orders DROP COLUMN note;\n",
};
export const OLD: Release = {
  version: "1.2.0",
  migrations: ORDERS,
  functions: { auth: { version: "1.0.0" }, orders: { version: "1.0.0", needs: ["auth@^1.0.0"] } },
};
export const BAD: Release = {
  version: "1.3.0",
  migrations: NOTES,
  functions: { auth: { version: "1.1.0" }, orders: { version: "2.0.0", needs: ["auth@^1.1.0"] } },
};

/** What a release is by what its users have: build, schema, rows, functions. */
export interface Whole {
  readonly build: string | undefined;
  readonly schema: string;
  readonly versions: readonly string[];
  readonly rows: unknown;
  readonly functions: Readonly<Record<string, string>>;
}

/** An app, its database, its functions and their repository. */
export interface WholeWorld extends AsyncDisposable {
  readonly app: AppWorld;
  readonly database: TestDatabase;
  readonly repository: Repository;
  readonly functions: MemoryFunctions;
  /** What is put around the ports of the next command. */
  meddle: (ports: Ports) => Ports;
  meddleRoad: (road: DatabaseRoad) => DatabaseRoad;
  /** Commits, tags, migrates, deploys functions and app. */
  release(release: Release): Promise<void>;
  rollback(given?: Partial<RollbackInputs & RoadInputs>): Promise<Outcome>;
  now(): Promise<Whole>;
  forgetLocks(): void;
  /** Titles of what people were told, the newest last. */
  readonly notices: string[];
}

export async function wholeWorld(): Promise<WholeWorld> {
  const app = await appWorld();
  app.declare({ soak: "{ for: 2s, every: 1s }" });
  const database = await createDatabase({ owner: "postgres" });
  const git = repository();
  const functions = new MemoryFunctions(PROJECT, newShelf());
  const notices: string[] = [];
  const keys = new Set<string>();
  const notifications: Notifications = {
    find: ({ key }) => Promise.resolve(keys.has(key) ? { address: undefined } : undefined),
    tell({ key, title }) {
      if (!keys.has(key)) notices.push(title);
      keys.add(key);
      return Promise.resolve(undefined);
    },
  };
  const ports = (): Ports =>
    world.meddle({
      ...testPorts(),
      ...app.ports(),
      openFunctions: () => Promise.resolve(functions),
      openNotifications: () => Promise.resolve(notifications),
      sourceHistory: () => Promise.resolve(gitHistory({ env: process.env, folder: git.path })),
    });
  const world: WholeWorld = {
    app,
    database,
    repository: git,
    functions,
    notices,
    meddle: (each) => each,
    meddleRoad: (each) => each,
    async release({ version, migrations, functions: said }) {
      const files = Object.entries(migrations).map(([name, text]) => [`migrations/${name}`, text] as const);
      git.commit(`feat: ${version}`, { ...Object.fromEntries(files), ...Object.fromEntries(commitOf(said)) });
      git.git("tag", `v${version}`);
      await good(migrate(database, { path: join(git.path, "migrations") }));
      await good(
        runFunctionsDeploy(
          { ...deployInputs(), store: app.common.store, ref: `v${version}` },
          { ...ports(), clock: testPorts().clock },
        ),
      );
      await good(app.deploy(`v${version}`, await app.packaged(version), {}, ports()));
    },
    rollback: async (given = {}) => {
      const inputs = { ...rollbackInputs(world), ...given };
      const all = ports();
      // A quick clock is for waiting on the host; the database waits by its own.
      return await runRollback(inputs, all, async () => {
        const road = await openDatabaseRoad(inputs, { ...all, clock: testPorts().clock });
        return road && world.meddleRoad(road);
      });
    },
    async now() {
      const opened = await testPorts().openDatabase(parseDatabaseUrl(database.adminUrl, "database"));
      await using session = await opened.connect({ purpose: "test" });
      return {
        build: await app.live(),
        schema: await liveFingerprint(session),
        versions: (await database.query("SELECT version FROM holdfast.migrations ORDER BY position")).map(
          (row) => (row as { version: string }).version,
        ),
        rows: await database.query("SELECT * FROM app.orders ORDER BY id"),
        functions: Object.fromEntries(
          functions.shelf.list().map(({ slug }) => {
            const { bundle } = functions.shelf.served(slug)!;
            return [slug, bundle.files.get(bundle.entrypoint)!.toString("utf8")];
          }),
        ),
      };
    },
    forgetLocks: () => rmSync(join(app.store, "locks"), { recursive: true, force: true }),
    async [Symbol.asyncDispose]() {
      await app[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
      await git[Symbol.asyncDispose]();
    },
  };
  return world;
}

async function good(work: Promise<Outcome>): Promise<void> {
  const { exit, report } = await work;
  if (exit !== 0) throw new Error([report.headline, ...report.notes].join("\n"));
}

function rollbackInputs({ app, database, repository: git }: WholeWorld): RollbackInputs & RoadInputs {
  return {
    ...app.common,
    to: "last-known-good",
    trigger: "manual",
    reason: "checkout fails",
    package: undefined,
    unit: undefined,
    schema: "check",
    fromBackup: undefined,
    project: PROJECT,
    accessToken: secret("sbp_secret"),
    functionsKey: undefined,
    functionsTo: undefined,
    functionsFolder: "supabase/functions",
    notify: "none",
    repository: undefined,
    token: undefined,
    database: secret(database.adminUrl),
    migrations: join(git.path, "migrations"),
    confirm: database.name,
    recipients: [],
    identity: undefined,
    allowUnencrypted: true,
    withoutBackup: false,
    allowUnproved: false,
    lockTimeout: 5_000,
    statementTimeout: 60_000,
  };
}
