import { versionKey } from "../../folder/version.ts";
import type { Tool } from "../tool.ts";

/**
 * golang-migrate: one row for the whole database, the version at which it is; `dirty` while a migration is
 * under way and after it failed. https://github.com/golang-migrate/migrate/blob/master/database/postgres
 */
export const golangMigrate: Tool = {
  name: "golang-migrate",
  table: "schema_migrations",
  columns: ["version", "dirty"],
  read(rows) {
    const [row] = rows;
    const version = row?.["version"];
    // -1 is "no version": everything was taken back.
    if (version === undefined || version === null || version.startsWith("-")) return { applied: [] };
    const through = { version, key: versionKey(version) };
    if (row!["dirty"] !== "true") return { applied: [{ version, name: "" }], through };
    return {
      applied: [{ version, name: "" }],
      through,
      unclear: {
        message: `version ${version} is dirty: a run ended in the middle of it`,
        hint:
          "See what of that migration has happened, finish or undo it by hand, and say so with " +
          `'migrate force ${version}' or, where it was undone, 'migrate force' with the version before.`,
      },
    };
  },
};
