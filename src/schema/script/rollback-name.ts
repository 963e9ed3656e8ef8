/**
 * The file in which the rollback of a plain file is looked for first; undefined where it stands in the same
 * file, or in none. The layouts are those of docs/migrations.md.
 */
export function rollbackNameOf(file: string): string | undefined {
  const folder = file.slice(0, file.lastIndexOf("/") + 1);
  const name = file.slice(folder.length);
  if (name === "up.sql") return `${folder}down.sql`;
  if (name === "migration.sql") return undefined;
  if (name.endsWith(".up.sql")) return `${folder}${name.slice(0, -".up.sql".length)}.down.sql`;
  if (/^V[^/]*__/.test(name)) return `${folder}U${name.slice(1)}`;
  return `${folder}${name.replace(/\.sql$/, "")}_rollback.sql`;
}
