import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { postgresDatabase } from "../../../src/adapters/postgres/database.ts";
import { PINNED_SETTINGS } from "../../../src/nouns/server/pinned-settings.ts";
import type { ContentRecord, ContentScope, ObjectKind } from "../../../src/nouns/content/record.ts";
import { readPlatform, usersOutside } from "../../../src/nouns/platform/read-record.ts";
import { whoseIs } from "../../../src/nouns/platform/whose.ts";
import type { DatabaseSession } from "../../../src/ports/database.ts";
import { measure, WHOLE } from "../content/copies.ts";
import { startCluster, type Cluster, type TestDatabase } from "../../support/postgres.ts";
import { APPLICATION, PLATFORM, ROLES } from "./small-platform.ts";

let cluster: Cluster;
let database: TestDatabase;
let content: ContentRecord;

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.admin(ROLES);
  database = await cluster.createDatabase({ owner: "postgres", sql: `${PLATFORM}; ${APPLICATION}` });
  content = await measure(database.adminAddress);
});
afterAll(() => cluster.stop());

async function inSession<T>(use: (session: DatabaseSession) => Promise<T>, on = database): Promise<T> {
  await using session = await postgresDatabase(on.adminAddress).connect({
    purpose: "look",
    settings: PINNED_SETTINGS,
  });
  return await use(session);
}

const read = (scope: ContentScope = WHOLE, on = database) =>
  inSession((session) => readPlatform(session, scope), on);

const ON_PLATFORM_TABLES = [
  ["column", "auth.users.mood"],
  ["constraint", "auth.users.mail"],
  ["constraint", "auth.users.profile"],
  ["index", "auth.by_mail"],
  ["index", "storage.mine_idx"],
  ["trigger", 'auth.users."on.sign up"'],
  ["trigger", "storage.buckets.by_mine"],
  ["policy", 'storage.objects."Own files"'],
  ["grant", "table storage.buckets"],
  ["comment", "column auth.users.email"],
];
const IN_PLATFORM_SCHEMAS = [
  ["table", 'extensions."my.notes"'],
  ["sequence", 'extensions."my.notes_id_seq"'],
  ["index", 'extensions."my.notes_pkey"'],
  ["index", 'extensions."my.notes_mood_idx"'],
  ["function", "extensions.mine()"],
  ["view", "auth.people"],
];
const sorted = (objects: readonly (readonly string[])[]) => [...objects].map((each) => each.join(" ")).sort();

describe("a platform's record", () => {
  it("names what users put on the platform's ground, and what the platform put elsewhere", async () => {
    const record = (await read())!;
    expect(record).toMatchObject({
      name: "supabase",
      schemas: ["auth", "storage", "realtime", "extensions"],
      migrations: { auth: "20250101", storage: null, realtime: null },
    });
    expect(sorted(record.users)).toEqual(sorted([...ON_PLATFORM_TABLES, ...IN_PLATFORM_SCHEMAS]));
    expect(sorted(record.own)).toEqual(
      sorted([
        ["event-trigger", "issue_pg_net_access"],
        ["event-trigger", "pgrst_ddl_watch"],
        ["publication", "supabase_realtime"],
        ["default-privilege", "supabase_admin in public for r"],
      ]),
    );
    // By the identities of the content record: everything named is there.
    for (const [kind, identity] of [...record.users, ...record.own]) {
      expect(Object.keys(content.objects[kind as ObjectKind] ?? {})).toContain(identity);
    }
  });

  it("leaves to the platform what stands in its schemas, and to the user everything else", async () => {
    const record = (await read())!;
    const all = Object.entries(content.objects).flatMap(([kind, objects]) =>
      Object.keys(objects).map((identity) => [kind as ObjectKind, identity] as const),
    );
    const platforms = all
      .filter(([kind, identity]) => whoseIs(record, kind, identity) === "platform")
      .map((each) => each.join(" "));
    expect(platforms).toEqual(
      expect.arrayContaining([
        "schema auth",
        "table auth.users",
        "column auth.users.email",
        "constraint auth.users.users_pkey",
        "index auth.users_pkey",
        "index auth.users_instance_id_idx",
        "trigger storage.objects.protect",
        "row-security storage.objects",
        "function auth.uid()",
        "type auth.aal",
        "function extensions.grant_pg_net_access()",
        "owner function extensions.grant_pg_net_access()",
        "owner event-trigger issue_pg_net_access",
      ]),
    );
    expect(
      platforms.filter((name) => /mine|my\.notes|people|mood|sign_?up|by_mail|profile|Own/.test(name)),
    ).toEqual([]);
    expect(
      all
        .map((each) => each.join(" "))
        .filter(
          (name) =>
            / public\b/.test(name) && !name.startsWith("default-privilege") && platforms.includes(name),
        ),
    ).toEqual([]);
  });

  it("is of what is in scope; what lies outside is told apart", async () => {
    const scope = { includeSchemas: ["public"], excludeSchemas: [] };
    const record = (await read(scope))!;
    expect([record.schemas.length, record.users, record.own]).toEqual([
      4,
      [],
      [["default-privilege", "supabase_admin in public for r"]],
    ]);
    const outside = await inSession((session) => usersOutside(session, scope, record));
    expect(sorted(outside)).toEqual(sorted([...ON_PLATFORM_TABLES, ...IN_PLATFORM_SCHEMAS]));
    const noStorage = { includeSchemas: [], excludeSchemas: ["storage"] };
    expect(sorted(await inSession((session) => usersOutside(session, noStorage, record)))).toEqual(
      sorted(ON_PLATFORM_TABLES.filter(([, identity]) => identity!.includes("storage."))),
    );
  });

  it("is none where a database only looks like the platform's", async () => {
    await using lookalike = await cluster.createDatabase({
      owner: "postgres",
      sql: "CREATE SCHEMA auth; CREATE TABLE auth.users (id int)",
    });
    expect(await read(WHOLE, lookalike)).toBeUndefined();
    await using plain = await cluster.createDatabase();
    expect(await read(WHOLE, plain)).toBeUndefined();
  });
});
