import { HoldfastError } from "../../../kernel/errors.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import type { LeftOut } from "../left-out.ts";
import { listed } from "../../../kernel/listed.ts";
import type { ContentScope } from "../record.ts";
import { IN_SCOPE, isExtensionConfig, notInExtension, scopeValues } from "../scope.ts";

/** What a backup goes without, as its role may not read it and need not. */
export interface Unread {
  /** Of these the backup holds nothing. */
  readonly leftOut: readonly LeftOut[];
  /**
   * Sequences of tables that can be read: pg_dump takes an owned sequence with its table, so only the value
   * is left out.
   */
  readonly withoutValue: readonly LeftOut[];
}

/**
 * Makes sure that this role sees every row: an unreadable table or a filtering policy must stop a backup
 * before it begins. Asked before anything is read, so that the message names what is needed and not what
 * happened to be read first.
 *
 * @param mayBeLeftOut whether a relation is of those without which a backup is still one; none is when absent
 * @returns those of them that cannot be read, and what is left of them
 * @throws database.permission or database.row-security, naming the first relations
 */
export async function requireReadable(
  session: DatabaseSession,
  scope: ContentScope,
  mayBeLeftOut: (relation: LeftOut) => boolean = () => false,
): Promise<Unread> {
  const { role } = (await session.query<{ role: string }>("SELECT current_user AS role"))[0]!;
  // A sequence of a table that must be read must be read with it.
  const [unreadable, denied] = parted(await unreadableRelations(session, scope), (relation) => {
    const { of } = relation;
    return mayBeLeftOut(relation) && (of === null || mayBeLeftOut({ ...relation, kind: "table", ...of }));
  });
  if (unreadable.length > 0) {
    throw new HoldfastError(
      "database.permission",
      `the role ${role} may not read ${listed(unreadable.map(nameOf))}`,
      {
        hint:
          "Grant it USAGE on the schema and SELECT on everything in it (or the role pg_read_all_data), " +
          "or leave the schema out.",
      },
    );
  }
  const [hidden, filtered] = parted(await filteredTables(session, scope), mayBeLeftOut);
  if (hidden.length > 0) {
    throw new HoldfastError(
      "database.row-security",
      `row-level security would hide rows of ${listed(hidden.map(nameOf))} from the role ${role}`,
      {
        hint: hidden.some(({ owned }) => owned === true)
          ? FORCED
          : "Use the tables' owner, a superuser, or a role with BYPASSRLS; " +
            "a backup of some of the rows would be no backup.",
      },
    );
  }
  // pg_dump leaves large objects out as soon as schemas are named.
  const objects = scope.includeSchemas.length > 0 ? [] : await unreadableLargeObjects(session);
  if (objects.length > 0) {
    throw new HoldfastError("database.permission", `the role ${role} may not read ${listed(objects)}`, {
      hint: "Grant it SELECT on the large objects, or use their owner or a superuser.",
    });
  }
  const tables = new Set(
    [...denied, ...filtered].filter(({ kind }) => kind === "table").map(({ oid }) => oid),
  );
  const [whole, valued] = parted([...denied, ...filtered], ({ of }) => of !== null && !tables.has(of.oid));
  const all = whole.length === 0 ? [] : [...whole, ...(await sequencesOf(session, whole))];
  return { leftOut: told(all), withoutValue: told(valued) };
}

/** Each once, as others know it. */
function told(relations: readonly Unreadable[]): LeftOut[] {
  return [
    ...new Map(
      relations.map(({ kind, schema, name, owner, oid }) => [oid, { kind, schema, name, owner, oid }]),
    ).values(),
  ];
}

/** Managed servers give nobody BYPASSRLS, and the owner is told to use the owner otherwise. */
const FORCED =
  "The role owns it and FORCE ROW LEVEL SECURITY binds owners too: ALTER TABLE … NO FORCE ROW LEVEL " +
  "SECURITY, with an application that works as another role than the owner; or back up as a superuser " +
  "or a role with BYPASSRLS, where the server gives one. A policy for the role is not enough.";

