import type { PlatformProfile, PlatformRows, RowsKind } from "./profile.ts";

const rows = (kind: RowsKind, ...tables: string[]): PlatformRows[] => tables.map((table) => ({ table, kind }));

/** Supabase, hosted or run by its users: the database is the platform's, and `postgres`, the role people have, is no superuser. */
export const SUPABASE: PlatformProfile = {
  name: "supabase",
  title: "Supabase",
  sources: [
    "https://github.com/supabase/postgres/tree/develop/migrations/db",
    "https://github.com/supabase/auth/tree/master/migrations",
    "https://github.com/supabase/storage/tree/master/migrations/tenant",
    "https://supabase.com/docs/guides/database/postgres/roles",
    "https://github.com/supabase/supautils",
  ],
  marks: {
    roles: ["supabase_admin", "supabase_auth_admin", "anon", "authenticated", "service_role"],
    tables: [{ schema: "auth", name: "users", owners: ["supabase_auth_admin", "supabase_admin"] }],
  },
  roles: [
    "supabase_admin", "supabase_auth_admin", "supabase_storage_admin", "supabase_functions_admin", "supabase_realtime_admin",
    "supabase_replication_admin", "supabase_read_only_user", "supabase_etl_admin", "supabase_privileged_role", "dashboard_user",
    "authenticator", "anon", "authenticated", "service_role", "pgbouncer", "pgsodium_keyholder", "pgsodium_keyiduser", "pgsodium_keymaker",
    "pgtle_admin", "postgres",
  ],
  schemas: [
    {
      name: "auth", purpose: "sign-up and sign-in (GoTrue)",
      migrations: { table: "schema_migrations", column: "version" },
      rows: [
        ...rows("user", "users", "identities", "mfa_factors", "sso_providers", "sso_domains", "saml_providers", "oauth_clients",
          "oauth_consents", "custom_oauth_providers", "webauthn_credentials"),
        ...rows("session", "sessions", "refresh_tokens", "mfa_amr_claims", "mfa_challenges", "saml_relay_states", "flow_state",
          "one_time_tokens", "oauth_authorizations", "oauth_client_states", "webauthn_challenges"),
        ...rows("log", "audit_log_entries"),
        ...rows("bookkeeping", "instances", "schema_migrations"),
      ],
    },
    {
      name: "storage", purpose: "names of the files in the buckets, which are not in the database",
      migrations: { table: "migrations", column: "id" },
      rows: [
        ...rows("user", "buckets", "objects", "buckets_analytics", "buckets_vectors", "vector_indexes", "iceberg_namespaces",
          "iceberg_tables"),
        // The parts of an unfinished upload lie in another project's file store.
        ...rows("session", "s3_multipart_uploads", "s3_multipart_uploads_parts"),
        ...rows("bookkeeping", "migrations", "prefixes"),
      ],
    },
    {
      name: "realtime", purpose: "messages and subscriptions of connected clients",
      migrations: { table: "schema_migrations", column: "version" },
      rows: [...rows("session", "subscription"), ...rows("log", "messages"), ...rows("bookkeeping", "schema_migrations")],
    },
    { name: "vault", purpose: "secrets, sealed with a key of the project's", rows: rows("secret", "secrets") },
    { name: "pgsodium", purpose: "keys of the vault", rows: rows("secret", "key") },
    { name: "pgsodium_masks", purpose: "views over sealed columns", rows: [] },
    {
      name: "cron", purpose: "jobs by the clock (pg_cron)",
      rows: [...rows("job", "job"), ...rows("log", "job_run_details")],
    },
    {
      name: "supabase_functions", purpose: "webhooks",
      migrations: { table: "migrations", column: "version" },
      rows: [...rows("log", "hooks"), ...rows("bookkeeping", "migrations")],
    },
    { name: "net", purpose: "requests that leave the database (pg_net)", rows: rows("log", "http_request_queue", "_http_response") },
    { name: "extensions", purpose: "where extensions are made", rows: [] },
    { name: "graphql", purpose: "the GraphQL interface (pg_graphql)", rows: [] },
    { name: "graphql_public", purpose: "the GraphQL interface (pg_graphql)", rows: [] },
    { name: "pgbouncer", purpose: "logins of the pooler", rows: [] },
    { name: "_realtime", purpose: "tenants of the realtime service, where users run it themselves", rows: [] },
    { name: "_analytics", purpose: "logs, where users run the platform themselves", rows: [] },
  ],
  eventTriggers: [
    "issue_pg_net_access", "issue_pg_graphql_access", "issue_graphql_placeholder", "issue_pg_cron_access", "pgrst_ddl_watch",
    "pgrst_drop_watch",
  ],
  publications: ["supabase_realtime", "supabase_realtime_messages_publication"],
  webhookFunctions: ["supabase_functions.http_request", "net.http_get", "net.http_post", "net.http_delete"],
};
