/** Roles of the platform with their attributes: https://supabase.com/docs/guides/database/postgres/roles */
const ROLES: Readonly<Record<string, string>> = {
  postgres: "LOGIN CREATEDB CREATEROLE REPLICATION BYPASSRLS",
  anon: "NOLOGIN",
  authenticated: "NOLOGIN",
  service_role: "NOLOGIN BYPASSRLS",
  authenticator: "LOGIN NOINHERIT",
  dashboard_user: "NOLOGIN CREATEDB CREATEROLE REPLICATION",
  supabase_admin: "LOGIN CREATEDB CREATEROLE REPLICATION BYPASSRLS",
  supabase_auth_admin: "LOGIN NOINHERIT CREATEROLE",
  supabase_storage_admin: "LOGIN NOINHERIT CREATEROLE",
  supabase_functions_admin: "LOGIN NOINHERIT CREATEROLE",
  supabase_realtime_admin: "NOLOGIN NOINHERIT",
  supabase_replication_admin: "LOGIN REPLICATION",
  supabase_read_only_user: "LOGIN BYPASSRLS",
  pgbouncer: "LOGIN",
};

/** `[role, member]` */
const MEMBERSHIPS: readonly (readonly [string, string])[] = [
  ["anon", "authenticator"],
  ["authenticated", "authenticator"],
  ["service_role", "authenticator"],
  ["authenticator", "supabase_storage_admin"],
  ["pg_read_all_data", "supabase_read_only_user"],
  ["anon", "postgres"],
  ["authenticated", "postgres"],
  ["service_role", "postgres"],
];

/**
 * Makes those that are not there. They belong to the whole server, whose other databases have made them
 * already, or whose image has them. Without passwords nobody can log in as one.
 */
export function rolesSql(): string {
  const missing = (role: string): string =>
    `NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '${role}')`;
  const made = Object.entries(ROLES).map(
    ([role, attributes]) => `IF ${missing(role)} THEN CREATE ROLE ${role} ${attributes}; END IF;`,
  );
  const joined = MEMBERSHIPS.map(([role, member]) => {
    // Of majors that do not have the role; a superuser is a member of everything and needs none.
    const may = `
      EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '${role}')
        AND NOT pg_catalog.pg_has_role('${member}', '${role}', 'MEMBER')
    `;
    return `IF ${may} THEN GRANT ${role} TO ${member}; END IF;`;
  });
  return `DO $roles$ BEGIN\n${[...made, ...joined].join("\n")}\nEND $roles$;`;
}

/** What everybody of the API may do in these schemas, and with what `postgres` makes in `public`. */
export function rightsSql(): string {
  const api = "anon, authenticated, service_role";
  const kinds = ["TABLES", "SEQUENCES", "FUNCTIONS"];
  return [
    `GRANT USAGE ON SCHEMA public, auth, storage, extensions, graphql_public, realtime TO postgres, ${api};`,
    "GRANT ALL ON SCHEMA auth, storage, extensions TO postgres, dashboard_user;",
    "GRANT ALL ON SCHEMA auth TO supabase_auth_admin;",
    "GRANT ALL ON SCHEMA storage TO supabase_storage_admin;",
    "GRANT ALL ON ALL TABLES IN SCHEMA auth TO postgres, supabase_auth_admin, dashboard_user;",
    `GRANT ALL ON ALL TABLES IN SCHEMA storage TO postgres, supabase_storage_admin, ${api};`,
    `GRANT SELECT, INSERT, UPDATE ON realtime.messages TO postgres, ${api};`,
    // Whoever runs the migrations here does what `postgres` does there.
    ...["CURRENT_USER", "postgres"].flatMap((maker) =>
      kinds.map(
        (kind) => `
          ALTER DEFAULT PRIVILEGES FOR ROLE ${maker} IN SCHEMA public GRANT ALL ON ${kind} TO postgres,
            ${api};
        `,
      ),
    ),
  ].join("\n");
}
