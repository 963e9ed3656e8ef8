import { randomUUID } from "node:crypto";
import type { ToolSet } from "../../src/ports/dump-tools.ts";
import { installationAt } from "../../test/support/postgres-binaries.ts";
import { COUNTS, installApplication, PERSON } from "../../test/support/supabase/application.ts";
import type { Project } from "../../test/support/supabase/project.ts";
import { REACHING_OUT } from "../../test/support/supabase/reaching-out.ts";
import { startSupabase } from "../../test/support/supabase/server.ts";
import type { PrivatePostgres } from "./private-postgres.ts";

/** The project that people work in, and a new one; each on a server of its own, as on the platform. */
export interface Projects {
  readonly blog: Project;
  readonly fresh: Project;
}

/** A question that the application must answer in the new project as it did in the old one. */
export interface Answer {
  readonly asked: string;
  readonly said: string;
}

/**
 * Of these the platform's own set-up and the application are made; `uuid-ossp` too, for which there
 * is a stand-in.
 */
const EXTENSIONS = ["citext", "pg_trgm", "pgcrypto"];

/** Why there can be no project with this PostgreSQL; undefined where there can. */
export async function whyNoProject({ tools, sql }: PrivatePostgres): Promise<string | undefined> {
  const found = await sql("postgres", "SELECT name::text FROM pg_available_extensions");
  const missing = EXTENSIONS.filter((wanted) => found.every(({ name }) => name !== wanted));
  return missing.length === 0
    ? undefined
    : `PostgreSQL ${tools.version} in ${tools.binDir} comes without ${missing.join(", ")}`;
}

/**
 * Makes both projects, and puts an application into one of them.
 *
 * @param keep takes the servers, which are then the caller's to stop
 */
export async function startProjects(
  tools: ToolSet,
  keep: <T extends AsyncDisposable>(thing: T) => T,
): Promise<Projects> {
  const installation = installationAt(tools.binDir);
  const started = await Promise.allSettled([
    startSupabase({ installation }),
    startSupabase({ installation }),
  ]);
  const [home, elsewhere] = started.flatMap((one) => (one.status === "fulfilled" ? [keep(one.value)] : []));
  for (const one of started) if (one.status === "rejected") throw one.reason;
  const make = async (server: typeof home, name: string): Promise<Project> => {
    const project = await server!.project({ name });
    await project.admin(REACHING_OUT);
    return project;
  };
  const [blog, fresh] = await Promise.all([make(home, "blog"), make(elsewhere, "new_project")]);
  await installApplication(blog);
  await blog.query(
    "SELECT cron.schedule('nightly', '0 3 * * *', 'REFRESH MATERIALIZED VIEW public.authors')",
  );
  return { blog, fresh };
}

const TABLES = ["auth.users", "public.profiles", "public.posts", "storage.objects", "cron.job"];

/** How many rows there are of what a project would miss; a dash where there is no such table. */
export async function countProject(
  project: Project,
): Promise<readonly (readonly [table: string, rows: string])[]> {
  const counts: (readonly [string, string])[] = [];
  for (const table of TABLES) {
    const [found] = await project.query("SELECT to_regclass($1) IS NOT NULL AS found", [table]);
    const [row] =
      found?.["found"] === true ? await project.query(`SELECT count(*)::int AS rows FROM ${table}`) : [];
    counts.push([table, row === undefined ? "–" : Number(row["rows"]).toLocaleString("en-US")]);
  }
  return counts;
}

/**
 * Asks the application what its users would: through the roles of the platform's API, row security and all.
 * Leaves nothing behind.
 */
export async function askProject(project: Project): Promise<readonly Answer[]> {
  const signedIn = { user: PERSON(7) };
  const count = async (of: string, caller: "anon" | typeof signedIn): Promise<string> => {
    const [found] = await project.api(caller, `SELECT count(*)::int AS n FROM ${of}`);
    return Number(found?.["n"]).toLocaleString("en-US");
  };
  return [
    { asked: "a new person signs up", said: await signUp(project) },
    { asked: "posts that anybody sees (anon)", said: await count("public.posts", "anon") },
    { asked: "posts that person 7 sees, signed in", said: await count("public.posts", signedIn) },
    { asked: "profiles that person 7 sees", said: await count("public.profiles", signedIn) },
    { asked: "person 7 writes in another's name", said: await forge(project, signedIn) },
    { asked: "files that anybody sees (anon)", said: await count("storage.objects", "anon") },
    { asked: "files that person 7 sees", said: await count("storage.objects", signedIn) },
  ];
}

/** What the answers are where all is well, so that two wrong ones are not taken for a right one. */
export const EXPECTED = [
  "gets a profile",
  COUNTS.published.toLocaleString("en-US"),
  String(COUNTS.postsOfEach),
  "1",
  "refused",
  String(COUNTS.avatars),
  "1",
];

/** Whether the job by the clock runs. */
export async function jobState(project: Project): Promise<string> {
  const [job] = await project.query("SELECT active FROM cron.job WHERE jobname = 'nightly'");
  return job === undefined ? "is missing" : job["active"] === true ? "runs" : "paused";
}

/**
 * As the platform's service for log-ins does it; the application's trigger on its table makes the profile.
 */
async function signUp(project: Project): Promise<string> {
  const id = randomUUID();
  const insert = `
    INSERT INTO auth.users (id, aud, role, email, raw_user_meta_data)
      VALUES ($1, 'authenticated', 'authenticated', $2, '{"full_name": "New"}')
  `;
  await project.as("supabase_auth_admin", insert, [id, `${id}@example.org`]);
  try {
    const [profile] = await project.api({ user: id }, "SELECT full_name FROM public.profiles");
    return profile?.["full_name"] === "New" ? "gets a profile" : "gets NO profile";
  } finally {
    await project.as("supabase_auth_admin", "DELETE FROM auth.users WHERE id = $1", [id]);
  }
}

/** What PostgreSQL says when row security forbids a row. */
const FORBIDDEN = "42501";

async function forge(project: Project, caller: { readonly user: string }): Promise<string> {
  // A number of its own: a sequence that was asked for one would not come back to where it was.
  const post =
    "INSERT INTO public.posts (id, author, title) OVERRIDING SYSTEM VALUE VALUES (-1, $1, 'forged')";
  try {
    await project.api(caller, post, [PERSON(8)]);
    return "NOT refused";
  } catch (error) {
    if ((error as { code?: string }).code === FORBIDDEN) return "refused";
    throw error;
  }
}
