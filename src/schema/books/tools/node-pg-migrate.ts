import { splitName } from "../../../nouns/migration-files/version.ts";
import type { Tool } from "../tool.ts";

/**
 * node-pg-migrate: a row a file, by its name without the ending, `1700000000000_add-orders`.
 * https://salsita.github.io/node-pg-migrate/
 */
export const nodePgMigrate: Tool = {
  name: "node-pg-migrate",
  table: "pgmigrations",
  columns: ["name", "run_on"],
  read: (rows) => ({
    applied: rows.map(({ name }) => ({
      version: splitName(name ?? "")?.version ?? name ?? "",
      name: name ?? "",
    })),
  }),
};
