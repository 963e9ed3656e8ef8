/**
 * `pg_cron` as the platform has it, in plain SQL: people may read the table of jobs and not write it; what
 * they schedule and alter goes through the extension's functions, which let everybody have jobs of his own
 * only. Nothing runs by the clock here. To be made by `supabase_admin`.
 *
 * https://github.com/supabase/postgres/blob/develop/migrations/db/migrations/20231020085357_revoke_writes_on_cron_job_from_postgres.sql
 * https://github.com/citusdata/pg_cron
 */
export const CRON_SQL = `
  CREATE SCHEMA cron;
  GRANT USAGE ON SCHEMA cron TO postgres WITH GRANT OPTION;
  CREATE TABLE cron.job (
    jobid bigserial PRIMARY KEY, schedule text NOT NULL, command text NOT NULL,
    nodename text NOT NULL DEFAULT 'localhost',
    nodeport int NOT NULL DEFAULT 5432, database text NOT NULL DEFAULT current_database(),
    username text NOT NULL DEFAULT session_user,
    active boolean NOT NULL DEFAULT true, jobname text, UNIQUE (jobname, username));
  GRANT SELECT ON cron.job TO postgres WITH GRANT OPTION;
  CREATE FUNCTION cron.put_job(named text, planned text, wanted text, at text, as_role text, run boolean)
    RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
    DECLARE
      id bigint;
    BEGIN
      IF as_role <> session_user AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = session_user) THEN
        RAISE EXCEPTION
          'must be superuser to create a job for another role' USING ERRCODE = 'insufficient_privilege';
        END IF;
        INSERT INTO cron.job (jobname, schedule, command, database, username, active)
          VALUES (named, planned, wanted, at, as_role, run)
              ON CONFLICT ON CONSTRAINT job_jobname_username_key DO UPDATE SET schedule = planned,
                 command = wanted, database = at, active = run
          RETURNING jobid INTO id;
        RETURN id;
    END $$;
  REVOKE ALL ON FUNCTION cron.put_job FROM PUBLIC;
  CREATE FUNCTION cron.schedule(schedule text, command text) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER AS
      'SELECT cron.put_job(NULL, $1, $2, current_database(), session_user, true)';
  CREATE FUNCTION cron.schedule(job_name text, schedule text, command text) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER AS
      'SELECT cron.put_job($1, $2, $3, current_database(), session_user, true)';
  CREATE FUNCTION cron.schedule_in_database(
      job_name text, schedule text, command text, database text, username text DEFAULT NULL,
    active boolean DEFAULT true)
        RETURNS bigint
    LANGUAGE sql SECURITY DEFINER AS 'SELECT cron.put_job($1, $2, $3, $4, coalesce($5, session_user), $6)';
  CREATE FUNCTION cron.own_job(id bigint, named text) RETURNS bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    DECLARE
      found_id bigint;
    BEGIN
      SELECT jobid INTO found_id
        FROM cron.job
       WHERE (jobid = id OR jobname = named)
         AND (username = session_user OR (SELECT rolsuper FROM pg_roles WHERE rolname = session_user));
      IF found_id IS NULL THEN
        RAISE EXCEPTION
          'Job % does not exist or you don''t own it', coalesce(id::text, named);
        END IF;
        RETURN found_id;
    END $$;
  REVOKE ALL ON FUNCTION cron.own_job FROM PUBLIC;
  CREATE FUNCTION cron.alter_job(
    job_id bigint, schedule text DEFAULT NULL, command text DEFAULT NULL, database text DEFAULT NULL,
      username text DEFAULT NULL, active boolean DEFAULT NULL) RETURNS void
    LANGUAGE sql SECURITY DEFINER AS $$
      UPDATE cron.job j SET schedule = coalesce($2, j.schedule), command = coalesce($3, j.command),
        database = coalesce($4, j.database), active = coalesce($6, j.active)
       WHERE j.jobid = cron.own_job($1, NULL)
    $$;
  CREATE FUNCTION cron.unschedule(job_id bigint) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER AS
      'DELETE FROM cron.job j WHERE j.jobid = cron.own_job($1, NULL) RETURNING true';
  CREATE FUNCTION cron.unschedule(job_name text) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER AS
      'DELETE FROM cron.job j WHERE j.jobid = cron.own_job(NULL, $1) RETURNING true';
`;
