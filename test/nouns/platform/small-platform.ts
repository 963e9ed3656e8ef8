/**
 * The least that makes a database one of Supabase's, and a little of everything that users put on its ground.
 */

/** Run once per server by the superuser `postgres`, who people work as there too. */
export const ROLES = `
  CREATE ROLE supabase_admin SUPERUSER; CREATE ROLE supabase_auth_admin; CREATE ROLE supabase_storage_admin;
  CREATE ROLE anon; CREATE ROLE authenticated; CREATE ROLE service_role; CREATE ROLE reporter
`;

export const PLATFORM = `
  SET ROLE supabase_admin;
  CREATE SCHEMA auth; CREATE SCHEMA storage; CREATE SCHEMA extensions; CREATE SCHEMA realtime;
  CREATE TABLE auth.users (id uuid PRIMARY KEY, email text);
  ALTER TABLE auth.users OWNER TO supabase_auth_admin;
  CREATE TABLE auth.schema_migrations (version text PRIMARY KEY);
  ALTER TABLE auth.schema_migrations OWNER TO supabase_auth_admin;
  INSERT INTO auth.schema_migrations VALUES ('20240101'), ('20250101');
  CREATE INDEX users_instance_id_idx ON auth.users (email);
  CREATE TYPE auth.aal AS ENUM ('one');
  CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid';
  CREATE FUNCTION storage.protect() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
  CREATE TABLE storage.buckets (id text PRIMARY KEY);
  CREATE TABLE storage.objects (
    id uuid PRIMARY KEY, bucket text REFERENCES storage.buckets, name text,
    owner uuid CHECK (owner IS NOT NULL));
  CREATE TABLE storage.migrations (id int PRIMARY KEY);
  CREATE TRIGGER protect BEFORE DELETE ON storage.objects FOR EACH STATEMENT
    EXECUTE FUNCTION storage.protect();
  ALTER TABLE storage.objects ENABLE ROW LEVEL SECURITY;
  CREATE FUNCTION extensions.watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
  CREATE EVENT TRIGGER pgrst_ddl_watch ON ddl_command_end WHEN TAG IN ('CREATE CAST')
    EXECUTE FUNCTION extensions.watch();
  CREATE PUBLICATION supabase_realtime;
  ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA public GRANT SELECT ON TABLES TO anon;
  RESET ROLE;
  CREATE FUNCTION extensions.grant_pg_net_access() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
  CREATE EVENT TRIGGER issue_pg_net_access ON ddl_command_end WHEN TAG IN ('CREATE CAST')
    EXECUTE FUNCTION extensions.grant_pg_net_access();
  ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO anon
`;

/** What a user does on the platform's ground, and beside it. */
export const APPLICATION = `
  CREATE TABLE public.profiles (id uuid PRIMARY KEY REFERENCES auth.users);
  CREATE FUNCTION public.sign_up() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE FUNCTION public.is_mail(t text) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT true';
  CREATE TYPE public.mood AS ENUM ('well');
  CREATE TRIGGER "on.sign up" AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION public.sign_up();
  CREATE POLICY "Own files" ON storage.objects USING (owner = auth.uid());
  CREATE INDEX mine_idx ON storage.objects (name);
  CREATE INDEX by_mail ON auth.users (public.is_mail(email));
  ALTER TABLE auth.users ADD COLUMN mood public.mood, ADD CONSTRAINT mail CHECK (public.is_mail(email));
  ALTER TABLE auth.users ADD CONSTRAINT profile FOREIGN KEY (id) REFERENCES public.profiles DEFERRABLE;
  CREATE FUNCTION extensions.mine() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
  CREATE TRIGGER by_mine BEFORE DELETE ON storage.buckets FOR EACH ROW EXECUTE FUNCTION extensions.mine();
  CREATE TABLE extensions."my.notes" (id serial PRIMARY KEY, mood public.mood);
  CREATE INDEX ON extensions."my.notes" (mood);
  CREATE POLICY own ON extensions."my.notes" USING (true);
  CREATE VIEW auth.people AS SELECT id FROM auth.users;
  GRANT SELECT ON storage.buckets TO reporter;
  COMMENT ON COLUMN auth.users.email IS 'of a person';
  COMMENT ON COLUMN storage.objects.owner IS 'the platform''s';
  COMMENT ON COLUMN extensions."my.notes".id IS 'mine';
  ALTER PUBLICATION supabase_realtime ADD TABLE public.profiles; CREATE PUBLICATION mine
`;
