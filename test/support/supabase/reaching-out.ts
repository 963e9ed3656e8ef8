/**
 * What reaches out of a project's database, and jobs by the clock, in the shape of the platform's webhooks and of
 * `pg_cron`; to be made by `supabase_admin`. A webhook fails here when it is sent, so that nobody sends one unseen.
 */
export const REACHING_OUT = `
CREATE SCHEMA supabase_functions; GRANT USAGE ON SCHEMA supabase_functions TO PUBLIC;
CREATE FUNCTION supabase_functions.http_request() RETURNS trigger LANGUAGE plpgsql
  AS $$ BEGIN RAISE EXCEPTION 'sent'; END $$;
CREATE SCHEMA cron; GRANT USAGE ON SCHEMA cron TO postgres;
CREATE TABLE cron.job (
  jobid bigserial PRIMARY KEY, schedule text NOT NULL, command text NOT NULL,
  nodename text NOT NULL DEFAULT 'localhost', nodeport int NOT NULL DEFAULT 5432,
  database text NOT NULL DEFAULT current_database(), username text NOT NULL DEFAULT current_user,
  active boolean NOT NULL DEFAULT true, jobname text, UNIQUE (jobname, username)
);
GRANT ALL ON cron.job TO postgres; GRANT ALL ON SEQUENCE cron.job_jobid_seq TO postgres;
`;
