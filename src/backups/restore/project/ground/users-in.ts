import { HoldfastError } from "../../../../kernel/errors.ts";
import { quantity } from "../../../../kernel/quantity.ts";
import type { ContentScope } from "../../../../nouns/content/record.ts";
import type { PlatformProfile } from "../../../../nouns/platform/profile.ts";
import type { PlatformRecord } from "../../../../nouns/platform/record.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";
import { readUsersGround } from "./ground.ts";

/** What of a project is its user's, as people read it; nothing of both in a new one. */
export interface UsersIn {
  readonly objects: readonly string[];
  /** Of these, what no schema holds, as `nameKey` has it. */
  readonly keys: ReadonlySet<string>;
  /** Rows of the platform's tables that are people's. */
  readonly rows: readonly string[];
}

/** @param record whose is what in the project now */
export async function usersIn(
  session: DatabaseSession,
  profile: PlatformProfile,
  record: PlatformRecord,
  scope: ContentScope,
): Promise<UsersIn> {
  const { onPlatform, own } = await readUsersGround(session, record, scope);
  const keys = new Set(own.flatMap(({ key }) => key ?? []));
  return {
    objects: [...onPlatform, ...own].map(({ title }) => title),
    keys,
    rows: await usersRows(session, profile, record),
  };
}

/**
 * What has come since the plan was made, a migration's table say, was neither named nor, perhaps, backed up.
 *
 * @param now whose is what in the project at this moment
 * @throws database.not-empty
 */
export async function requirePlanned(
  session: DatabaseSession,
  { profile, usersObjects }: { readonly profile: PlatformProfile; readonly usersObjects: readonly string[] },
  now: PlatformRecord,
  scope: ContentScope,
  database: string,
): Promise<void> {
  const { objects } = await usersIn(session, profile, now, scope);
  const planned = new Set(usersObjects);
  const since = objects.filter((title) => !planned.has(title));
  if (since.length === 0) return;
  throw new HoldfastError(
    "database.not-empty",
    `project ${database} has got since this restore was planned: ${since.slice(0, 5).join(", ")}`,
    {
      hint:
        "Nothing was changed. Stop what makes objects in the project, look at a new plan " +
        "with --dry-run, and run again.",
    },
  );
}

/** Rows of his in tables of the platform's, as `500 rows of auth.users`. */
async function usersRows(
  session: DatabaseSession,
  profile: PlatformProfile,
  { schemas }: PlatformRecord,
): Promise<string[]> {
  const tables = profile.schemas
    .filter(({ name }) => schemas.includes(name))
    .flatMap(({ name: schema, rows }) =>
      rows.filter(({ kind }) => kind === "user" || kind === "job").map(({ table }) => ({ schema, table })),
    );
  const readable = await session.query<{ sql: string; title: string }>(
    `
      SELECT format('%I.%I', n.nspname, c.relname) AS sql, n.nspname || '.' || c.relname AS title
        FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS asked(schema, name, nr)
        JOIN pg_namespace n ON n.nspname = asked.schema
        JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = asked.name
       WHERE has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
       ORDER BY asked.nr
    `,
    [tables.map(({ schema }) => schema), tables.map(({ table }) => table)],
  );
  if (readable.length === 0) return [];
  const counted = readable.map(({ sql }, nr) => `SELECT ${nr} AS nr, count(*)::text AS n FROM ${sql}`);
  const counts = await session.query<{ nr: number; n: string }>(`${counted.join(" UNION ALL ")} ORDER BY nr`);
  return counts
    .filter(({ n }) => n !== "0")
    .map(({ nr, n }) => `${quantity(Number(n), "row")} of ${readable[nr]!.title}`);
}
