import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { runMigrate } from "../../src/schema/apply/run.ts";
import type { MigrateInputs } from "../../src/schema/apply/request.ts";
import type { MigrateRollbackInputs } from "../../src/schema/rollback/request.ts";
import type { Backups } from "../../src/schema/rollback/run.ts";
import type { Json, Outcome } from "../../src/kernel/outcome.ts";
import type { Ports } from "../../src/ports/ports.ts";
import type { TestDatabase } from "../support/postgres.ts";
import { secret, testPorts } from "../support/test-ports.ts";
import { scratchFolder } from "../support/tools.ts";

/** A database to be migrated. */
export type MigratedDatabase = TestDatabase;

/** Files of a folder of migrations, by their paths in it. */
export type Files = Readonly<Record<string, string>>;

/** A folder of migrations, removed when disposed of. */
export interface MigrationsFolder extends AsyncDisposable {
  readonly path: string;
  /** Writes more files, or others. */
  write(files: Files): void;
}

export function migrationsFolder(files: Files): MigrationsFolder {
  const folder = scratchFolder("migrations");
  const write = (more: Files): void => {
    for (const [name, text] of Object.entries(more)) {
      mkdirSync(dirname(join(folder.path, name)), { recursive: true });
      writeFileSync(join(folder.path, name), text);
    }
  };
  write(files);
  return {
    path: folder.path,
    write,
    [Symbol.asyncDispose]: () => Promise.resolve(folder[Symbol.asyncDispose]()),
  };
}

/** Applies what the folder has, as `holdfast migrate` would. */
export async function migrate(
  database: { readonly adminUrl: string },
  folder: { readonly path: string },
  inputs: Partial<MigrateInputs> = {},
  ports: Ports = testPorts(),
): Promise<Outcome> {
  return await runMigrate(
    {
      database: secret(database.adminUrl),
      migrations: folder.path,
      to: undefined,
      dryRun: false,
      wait: 0,
      lockTimeout: 5_000,
      statementTimeout: 60_000,
      retries: 0,
      allowLate: false,
      store: undefined,
      storeSecret: undefined,
      source: undefined,
      maxBackupAge: 86_400_000,
      confirm: undefined,
      adopt: undefined,
      baseline: undefined,
      planHash: undefined,
      ...inputs,
    },
    ports,
  );
}

/** The history as the database has it: `version state steps`. */
export async function historyOf(database: Pick<MigratedDatabase, "query">): Promise<string[]> {
  const rows = await database.query(
    "SELECT version || ' ' || state || ' ' || steps AS line FROM holdfast.migrations ORDER BY position",
  );
  return rows.map((row) => (row as { line: string }).line);
}

/** One output of a command. */
export function output(outcome: Outcome, name: string): Json {
  return outcome.outputs[name] ?? null;
}

/** Inputs of `holdfast migrate-rollback`, confirmed and without a backup. */
export function rollbackInputs(
  database: { readonly adminUrl: string; readonly name: string },
  inputs: Partial<MigrateRollbackInputs>,
): MigrateRollbackInputs {
  return {
    database: secret(database.adminUrl),
    migrations: "/nonexistent/migrations",
    to: undefined,
    fromBackup: undefined,
    confirm: database.name,
    store: undefined,
    storeSecret: undefined,
    recipients: [],
    identity: undefined,
    allowUnencrypted: false,
    withoutBackup: inputs.store === undefined,
    allowUnproved: false,
    reason: undefined,
    dryRun: false,
    wait: 0,
    lockTimeout: 5_000,
    statementTimeout: 60_000,
    retries: 0,
    planHash: undefined,
    ...inputs,
  };
}

/** Where no backup is to be made or restored. */
export const noBackups: Backups = {
  take: () => Promise.reject(new Error("no backup was asked for")),
  restore: () => Promise.reject(new Error("no restore was asked for")),
};