interface Unreadable extends LeftOut {
  /** Whether this role owns it, or is a member of its owner. */
  readonly owned?: boolean;
  /** Quoted as SQL needs it. */
  readonly quoted: string;
  /** The table of a sequence that belongs to a column; both have one schema and one owner. */
  readonly of: { readonly name: string; readonly oid: string } | null;
}

const RELATION = `
  CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END AS kind, n.nspname::text AS schema,
    c.relname::text AS name, pg_get_userbyid(c.relowner)::text AS owner, c.oid::int8::text AS oid,
    quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS quoted,
    (SELECT json_build_object('name', owning.relname, 'oid', owning.oid::int8::text)
       FROM pg_depend od
       JOIN pg_class owning ON owning.oid = od.refobjid AND od.refclassid = 'pg_class'::regclass
      WHERE c.relkind = 'S'
        AND od.classid = 'pg_class'::regclass
        AND od.objid = c.oid
        AND od.deptype IN ('a', 'i')
        AND od.refobjsubid > 0) AS of
`;

async function unreadableRelations(session: DatabaseSession, scope: ContentScope): Promise<Unreadable[]> {
  return await session.query<Unreadable>(
    `
      SELECT ${RELATION}
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p', 'S')
         AND ${IN_SCOPE}
         AND (${notInExtension("pg_class", "c.oid")} OR ${isExtensionConfig("c.oid")})
         AND NOT (has_schema_privilege(n.oid, 'USAGE')
                  AND CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(
                    c.oid, 'SELECT') ELSE has_table_privilege(c.oid, 'SELECT') END)
       ORDER BY c.relkind = 'S', quoted
    `,
    scopeValues(scope),
  );
}

async function filteredTables(session: DatabaseSession, scope: ContentScope): Promise<Unreadable[]> {
  return await session.query<Unreadable>(
    `
      SELECT ${RELATION}, pg_has_role(c.relowner, 'USAGE') AS owned
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p')
         AND c.relrowsecurity
         AND ${IN_SCOPE}
         AND (${notInExtension("pg_class", "c.oid")} OR ${isExtensionConfig("c.oid")})
         AND row_security_active(c.oid)
       ORDER BY quoted
    `,
    scopeValues(scope),
  );
}

/** Sequences that belong to columns of tables that are left out go with them. */
async function sequencesOf(session: DatabaseSession, tables: readonly LeftOut[]): Promise<Unreadable[]> {
  return await session.query<Unreadable>(
    `
      SELECT ${RELATION}
        FROM pg_depend d
        JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S'
        JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE d.classid = 'pg_class'::regclass
         AND d.refclassid = 'pg_class'::regclass
         AND d.deptype IN ('a', 'i')
         AND d.refobjid = ANY ($1::oid[])
       ORDER BY quoted
    `,
    [tables.map(({ oid }) => oid)],
  );
}

function nameOf({ kind, quoted }: Unreadable): string {
  return `${kind} ${quoted}`;
}

/** Those that must be there, and those that need not. */
function parted<T>(all: readonly T[], second: (one: T) => boolean): readonly [T[], T[]] {
  return [all.filter((one) => !second(one)), all.filter(second)];
}

async function unreadableLargeObjects(session: DatabaseSession): Promise<string[]> {
  const rows = await session.query<{ name: string }>(`
    SELECT 'large object ' || l.oid AS name
      FROM pg_largeobject_metadata l
     WHERE NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
       AND NOT pg_has_role(l.lomowner, 'USAGE')
       AND NOT EXISTS (SELECT FROM aclexplode(l.lomacl) a
                        WHERE a.privilege_type = 'SELECT'
                          AND (a.grantee = 0 OR pg_has_role(a.grantee, 'USAGE')))
     ORDER BY l.oid
  `);
  return rows.map((row) => row.name);
}
