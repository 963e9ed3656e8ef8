import { PINNED_SETTINGS } from "../../nouns/server/pinned-settings.ts";
import { readDefinitions, type Definitions } from "../../nouns/content/read/definitions.ts";
import { readExtensions, readRoles } from "../../nouns/content/read/roles.ts";
import type { ServerFacts } from "../../nouns/content/read/objects/object-class.ts";
import { SERVER_FACTS } from "../../nouns/content/read/objects/server-facts.ts";
import { quoteLiteral } from "../../postgres/quoting.ts";
import { isUsersSchema } from "../../postgres/schemas.ts";
import { COULD_LOG_IN, MADE_FOR } from "../shadow/made-roles.ts";
import { NAME_OF_NOW, SHADOW_PREFIX } from "../shadow/prefix.ts";
import type { RoleRecord } from "../../nouns/content/record.ts";
import type { DatabaseSession } from "../../ports/database.ts";

/**
 * Everything that migrations may change and a rollback must put back: the objects that backups are
 * compared by, and what belongs to no schema: extensions, roles and their memberships, settings of
 * databases and roles.
 */
export type SchemaState = Definitions;

/** Nothing is left out: a migration may put its objects anywhere. */
const EVERYTHING = { includeSchemas: [], excludeSchemas: [] };

/**
 * Settings of roles and databases, without the marks of our own; the database itself is called so, since
 * every copy has another name, and other shadow databases are nobody's.
 */
const SETTINGS = `
  SELECT 'settings '
    || btrim(CASE WHEN s.setdatabase = 0 THEN ''
                  WHEN d.datname = current_database() THEN 'of this database'
                  ELSE 'of database ' || quote_ident(d.datname) END
             || CASE WHEN s.setrole = 0 THEN '' ELSE ' for role ' || quote_ident(r.rolname) END) AS object,
         'values' AS field,
         nullif(array_to_string(ARRAY(SELECT o FROM unnest(s.setconfig) AS o
                                       WHERE o !~ '^${MADE_FOR}${NAME_OF_NOW}(${COULD_LOG_IN})?$'
                                       ORDER BY 1), ', '), '') AS text
    FROM pg_db_role_setting s
    LEFT JOIN pg_database d ON d.oid = s.setdatabase
    LEFT JOIN pg_roles r ON r.oid = s.setrole
   WHERE coalesce(d.datname = current_database()
                  OR NOT starts_with(d.datname::text, '${SHADOW_PREFIX}'), true)
`;

/**
 * What belongs to no schema and is told nowhere else: what is said of extensions, roles and the database, and
 * rights on the database.
 */
const SAID = `
  SELECT 'comment extension ' || quote_ident(x.extname) AS object, 'text' AS field, d.description AS text
    FROM pg_extension x JOIN pg_description d ON d.classoid = 'pg_extension'::regclass AND d.objoid = x.oid
  UNION ALL SELECT 'comment role ' || quote_ident(r.rolname), 'text', d.description
              FROM pg_roles r
              JOIN pg_shdescription d ON d.classoid = 'pg_authid'::regclass AND d.objoid = r.oid
             WHERE r.rolname !~ '^pg_'
            UNION ALL SELECT 'comment database', 'text', shobj_description(b.oid, 'pg_database')
                        FROM pg_database b
                       WHERE b.datname = current_database()
                      UNION ALL SELECT 'grant database', 'rights',
                                       (SELECT string_agg(CASE WHEN a.grantee = 0 THEN 'public'
                                                               ELSE quote_ident(pg_get_userbyid(a.grantee))
                                                                 END
                                                          || ' ' || a.privilege_type
                                                          || CASE WHEN a.is_grantable THEN '*' ELSE '' END,
                                                          ', ' ORDER BY pg_get_userbyid(a.grantee),
                                                          a.privilege_type, a.grantor)
                                          FROM aclexplode(b.datacl) a)
                                  FROM pg_database b
                                 WHERE b.datname = current_database()
`;

/**
 * Rights on languages that extensions brought, plpgsql first of all; those on everything else are read with
 * the definitions.
 */
