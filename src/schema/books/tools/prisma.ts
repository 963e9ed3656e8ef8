import { splitName } from "../../../nouns/migration-files/version.ts";
import type { Tool } from "../tool.ts";

/**
 * Prisma Migrate: a row for each attempt at a migration, named as its folder is. One that neither ended nor
 * was marked as rolled back has failed.
 * https://www.prisma.io/docs/orm/prisma-migrate/understanding-prisma-migrate/migration-histories
 */
export const prisma: Tool = {
  name: "prisma",
  table: "_prisma_migrations",
  columns: ["migration_name", "finished_at", "rolled_back_at"],
  read(rows) {
    const counted = rows.filter(({ rolled_back_at: back }) => back === null);
    const failed = counted.find(({ finished_at: ended }) => ended === null)?.["migration_name"];
    return {
      applied: counted.map(({ migration_name: name }) => ({
        version: splitName(name ?? "")?.version ?? name ?? "",
        name: name ?? "",
      })),
      ...(typeof failed === "string"
        ? {
            unclear: {
              message: `${failed} has begun and did not end`,
              hint:
                "See what of it has happened, and tell Prisma with 'prisma migrate resolve' that it is " +
                "applied or rolled back.",
            },
          }
        : {}),
    };
  },
};
