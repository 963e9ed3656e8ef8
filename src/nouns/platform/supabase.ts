import type { PlatformProfile, PlatformRows, RowsKind } from "./profile.ts";

const rows = (kind: RowsKind, ...tables: string[]): PlatformRows[] => tables.map((table) => ({ table, kind }));

/** Of all versions of the service. */
const AUTH_INDEXES = [
  "audit_logs_instance_id_idx", "confirmation_token_idx", "custom_oauth_providers_created_at_idx",
  "custom_oauth_providers_enabled_idx", "custom_oauth_providers_identifier_idx",
  "custom_oauth_providers_provider_type_idx", "email_change_token_current_idx", "email_change_token_new_idx",
  "factor_id_created_at_idx", "flow_state_created_at_idx", "identities_email_idx", "identities_user_id_idx",
  "idx_auth_code", "idx_oauth_client_states_created_at", "idx_user_id_auth_method", "idx_users_created_at_desc",
  "idx_users_email", "idx_users_last_sign_in_at_desc", "idx_users_name", "mfa_challenge_created_at_idx",
  "mfa_factors_user_friendly_name_unique", "mfa_factors_user_id_idx", "oauth_auth_pending_exp_idx",
  "oauth_clients_client_id_idx", "oauth_clients_deleted_at_idx", "oauth_consents_active_client_idx",
  "oauth_consents_active_user_client_idx", "oauth_consents_user_order_idx",
  "one_time_tokens_relates_to_hash_idx", "one_time_tokens_token_hash_hash_idx",
  "one_time_tokens_user_id_token_type_key", "reauthentication_token_idx", "recovery_token_idx",
  "refresh_tokens_instance_id_idx", "refresh_tokens_instance_id_user_id_idx", "refresh_tokens_parent_idx",
  "refresh_tokens_session_id_revoked_idx", "refresh_tokens_token_idx", "refresh_tokens_updated_at_idx",
  "saml_providers_sso_provider_id_idx", "saml_relay_states_created_at_idx", "saml_relay_states_for_email_idx",
  "saml_relay_states_sso_provider_id_idx", "sessions_not_after_idx", "sessions_oauth_client_id_idx",
  "sessions_user_id_idx", "sso_domains_domain_idx", "sso_domains_sso_provider_id_idx",
  "sso_providers_resource_id_idx", "sso_providers_resource_id_pattern_idx", "sso_sessions_session_id_idx",
  "sso_sessions_sso_provider_id_idx", "unique_phone_factor_per_user", "unique_verified_phone_factor",
  "user_id_created_at_idx", "users_email_partial_key", "users_instance_id_email_idx", "users_instance_id_idx",
  "users_is_anonymous_idx", "webauthn_challenges_expires_at_idx", "webauthn_challenges_user_id_idx",
  "webauthn_credentials_credential_id_key", "webauthn_credentials_user_id_idx",
];
const STORAGE_INDEXES = [
  "bname", "bucketid_objname", "buckets_analytics_unique_name_idx", "iceberg_catalogs_name_deleted_at_idx",
  "iceberg_catalogs_unique_name_idx", "idx_iceberg_namespaces_bucket_id", "idx_iceberg_tables_location",
  "idx_iceberg_tables_namespace_id", "idx_multipart_uploads_list", "idx_name_bucket_level_unique",
  "idx_name_bucket_unique", "idx_objects_bucket_id_name", "idx_objects_bucket_id_name_lower",
  "idx_objects_lower_name", "idx_prefixes_lower_name", "name_prefix_search", "objects_bucket_id_level_idx",
  "vector_indexes_name_bucket_id_idx",
  // Of versions that its public branches hold, and no project may have yet.
  "bucket_lifecycle_states_due_idx", "bucket_lifecycle_states_expired_claim_idx", "idx_event_log_status_id",
  "idx_objects_bucket_id_archived_at", "idx_objects_current_version", "idx_objects_missing_signature_bucket_id_name",
  "idx_objects_null_version", "objects_archived_due_idx", "objects_archived_order_uq",
  "objects_bucket_id_name_version_key",
];

/** Every folder above every file, as the triggers of `0026-objects-prefixes.sql` of supabase/storage keep them; the level is a computed column. */
const FOLDERS = `
  INSERT INTO storage.prefixes (bucket_id, name)
  SELECT DISTINCT o.bucket_id, pg_catalog.array_to_string((pg_catalog.string_to_array(o.name, '/'))[1:n], '/')
    FROM storage.objects o, pg_catalog.generate_series(1, pg_catalog.cardinality(pg_catalog.string_to_array(o.name, '/')) - 1) n
      ON CONFLICT DO NOTHING`;

