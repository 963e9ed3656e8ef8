import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { findServer, query } from "../postgres.ts";
import { APPLICATION_SQL, COUNTS, expectProjectWorks, inOrder, installApplication, readShape, startSupabase } from "./supabase.ts";
import type { SupabaseOptions, SupabaseServer } from "./supabase.ts";

const SERVERS: readonly SupabaseOptions[] = [{ major: "15" }, { major: "15", strict: true }, { major: "17" }];

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

  it.each(["newer", "older"] as const)("consists of what the platform's catalog says (%s)", async (platform) => {
    await using project = await supabase.project({ platform });
    expect(await readShape(project)).toEqual(inOrder(supabase.shape(platform)));
  });

  it("holds the services' bookkeeping and no other rows", async () => {
    const held = async (platform: "newer" | "older"): Promise<Record<string, number>> => {
      await using project = await supabase.project({ platform });
      const tables = supabase.shape(platform).tables.map(({ name }) => `select '${name}' as name, count(*)::int as rows from ${name}`);
      const rows = await project.admin(tables.join(" union all "));
      return Object.fromEntries(rows.filter((row) => row["rows"] !== 0).map((row) => [row["name"], row["rows"]]));
    };
    expect(await held("newer")).toEqual({ "auth.schema_migrations": 71, "storage.migrations": 55 });
    expect(await held("older")).toEqual({ "auth.schema_migrations": 44, "storage.migrations": 27 });
  });

  it("keeps postgres, who is no superuser, the owner of what it made when it was one", async () => {
    await using project = await supabase.project();
    expect(await project.query("select current_user::text as who, current_setting('is_superuser') as is")).toEqual([{ who: "postgres", is: "off" }]);
    const owner = "select datdba::regrole::text as owner from pg_database where datname = current_database()";
    expect(await project.query(owner)).toEqual([{ owner: "postgres" }]);
    const publication = "select pubname, pubowner::regrole::text as owner from pg_publication where not puballtables";
    expect(await project.query(publication)).toEqual([{ pubname: "supabase_realtime", owner: "postgres" }]);
    const member = "select proowner::regrole::text as owner, proacl::text[] as acl from pg_proc where oid = 'extensions.digest(text,text)'::regprocedure";
    expect(await project.query(member)).toEqual([
      { owner: "postgres", acl: ["=X/postgres", "postgres=X*/postgres", "dashboard_user=X/postgres"] },
    ]);
  });

  it("lets postgres do what the platform lets it do, and no more", async () => {
    await using project = await supabase.project();
    await project.query("set session_replication_role = replica; reset session_replication_role");
    const changed = project.query("alter table auth.users add column more int");
    await (supabase.strict ? expect(changed).rejects.toMatchObject({ code: "42501" }) : expect(changed).resolves.toEqual([]));
    await expect(project.query("drop schema realtime")).rejects.toMatchObject({ code: "42501" });
  });

  it("keeps rows of the storage service from being deleted, save by itself", async () => {
    await using project = await supabase.project();
    const remove = "delete from storage.buckets";
    await expect(project.query(remove)).rejects.toMatchObject({ code: "42501", message: expect.stringContaining("through the service") });
    await project.as("supabase_storage_admin", `set storage.allow_delete_query = 'true'; ${remove}`);
  });

  it.each(["newer", "older"] as const)("runs an ordinary application, which works (%s)", async (platform) => {
    await using project = await supabase.project({ platform });
    await installApplication(project);
    await expectProjectWorks(project);
    const counts = `select (select count(*)::int from auth.users) as users, (select count(*)::int from auth.identities) as identities,
      (select count(*)::int from public.profiles) as profiles, (select count(*)::int from auth.refresh_tokens) as tokens,
      (select count(*)::int from public.authors) as authors, (select last_value::int from public.receipt_numbers) as receipt`;
    const expected = { users: COUNTS.users, identities: COUNTS.users, profiles: COUNTS.users, tokens: 2 * COUNTS.sessions, authors: COUNTS.users };
    expect(await project.query(counts)).toEqual([{ ...expected, receipt: 1410 }]);
    const reporting = project.url.replace(/\/\/[^@]*@/, "//reporting:reporting-is-not-secret@");
    expect(await query(reporting, "select count(*)::int as people from private.people")).toEqual([{ people: COUNTS.users }]);
  });

  it("is refused what a part of the application needs of the services' roles where they were taken away", async () => {
    await using project = await supabase.project();
    await installApplication(project, ["role", "extensions", "tables", "security", "signUp", "publication", "history", "rows"]);
    const changed = project.query(APPLICATION_SQL.onPlatform);
    await (supabase.strict ? expect(changed).rejects.toMatchObject({ code: "42501" }) : expect(changed).resolves.toEqual([]));
  });

  it("gives projects side by side, each with its own rows", async () => {
    await using one = await supabase.project();
    await using other = await supabase.project();
    await installApplication(one);
    expect(await other.query("select count(*)::int as users from auth.users")).toEqual([{ users: 0 }]);
  });
});
