import { randomBytes, randomUUID } from "node:crypto";
import { expect } from "@jest/globals";
import { COUNTS, PERSON } from "./application.ts";
import type { Caller, Project } from "./project.ts";

/** What PostgreSQL says when somebody lacks a right, or row security forbids a row. */
const FORBIDDEN = { code: "42501" };

const SEVENTH: Caller = { user: PERSON(7) };

/**
 * Holds that the application of `APPLICATION_SQL` works in a project as it did where it was installed. Leaves
 * nothing behind.
 */
export async function expectProjectWorks(project: Project): Promise<void> {
  await expectSignUp(project);
  await expectRowSecurity(project);
  await expectFunctionRights(project);
  await expectStorage(project);
  await expectDefaultPrivileges(project);
}

/** The service for log-ins adds a person, who gets a profile, and takes the person away, with the profile. */
async function expectSignUp(project: Project): Promise<void> {
  const [id, handle] = [randomUUID(), `new-${randomBytes(6).toString("hex")}`];
  const insert = `
    insert into users (id, aud, role, email, raw_user_meta_data)
      values ($1, 'authenticated', 'authenticated', $2, $3)
  `;
  const said = JSON.stringify({ handle, full_name: "New" });
  await project.as("supabase_auth_admin", insert, [id, `${handle}@example.org`, said]);
  try {
    const profile = await project.api({ user: id }, "select id, handle, full_name from profiles");
    expect(profile).toEqual([{ id, handle, full_name: "New" }]);
  } finally {
    await project.as("supabase_auth_admin", "delete from users where id = $1", [id]);
  }
  expect(await project.query("select from public.profiles where id = $1", [id])).toEqual([]);
}

async function expectRowSecurity(project: Project): Promise<void> {
  const seen = `
    select count(*)::int as posts, count(distinct author)::int as authors,
           bool_and(status = 'published') as published
      from posts
  `;
  const all = { posts: COUNTS.published, authors: COUNTS.users, published: true };
  expect(await project.api("anon", seen)).toEqual([all]);
  const own = { posts: COUNTS.postsOfEach, authors: 1, published: false };
  expect(await project.api(SEVENTH, seen)).toEqual([own]);
  const count = "select count(*)::int as posts from posts";
  expect(await project.api("service_role", count)).toEqual([{ posts: COUNTS.posts }]);
  const profiles = "select id, handle::text from profiles";
  expect(await project.api(SEVENTH, profiles)).toEqual([{ id: PERSON(7), handle: "Person7" }]);
  expect(await project.api("anon", profiles)).toEqual([]);
  // A number of its own: a sequence that was asked for one would not come back to where it was.
  const forge = "insert into posts (id, author, title) overriding system value values (-1, $1, 'forged')";
  await expect(project.api(SEVENTH, forge, [PERSON(8)])).rejects.toMatchObject(FORBIDDEN);
  expect(await project.api(SEVENTH, `${forge} returning id`, [PERSON(7)])).toEqual([{ id: "-1" }]);
}

async function expectFunctionRights(project: Project): Promise<void> {
  const asked = "select published_by($1)::int as posts";
  expect(await project.api("anon", asked, [PERSON(7)])).toEqual([{ posts: COUNTS.publishedOfEach }]);
  await expect(project.api(SEVENTH, asked, [PERSON(7)])).rejects.toMatchObject(FORBIDDEN);
  await expect(project.api("anon", "select from private.people")).rejects.toMatchObject(FORBIDDEN);
}

async function expectStorage(project: Project): Promise<void> {
  const seen = `
    select count(*)::int as files, bool_and(path_tokens[1] = owner_id) as own from storage.objects
  `;
  expect(await project.api("anon", seen)).toEqual([{ files: COUNTS.avatars, own: true }]);
  expect(await project.api({ user: PERSON(3) }, seen)).toEqual([{ files: 1, own: true }]);
  const buckets = await project.query("select count(*)::int as buckets from storage.buckets");
  expect(buckets).toEqual([{ buckets: COUNTS.buckets }]);
}

/** What people make in `public` can be reached through the API, until they take the right away. */
async function expectDefaultPrivileges(project: Project): Promise<void> {
  const rights = await project.rolledBack(async (client) => {
    await client.query("create table public.made_later (id int)");
    await client.query("create function public.made_later() returns int language sql return 1");
    const asked = `
      select has_table_privilege(role, 'public.made_later', 'insert') as on_table,
             has_function_privilege(role, 'public.made_later()', 'execute') as on_function
        from unnest('{anon,authenticated,service_role}'::text[]) role
    `;
    return (await client.query<Record<string, unknown>>(asked)).rows;
  });
  expect(rights).toEqual(Array.from({ length: 3 }, () => ({ on_table: true, on_function: true })));
}
