import { HoldfastError } from "../kernel/errors.ts";
import type { DatabaseSession } from "../ports/database.ts";
import { listed } from "./listed.ts";
import type { ContentScope } from "./record.ts";
import { IN_SCOPE, isExtensionConfig, notInExtension, scopeValues } from "./scope.ts";

/**
 * Makes sure that this role sees every row: an unreadable table or a filtering policy must stop a backup before it begins.
 * Asked before anything is read, so that the message names what is needed and not what happened to be read first.
 *
 * @throws database.permission or database.row-security, naming the first relations
 */
export async function requireReadable(session: DatabaseSession, scope: ContentScope): Promise<void> {
  const { role } = (await session.query<{ role: string }>("SELECT current_user AS role"))[0]!;
  const unreadable = await unreadableTables(session, scope);
  if (unreadable.length > 0) {
    throw new HoldfastError("database.permission", `the role ${role} may not read ${listed(unreadable)}`, {
      hint: `Grant it USAGE on the schema and SELECT on everything in it (or the role pg_read_all_data), or leave the schema out.`,
    });
  }
  const hidden = await rowSecurityBlocks(session, scope);
  if (hidden.length > 0) {
    throw new HoldfastError("database.row-security", `row-level security would hide rows of ${listed(hidden)} from the role ${role}`, {
      hint: "Use the tables' owner, a superuser, or a role with BYPASSRLS; a backup of some of the rows would be no backup.",
    });
  }
  // pg_dump leaves large objects out as soon as schemas are named.
  const denied = scope.includeSchemas.length > 0 ? [] : await unreadableLargeObjects(session);
  if (denied.length > 0) {
    throw new HoldfastError("database.permission", `the role ${role} may not read ${listed(denied)}`, {
      hint: "Grant it SELECT on the large objects, or use their owner or a superuser.",
    });
  }
}

/** Tables and sequences in scope whose rows this role may not read. */
export async function unreadableTables(session: DatabaseSession, scope: ContentScope): Promise<string[]> {
  const rows = await session.query<{ name: string }>(
    `SELECT (CASE c.relkind WHEN 'S' THEN 'sequence ' ELSE 'table ' END) || quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'S') AND ${IN_SCOPE} AND (${notInExtension("pg_class", "c.oid")} OR ${isExtensionConfig("c.oid")})
        AND NOT (has_schema_privilege(n.oid, 'USAGE')
          AND CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(c.oid, 'SELECT') ELSE has_table_privilege(c.oid, 'SELECT') END)
      ORDER BY c.relkind = 'S', 1`,
    scopeValues(scope),
  );
  return rows.map((row) => row.name);
}

/** Tables in scope of which row-level security would hide rows from this role. */
export async function rowSecurityBlocks(session: DatabaseSession, scope: ContentScope): Promise<string[]> {
  const rows = await session.query<{ name: string }>(
    `SELECT 'table ' || quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND c.relrowsecurity AND ${IN_SCOPE} AND ${notInExtension("pg_class", "c.oid")} AND row_security_active(c.oid)
      ORDER BY 1`,
    scopeValues(scope),
  );
  return rows.map((row) => row.name);
}

async function unreadableLargeObjects(session: DatabaseSession): Promise<string[]> {
  const rows = await session.query<{ name: string }>(
    `SELECT 'large object ' || l.oid AS name FROM pg_largeobject_metadata l
      WHERE NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AND NOT pg_has_role(l.lomowner, 'USAGE')
        AND NOT EXISTS (SELECT FROM aclexplode(l.lomacl) a WHERE a.privilege_type = 'SELECT' AND (a.grantee = 0 OR pg_has_role(a.grantee, 'USAGE')))
      ORDER BY l.oid`,
  );
  return rows.map((row) => row.name);
}