/**
 * Supabase, hosted or run by its users: the database is the platform's, and `postgres`, the role people have, is no
 * superuser.
 */
export const SUPABASE: PlatformProfile = {
  name: "supabase",
  title: "Supabase",
  sources: [
    "https://github.com/supabase/postgres/tree/develop/migrations/db",
    "https://github.com/supabase/auth/tree/master/migrations",
    "https://github.com/supabase/storage/tree/master/migrations/tenant",
    "https://github.com/supabase/etl",
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
  onlyPlatform: [
    "supabase_admin", "supabase_auth_admin", "supabase_storage_admin", "supabase_functions_admin", "supabase_realtime_admin",
    "supabase_replication_admin", "supabase_read_only_user", "supabase_etl_admin", "authenticator", "pgbouncer", "pgsodium_keyholder",
    "pgsodium_keyiduser", "pgsodium_keymaker", "pgtle_admin",
  ],
  schemas: [
    {
      name: "auth", purpose: "sign-up and sign-in (GoTrue)",
      migrations: { table: "schema_migrations", column: "version", known: "20260625000000" },
      indexes: AUTH_INDEXES,
      columnComments: [
        "identities.email", "mfa_factors.last_webauthn_challenge_data", "sessions.not_after", "sessions.refresh_token_counter",
        "sessions.refresh_token_hmac_key", "sso_providers.resource_id", "users.is_sso_user",
      ],
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
      migrations: { table: "migrations", column: "id", known: "63" },
      indexes: STORAGE_INDEXES,
      columnComments: ["buckets.owner", "objects.owner"],
      // In 2025: how deep in folders a file lies.
      computed: { "objects.level": "pg_catalog.array_length(pg_catalog.string_to_array(name, '/'), 1)" },
      rows: [
        ...rows("user", "buckets", "objects", "buckets_analytics", "buckets_vectors", "vector_indexes", "iceberg_namespaces",
          "iceberg_tables"),
        // The parts of an unfinished upload lie in another project's file store.
        ...rows("session", "s3_multipart_uploads", "s3_multipart_uploads_parts"),
        ...rows("log", "event_log"),
        ...rows("bookkeeping", "migrations", "bucket_lifecycle_states"),
        // Folders, which the service of 2025 lists from here and its triggers fill, which a restore keeps still.
        { table: "prefixes", kind: "user", derived: true, fill: FOLDERS },
      ],
    },
    {
      name: "realtime", purpose: "messages and subscriptions of connected clients",
      migrations: { table: "schema_migrations", column: "version" },
      rows: [...rows("session", "subscription"), ...rows("log", "messages"), ...rows("bookkeeping", "schema_migrations")],
    },
    { name: "vault", purpose: "secrets, encrypted with a key of the project's", rows: rows("secret", "secrets") },
    { name: "pgsodium", purpose: "keys of the vault", rows: rows("secret", "key") },
    { name: "pgsodium_masks", purpose: "views over encrypted columns", rows: [] },
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
    { name: "etl", purpose: "state of replication into other stores (supabase/etl)", rows: [] },
    { name: "_realtime", purpose: "tenants of the realtime service, where users run it themselves", rows: [] },
    { name: "_analytics", purpose: "logs, where users run the platform themselves", rows: [] },
  ],
  eventTriggers: [
    "issue_pg_net_access", "issue_pg_graphql_access", "issue_graphql_placeholder", "issue_pg_cron_access", "pgrst_ddl_watch",
    "pgrst_drop_watch",
  ],
  // Where people run it themselves its set-up gives them (docker/volumes/db/jwt.sql), as the hosted platform does.
  databaseSettings: ["app.settings.jwt_secret", "app.settings.jwt_exp"],
  publications: ["supabase_realtime", "supabase_realtime_messages_publication"],
  filledByItself: ["supabase_realtime_messages_publication"],
  webhookFunctions: ["supabase_functions.http_request", "net.http_get", "net.http_post", "net.http_delete"],
  extensions: ["pg_graphql", "supabase_vault", "pgsodium"],
  alteredExtensions: ["pg_net"],
  workingRole: "postgres",
  ownedByWorkingRole: [
    // Event triggers' functions, and what older projects have of them.
    ["function", "extensions.grant_pg_net_access()"],
    ["function", "extensions.grant_pg_cron_access()"],
    ["function", "extensions.grant_pg_graphql_access()"],
    ["function", "extensions.set_graphql_placeholder()"],
    ["function", "extensions.pgrst_ddl_watch()"],
    ["function", "extensions.pgrst_drop_watch()"],
    ["function", "pgbouncer.get_auth(p_usename text)"],
    ["schema", "extensions"],
    ["schema", "graphql_public"],
    ["schema", "pgbouncer"],
  ],
};
