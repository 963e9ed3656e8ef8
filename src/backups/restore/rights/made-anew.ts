import type { ExtensionRecord } from "../../../nouns/content/record.ts";
import type { Database } from "../../../ports/database.ts";

/**
 * Extensions that the target has, and that a database beside it needs made anew: where only superusers may,
 * it may turn out at once that this role may not. Nobody can be asked about it before that database is there.
 */
export async function madeAnew(
  target: Database,
  extensions: readonly ExtensionRecord[],
  role: string,
): Promise<string[]> {
  await using session = await target.connect({ purpose: "restore plan" });
  const rows = await session.query<{ name: string }>(
    `
      SELECT e.extname::text AS name FROM pg_catalog.pg_extension e
        JOIN pg_catalog.pg_available_extension_versions v ON v.name = e.extname AND v.version = e.extversion
       WHERE e.extname::text = ANY ($1) AND v.superuser
         AND NOT coalesce((to_jsonb(v) ->> 'trusted')::bool, false) ORDER BY 1
    `,
    [extensions.map(({ name }) => name)],
  );
  if (rows.length === 0) return [];
  const names = rows.map(({ name }) => name).join(", ");
  return [
    `PostgreSQL lets only a superuser make the extension ${names} in a new database, and role ${role} ` +
      "is none: where the server holds to that, mode beside ends before anything is loaded, and --mode " +
      "in-place or --allow-gaps is needed",
  ];
}
