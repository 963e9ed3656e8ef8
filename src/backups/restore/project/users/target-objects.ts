import { readObjects } from "../../../../nouns/content/read/objects.ts";
import { RELATION } from "../../../../nouns/content/read/objects/names.ts";
import { serverFacts } from "../../../../nouns/content/read/objects/server-facts.ts";
import type { ContentRecord, ContentScope } from "../../../../nouns/content/record.ts";
import { namesKey } from "../../../../nouns/platform/identity.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";

/** The target's objects as a content record names them. */
export interface TargetObjects {
  readonly objects: ContentRecord["objects"];
  readonly major: number;
  /**
   * `[kind, identity]` of indexes and sequences, as `namesKey` joins them → the table that they are
   * a part of.
   */
  readonly partOf: ReadonlyMap<string, string>;
}

/** Identities of indexes and of sequences that belong to a column. */
const PARTS = `
  SELECT 'index' AS kind, quote_ident(xn.nspname) || '.' || quote_ident(x.relname) AS identity,
         ${RELATION} AS of
    FROM pg_index i
    JOIN pg_class x ON x.oid = i.indexrelid
    JOIN pg_namespace xn ON xn.oid = x.relnamespace
    JOIN pg_class c ON c.oid = i.indrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
  UNION ALL SELECT 'sequence', quote_ident(xn.nspname) || '.' || quote_ident(x.relname), ${RELATION}
              FROM pg_depend d
              JOIN pg_class x ON x.oid = d.objid AND x.relkind = 'S'
              JOIN pg_namespace xn ON xn.oid = x.relnamespace
              JOIN pg_class c ON c.oid = d.refobjid
              JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE d.classid = 'pg_class'::regclass
               AND d.refclassid = 'pg_class'::regclass
               AND d.refobjsubid > 0
               AND d.deptype IN ('a', 'i')
`;

export async function readTargetObjects(
  session: DatabaseSession,
  scope: ContentScope,
): Promise<TargetObjects> {
  const { major, encoding } = await serverFacts(session);
  const { objects } = await readObjects(session, scope, { major, encoding }, 2);
  const parts = await session.query<{ kind: string; identity: string; of: string }>(PARTS);
  return {
    objects,
    major,
    partOf: new Map(parts.map(({ kind, identity, of }) => [namesKey([kind, identity]), of])),
  };
}
