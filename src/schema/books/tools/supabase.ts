import type { Tool } from "../tool.ts";

/**
 * The Supabase CLI: `supabase_migrations.schema_migrations`, of which older versions made the first column
 * only. Versions are compared as text. https://supabase.com/docs/reference/cli/supabase-migration
 */
export const supabase: Tool = {
  name: "supabase",
  table: "schema_migrations",
  schema: "supabase_migrations",
  columns: ["version"],
  optional: ["name"],
  kept: true,
  read: (rows) => ({
    applied: rows.map(({ version, name }) => ({ version: version ?? "", name: name ?? "" })),
  }),
};
