import { inSequence } from "../../kernel/pattern.ts";

/** What a path is to the folder. */
export type Role =
  | { readonly role: "forward" | "rollback"; readonly stem: string }
  /** Its text says: one file holds both. */
  | { readonly role: "both"; readonly stem: string }
  | { readonly role: "settings"; readonly stem: string }
  | { readonly role: "ignored"; readonly why: string };

/** Whether a file below a migration folder is wanted at all. */
export function isWanted(path: string): boolean {
  return /\.sql$/i.test(path) || /(?:^|\/)metadata\.toml$/.test(path);
}

/** Marks of tools that keep both directions in one file, at the beginning of a line. */
const DBMATE_MARK = /^--[ \t]*migrate:(up|down)\b(.*)$/gim;
/** https://salsita.github.io/node-pg-migrate/migrations/#sql-migrations */
const NODE_PG_MIGRATE_MARK = /^[ \t]*--[ \t-]*(up|down)[ \t]+migration\b(.*)$/gim;

/** Where the directions begin in a file that holds both; empty for one that has no mark of these. */
export function marksIn(text: string): readonly RegExpExecArray[] {
  const dbmate = [...text.matchAll(DBMATE_MARK)];
  if (dbmate.length > 0) return dbmate;
  const marks = [...text.matchAll(NODE_PG_MIGRATE_MARK)];
  return marks.some(([, way]) => way!.toLowerCase() === "up") ? marks : [];
}
const OTHER_MARKS = [
  { mark: /^--[ \t]*\+goose[ \t]+up\b/im, tool: "goose" },
  { mark: /^--[ \t]*\+migrate[ \t]+up\b/im, tool: "sql-migrate" },
];

/**
 * What a file is, by its path and, where that says nothing, by the mark in its text. Understood are:
 *
 * - `X.sql` with `X_rollback.sql` or `X_down.sql` beside it, or with `X.sql` or `X_rollback.sql`
 *   in `rollback/`;
 * - `X.up.sql` with `X.down.sql` (golang-migrate, sqlx), also with a database's name before
 *   (`X.postgres.up.sql`, Ory's pop);
 * - `X_up.sql` with `X_down.sql`;
 * - a folder `X/` with `up.sql` and `down.sql` (diesel), or with `migration.sql` (Prisma);
 * - one file with `-- migrate:up` and `-- migrate:down` (dbmate), or `-- Up Migration` and
 *   `-- Down Migration` (node-pg-migrate);
 * - `V1__x.sql` with `U1__x.sql` (Flyway).
 *
 * @param has whether there is a file of this name beside it: what ends in `_down` is only a rollback where
 *   something can be taken back
 */
export function classify(path: string, text: string, has: (file: string) => boolean): Role {
  const parts = path.split("/");
  const file = parts.at(-1)!;
  if (parts.length === 1) return classifyFile(file, text, has);
  const [folder] = parts;
  if (parts.length === 2 && /^rollbacks?$/i.test(folder!)) {
    return {
      role: "rollback",
      stem: file.replace(/\.sql$/i, "").replace(/(?:_rollback|\.rollback|\.down)$/i, ""),
    };
  }
  if (parts.length === 2 && file === "metadata.toml") return { role: "settings", stem: folder! };
  if (parts.length === 2 && /^(?:up|migration)\.sql$/i.test(file)) return { role: "forward", stem: folder! };
  if (parts.length === 2 && /^down\.sql$/i.test(file)) return { role: "rollback", stem: folder! };
  return {
    role: "ignored",
    why: "it lies in a folder that is neither rollback/ nor one with up.sql and down.sql",
  };
}

/**
 * Databases for which some tools keep files side by side: https://www.ory.sh/docs/ecosystem/upgrading,
 * https://gobuffalo.io/documentation/database/migrations/
 */
const OTHER_DATABASE = inSequence(
  /\.(mysql|mariadb|sqlite3?|cockroach(?:db)?|mssql|sqlserver|oracle|clickhouse)/i,
  /(?:\.autocommit)?(?:\.(?:up|down))?$/i,
);

/**
 * What two files of one migration have in common: one may be for PostgreSQL, and stands in for the one for
 * every database.
 */
export function commonStem(stem: string): string {
  return stem.replace(SUFFIXES, "");
}

const SUFFIXES = /(?:\.(?:postgres|postgresql|pg))?(?:\.autocommit)?$/i;

function classifyFile(file: string, text: string, has: (file: string) => boolean): Role {
  if (!/\.sql$/i.test(file)) return { role: "ignored", why: "it is no .sql file" };
  const stem = file.replace(/\.sql$/i, "");
  const other = OTHER_MARKS.find(({ mark }) => mark.test(text));
  if (other !== undefined) {
    return {
      role: "ignored",
      why: `it is written for ${other.tool}, with both directions in one file under marks that are not read`,
    };
  }
  const [, database] = OTHER_DATABASE.exec(stem) ?? [];
  if (database !== undefined) return { role: "ignored", why: `its name says that it is for ${database}` };
  if (/^R__/.test(stem)) {
    return { role: "ignored", why: "it is a repeatable migration, which has no version" };
  }
  const [, down] = /^(.+)(?:_rollback|\.rollback|\.down)$/i.exec(stem) ?? [];
  if (down !== undefined) return { role: "rollback", stem: down };
  const [, up] = /^(.+)\.up$/i.exec(stem) ?? [];
  if (up !== undefined) return { role: "forward", stem: up };
  const [, whole, way] = /^(.+)_(up|down)$/i.exec(stem) ?? [];
  if (
    whole !== undefined &&
    (has(`${whole}_${way!.toLowerCase() === "up" ? "down" : "up"}.sql`) ||
      (way!.toLowerCase() === "down" && has(`${whole}.sql`)))
  ) {
    return { role: way!.toLowerCase() === "up" ? "forward" : "rollback", stem: whole };
  }
  if (/^U\d/.test(stem)) return { role: "rollback", stem: `V${stem.slice(1)}` };
  return { role: marksIn(text).length > 0 ? "both" : "forward", stem };
}
