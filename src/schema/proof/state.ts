import { PINNED_SETTINGS } from "../../nouns/server/pinned-settings.ts";
import { readDefinitions, type Definitions } from "../../nouns/content/read/definitions.ts";
import { isUsersSchema } from "../../postgres/schemas.ts";
import type { DatabaseSession } from "../../ports/database.ts";

/**
 * Everything that migrations may change and a rollback must put back: the objects that backups are compared by, and what belongs to no schema:
 * extensions, roles and their memberships, settings of databases and roles.
 */
export type SchemaState = Definitions;

/** Nothing is left out: a migration may put its objects anywhere. */
const EVERYTHING = { includeSchemas: [], excludeSchemas: [] };

/** A role's attributes that are set, and what it is a member of. */
const ROLES = `SELECT 'role ' || r.rolname AS object, pg_catalog.json_strip_nulls(pg_catalog.json_build_object(
    'superuser', nullif(r.rolsuper, false), 'createRole', nullif(r.rolcreaterole, false), 'createDb', nullif(r.rolcreatedb, false),
    'login', nullif(r.rolcanlogin, false), 'replication', nullif(r.rolreplication, false), 'bypassRls', nullif(r.rolbypassrls, false),
    'inherit', nullif(r.rolinherit, false), 'connectionLimit', r.rolconnlimit, 'validUntil', r.rolvaliduntil,
    'memberships', (SELECT pg_catalog.string_agg(g.rolname || CASE WHEN m.admin_option THEN ' with admin option' ELSE '' END, ', ' ORDER BY g.rolname)
      FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid))) AS fields
  FROM pg_roles r WHERE r.rolname !~ '^pg_'`;

const EXTENSIONS = `SELECT 'extension ' || x.extname, pg_catalog.json_build_object('version', x.extversion, 'schema', n.nspname)
  FROM pg_extension x JOIN pg_namespace n ON n.oid = x.extnamespace`;

/** Settings of roles and databases; the database itself is called so, since every copy has another name. */
const SETTINGS = `SELECT pg_catalog.concat_ws(' ', 'settings',
    CASE WHEN s.setdatabase = 0 THEN NULL WHEN d.datname = pg_catalog.current_database() THEN 'of this database'
      ELSE 'of database ' || pg_catalog.quote_ident(d.datname) END,
    CASE WHEN s.setrole <> 0 THEN 'for role ' || pg_catalog.quote_ident(r.rolname) END),
    pg_catalog.json_build_object('values', pg_catalog.array_to_string(ARRAY(SELECT o FROM pg_catalog.unnest(s.setconfig) AS o ORDER BY 1), ', '))
  FROM pg_db_role_setting s LEFT JOIN pg_database d ON d.oid = s.setdatabase LEFT JOIN pg_roles r ON r.oid = s.setrole`;

/** No dump holds what a failed `CREATE INDEX CONCURRENTLY` leaves behind, so no backup is compared by it; a migration may leave one. */
const INVALID_INDEXES = `SELECT 'index ' || i.indexrelid::regclass::text, pg_catalog.json_build_object('invalid', true)
  FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE NOT i.indisvalid AND c.relkind <> 'p' AND ${isUsersSchema()}`;

/** By one statement: asking takes longer than answering. */
const BESIDES = [ROLES, EXTENSIONS, SETTINGS, INVALID_INDEXES].join("\nUNION ALL\n");

interface Beside {
  readonly object: string;
  readonly fields: Readonly<Record<string, string | number | boolean>>;
}

const SET_FOR_TRANSACTION = `SELECT pg_catalog.set_config(name, value, true)
  FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS s(name, value)`;
const SETTINGS_OF_READING = { ...PINNED_SETTINGS, plan_cache_mode: "force_generic_plan" };

/**
 * Reads the state in the session's open transaction, or in one of its own. What the session had set for the transaction is gone afterwards.
 */
export async function readState(session: DatabaseSession): Promise<SchemaState> {
  const own = session.transaction === "none";
  if (own) await session.query("BEGIN READ ONLY");
  await session.queryPrepared(SET_FOR_TRANSACTION, [Object.keys(SETTINGS_OF_READING), Object.values(SETTINGS_OF_READING)]);
  const state = new Map(await readDefinitions(session, EVERYTHING));
  for (const { object, fields } of await session.queryPrepared<Beside>(BESIDES, [])) {
    state.set(object, new Map(Object.entries(fields).map(([name, value]) => [name, String(value)])));
  }
  if (own) await session.query("ROLLBACK");
  else await session.query("RESET ALL");
  return state;
}
