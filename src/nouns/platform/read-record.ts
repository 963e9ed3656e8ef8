import type { ContentScope } from "../content/record.ts";
import { quoteIdentifier } from "../../postgres/quoting.ts";
import type { DatabaseSession } from "../../ports/database.ts";
import { detectPlatform } from "./detect.ts";
import { schemaOf } from "./identity.ts";
import type { PlatformProfile, PlatformSchema } from "./profile.ts";
import { profileOf } from "./profiles.ts";
import { readGround } from "./read-ground.ts";
import { readOwn } from "./read-own.ts";
import type { PlatformRecord } from "./record.ts";
import { ownedSchemas } from "./owned-schemas.ts";
import { readRoleSettings } from "./role-settings.ts";
import { usersOn, type UsersOn } from "./users-on.ts";

/**
 * Whose is what in this database, for the manifest; undefined on plain PostgreSQL.
 *
 * `schemas` and `migrations` are of the whole database; `users` and `own` name only what is in scope, because
 * they are about the objects of the content record that they stand beside.
 *
 * @param session inside the backup's snapshot, with `search_path` at `pg_catalog` as everywhere
 */
export async function readPlatform(
  session: DatabaseSession,
  scope: ContentScope,
): Promise<PlatformRecord | undefined> {
  const profile = await detectPlatform(session);
  if (profile === undefined) return undefined;
  const schemas = [...(await presentSchemas(session, profile)), ...(await ownedSchemas(session, profile))];
  const migrations: PlatformRecord["migrations"] = {};
  for (const schema of schemas) {
    if (schema.migrations !== undefined) {
      migrations[schema.name] = await lastMigration(session, schema.name, schema.migrations);
    }
  }
  const names = schemas.map(({ name }) => name);
  const { users, guessed } = await usersIn(session, profile, { schemas: names, migrations }, (schema) =>
    isInScope(schema, scope),
  );
  return {
    name: profile.name,
    schemas: names,
    migrations,
    users,
    ...(guessed.length === 0 ? {} : { guessed }),
    own: await readOwn(session, scope, profile, names),
    settings: await readRoleSettings(session),
  };
}

/**
 * What users have put on the platform's ground outside of the scope, and so is in no backup of that scope:
 * the triggers and policies without which sign-ups break in silence.
 */
export async function usersOutside(
  session: DatabaseSession,
  scope: ContentScope,
  record: PlatformRecord,
): Promise<PlatformRecord["users"]> {
  return (await usersIn(session, profileOf(record.name), record, (schema) => !isInScope(schema, scope)))
    .users;
}

async function usersIn(
  session: DatabaseSession,
  profile: PlatformProfile,
  { schemas, migrations }: Pick<PlatformRecord, "schemas" | "migrations">,
  wanted: (schema: string) => boolean,
): Promise<UsersOn> {
  if (!schemas.some(wanted)) return { users: [], guessed: [] };
  // All of it is read, because a trigger in one schema may call a user's function in another.
  const isNewer = (name: string): boolean =>
    isLater(
      migrations[name] ?? undefined,
      profile.schemas.find((one) => one.name === name)?.migrations?.known,
    );
  const { users, guessed } = usersOn(profile, schemas, await readGround(session, schemas), isNewer);
  const inWanted = ([kind, identity]: readonly [string, string]): boolean =>
    wanted(schemaOf(kind, identity) ?? "");
  return { users: users.filter(inWanted), guessed: guessed.filter(inWanted) };
}

function isInScope(schema: string, { includeSchemas, excludeSchemas }: ContentScope): boolean {
  return (includeSchemas.length === 0 || includeSchemas.includes(schema)) && !excludeSchemas.includes(schema);
}

async function presentSchemas(session: DatabaseSession, profile: PlatformProfile): Promise<PlatformSchema[]> {
  const rows = await session.query<{ name: string }>(
    "SELECT nspname::text AS name FROM pg_catalog.pg_namespace",
  );
  const present = new Set(rows.map(({ name }) => name));
  return profile.schemas.filter(({ name }) => present.has(name));
}

/** Versions are numbers, of any length. */
function isLater(version: string | undefined, known: string | undefined): boolean {
  const isNumber = (text: string | undefined): text is string => text !== undefined && /^\d+$/.test(text);
  return isNumber(version) && isNumber(known) && BigInt(version) > BigInt(known);
}

/**
 * Null where there is no such table, nothing in it, or no right to read it: then the version is not known,
 * and nothing else is.
 */
async function lastMigration(
  session: DatabaseSession,
  schema: string,
  { table, column }: NonNullable<PlatformSchema["migrations"]>,
): Promise<string | null> {
  const [readable] = await session.query(
    `
      SELECT FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = $3 AND NOT a.attisdropped
       WHERE n.nspname = $1
         AND c.relname = $2
         AND c.relkind = 'r'
         AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
         AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
         AND NOT pg_catalog.row_security_active(c.oid)
    `,
    [schema, table, column],
  );
  if (readable === undefined) return null;
  const [last] = await session.query<{ version: string | null }>(`
    SELECT ${quoteIdentifier(column)}::text AS version
      FROM ${quoteIdentifier(schema)}.${quoteIdentifier(table)}
     ORDER BY ${quoteIdentifier(column)} DESC NULLS LAST
     LIMIT 1
  `);
  return last?.version ?? null;
}
