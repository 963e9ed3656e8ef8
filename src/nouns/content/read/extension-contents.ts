import { qualifiedName } from "../../../postgres/quoting.ts";
import { sha256 } from "../../../kernel/streams.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import type { ContentRecord, ContentScope, ExtensionContent, ExtensionRelation } from "../record.ts";
import { scopeValues } from "../scope.ts";
import { attempt } from "../../server/attempt.ts";
import { MEMBER_RELATIONS, OTHERS, OWN, PARTS } from "./extension-members.ts";
import { NET_SCHEMA } from "../scope.ts";

/**
 * What belongs to extensions and is in no dump. A dump holds `CREATE EXTENSION` and the rows of tables
 * that the extension has marked (pg_extension_config_dump), no more: rows of its other tables, rows that a
 * mark's condition leaves out, columns, indexes and triggers that a user put on its tables, a table added by
 * `ALTER EXTENSION … ADD` are all gone after a restore. What the extension's script ships looks the same, so
 * nobody can tell at the source; a copy can: there CREATE EXTENSION alone has been.
 *
 * https://www.postgresql.org/docs/current/extend-extensions.html#EXTEND-EXTENSIONS-CONFIG-TABLES
 */

/** Tables whose rows a dump holds not at all or not all of, and sequences whose value it does not hold. */
const RELATIONS = `
  SELECT x.extname::text AS extension, n.nspname::text AS schema, c.relname::text AS name,
         c.relkind AS relkind,
         CASE WHEN c.relkind = 'S' THEN false ELSE pg_relation_size(c.oid) = 0 END AS empty,
         c.oid = ANY (coalesce(x.extconfig, '{}')) AS filtered, has_schema_privilege(n.oid, 'USAGE')
           AND NOT row_security_active(c.oid)
           AND CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(
             c.oid, 'SELECT') ELSE has_table_privilege(c.oid, 'SELECT') END AS readable
    FROM ${MEMBER_RELATIONS}
   WHERE ${OWN}
     AND ${NET_SCHEMA}
     AND (c.relkind IN ('r', 'S') OR (c.relkind = 'm' AND c.relispopulated))
     AND coalesce((SELECT condition
                     FROM unnest(x.extconfig, x.extcondition) AS marked(relation, condition)
                    WHERE marked.relation = c.oid),
                  'unmarked') <> ''
   ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"
`;

/**
 * Reads what extensions hold beside what a dump holds of them, by extension.
 *
 * @param session with the pinned settings, inside the transaction whose snapshot counts
 */
export async function readExtensionContents(
  session: DatabaseSession,
  scope: ContentScope,
  proof: ContentRecord["proof"],
): Promise<ExtensionContent[]> {
  const values = scopeValues(scope);
  const relations = await session.query<RelationRow>(RELATIONS, values);
  const parts = await session.query<{ extension: string; identity: string; definition: string }>(
    PARTS,
    values,
  );
  const others =
    (await attempt(session, () =>
      session.query<{ extension: string; count: number; digest: string }>(OTHERS, values),
    )) ?? [];
  const names = [...new Set([...relations, ...parts, ...others].map(({ extension }) => extension))].sort(
    (a, b) => (a < b ? -1 : 1),
  );
  const found: ExtensionContent[] = [];
  for (const name of names) {
    const measured: ExtensionRelation[] = [];
    for (const row of relations.filter(({ extension }) => extension === name)) {
      measured.push({ ...(await measure(session, row, proof)), ...(row.filtered ? { filtered: true } : {}) });
    }
    const other = others.find(({ extension }) => extension === name);
    found.push({
      name,
      relations: measured,
      parts: Object.fromEntries(
        parts
          .filter(({ extension }) => extension === name)
          .map(({ identity, definition }) => [identity, sha256(definition).slice(0, 16)]),
      ),
      others: { count: other?.count ?? 0, digest: other?.digest.slice(0, 16) ?? null },
    });
  }
  return found;
}

interface RelationRow {
  readonly extension: string;
  readonly schema: string;
  readonly name: string;
  readonly relkind: "r" | "m" | "S";
  readonly empty: boolean;
  readonly readable: boolean;
  readonly filtered: boolean;
}

/** A row as its output function writes it: a cast to text could be a user's own. */
const ROW_SUM = `coalesce(sum(hashtextextended(format('%s', t.*) COLLATE "C", 0)), 0)::text`;

async function measure(
  session: DatabaseSession,
  { schema, name, relkind, empty, readable }: RelationRow,
  proof: ContentRecord["proof"],
): Promise<ExtensionRelation> {
  const kind = relkind === "S" ? "sequence" : "table";
  if (empty) return { schema, name, kind, rows: 0, fingerprint: "0" };
  if (proof === "none") return { schema, name, kind, rows: null, fingerprint: null };
  const sum =
    kind === "sequence"
      ? "max(t.last_value::numeric * 2 + t.is_called::int)::text"
      : proof === "content"
        ? ROW_SUM
        : "NULL::text";
  const only = kind === "sequence" ? "" : "ONLY ";
  // Planning may call what a user's index on the table calls, which may fail.
  const [row] =
    (readable
      ? await attempt(session, () =>
          session.query<{ rows: string; sum: string | null }>(
            `SELECT count(*)::text AS rows, ${sum} AS sum FROM ${only}${qualifiedName(schema, name)} AS t`,
          ),
        )
      : undefined) ?? [];
  return row === undefined
    ? { schema, name, kind, rows: null, fingerprint: null, unreadable: true }
    : { schema, name, kind, rows: Number(row.rows), fingerprint: row.sum };
}