const LANGUAGE_RIGHTS = `
  SELECT 'grant language ' || quote_ident(l.lanname) AS object, 'rights' AS field,
         array_to_string(ARRAY(SELECT i::text FROM unnest(l.lanacl) AS i ORDER BY i::text), ', ') AS text
    FROM pg_language l
   WHERE l.lanacl IS NOT NULL
     AND EXISTS (SELECT FROM pg_depend d
                  WHERE d.classid = 'pg_language'::regclass AND d.objid = l.oid AND d.deptype = 'e')
`;

/**
 * No dump holds what a failed `CREATE INDEX CONCURRENTLY` leaves behind, so no backup is compared by it; a
 * migration may leave one.
 */
const INVALID_INDEXES = `
  SELECT 'index ' || i.indexrelid::regclass::text AS object, 'invalid' AS field, 'true' AS text
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE NOT i.indisvalid AND c.relkind <> 'p' AND ${isUsersSchema()}
`;

/** A long question about catalogs looks costly, and compiling it would take longer than answering it. */
const SETTINGS_OF_READING = { ...PINNED_SETTINGS, plan_cache_mode: "force_generic_plan", jit: "off" };
const SET_FOR_TRANSACTION = `SELECT ${Object.entries(SETTINGS_OF_READING)
  .map(([name, value]) => `pg_catalog.set_config(${quoteLiteral(name)}, ${quoteLiteral(value)}, true)`)
  .join(", ")}`;

/** A dump makes every materialized view anew, filled or not; one that is not cannot be read from. */
const UNFILLED = `
  SELECT 'materialized-view ' || c.oid::regclass::text AS object, 'unfilled' AS field, 'true' AS text
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind = 'm' AND NOT c.relispopulated AND ${isUsersSchema()}
`;

/** One field of an object, of what is read beside the definitions. */
interface OneField {
  readonly object: string;
  readonly field: string;
  readonly text: string | null;
}

/** In one question: each costs a round trip. */
const BESIDE = [SAID, LANGUAGE_RIGHTS, INVALID_INDEXES, UNFILLED, SETTINGS]
  .map((query) => `(${query})`)
  .join(" UNION ALL ");

/**
 * Reads the state in the session's open transaction, or in one of its own. Afterwards the session's settings
 * are what they were.
 */
export async function readState(session: DatabaseSession): Promise<SchemaState> {
  const own = session.transaction === "none";
  // In one message: each has a round trip of its own otherwise, and a run may read hundreds of times.
  const [server] = await session.query<ServerFacts>(
    `${own ? "BEGIN READ ONLY" : "SAVEPOINT holdfast_reading"}; ${SET_FOR_TRANSACTION}; ${SERVER_FACTS}`,
  );
  const state = new Map(await readDefinitions(session, EVERYTHING, server!));
  for (const { name, version, schema } of await readExtensions(session)) {
    state.set(
      `extension ${name}`,
      new Map([
        ["version", version],
        ["schema", schema],
      ]),
    );
  }
  for (const { name, memberships, needed: _needed, memberOf: _memberOf, ...attributes } of await readRoles(
    session,
  )) {
    const shown = Object.entries(attributes).flatMap(([key, value]): [string, string][] =>
      value === null || value === false || isForEver(key, value) ? [] : [[key, String(value)]],
    );
    const members = (memberships ?? []).map(membership).join(", ");
    state.set(
      `role ${name}`,
      new Map([...shown, ...(members === "" ? [] : [["memberships", members] as const])]),
    );
  }
  for (const { object, field, text } of await session.queryPrepared<OneField>(BESIDE, [])) {
    if (text !== null) state.set(object, new Map([...(state.get(object) ?? []), [field, text]]));
  }
  await session.query(
    own ? "ROLLBACK" : "ROLLBACK TO SAVEPOINT holdfast_reading; RELEASE SAVEPOINT holdfast_reading",
  );
  return state;
}

/** No end, and one that never comes: SQL knows no way back to the first. */
function isForEver(key: string, value: unknown): boolean {
  return key === "validUntil" && value === "infinity";
}

type Membership = NonNullable<RoleRecord["memberships"]>[number];

/** `inherit` and `set` came with 16, where they are true unless somebody said otherwise. */
function membership({ role, admin, inherit, set }: Membership): string {
  return [
    role,
    admin ? "with admin option" : "",
    inherit === false ? "without inheriting" : "",
    set === false ? "without SET ROLE" : "",
  ]
    .filter((word) => word !== "")
    .join(" ");
}
