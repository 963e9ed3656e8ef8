import { CRON_SQL } from "./cron.ts";

/**
 * What reaches out of a project's database, and jobs by the clock, in the shape of the platform's webhooks
 * and of `pg_cron`; to be made by `supabase_admin`. A webhook fails here when it is sent, so that nobody
 * sends one unseen.
 */
export const REACHING_OUT = `
  CREATE SCHEMA supabase_functions; GRANT USAGE ON SCHEMA supabase_functions TO PUBLIC;
  CREATE FUNCTION supabase_functions.http_request() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'sent'; END $$;
  ${CRON_SQL}
`;
