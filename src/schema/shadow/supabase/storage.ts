/**
 * The schema that holds the names of files in buckets. Rows are deleted through the
 * service alone, as on the platform, unless the session says that it is the service.
 * https://github.com/supabase/storage/tree/master/migrations/tenant
 */
export const STORAGE = `
  CREATE SCHEMA storage;
  CREATE TYPE storage.buckettype AS ENUM ('STANDARD', 'ANALYTICS', 'VECTOR');
  CREATE TABLE storage.buckets (
    id text NOT NULL CONSTRAINT buckets_pkey PRIMARY KEY,
    name text NOT NULL,
    owner uuid,
    created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now(),
    public boolean DEFAULT false,
    avif_autodetection boolean DEFAULT false,
    file_size_limit bigint,
    allowed_mime_types text[],
    owner_id text,
    type storage.buckettype NOT NULL DEFAULT 'STANDARD'
  );
  CREATE UNIQUE INDEX bname ON storage.buckets (name);
  CREATE TABLE storage.objects (
    id uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT objects_pkey PRIMARY KEY,
    bucket_id text CONSTRAINT "objects_bucketId_fkey" REFERENCES storage.buckets,
    name text,
    owner uuid,
    created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now(),
    last_accessed_at timestamptz DEFAULT now(),
    metadata jsonb,
    path_tokens text[] GENERATED ALWAYS AS (pg_catalog.string_to_array(name, '/')) STORED,
    version text,
    owner_id text,
    user_metadata jsonb
  );
  CREATE UNIQUE INDEX bucketid_objname ON storage.objects (bucket_id, name);
  CREATE TABLE storage.migrations (
    id integer NOT NULL CONSTRAINT migrations_pkey PRIMARY KEY,
    name varchar(100) NOT NULL CONSTRAINT migrations_name_key UNIQUE,
    hash varchar(40) NOT NULL,
    executed_at timestamp DEFAULT CURRENT_TIMESTAMP
  );
  ALTER TABLE storage.buckets ENABLE ROW LEVEL SECURITY;
  ALTER TABLE storage.objects ENABLE ROW LEVEL SECURITY;
  ALTER TABLE storage.migrations ENABLE ROW LEVEL SECURITY;
  CREATE FUNCTION storage.filename(name text) RETURNS text IMMUTABLE LANGUAGE sql
    AS $$ SELECT pg_catalog.regexp_replace(name, '^.*/', '') $$;
  CREATE FUNCTION storage.foldername(name text) RETURNS text[] IMMUTABLE LANGUAGE sql AS
    $$
     SELECT (pg_catalog.string_to_array(name, '/'))[
       1:pg_catalog.cardinality(pg_catalog.string_to_array(name, '/')) - 1] $$;
  CREATE FUNCTION storage.extension(name text) RETURNS text IMMUTABLE LANGUAGE sql
    AS $$ SELECT pg_catalog.substring(name, '[^./]*$') $$;
  CREATE FUNCTION storage.operation() RETURNS text STABLE LANGUAGE sql
    AS $$ SELECT pg_catalog.current_setting('storage.operation', true) $$;
  CREATE FUNCTION storage.protect_delete() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF pg_catalog.current_setting('storage.allow_delete_query', true) IS DISTINCT FROM 'true' THEN
      RAISE EXCEPTION
        'rows of storage.% are deleted through the Storage API alone', tg_table_name USING ERRCODE = '42501';
      END IF;
      RETURN NULL;
  END $$;
  CREATE TRIGGER protect_buckets_delete BEFORE DELETE ON storage.buckets
    FOR EACH STATEMENT EXECUTE FUNCTION storage.protect_delete();
  CREATE TRIGGER protect_objects_delete BEFORE DELETE ON storage.objects
    FOR EACH STATEMENT EXECUTE FUNCTION storage.protect_delete();
`;
