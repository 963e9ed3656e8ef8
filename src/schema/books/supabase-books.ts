import type { DatabaseSession } from "../../ports/database.ts";
import type { Migration } from "../folder/migration.ts";
import { isVersion } from "../../nouns/migration-files/version.ts";
import { keyText } from "./applied-of.ts";

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

/**
 * Writes nothing where the database has no such table, nor where that is said to be another application's.
 *
 * @param adopt what `--adopt` says; `none` where no other tool's table is this folder's
 */
export async function supabaseBooks(session: DatabaseSession, adopt?: string): Promise<SupabaseBooks> {
  if (adopt === "none") return NONE;
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
      if ((await spelled(inside, version)).length > 0) return;
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
      await inside.query(
        "DELETE FROM supabase_migrations.schema_migrations WHERE version = ANY ($1::pg_catalog.text[])",
        [await spelled(inside, version)],
      );
    },
  };
}

/** How the table spells a version: `202611270900` in it is the file's `20261127090000`. */
async function spelled(session: DatabaseSession, version: string): Promise<readonly string[]> {
  const rows = await session.query<{ version: string }>(
    "SELECT version::pg_catalog.text AS version FROM supabase_migrations.schema_migrations",
  );
  return rows
    .map((row) => row.version)
    .filter((each) => each === version || (isVersion(each) && keyText(each) === keyText(version)));
}
