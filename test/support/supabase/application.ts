import type { Project } from "./project.ts";

/** How many rows of each the application has. */
export const COUNTS = {
  users: 500,
  posts: 10_000,
  published: 6_500,
  postsOfEach: 20,
  publishedOfEach: 13,
  sessions: 40,
  avatars: 60,
  buckets: 2,
} as const;

/** The id in `auth.users` of the application's nth person, from 1 to {@link COUNTS}.users. */
export const PERSON = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

/** The same in SQL, of a column `n`. */
const PERSON_SQL = "('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid";

/** What the platform's service for log-ins writes where it has no better. */
const INSTANCE = "00000000-0000-0000-0000-000000000000";

/** A role of the application's own, which reads. Roles are the server's: another project may have made it. */
const ROLE_SQL = `
  DO $$ BEGIN
  IF to_regrole('reporting') IS NULL THEN
    CREATE ROLE reporting LOGIN PASSWORD 'reporting-is-not-secret';
  END IF;
END $$;
  ALTER ROLE reporting SET statement_timeout = '30s';
`;

const EXTENSIONS_SQL = `
  CREATE EXTENSION citext SCHEMA extensions;
  CREATE EXTENSION pg_trgm SCHEMA extensions;
  CREATE FUNCTION extensions.slug(title text) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN lower(regexp_replace(title, '\\W+', '-', 'g'));
`;

const TABLES_SQL = `
  CREATE TYPE public.post_status AS ENUM ('draft', 'published', 'archived');
  CREATE SEQUENCE public.receipt_numbers START 1000 INCREMENT 10;

  CREATE TABLE public.profiles (
    id uuid PRIMARY KEY REFERENCES auth.users ON DELETE CASCADE,
    handle extensions.citext NOT NULL UNIQUE,
    full_name text,
    joined_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE TABLE public.posts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    author uuid NOT NULL REFERENCES public.profiles ON DELETE CASCADE,
    status public.post_status NOT NULL DEFAULT 'draft',
    title text NOT NULL,
    body text NOT NULL DEFAULT '',
    words tsvector GENERATED ALWAYS AS (to_tsvector('english', title || ' ' || body)) STORED,
    created_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE INDEX posts_words ON public.posts USING gin (words);
  CREATE INDEX posts_title ON public.posts USING gin (title extensions.gin_trgm_ops);
  CREATE INDEX posts_published ON public.posts (author, created_at DESC) WHERE status = 'published';

  CREATE MATERIALIZED VIEW public.authors AS
    SELECT author, count(*) AS posts, max(created_at) AS latest FROM public.posts GROUP BY author;
  CREATE UNIQUE INDEX authors_author ON public.authors (author);

  CREATE FUNCTION public.published_by(person uuid) RETURNS bigint LANGUAGE sql STABLE SET search_path = ''
    AS $$ SELECT count(*) FROM public.posts WHERE author = person AND status = 'published' $$;
  REVOKE EXECUTE ON FUNCTION public.published_by FROM PUBLIC, authenticated;
  GRANT EXECUTE ON FUNCTION public.published_by TO anon;

  CREATE SCHEMA private;
  CREATE VIEW private.people AS
    SELECT u.id, u.email, u.last_sign_in_at, p.handle FROM auth.users u JOIN public.profiles p ON p.id = u.id;
  GRANT USAGE ON SCHEMA private TO reporting;
  GRANT SELECT ON private.people, public.posts TO reporting;
`;

/** Who sees what through the API. */
const SECURITY_SQL = `
  ALTER TABLE public.profiles ENABLE ROW LEVEL SECURITY;
  ALTER TABLE public.posts ENABLE ROW LEVEL SECURITY;
  CREATE POLICY "Own profile" ON public.profiles TO authenticated
    USING ((SELECT auth.uid()) = id) WITH CHECK ((SELECT auth.uid()) = id);
  CREATE POLICY "Own posts" ON public.posts TO authenticated
    USING ((SELECT auth.uid()) = author) WITH CHECK ((SELECT auth.uid()) = author);
  CREATE POLICY "Published posts" ON public.posts FOR SELECT TO anon USING (status = 'published');
`;

/** Every sign-up gets a profile. A trigger on the platform's table takes only the right TRIGGER. */
const SIGN_UP_SQL = `
  CREATE FUNCTION public.handle_new_user() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  said jsonb := new.raw_user_meta_data;
BEGIN
  INSERT INTO public.profiles (id, handle, full_name)
    VALUES (new.id, coalesce(said ->> 'handle', new.id::text), said ->> 'full_name');
  RETURN new;
END $$;
  CREATE TRIGGER on_auth_user_created AFTER INSERT ON auth.users
    FOR EACH ROW EXECUTE FUNCTION public.handle_new_user();
`;

const PUBLICATION_SQL = "ALTER PUBLICATION supabase_realtime ADD TABLE public.posts;";

/** The person's own history of schema changes, which the platform's tool keeps in the project. */
const HISTORY_SQL = `
  CREATE SCHEMA supabase_migrations;
  CREATE TABLE supabase_migrations.schema_migrations (version text PRIMARY KEY, statements text[], name text);
  INSERT INTO supabase_migrations.schema_migrations
    SELECT to_char(timestamp '2025-02-03 10:00' + n * interval '9 days', 'YYYYMMDDHH24MISS'),
      ARRAY['SELECT ' || n], 'change_' || n
    FROM generate_series(1, 5) n;
`;

