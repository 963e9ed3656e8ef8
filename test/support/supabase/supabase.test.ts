import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { findServer, query } from "../postgres.ts";
import {
  APPLICATION_PARTS,
  APPLICATION_SQL,
  COUNTS,
  expectProjectWorks,
  inOrder,
  installApplication,
  readShape,
  startSupabase,
  type Platform,
  type SupabaseOptions,
  type SupabaseServer,
} from "./supabase.ts";

const SERVERS: readonly SupabaseOptions[] = [{ major: "15" }, { major: "15", strict: true }, { major: "17" }];

const PLATFORMS: readonly Platform[] = ["newer", "older"];

const FORBIDDEN = { code: "42501" };

describe.each(SERVERS)("a Supabase project on %j", (options) => {
  const found = findServer("17.10");
  if (options.major === "17" && "reason" in found) {
    it.skip(`is made (NOT RUN: ${found.reason})`, () => undefined);
    return;
  }
  let supabase: SupabaseServer;

  beforeAll(async () => {
    supabase = await startSupabase(options);
  });
  afterAll(async () => {
    await supabase[Symbol.asyncDispose]();
  });

  /** What `postgres` may do as a member of the services' roles alone. */
  async function expectOfMembers(work: Promise<unknown>): Promise<void> {
    if (supabase.strict) await expect(work).rejects.toMatchObject(FORBIDDEN);
    else await work;
  }

  it.each(PLATFORMS)("consists of what the platform's catalog says (%s)", async (platform) => {
    await using project = await supabase.project({ platform });
    expect(await readShape(project)).toEqual(inOrder(supabase.shape(platform)));
  });

  it.each(PLATFORMS)("holds the services' bookkeeping and no other rows (%s)", async (platform) => {
    await using project = await supabase.project({ platform });
    const counts = supabase.shape(platform).tables.map(({ name }) => {
      return `select '${name}' as name, count(*)::int as rows from ${name}`;
    });
    const rows = await project.admin(counts.join(" union all "));
    const [steps, moves] = platform === "newer" ? [71, 55] : [44, 27];
    expect(rows.filter((row) => row["rows"] !== 0)).toEqual([
      { name: "auth.schema_migrations", rows: steps },
      { name: "storage.migrations", rows: moves },
    ]);
  });

  it("belongs to postgres, who is no superuser and owns what it made when it was one", async () => {
    await using project = await supabase.project();
    const who = `
      select current_user::text as who, current_setting('is_superuser') as super,
             (select datdba::regrole::text from pg_database where datname = current_database()) as owner
    `;
    expect(await project.query(who)).toEqual([{ who: "postgres", super: "off", owner: "postgres" }]);
    const publication = `
      select pubname as name, pubowner::regrole::text as owner,
             (select count(*)::int from pg_publication_tables) as tables
        from pg_publication
    `;
    const published = { name: "supabase_realtime", owner: "postgres", tables: 0 };
    expect(await project.query(publication)).toEqual([published]);
    const member = `
      select proowner::regrole::text as owner, proacl::text[] as acl
        from pg_proc
       where oid = 'extensions.digest(text,text)'::regprocedure
    `;
    const acl = ["=X/postgres", "postgres=X*/postgres", "dashboard_user=X/postgres"];
    expect(await project.query(member)).toEqual([{ owner: "postgres", acl }]);
  });

  it("lets postgres do what the platform lets it do, and no more", async () => {
    await using project = await supabase.project();
    await project.query("set session_replication_role = replica; reset session_replication_role");
    await expectOfMembers(project.query("alter table auth.users add column more int"));
    await expect(project.query("drop schema realtime")).rejects.toMatchObject(FORBIDDEN);
    await expect(project.query("drop event trigger pgrst_ddl_watch")).rejects.toMatchObject(FORBIDDEN);
  });

  it("keeps rows of the storage service from being deleted, save by itself", async () => {
    await using project = await supabase.project();
    const remove = "delete from storage.buckets";
    const message = expect.stringContaining("through the service");
    await expect(project.query(remove)).rejects.toMatchObject({ ...FORBIDDEN, message });
    await project.as("supabase_storage_admin", `set storage.allow_delete_query = 'true'; ${remove}`);
  });

  it.each(PLATFORMS)("runs an ordinary application, which works (%s)", async (platform) => {
    await using project = await supabase.project({ platform });
    await installApplication(project);
    await expectProjectWorks(project);
    const counts = `
      select (select count(*)::int from auth.users) as users,
             (select count(*)::int from auth.identities) as identities,
             (select count(*)::int from public.profiles) as profiles,
             (select count(*)::int from auth.refresh_tokens) as tokens,
             (select count(*)::int from public.authors) as authors,
             (select last_value::int from public.receipt_numbers) as receipt
    `;
    const { users, sessions } = COUNTS;
    const rows = { users, identities: users, profiles: users, tokens: 2 * sessions, authors: users };
    expect(await project.query(counts)).toEqual([{ ...rows, receipt: 1410 }]);
    const reporting = project.url.replace(/\/\/[^/@]*@/, "//reporting:reporting-is-not-secret@");
    expect(await query(reporting, "select count(*)::int as users from private.people")).toEqual([{ users }]);
  });

  it("takes all of the application from postgres but what needs the services' roles", async () => {
    await using project = await supabase.project();
    for (const part of APPLICATION_PARTS.filter((each) => each !== "onPlatform")) {
      await project.query(APPLICATION_SQL[part]);
    }
    await expectOfMembers(project.query(APPLICATION_SQL.onPlatform));
  });

  it("stands beside other projects, each with its own rows", async () => {
    await using one = await supabase.project();
    await using other = await supabase.project();
    await installApplication(one);
    expect(await other.query("select count(*)::int as users from auth.users")).toEqual([{ users: 0 }]);
  });
});
