import { beforeAll, describe, expect, it } from "@jest/globals";
import { join } from "node:path";
import { scratchFolder } from "../../support/tools.ts";
import { checkFolder, writeFiles, type CheckedFolder } from "./check-folder.ts";

/** A small application as its developers write one, with rollbacks where the Supabase CLI does not look. */
const APPLICATION: Readonly<Record<string, string>> = {
  "20260101090000_profiles.sql": `
    create extension if not exists "uuid-ossp" with schema extensions;
    create extension if not exists pg_graphql with schema graphql;
    create table public.profiles (
      id uuid primary key references auth.users on delete cascade,
      slug uuid not null default extensions.uuid_generate_v4(),
      nickname text
    );
    alter table public.profiles enable row level security;
    create policy "own profile" on public.profiles for
      select to authenticated using ((select auth.uid()) = id);
    create policy "by the service"
      on public.profiles using (auth.role() = 'service_role' or auth.jwt() ->> 'admin' = 'true');
    create function public.handle_new_user() returns trigger language plpgsql security definer set search_path
      = '' as $$ begin insert into public.profiles (id,
                                                    nickname) values (new.id,
                                                                      new.raw_user_meta_data ->> 'nickname');
    return new;
    end $$;
    create trigger on_auth_user_created after insert
      on auth.users for each row execute function public.handle_new_user();
    grant select on public.profiles to anon;
    alter publication supabase_realtime add table public.profiles;
  `,
  "rollback/20260101090000_profiles.sql": `
drop trigger on_auth_user_created on auth.users;
drop function public.handle_new_user();
drop table public.profiles;
drop extension pg_graphql;`,
  "20260102090000_avatars.sql": `
    create policy "own folder" on storage.objects for insert to authenticated
      with check (bucket_id = 'avatars' and (storage.foldername(name))[1] = auth.uid()::text);
    create policy "pictures" on storage.objects for
      select to public using (storage.extension(name) in ('png', 'jpg'));
  `,
  "rollback/20260102090000_avatars_rollback.sql": `
    drop policy "own folder" on storage.objects;
    drop policy "pictures" on storage.objects;
  `,
  "20260103090000_bucket.sql": "insert into storage.buckets (id, name) values ('avatars', 'avatars');",
  "rollback/20260103090000_bucket.sql": "delete from storage.buckets where id = 'avatars';",
  "20260104090000_nightly.sql": `
select cron.schedule('nightly', '0 3 * * *', $$ select net.http_post('https://example.com') $$);
select vault.create_secret('s3cret', 'key');
create table public.later (id uuid primary key default uuid_generate_v4());`,
  "rollback/20260104090000_nightly.sql": `
    drop table public.later;
    delete from vault.secrets where name = 'key';
    select cron.unschedule('nightly');
  `,
  // Tables get rights by default, as on the platform: what forgets them there is found.
  "20260105090000_private.sql": `
alter default privileges in schema public revoke all on tables from anon;
create table public.private (id bigint generated always as identity primary key);`,
  "rollback/20260105090000_private.sql": "drop table public.private;",
};

describe("a folder of the Supabase CLI's", () => {
  let checked: CheckedFolder;

  beforeAll(async () => {
    await using scratch = scratchFolder("supabase");
    const folder = join(scratch.path, "supabase/migrations");
    writeFiles(folder, APPLICATION);
    checked = await checkFolder(folder);
  }, 120_000);

  const pair = (name: string): unknown => checked.pairs.find(({ file }) => file.endsWith(`_${name}.sql`));

  it.each(["profiles", "avatars", "nightly"])("proves %s, which refers to what the platform has", (name) => {
    expect(pair(name)).toMatchObject({ verdict: "proved", differences: [] });
  });

  it("says that rows of buckets are not deleted by SQL, as the platform would", () => {
    const message = expect.stringContaining(
      "rows of storage.buckets are deleted through the Storage API alone",
    );
    expect(pair("bucket")).toMatchObject({ verdict: "failed", differences: [{ message }] });
  });

  it("finds a default right that was not given back", () => {
    const object = expect.stringContaining("default-");
    expect(pair("private")).toMatchObject({ verdict: "differs", differences: [{ object }] });
  });

  it("names the extensions that this machine lacks, and says what stood in", () => {
    expect(checked.findings.filter(({ rule }) => rule === "missing-extension")).toMatchObject([
      { message: expect.stringContaining("pg_graphql") },
    ]);
    expect(checked.outcome.report.notes).toContainEqual(
      expect.stringContaining("what a Supabase project has"),
    );
    expect(checked.outcome.outputs["shadow"]).toMatchObject({ platform: "supabase" });
  });
});

describe("the platform", () => {
  const files = {
    "20260101090000_a.sql": "create table public.a (id uuid references auth.users);",
    "20260101090000_a_rollback.sql": "drop table public.a;",
  };
  const check = async (place: string, platform: "auto" | "supabase" | "none"): Promise<CheckedFolder> => {
    await using scratch = scratchFolder("platform");
    writeFiles(join(scratch.path, place), files);
    return await checkFolder(join(scratch.path, place), { platform });
  };

  it("is seen by what files refer to, wherever they lie", async () => {
    const { pairs, findings } = await check("db", "auto");
    expect(pairs).toMatchObject([{ verdict: "proved" }]);
    expect(findings).toEqual([]);
  }, 60_000);

  it("is not there where it was not asked for", async () => {
    const { pairs } = await check("db", "none");
    expect(pairs).toMatchObject([
      {
        verdict: "failed",
        differences: [{ message: expect.stringContaining('schema "auth" does not exist') }],
      },
    ]);
  }, 60_000);

  it("forbids rollbacks beside their files where the Supabase CLI would apply them", async () => {
    const { outcome, findings } = await check("supabase/migrations", "auto");
    expect(outcome.exit).toBe(3);
    expect(findings).toMatchObject([
      { rule: "sibling-in-supabase-folder", level: "error", file: "20260101090000_a_rollback.sql" },
    ]);
  }, 60_000);
});
