import { HoldfastError } from "../../kernel/errors.ts";
import { listed } from "../../kernel/listed.ts";
import { isWanted } from "../folder/classify.ts";
import type { Migration } from "../folder/migration.ts";
import { readFolder } from "../folder/read-folder.ts";
import type { MigratePorts, MigrateRequest } from "./request.ts";

/**
 * The folder's migrations in their order.
 *
 * @throws refused.unsafe where a file's name or place is wrong
 */
export async function readMigrations(
  request: MigrateRequest,
  ports: MigratePorts,
): Promise<readonly Migration[]> {
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
  return migrations;
}
