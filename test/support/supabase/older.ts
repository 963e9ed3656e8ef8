import type { Shape, TableShape } from "./shape.ts";

/** What the platform's set-up of an earlier year did not make: tables and types by how their names begin. */
const LATER = [
  "auth.custom_oauth",
  "auth.oauth_",
  "auth.webauthn_",
  "storage.buckets_",
  "storage.buckettype",
  "storage.iceberg_",
  "storage.vector_",
];

const LATER_FUNCTIONS: ReadonlySet<string> = new Set([
  "storage.protect_delete",
  "storage.enforce_bucket_name_length",
  "storage.search_by_timestamp",
  "storage.search_v2",
  "storage.get_common_prefix",
  "storage.allow_only_operation",
  "storage.allow_any_operation",
]);

const LATER_COLUMNS: Readonly<Record<string, readonly string[]>> = {
  "auth.flow_state": [
    "invite_token",
    "referrer",
    "oauth_client_state_id",
    "linking_target_id",
    "email_optional",
  ],
  "auth.mfa_challenges": ["otp_code", "web_authn_session_data"],
  "auth.mfa_factors": [
    "phone",
    "last_challenged_at",
    "web_authn_credential",
    "web_authn_aaguid",
    "last_webauthn_challenge_data",
  ],
  "auth.sessions": ["tag", "oauth_client_id", "refresh_token_hmac_key", "refresh_token_counter", "scopes"],
  "auth.sso_providers": ["disabled"],
  "auth.users": ["is_anonymous"],
  "storage.buckets": ["type", "versioning_status"],
  "storage.objects": ["user_metadata", "archived_at", "is_delete_marker", "is_versioned"],
  "storage.s3_multipart_uploads": ["user_metadata", "metadata"],
};

/**
 * The shape that a project had before the platform's later steps. Only additions are taken back: its steps
 * seldom remove anything.
 */
export function asOlder(shape: Shape): Shape {
  const isLater = (name: string): boolean => LATER.some((start) => name.startsWith(start));
  const isLaterFunction = (name: string): boolean => LATER_FUNCTIONS.has(name.replace(/\(.*/, ""));
  return {
    ...shape,
    types: shape.types
      .filter(({ name }) => !isLater(name))
      .map((type) => {
        // Telephones as a second factor came later.
        const isEarlier = (label: string): boolean => type.name !== "auth.factor_type" || label !== "phone";
        return { ...type, labels: type.labels.filter(isEarlier) };
      }),
    tables: shape.tables
      .filter(({ name }) => !isLater(name))
      .map((table): TableShape => {
        const later = LATER_COLUMNS[table.name] ?? [];
        return {
          ...table,
          columns: table.columns.filter((column) => !later.includes(column.slice(0, column.indexOf(" ")))),
          keys: table.keys.filter((key) => !later.some((column) => key.includes(`(${column})`))),
          triggers: table.triggers.filter((trigger) => !isLaterFunction(trigger.split(" ")[1]!)),
        };
      }),
    functions: shape.functions.filter(({ name }) => !isLaterFunction(name)),
  };
}
