import { grant } from "./rights.ts";
import type { Shape, TableShape } from "./shape.ts";

/**
 * Defaults by table; the shape says which columns there are, so an older platform leaves out what it lacks.
 */
const DEFAULTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "auth.audit_log_entries": { ip_address: "''" },
  "auth.custom_oauth_providers": {
    id: "gen_random_uuid()",
    acceptable_client_ids: "'{}'",
    scopes: "'{}'",
    pkce_enabled: "true",
    attribute_mapping: "'{}'",
    authorization_params: "'{}'",
    enabled: "true",
    email_optional: "false",
    skip_nonce_check: "false",
    custom_claims_allowlist: "'{}'",
  },
  "auth.flow_state": { email_optional: "false" },
  "auth.identities": { id: "gen_random_uuid()" },
  "auth.oauth_authorizations": {
    response_type: "'code'",
    status: "'pending'",
    expires_at: "now() + interval '3 minutes'",
  },
  "auth.oauth_clients": { client_type: "'confidential'" },
  "auth.oauth_consents": { granted_at: "now()" },
  "auth.users": {
    is_sso_user: "false",
    is_anonymous: "false",
    phone_change: "''",
    phone_change_token: "''",
    reauthentication_token: "''",
    email_change_token_current: "''",
    email_change_confirm_status: "0",
  },
  "auth.webauthn_challenges": { id: "gen_random_uuid()" },
  "auth.webauthn_credentials": {
    id: "gen_random_uuid()",
    attestation_type: "''",
    sign_count: "0",
    transports: "'[]'",
    backup_eligible: "false",
    backed_up: "false",
    friendly_name: "''",
  },
  "storage.buckets": {
    public: "false",
    avif_autodetection: "false",
    type: "'STANDARD'",
    versioning_status: "'DISABLED'",
    created_at: "now()",
    updated_at: "now()",
  },
  "storage.buckets_analytics": { id: "gen_random_uuid()", type: "'ANALYTICS'", format: "'ICEBERG'" },
  "storage.buckets_vectors": { type: "'VECTOR'" },
  "storage.iceberg_namespaces": { id: "gen_random_uuid()", metadata: "'{}'" },
  "storage.iceberg_tables": { id: "gen_random_uuid()" },
  "storage.migrations": { executed_at: "current_timestamp" },
  "storage.objects": {
    id: "gen_random_uuid()",
    created_at: "now()",
    updated_at: "now()",
    last_accessed_at: "now()",
    is_delete_marker: "false",
    is_versioned: "false",
  },
  "storage.s3_multipart_uploads": { in_progress_size: "0" },
  "storage.s3_multipart_uploads_parts": { id: "gen_random_uuid()", size: "0" },
  "storage.vector_indexes": { id: "gen_random_uuid()::text" },
};

const GENERATED: Readonly<Record<string, string>> = {
  "auth.identities.email": "lower(identity_data ->> 'email')",
  "auth.users.confirmed_at": "least(email_confirmed_at, phone_confirmed_at)",
  "storage.objects.path_tokens": "string_to_array(name, '/')",
};

/** When the platform's triggers fire. */
const TIMES: Readonly<Record<string, string>> = {
  enforce_bucket_name_length_trigger: "BEFORE INSERT OR UPDATE OF name ON storage.buckets FOR EACH ROW",
  protect_buckets_delete: "BEFORE DELETE ON storage.buckets FOR EACH STATEMENT",
  protect_objects_delete: "BEFORE DELETE ON storage.objects FOR EACH STATEMENT",
  update_objects_updated_at: "BEFORE UPDATE ON storage.objects FOR EACH ROW",
};

/** Indexes and a check of the platform's own: what a person adds to these tables has to be told from them. */
const MORE = `
  CREATE UNIQUE INDEX users_email_partial_key ON auth.users (email) WHERE is_sso_user = false;
  CREATE INDEX users_instance_id_idx ON auth.users (instance_id);
  CREATE INDEX identities_email_idx ON auth.identities (email text_pattern_ops);
  CREATE INDEX sessions_user_id_idx ON auth.sessions (user_id);
  CREATE INDEX refresh_tokens_session_id_revoked_idx ON auth.refresh_tokens (session_id, revoked);
  CREATE UNIQUE INDEX bucketid_objname ON storage.objects (bucket_id, name);
  ALTER TABLE auth.users ADD CONSTRAINT users_email_change_confirm_status_check
    CHECK (email_change_confirm_status BETWEEN 0 AND 2);
  CREATE SEQUENCE auth.refresh_tokens_id_seq;
  ALTER SEQUENCE auth.refresh_tokens_id_seq OWNER TO supabase_auth_admin;
  ALTER SEQUENCE auth.refresh_tokens_id_seq OWNED BY auth.refresh_tokens.id;
  ALTER TABLE auth.refresh_tokens ALTER COLUMN id SET DEFAULT nextval('auth.refresh_tokens_id_seq');
  GRANT ALL ON SEQUENCE auth.refresh_tokens_id_seq TO postgres, dashboard_user;
  COMMENT ON TABLE auth.users IS 'Whoever can log in to this project.';
  COMMENT ON COLUMN auth.sessions.not_after IS 'When the session ends, whatever else happens.';
`;

/** The enums and the tables without keys between them. */
export function tablesSql(shape: Shape): string {
  const types = shape.types.map(({ name, owner, labels }) => {
    const quoted = labels.map((label) => `'${label}'`).join(", ");
    return `CREATE TYPE ${name} AS ENUM (${quoted}); ALTER TYPE ${name} OWNER TO ${owner};`;
  });
  return [...types, ...shape.tables.map(tableSql)].join("\n");
}

/** Keys between the tables, triggers (their functions have to be there), indexes and rights. */
export function tableRulesSql(shape: Shape): string {
  const each = shape.tables.map(({ name, owner, acl, keys, triggers }) =>
    [
      ...keys.filter(isForeign).map((key) => `ALTER TABLE ${name} ADD ${key};`),
      ...triggers.map((trigger) => {
        const [triggerName = "", run = ""] = trigger.split(" ");
        return `CREATE TRIGGER ${triggerName} ${TIMES[triggerName]!} EXECUTE FUNCTION ${run}();`;
      }),
      grant(`TABLE ${name}`, owner, acl),
    ].join("\n"),
  );
  return [...each, MORE].join("\n");
}

function tableSql(table: TableShape): string {
  const { name, owner, rls } = table;
  const columns = table.columns.map((column) => columnSql(name, column));
  const keys = table.keys.filter((key) => !isForeign(key));
  return [
    `CREATE TABLE ${name} (\n  ${[...columns, ...keys].join(",\n  ")}\n);`,
    `ALTER TABLE ${name} OWNER TO ${owner};`,
    rls ? `ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY;` : "",
  ].join("\n");
}

function columnSql(table: string, column: string): string {
  const [, name = "", type = "", mark] = /^(\S+) (.*?)(?: (generated|not null))?$/.exec(column) ?? [];
  const start = `${name} ${type}`;
  if (mark === "generated") return `${start} GENERATED ALWAYS AS (${GENERATED[`${table}.${name}`]!}) STORED`;
  const isTime = mark !== undefined && ["created_at", "updated_at"].includes(name);
  const value = DEFAULTS[table]?.[name] ?? (isTime ? "now()" : undefined);
  const more = [value === undefined ? "" : `DEFAULT ${value}`, mark === undefined ? "" : "NOT NULL"];
  return [start, ...more].join(" ");
}

function isForeign(key: string): boolean {
  return key.startsWith("FOREIGN KEY");
}
