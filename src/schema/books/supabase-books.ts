import type { DatabaseSession } from "../../ports/database.ts";
import type { Migration } from "../folder/migration.ts";

/**
 * Supabase's own history, kept beside ours: its CLI, its branches and its dashboard look there for what is
 * applied. Everything is written in the transaction in which it happens.
 * https://supabase.com/docs/reference/cli/supabase-migration-list
 */
export interface SupabaseBooks {
  /** @param statements what was carried out, one by one */
  applied(session: DatabaseSession, migration: Migration, statements: readonly string[]): Promise<void>;
  takenBack(session: DatabaseSession, version: string): Promise<void>;
}

const NONE: SupabaseBooks = { applied: () => Promise.resolve(), takenBack: () => Promise.resolve() };

/** Writes nothing where the database has no such table. */
export async function supabaseBooks(session: DatabaseSession): Promise<SupabaseBooks> {
  const rows = await session.query<{ name: string }>(`
    SELECT a.attname::text AS name
      FROM pg_catalog.pg_attribute a
     WHERE a.attrelid = pg_catalog.to_regclass('supabase_migrations.schema_migrations')
       AND a.attnum > 0 AND NOT a.attisdropped
  `);
  const columns = new Set(rows.map(({ name }) => name));
  if (!columns.has("version")) return NONE;
  return {
    async applied(inside, { version, name }, statements) {
      // Older versions of the CLI made the first column only.
      const values = Object.entries({ version, name, statements: [...statements] }).filter(([column]) =>
        columns.has(column),
      );
      await inside.query(
        `
          INSERT INTO supabase_migrations.schema_migrations (${values.map(([column]) => column).join(", ")})
            VALUES (${values.map((_, at) => `$${at + 1}`).join(", ")})
            ON CONFLICT DO NOTHING
        `,
        values.map(([, value]) => value),
      );
    },
    async takenBack(inside, version) {
      await inside.query("DELETE FROM supabase_migrations.schema_migrations WHERE version = $1", [version]);
    },
  };
}
