import { HoldfastError } from "../../kernel/errors.ts";
import type { FolderProblem } from "./migration.ts";

/**
 * A folder in which nothing is a migration is a wrong path more often than an empty project; what is wrong
 * with its files is told by itself.
 *
 * @throws source.missing
 */
export function requireMigrations(
  folder: string,
  migrations: readonly unknown[],
  problems: readonly Pick<FolderProblem, "level" | "file" | "message">[],
): void {
  if (migrations.length > 0 || problems.some(({ level }) => level === "error")) return;
  const ignored = problems.find(({ message }) => message.startsWith("is not read: "));
  const why = ignored === undefined ? "" : ` that can be read: ${ignored.file} ${ignored.message}`;
  throw new HoldfastError("source.missing", `${folder} holds no migrations${why}`, {
    hint:
      "Give the folder that holds the .sql files; sub-folders are only read where they hold up.sql and " +
      "down.sql, or are called rollback.",
  });
}
