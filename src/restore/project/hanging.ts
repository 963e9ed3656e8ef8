import { leadingNames } from "../../platform/identity.ts";
import type { PlatformRecord } from "../../platform/record.ts";
import type { DatabaseSession } from "../../ports/database.ts";

/**
 * Where in the catalog things of the user's stand, and what is nothing without them: a table's columns, a constraint's trigger. Looked up by their
 * names in parts, because what a server calls them in words quotes in fewer places than an identity does.
 *
 * @param users kinds and identities, as a platform's record names them
 * @returns catalog and number, as `pg_trigger 16400`
 */
export async function addressesOf(session: DatabaseSession, users: PlatformRecord["users"]): Promise<ReadonlySet<string>> {
  if (users.length === 0) return new Set();
  const parts = users.map(([, identity]) => leadingNames(identity));
  const rows = await session.query<{ address: string }>(ADDRESSES, [
    users.map(([kind]) => kind), users.map(([, identity]) => identity),
    parts.map(([schema = ""]) => schema), parts.map(([, relation = ""]) => relation), parts.map(([, , name = ""]) => name),
  ]);
  return new Set(rows.map(({ address }) => address));
}

const ON_RELATION = (kind: string, catalog: string, relation: string, name: string): string =>
  `SELECT '${catalog}'::regclass::oid, x.oid FROM asked a JOIN pg_namespace n ON n.nspname = a.schema JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = a.relation
     JOIN ${catalog} x ON x.${relation} = c.oid AND x.${name} = a.name WHERE a.kind = '${kind}'`;
const IN_SCHEMA = (kinds: readonly string[], catalog: string, prefix: string): string =>
  `SELECT '${catalog}'::regclass::oid, x.oid FROM asked a JOIN pg_namespace n ON n.nspname = a.schema
     JOIN ${catalog} x ON x.${prefix}namespace = n.oid AND x.${prefix}name = a.relation WHERE a.kind IN (${kinds.map((kind) => `'${kind}'`).join(", ")})`;

/** Functions of one name are told apart by their arguments, with which their identity ends. */
const ADDRESSES = `
  WITH RECURSIVE asked AS (SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) AS a (kind, identity, schema, relation, name)),
  found (class, object) AS (
    SELECT * FROM (
      ${ON_RELATION("trigger", "pg_trigger", "tgrelid", "tgname")}
      UNION ${ON_RELATION("policy", "pg_policy", "polrelid", "polname")}
      UNION ${ON_RELATION("rule", "pg_rewrite", "ev_class", "rulename")}
      UNION ${ON_RELATION("constraint", "pg_constraint", "conrelid", "conname")}
      UNION ${IN_SCHEMA(["table", "view", "materialized-view", "sequence", "index"], "pg_class", "rel")}
      UNION ${IN_SCHEMA(["type"], "pg_type", "typ")}
      UNION ${IN_SCHEMA(["collation"], "pg_collation", "coll")}
      UNION ${IN_SCHEMA(["statistics"], "pg_statistic_ext", "stx")}
      UNION ${IN_SCHEMA(["function"], "pg_proc", "pro")} AND right(a.identity, length(pg_get_function_identity_arguments(x.oid)) + 2) = '(' || pg_get_function_identity_arguments(x.oid) || ')'
    ) AS roots
    UNION
    SELECT d.classid, d.objid FROM found f JOIN pg_depend d ON d.refclassid = f.class AND d.refobjid = f.object AND d.deptype IN ('a', 'i') AND d.objsubid = 0
  )
  SELECT class::regclass || ' ' || object AS address FROM found`;
