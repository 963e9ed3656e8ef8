import type { Body } from "./functions.ts";

const FOUND = `TABLE (name text, id uuid, created_at timestamptz, updated_at timestamptz,
  last_accessed_at timestamptz, metadata jsonb)`;

/** Objects of a bucket below a prefix: simpler than what the platform lists, with the same arguments. */
function list(bucket: string, prefix: string, limit: string): string {
  return `
    BEGIN
      RETURN QUERY SELECT o.name, o.id, o.created_at, o.updated_at, o.last_accessed_at, o.metadata
        FROM storage.objects o WHERE o.bucket_id = ${bucket} AND starts_with(o.name, ${prefix})
        ORDER BY o.name COLLATE "C" LIMIT ${limit};
    END
  `;
}

/** Functions of the schema `storage`. */
export const STORAGE_BODIES: Readonly<Record<string, Body>> = {
  "storage.filename(text)": {
    takes: "name text",
    gives: "text",
    also: "IMMUTABLE",
    does: "BEGIN RETURN regexp_replace(name, '^.*/', ''); END",
  },
  "storage.foldername(text)": {
    takes: "name text",
    gives: "text[]",
    also: "IMMUTABLE",
    does: `
DECLARE
  parts text[] := string_to_array(name, '/');
BEGIN
  RETURN parts[1:cardinality(parts) - 1];
END`,
  },
  "storage.extension(text)": {
    takes: "name text",
    gives: "text",
    also: "IMMUTABLE",
    does: "BEGIN RETURN substring(name FROM '[^./]*$'); END",
  },
  "storage.operation()": {
    gives: "text",
    also: "STABLE",
    does: "BEGIN RETURN current_setting('storage.operation', true); END",
  },
  "storage.allow_only_operation(text)": {
    takes: "operation text",
    gives: "boolean",
    also: "STABLE",
    does: "SELECT operation = storage.operation()",
  },
  "storage.allow_any_operation(text[])": {
    takes: "operations text[]",
    gives: "boolean",
    also: "STABLE",
    does: "SELECT storage.operation() = ANY (operations)",
  },
  "storage.update_updated_at_column()": {
    gives: "trigger",
    does: "BEGIN new.updated_at := now(); RETURN new; END",
  },
  "storage.enforce_bucket_name_length()": {
    gives: "trigger",
    does: `
      BEGIN
        IF length(new.name) > 100
          THEN RAISE EXCEPTION 'the name of a bucket has at most 100 characters'; END IF;
        RETURN new;
      END
    `,
  },
  // A row that is gone would leave its file behind; the service says that it deletes both by this setting.
  "storage.protect_delete()": {
    gives: "trigger",
    does: `
      BEGIN
        IF current_setting('storage.allow_delete_query', true) IS DISTINCT FROM 'true' THEN
          RAISE EXCEPTION 'rows of storage.% are deleted through the service alone', tg_table_name
            USING ERRCODE = '42501';
        END IF;
        RETURN NULL;
      END
    `,
  },
  "storage.can_insert_object(text,text,uuid,jsonb)": {
    takes: "bucketid text, name text, owner uuid, metadata jsonb",
    gives: "void",
    does: `
      BEGIN
        INSERT INTO storage.objects (bucket_id, name, owner, metadata)
        VALUES (bucketid, name, owner, metadata);
        RAISE SQLSTATE 'PT200' USING MESSAGE = 'it may be inserted, and was not';
      END
    `,
  },
  "storage.get_size_by_bucket()": {
    gives: "TABLE (size bigint, bucket_id text)",
    also: "STABLE",
    does: `
      BEGIN
        RETURN QUERY SELECT sum((o.metadata ->> 'size')::bigint)::bigint, o.bucket_id
          FROM storage.objects o GROUP BY o.bucket_id;
      END
    `,
  },
  "storage.get_common_prefix(text,text,text)": {
    takes: "p_key text, p_prefix text, p_delimiter text",
    gives: "text",
    also: "IMMUTABLE",
    does: `
      SELECT p_prefix || split_part(substring(p_key FROM length(p_prefix) + 1), p_delimiter, 1) || p_delimiter
    `,
  },
  "storage.list_multipart_uploads_with_delimiter(text,text,text,integer,text,text)": {
    takes: `bucket_id text, prefix_param text, delimiter_param text, max_keys integer DEFAULT 100,
      next_key_token text DEFAULT '', next_upload_token text DEFAULT ''`,
    gives: "TABLE (key text, id text, created_at timestamptz)",
    does: `
      BEGIN
        RETURN QUERY SELECT u.key, u.id, u.created_at FROM storage.s3_multipart_uploads u
          WHERE u.bucket_id = $1 AND starts_with(u.key, prefix_param)
                      ORDER BY u.key COLLATE "C"
                      LIMIT max_keys;
      END
    `,
  },
  "storage.list_objects_with_delimiter(text,text,text,integer,text,text,text)": {
    takes: `_bucket_id text, prefix_param text, delimiter_param text, max_keys integer DEFAULT 100,
      start_after text DEFAULT '', next_token text DEFAULT '', sort_order text DEFAULT 'asc'`,
    gives: FOUND,
    also: "STABLE",
    does: list("_bucket_id", "prefix_param", "max_keys"),
  },
  "storage.search(text,text,integer,integer,integer,text,text,text)": {
    takes: `prefix text, bucketname text, limits integer DEFAULT 100, levels integer DEFAULT 1,
      offsets integer DEFAULT 0, search text DEFAULT '', sortcolumn text DEFAULT 'name',
      sortorder text DEFAULT 'asc'`,
    gives: FOUND,
    also: "STABLE",
    does: list("bucketname", "prefix || search", "limits OFFSET offsets"),
  },
  "storage.search_v2(text,text,integer,integer,text,text,text,text)": {
    takes: `prefix text, bucket_name text, limits integer DEFAULT 100, levels integer DEFAULT 1,
      start_after text DEFAULT '', sort_order text DEFAULT 'asc', sort_column text DEFAULT 'name',
      sort_column_after text DEFAULT ''`,
    gives: FOUND,
    also: "STABLE",
    does: list("bucket_name", "prefix", "limits"),
  },
  "storage.search_by_timestamp(text,text,integer,integer,text,text,text,text)": {
    takes: `p_prefix text, p_bucket_id text, p_limit integer, p_level integer, p_start_after text,
      p_sort_order text, p_sort_column text, p_sort_column_after text`,
    gives: FOUND,
    also: "STABLE",
    does: list("p_bucket_id", "p_prefix", "p_limit"),
  },
};
