import { versionKey } from "../../../nouns/migration-files/version.ts";
import type { BooksContent, Tool } from "../tool.ts";

/**
 * golang-migrate: one row for the whole database, the version at which it is; `dirty` while a migration is
 * under way and after it failed. https://github.com/golang-migrate/migrate/blob/master/database/postgres
 */
export const golangMigrate: Tool = {
  name: "golang-migrate",
  table: "schema_migrations",
  columns: ["version", "dirty"],
  types: { version: "int8", dirty: "bool" },
  read(rows) {
    const [row] = rows;
    const version = row?.["version"];
    if (version === undefined || version === null) return { applied: [] };
    // -1 is "no version": everything was taken back, or is being taken back.
    const content = version.startsWith("-")
      ? { applied: [] }
      : { applied: [{ version, name: "" }], through: { version, key: versionKey(version) } };
    return row!["dirty"] === "true" ? { ...content, unclear: dirty(version) } : content;
  },
};

function dirty(version: string): NonNullable<BooksContent["unclear"]> {
  // https://github.com/golang-migrate/migrate/issues/330
  if (version.startsWith("-")) {
    return {
      message: "it is dirty at no version: a run ended while it took the first migration back",
      hint:
        "See what of that migration is left, finish or undo that by hand, and say so with 'migrate force' " +
        "and the first version or, where nothing is left, 'migrate force -- -1'.",
    };
  }
  return {
    message: `version ${version} is dirty: a run ended in the middle of it`,
    hint:
      "See what of that migration has happened, finish or undo it by hand, and say so with " +
      `'migrate force ${version}' or, where it was undone, 'migrate force' with the version before.`,
  };
}
