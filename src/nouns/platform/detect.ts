import type { DatabaseSession } from "../../ports/database.ts";
import type { PlatformProfile } from "./profile.ts";
import { PROFILES } from "./profiles.ts";

/**
 * The platform whose database this is; undefined for plain PostgreSQL, and for what only looks
 * like a platform's.
 *
 * @param session any; nothing is changed
 */
export async function detectPlatform(session: DatabaseSession): Promise<PlatformProfile | undefined> {
  const roles = await session.query<{ name: string }>(
    "SELECT rolname::text AS name FROM pg_catalog.pg_roles",
  );
  const present = new Set(roles.map(({ name }) => name));
  for (const profile of PROFILES) {
    if (!profile.marks.roles.every((role) => present.has(role))) continue;
    if (await hasTables(session, profile)) return profile;
  }
  return undefined;
}

/** Tables of these names may be anybody's; owned by the platform's roles they are the platform's. */
async function hasTables(session: DatabaseSession, { marks }: PlatformProfile): Promise<boolean> {
  for (const { schema, name, owners } of marks.tables) {
    const [found] = await session.query(
      `
        SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')
           AND pg_catalog.pg_get_userbyid(c.relowner)::text = ANY ($3::text[])
      `,
      [schema, name, [...owners]],
    );
    if (found === undefined) return false;
  }
  return true;
}
