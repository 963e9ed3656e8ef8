import { describe, expect, it } from "@jest/globals";
import { OBJECT_KINDS } from "../../../src/nouns/content/record.ts";
import { leadingNames } from "../../../src/nouns/platform/identity.ts";
import type { PlatformRecord } from "../../../src/nouns/platform/record.ts";
import { whoseIs, type OwnedKind } from "../../../src/nouns/platform/whose.ts";

const RECORD: PlatformRecord = {
  name: "supabase",
  schemas: ["auth", "storage", "extensions", "od.d"],
  migrations: {},
  users: [
    ["trigger", "auth.users.on_sign_up"],
    ["policy", 'storage.objects."Own ""files"" only"'],
    ["index", "storage.mine_idx"],
    ["table", 'extensions."my.notes"'],
    ["view", "auth.people"],
    ["materialized-view", "auth.counts"],
    ["sequence", "extensions.numbers"],
    ["function", "extensions.mine(a integer, b text)"],
    ["type", "extensions.mood"],
    ["grant", "table storage.buckets"],
    ["constraint", "auth.users.to_public"],
    ["column", "auth.users.mood"],
  ],
  own: [
    ["event-trigger", "pgrst_ddl_watch"],
    ["publication", "supabase_realtime"],
    ["default-privilege", "supabase_admin in public for r"],
    ["foreign-server", "server platform_files"],
  ],
};

/** Of every kind: what is the platform's, and what is the user's. */
const CASES: Readonly<
  Record<OwnedKind, { readonly platform: readonly string[]; readonly user: readonly string[] }>
