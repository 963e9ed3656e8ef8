import { HoldfastError } from "../../kernel/errors.ts";
import { listed } from "../../kernel/listed.ts";
import { isWanted } from "../folder/classify.ts";
import type { Migration } from "../folder/migration.ts";
import { readFolder } from "../folder/read-folder.ts";
import { requireMigrations } from "../folder/require-migrations.ts";
import type { MigratePorts, MigrateRequest } from "./request.ts";

/** A folder's migrations in their order, and what in it is not read, in words. */
export interface ReadMigrations {
  readonly migrations: readonly Migration[];
  readonly ignored: readonly string[];
}

/**
 * @throws refused.unsafe where a file's name or place is wrong; source.missing where no file is a migration
 */
export async function readMigrations(request: MigrateRequest, ports: MigratePorts): Promise<ReadMigrations> {
  const folder = await (await ports.sourceTree()).files(request.folder, isWanted);
  const { migrations, problems } = readFolder(folder, { supabase: false });
  const broken = problems.filter(({ level }) => level === "error");
  if (broken.length > 0) {
    throw new HoldfastError(
      "refused.unsafe",
      `${request.folder} cannot be applied: ${listed(
        broken.map(({ file, message }) => `${file} ${message}`),
        5,
      )}`,
      { hint: broken[0]!.hint },
    );
  }
  requireMigrations(request.folder, migrations, problems);
  const ignored = problems.filter(({ rule }) => rule === "ignored-file");
  return { migrations, ignored: ignored.map(({ file, message }) => `${file} ${message}`) };
}
