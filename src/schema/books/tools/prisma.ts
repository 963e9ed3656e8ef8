import { listed } from "../../../kernel/listed.ts";
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
    const failed = counted.flatMap(({ finished_at: ended, migration_name: name }) =>
      ended === null && typeof name === "string" ? [name] : [],
    );
    return {
      applied: counted.map(({ migration_name: name }) => ({
        version: splitName(name ?? "")?.version ?? name ?? "",
        name: name ?? "",
      })),
      ...(failed.length > 0
        ? {
            unclear: {
              message: `${listed(failed)} ${failed.length === 1 ? "has" : "have"} begun and did not end`,
              hint:
                "See what of each has happened, and tell Prisma with 'prisma migrate resolve' that it is " +
                "applied or rolled back.",
            },
          }
        : {}),
    };
  },
};