> = {
  schema: { platform: ["auth", '"od.d"'], user: ["public", '"auth.users"', "authors"] },
  table: {
    platform: ["auth.users", '"od.d".t'],
    user: ["public.users", '"auth.users".t', 'extensions."my.notes"', '"od".d'],
  },
  sequence: { platform: ["auth.refresh_tokens_id_seq"], user: ["public.s", "extensions.numbers"] },
  column: {
    platform: ["auth.users.id", 'auth.users."a.b"'],
    user: ["public.users.id", "auth.users.mood", 'extensions."my.notes".body', "auth.counts.n"],
  },
  constraint: {
    platform: ["auth.users.users_pkey"],
    user: ["public.t.k", "auth.users.to_public", 'extensions."my.notes".k'],
  },
  index: { platform: ["auth.users_pkey"], user: ["public.i", "storage.mine_idx"] },
  trigger: {
    platform: ["storage.objects.protect_delete"],
    user: ["auth.users.on_sign_up", 'auth."users"."on_sign_up"', "public.t.g"],
  },
  policy: {
    platform: ["storage.objects.theirs"],
    user: ['storage.objects."Own ""files"" only"', "public.t.p"],
  },
  rule: { platform: ["auth.users.r"], user: ["auth.people.r", "public.t.r"] },
  "row-security": { platform: ["auth.users"], user: ["public.t", 'extensions."my.notes"'] },
  view: { platform: ["auth.v"], user: ["auth.people", "public.v"] },
  "materialized-view": { platform: ["auth.m"], user: ["auth.counts", "public.m"] },
  function: {
    platform: ["auth.uid()", "extensions.mine(a integer)"],
    user: ["extensions.mine(a integer, b text)", "public.auth()"],
  },
  type: { platform: ["auth.aal_level"], user: ["extensions.mood", "public.auth"] },
  grant: {
    platform: [
      "table auth.users",
      "schema auth",
      "function auth.uid()",
      "column auth.users.id",
      "sequence auth.s",
      "type auth.aal_level",
    ],
    user: [
      "table public.t",
      "schema public",
      "table storage.buckets",
      "table auth.people",
      'column extensions."my.notes".body',
      "language plperl",
      "server files",
      "large object 12",
      "function extensions.mine(a integer, b text)",
    ],
  },
  owner: {
    platform: [
      "table auth.users",
      "event-trigger pgrst_ddl_watch",
      "foreign-server server platform_files",
      "function auth.uid()",
      "schema auth",
    ],
    user: [
      "table public.t",
      "event-trigger mine",
      "large objects of postgres",
      "view auth.people",
      "publication mine",
    ],
  },
  comment: {
    platform: [
      "table auth.users",
      "column auth.users.id",
      "event-trigger pgrst_ddl_watch",
      "constraint auth.users.users_pkey",
    ],
    user: [
      "trigger auth.users.on_sign_up",
      "column auth.users.mood",
      "large object 7",
      "column auth.people.id",
      "function public.f()",
    ],
  },
  "security-label": {
    platform: ['"my provider" table auth.users'],
    user: ["selinux table public.t", "anon view auth.people"],
  },
  "default-privilege": {
    platform: [
      "supabase_admin in public for r",
      "supabase_admin for f",
      "postgres in storage for r",
      "supabase_auth_admin in auth for S",
    ],
    user: ["postgres in public for r", '"in auth" in public for r', "postgres for f"],
  },
  "event-trigger": { platform: ["pgrst_ddl_watch"], user: ["mine"] },
  publication: { platform: ["supabase_realtime"], user: ["mine"] },
  subscription: { platform: [], user: ["mine"] },
  cast: { platform: [], user: ["auth.aal_level as text"] },
  operator: {
    platform: ["auth.===(text,text)", "class auth.o using btree", '"od.d".+(integer,integer)'],
    user: ["public.===(text,text)", "family public.o using hash", "class.=(text,text)"],
  },
  collation: { platform: ["auth.c"], user: ["public.c"] },
  conversion: { platform: ["auth.c"], user: ["public.c"] },
  "text-search": {
    platform: ["configuration auth.english"],
    user: ["dictionary public.d", "template public.auth"],
  },
  "foreign-server": { platform: ["server platform_files"], user: ["server files", "wrapper auth"] },
  "user-mapping": {
    platform: ["public on platform_files", '"a on b" on platform_files'],
    user: ["public on files"],
  },
  statistics: { platform: ["auth.s"], user: ["public.s"] },
  language: { platform: [], user: ["plperl"] },
  transform: { platform: [], user: ["auth.aal_level in plperl"] },
  "access-method": { platform: [], user: ["auth"] },
  role: { platform: ["supabase_admin", "anon", "postgres"], user: ["writer", "Supabase_Admin"] },
  extension: { platform: ["pg_graphql"], user: ["pgcrypto", "pg_net"] },
};

describe("whose an object is", () => {
  it.each([...OBJECT_KINDS, "role", "extension"] as const)("is told of a %s", (kind) => {
    const { platform, user } = CASES[kind];
    expect(platform.filter((identity) => whoseIs(RECORD, kind, identity) !== "platform")).toEqual([]);
    expect(user.filter((identity) => whoseIs(RECORD, kind, identity) !== "user")).toEqual([]);
  });

  it("is everybody's own where the platform keeps nothing inside databases", () => {
    const record: PlatformRecord = { name: "amazon-rds", schemas: [], migrations: {}, users: [], own: [] };
    expect(whoseIs(record, "table", "auth.users")).toBe("user");
    expect(whoseIs(record, "role", "rdsadmin")).toBe("platform");
  });
});

describe("an identity's leading names", () => {
  it.each([
    ["a.b.c", ["a", "b", "c"]],
    ['"a.b"."c""d".e', ["a.b", 'c"d', "e"]],
    ["a.f(x integer, y b.c)", ["a", "f"]],
    ['a."f (x)"(integer)', ["a", "f (x)"]],
    ["a.===(text,text)", ["a", "==="]],
    ["role in schema", ["role"]],
    ["", []],
  ])("of %s are read", (text, names) => expect(leadingNames(text)).toEqual(names));
});
