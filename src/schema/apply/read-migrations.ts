import { HoldfastError } from "../../kernel/errors.ts";
import { listed } from "../../kernel/listed.ts";
import { isWanted } from "../../nouns/migration-files/classify.ts";
import type { FolderProblem, FolderRule, Migration } from "../folder/migration.ts";
import { readFolder } from "../folder/read-folder.ts";
import { requireMigrations } from "../folder/require-migrations.ts";
import type { MigratePorts, MigrateRequest } from "./request.ts";

/** What is on record already was carried out in whatever way, and stays so. */
const UNCLEAR: ReadonlySet<FolderRule> = new Set(["unclear-mark", "ambiguous-order"]);

/** A folder's migrations in their order, and what in it is not read, in words. */
export interface ReadMigrations {
  readonly migrations: readonly Migration[];
  readonly ignored: readonly string[];
  /** What holds a mark that is none, or has no certain place in the order, by the file. */
  readonly unclear: readonly FolderProblem[];
}

/**
 * @throws refused.unsafe where a file's name or place is wrong; source.missing where no file is a migration
 */
export async function readMigrations(request: MigrateRequest, ports: MigratePorts): Promise<ReadMigrations> {
  const folder = await (await ports.sourceTree()).files(request.folder, isWanted);
  const { migrations, problems } = readFolder(folder, { supabase: false });
  const scripts = new Set(migrations.flatMap(({ forward, rollback }) => [forward.file, rollback?.file]));
  const unclear = problems.filter(({ rule, file }) => UNCLEAR.has(rule) && scripts.has(file));
  const broken = problems.filter((each) => each.level === "error" && !unclear.includes(each));
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
  return { migrations, unclear, ignored: ignored.map(({ file, message }) => `${file} ${message}`) };
}

/**
 * What is on record already was carried out as it stands, and may not be changed any more.
 *
 * @param migrations those that are still to be applied, or to be written down
 * @throws refused.unsafe where one of them may hold both directions, or come before another or after it
 */
export function refuseUnclearMarks(
  unclear: readonly FolderProblem[],
  migrations: readonly Migration[],
): void {
  const files = new Set(migrations.flatMap(({ forward, rollback }) => [forward.file, rollback?.file]));
  const [first, ...more] = unclear.filter(({ file }) => files.has(file));
  if (first === undefined) return;
  throw new HoldfastError(
    "refused.unsafe",
    listed(
      [first, ...more].map(({ file, line = 1, message }) => `${file}:${line}: ${message}`),
      5,
    ),
    { hint: first.hint },
  );
}
