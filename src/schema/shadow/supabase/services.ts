/** Of the other services: what migrations name without making it. */
export const SERVICES = `
  CREATE SCHEMA realtime;
  CREATE TABLE realtime.messages (
    topic text NOT NULL,
    extension text NOT NULL,
    payload jsonb,
    event text,
    private boolean DEFAULT false,
    updated_at timestamp NOT NULL DEFAULT now(),
    inserted_at timestamp NOT NULL DEFAULT now(),
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    CONSTRAINT messages_pkey PRIMARY KEY (id, inserted_at)
  ) PARTITION BY RANGE (inserted_at);
  ALTER TABLE realtime.messages ENABLE ROW LEVEL SECURITY;
  CREATE FUNCTION realtime.topic() RETURNS text STABLE LANGUAGE sql
    AS $$ SELECT nullif(pg_catalog.current_setting('realtime.topic', true), '') $$;
  CREATE FUNCTION realtime.send(payload jsonb, event text, topic text, private boolean DEFAULT true)
    RETURNS void LANGUAGE sql AS '';
  CREATE FUNCTION realtime.broadcast_changes(
    topic_name text, event_name text, operation text, table_name text,
    table_schema text, new record, old record, level text DEFAULT 'ROW') RETURNS void LANGUAGE plpgsql AS
      'BEGIN END';
  CREATE PUBLICATION supabase_realtime;
  CREATE SCHEMA graphql;
  CREATE SCHEMA graphql_public;
  CREATE FUNCTION graphql_public.graphql("operationName" text DEFAULT NULL, query text DEFAULT NULL,
    variables jsonb DEFAULT NULL, extensions jsonb DEFAULT NULL) RETURNS jsonb LANGUAGE sql AS
      $$ SELECT '{}'::jsonb $$;
  CREATE SCHEMA supabase_functions;
  CREATE FUNCTION supabase_functions.http_request() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN RETURN new; END';
  CREATE SCHEMA supabase_migrations;
  CREATE TABLE supabase_migrations.schema_migrations (
    version text NOT NULL CONSTRAINT schema_migrations_pkey PRIMARY KEY, statements text[], name text
  );
  CREATE SCHEMA vault;
  CREATE TABLE vault.secrets (
    id uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT secrets_pkey PRIMARY KEY,
    name text,
    description text NOT NULL DEFAULT '',
    secret text NOT NULL,
    key_id uuid,
    nonce bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE VIEW vault.decrypted_secrets AS
    SELECT id, name, description, secret, secret AS decrypted_secret, key_id, nonce, created_at, updated_at
      FROM vault.secrets;
  CREATE FUNCTION vault.create_secret(
    new_secret text, new_name text DEFAULT NULL, new_description text DEFAULT '',
    new_key_id uuid DEFAULT NULL) RETURNS uuid LANGUAGE sql AS
      $$ INSERT INTO vault.secrets (secret, name, description)
       VALUES (new_secret, new_name, new_description)
       RETURNING id $$;
`;

/** Functions of extensions that projects call at once, for a machine that does not have the extension. */
const WITHOUT: Readonly<Record<string, string>> = {
  "uuid-ossp": `
    CREATE FUNCTION extensions.uuid_generate_v4() RETURNS uuid LANGUAGE sql AS 'SELECT gen_random_uuid()';
    CREATE FUNCTION extensions.uuid_generate_v1() RETURNS uuid LANGUAGE sql AS 'SELECT gen_random_uuid()';
  `,
  pg_cron: `
    CREATE SCHEMA cron;
    CREATE TABLE cron.job (
      jobid bigserial CONSTRAINT job_pkey PRIMARY KEY, schedule text NOT NULL, command text NOT NULL,
      nodename text NOT NULL DEFAULT 'localhost', nodeport integer NOT NULL DEFAULT 5432,
      database text NOT NULL DEFAULT current_database(), username text NOT NULL DEFAULT CURRENT_USER,
      active boolean NOT NULL DEFAULT true, jobname text,
      CONSTRAINT jobname_username_uniq UNIQUE (jobname, username)
    );
    CREATE FUNCTION cron.schedule(job_name text, schedule text, command text) RETURNS bigint LANGUAGE sql AS
      $$ INSERT INTO cron.job (jobname, schedule, command)
       VALUES (job_name, schedule, command)
           ON CONFLICT ON CONSTRAINT jobname_username_uniq DO UPDATE SET schedule = EXCLUDED.schedule,
              command = EXCLUDED.command
       RETURNING jobid $$;
    CREATE FUNCTION cron.schedule(schedule text, command text) RETURNS bigint LANGUAGE sql
      AS $$ INSERT INTO cron.job (schedule, command) VALUES (schedule, command) RETURNING jobid $$;
    CREATE FUNCTION cron.unschedule(job_name text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM cron.job WHERE jobname = job_name;
  IF NOT FOUND THEN RAISE EXCEPTION 'could not find valid entry for job ''%''', job_name; END IF;
  RETURN true;
END $$;
    CREATE FUNCTION cron.unschedule(job_id bigint) RETURNS boolean LANGUAGE sql
      AS 'DELETE FROM cron.job WHERE jobid = job_id RETURNING true';
  `,
  pg_net: `
    CREATE SCHEMA net;
    CREATE FUNCTION net.http_get(url text, params jsonb DEFAULT '{}', headers jsonb DEFAULT '{}',
      timeout_milliseconds integer DEFAULT 5000) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint';
    CREATE FUNCTION net.http_post(
      url text, body jsonb DEFAULT '{}', params jsonb DEFAULT '{}', headers jsonb DEFAULT '{}',
      timeout_milliseconds integer DEFAULT 5000) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint';
  `,
};

/** Extensions that every project has, and where. */
const EXTENSIONS = ["uuid-ossp", "pgcrypto"];

/** The schema of extensions, those that every project has, and what stands in for those that are not here. */
export function extensionsSql(): string {
  const here = (name: string): string =>
    `EXISTS (SELECT FROM pg_catalog.pg_available_extensions WHERE name = '${name}')`;
  const made = EXTENSIONS.map(
    (name) => `IF ${here(name)} THEN CREATE EXTENSION "${name}" SCHEMA extensions; END IF;`,
  );
  const stood = Object.entries(WITHOUT).map(([name, sql]) => `IF NOT ${here(name)} THEN ${sql}\nEND IF;`);
  const search = `EXECUTE pg_catalog.format('ALTER DATABASE %I SET search_path TO "$user", public, \
extensions',
    pg_catalog.current_database());`;
  return (
    "CREATE SCHEMA extensions;\nDO $extensions$ BEGIN\n" +
    `${[...made, ...stood, search].join("\n")}\nEND $extensions$;`
  );
}