const ROWS_SQL = `
  INSERT INTO auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at,
      last_sign_in_at, raw_app_meta_data, raw_user_meta_data, created_at, updated_at)
    SELECT '${INSTANCE}', ${PERSON_SQL}, 'authenticated', 'authenticated', 'person' || n || '@example.org',
      '$2a$10$' || left(encode(sha256(n::text::bytea), 'hex'), 53), at, at + interval '1 day',
      '{"provider": "email", "providers": ["email"]}',
      jsonb_build_object('handle', 'Person' || n, 'full_name', 'Person ' || n), at, at
    FROM generate_series(1, ${COUNTS.users}) n,
      LATERAL (SELECT timestamptz '2024-06-01 12:00+00' + n * interval '3 hours' AS at) t;
  INSERT INTO auth.identities (id, provider_id, user_id, identity_data, provider, last_sign_in_at, created_at,
      updated_at)
    SELECT md5(id::text)::uuid, id::text, id, jsonb_build_object('sub', id, 'email', email), 'email',
      last_sign_in_at, created_at, updated_at
    FROM auth.users ORDER BY created_at;
  INSERT INTO auth.sessions (id, user_id, created_at, updated_at, aal, user_agent, ip)
    SELECT md5('session ' || n)::uuid, ${PERSON_SQL}, at, at, 'aal1', 'Example/1.0', '192.0.2.1'
    FROM generate_series(1, ${COUNTS.sessions}) n,
      LATERAL (SELECT timestamptz '2025-06-01 12:00+00' + n * interval '1 hour' AS at) t;
  INSERT INTO auth.refresh_tokens (instance_id, token, user_id, revoked, created_at, updated_at, parent,
      session_id)
    SELECT '${INSTANCE}', md5(s.id || ' ' || turn), s.user_id::text, turn = 1, s.created_at, s.updated_at,
      CASE turn WHEN 2 THEN md5(s.id || ' 1') END, s.id
    FROM auth.sessions s, generate_series(1, 2) turn ORDER BY s.created_at, turn;

  INSERT INTO public.posts (author, status, title, body, created_at)
    SELECT ${PERSON_SQL}, CASE
        WHEN i / ${COUNTS.users} < ${COUNTS.publishedOfEach} THEN 'published'::public.post_status
        WHEN i % 2 = 0 THEN 'archived' ELSE 'draft' END,
      'Post ' || i, repeat('What ' || i || ' was about. ', 1 + i % 7),
      timestamptz '2025-01-01 00:00+00' + i * interval '10 minutes'
    FROM generate_series(0, ${COUNTS.posts - 1}) i, LATERAL (SELECT 1 + i % ${COUNTS.users} AS n) person;
  REFRESH MATERIALIZED VIEW public.authors;
  SELECT nextval('public.receipt_numbers') FROM generate_series(1, 42);

  INSERT INTO storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
    VALUES ('avatars', 'avatars', true, 1048576, '{image/png,image/jpeg}'),
      ('letters', 'letters', false, NULL, NULL);
  INSERT INTO storage.objects (bucket_id, name, owner, owner_id, metadata, version)
    SELECT CASE WHEN n % 3 = 0 THEN 'letters' ELSE 'avatars' END, person || '/file-' || n || '.png',
      person, person::text,
           jsonb_build_object('size', 1000 + n, 'mimetype', 'image/png', 'eTag', md5(n::text)),
      md5('version ' || n)
    FROM generate_series(1, ${(COUNTS.avatars * 3) / 2}) n, LATERAL (SELECT ${PERSON_SQL} AS person) p;
`;

/**
 * What a person changed on the platform's own tables. Policies are allowed to this day, by an extension of
 * the server; the index and the comment are from the days when `postgres` was a member of the services'
 * roles.
 */
const ON_PLATFORM_SQL = `
  CREATE POLICY "Own files" ON storage.objects FOR SELECT TO authenticated
    USING ((storage.foldername(name))[1] = (SELECT auth.uid())::text);
  CREATE POLICY "Avatars for everybody" ON storage.objects FOR SELECT TO anon USING (bucket_id = 'avatars');
  CREATE INDEX users_by_handle ON auth.users ((raw_user_meta_data ->> 'handle'));
  COMMENT ON COLUMN auth.users.raw_user_meta_data IS 'handle and full_name become the profile';
`;

/**
 * An ordinary application in parts, each a script to be run as `postgres`, in this order. `onPlatform` needs
 * the services' roles, which a strict server does not give; the others do without.
 */
export const APPLICATION_SQL = {
  role: ROLE_SQL,
  extensions: EXTENSIONS_SQL,
  tables: TABLES_SQL,
  security: SECURITY_SQL,
  signUp: SIGN_UP_SQL,
  publication: PUBLICATION_SQL,
  history: HISTORY_SQL,
  rows: ROWS_SQL,
  onPlatform: ON_PLATFORM_SQL,
} as const;

/** A part of {@link APPLICATION_SQL}. */
export type ApplicationPart = keyof typeof APPLICATION_SQL;

/** All of them, in their order. */
export const APPLICATION_PARTS = Object.keys(APPLICATION_SQL) as readonly ApplicationPart[];

/**
 * Puts the application, or the parts named, into a project, as `postgres`. What `postgres` may not do on a
 * strict server is done as `supabase_admin`: it comes out the same, because none of it has an owner of its
 * own.
 */
export async function installApplication(project: Project, parts = APPLICATION_PARTS): Promise<void> {
  for (const part of parts) {
    const role = part === "onPlatform" && project.server.strict ? "supabase_admin" : "postgres";
    await project.as(role, APPLICATION_SQL[part]);
  }
}
