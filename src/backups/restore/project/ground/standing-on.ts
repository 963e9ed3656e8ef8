import type { DatabaseSession } from "../../../../ports/database.ts";

/**
 * What stands on relations that stay, with its kind, as keys of an archive's entries (`entryKey`): it need
 * not be made again. What went along with something that it needed is not among it.
 *
 * @param kept keys of what stays, relations among it
 */
export async function standingOn(
  session: DatabaseSession,
  kept: readonly string[],
): Promise<readonly string[]> {
  const relations = kept.flatMap((key) => /^(?:table|view|materialized-view) (.*)$/s.exec(key)?.[1] ?? []);
  if (relations.length === 0) return [];
  const rows = await session.query<{ key: string }>(
    `
      SELECT concat_ws(' ', x.kind, n.nspname, CASE WHEN x.kind <> 'index' THEN c.relname END, x.name) AS key
        FROM (SELECT 'constraint' AS kind, conrelid AS relation, conname AS name FROM pg_constraint
              UNION ALL SELECT 'index', i.indrelid, r.relname
                          FROM pg_index i JOIN pg_class r ON r.oid = i.indexrelid
                        UNION ALL SELECT 'trigger', tgrelid, tgname FROM pg_trigger WHERE NOT tgisinternal
                                  UNION ALL SELECT 'policy', polrelid, polname FROM pg_policy
                                            UNION ALL SELECT 'rule', ev_class, rulename FROM pg_rewrite) x
        JOIN pg_class c ON c.oid = x.relation
        JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname || ' ' || c.relname = ANY ($1)
    `,
    [relations],
  );
  return rows.map(({ key }) => key);
}
