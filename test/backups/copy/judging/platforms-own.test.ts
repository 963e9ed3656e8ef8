import { describe, expect, it } from "@jest/globals";
import { judge } from "../../../../src/backups/copy/judging/judge-copy.ts";
import type { ListedProblem } from "../../../../src/backups/copy/loading/listed-problem.ts";
import {
  isPlatformsContent,
  isPlatformsDifference,
  isPlatformsProblem,
  notComparedNote,
} from "../../../../src/backups/copy/judging/platforms-own.ts";
import { powerfulOwners } from "../../../../src/backups/copy/databases/powerful-owners.ts";
import { fieldDigest } from "../../../../src/nouns/content/read/objects/field-digests.ts";
import type { ContentRecord } from "../../../../src/nouns/content/record.ts";
import type { PlatformRecord } from "../../../../src/nouns/platform/record.ts";

function owned(name: string): string {
  return `owner=${fieldDigest(name, false)}`;
}

const PLATFORM: PlatformRecord = {
  name: "supabase",
  schemas: ["auth", "storage"],
  migrations: {},
  users: [
    ["trigger", "auth.users.on_sign_up"],
    ["policy", 'storage.objects."Own files"'],
    ["function", "auth.mine(a integer)"],
  ],
  own: [
    ["event-trigger", "pgrst_ddl_watch"],
    ["publication", "supabase_realtime"],
  ],
};
const OBJECTS: Pick<ContentRecord, "objects"> = {
  objects: {
    owner: {
      "event-trigger pgrst_ddl_watch": owned("supabase_admin"),
      "event-trigger mine": owned("me"),
      "event-trigger peoples": owned("postgres"),
    },
  },
};
const DIFFERS = "differs from the source in owner";

describe("a difference", () => {
  it.each([
    ["owner", "event-trigger pgrst_ddl_watch", DIFFERS],
    ["owner", "event-trigger peoples", DIFFERS],
    ["function", "auth.uid()", "differs from the source in body"],
    ["trigger", "storage.objects.theirs", "is missing"],
    ["grant", "table auth.users", "differs from the source in rights"],
    ["publication", "supabase_realtime", "differs from the source in operations"],
    ["table", "auth.users", "differs from the source in options"],
    ["view", "auth.v", "exists, but not at the source"],
  ])("of the platform's own is none: %s %s", (about, name, message) => {
    expect(isPlatformsDifference(PLATFORM, { severity: "difference", about, name, message }, OBJECTS)).toBe(
      true,
    );
  });

  it.each([
    ["trigger", "auth.users.on_sign_up", "is missing"],
    ["policy", 'storage.objects."Own files"', "differs from the source in using"],
    ["comment", "trigger auth.users.on_sign_up", "is missing"],
    ["owner", "event-trigger mine", DIFFERS],
    ["view", "public.v", "is missing"],
    // A value goes with a sequence, and tables of the user's with a publication.
    ["sequence", "auth.refresh_tokens_id_seq", "is missing"],
    ["publication", "supabase_realtime", "is missing"],
    ["publication", "supabase_realtime", "differs from the source in operations, tables"],
    ["extension", "pg_graphql", "is missing"],
    ["large-objects", "large objects", "1 exist"],
  ])("of the user's stays one: %s %s", (about, name, message) => {
    expect(isPlatformsDifference(PLATFORM, { severity: "difference", about, name, message }, OBJECTS)).toBe(
      false,
    );
  });

  it("in the rows of a platform's table is a loss of the user's", () => {
    const table = {
      schema: "auth",
      name: "users",
      kind: "table" as const,
      owner: "supabase_auth_admin",
      fingerprint: "1",
      bytes: 0,
    };
    const record = (rows: number): ContentRecord => ({
      algorithm: "rowhash-2",
      proof: "content",
      serverMajor: 15,
      encoding: "UTF8",
      collate: "C",
      ctype: "C",
      digests: 2,
      tables: [{ ...table, rows }],
      sequences: [],
      objects: { function: rows === 500 ? { "auth.uid()": "" } : {} },
      roles: [],
      extensions: [],
      largeObjects: { count: 0, fingerprint: null },
    });
    const judged = judge({
      expected: record(500),
      actual: record(499),
      problems: [],
      unavailable: [],
      options: { rows: true, exact: true },
      platform: PLATFORM,
    });
    expect(judged.findings).toEqual([
      {
        severity: "difference",
        about: "table",
        name: "auth.users",
        message: expect.stringMatching(/^holds 499 rows, the source held 500/),
      },
    ]);
    expect(judged.notCompared).toEqual([{ about: "function", name: "auth.uid()", message: "is missing" }]);
  });
});

describe("what an extension holds", () => {
  const gap = (about: string, name: string) => ({
    severity: "gap" as const,
    about,
    name,
    message: "differs",
  });
  const record: PlatformRecord = { ...PLATFORM, schemas: ["auth", "net", "graphql", "cron"] };

  it.each([
    ["pg_graphql", "sequence", "graphql.seq_schema_version"],
    ["pg_graphql", "extension", "pg_graphql"],
    ["pg_net", "extension", "pg_net"],
    ["pg_net", "table", "net._http_response"],
  ])("is the platform's own in %s: %s %s", (extension, about, name) => {
    expect(isPlatformsContent(record, extension, gap(about, name))).toBe(true);
  });

  it.each([
    ["pg_cron", "table", "cron.job"],
    ["pg_cron", "extension", "pg_cron"],
    ["postgis", "table", "public.spatial_ref_sys"],
    ["pg_graphql", "table", "graphql.unknown"],
  ])("is the user's in %s: %s %s", (extension, about, name) => {
    expect(isPlatformsContent(record, extension, gap(about, name))).toBe(false);
  });

  it("is named and takes no verdict away", () => {
    const content = (value: string): ContentRecord => ({
      algorithm: "rowhash-2",
      proof: "content",
      serverMajor: 15,
      encoding: "UTF8",
      collate: "C",
      ctype: "C",
      digests: 2,
      tables: [],
      sequences: [],
      objects: {},
      roles: [],
      extensions: [{ name: "pg_graphql", version: "1.5.9", schema: "graphql" }],
      largeObjects: { count: 0, fingerprint: null },
      extensionContents: [
        {
          name: "pg_graphql",
          parts: {},
          others: { count: 6, digest: value },
          relations: [
            { schema: "graphql", name: "seq_schema_version", kind: "sequence", rows: 1, fingerprint: value },
          ],
        },
      ],
    });
    const judged = judge({
      expected: content("7"),
      actual: content("9"),
      problems: [],
      unavailable: [],
      options: { rows: true, exact: true },
      platform: record,
    });
    expect(judged.findings).toEqual([]);
    expect(judged.notCompared.map(({ about, name }) => `${about} ${name}`)).toEqual([
      "sequence graphql.seq_schema_version",
      "extension pg_graphql",
    ]);
    expect(
      judge({
        expected: content("7"),
        actual: content("9"),
        problems: [],
        unavailable: [],
        options: { rows: true, exact: true },
      }).findings,
    ).toHaveLength(2);
  });
});

describe("a problem of pg_restore's", () => {
  const problem = (type: string, rest: string): ListedProblem => ({
    entry: `${type} …`,
    message: "no",
    listed: { line: "", type, rest, id: "1", catalog: "0", oid: "0", needs: [] },
  });

  it.each([
    ["EVENT TRIGGER", "- pgrst_ddl_watch supabase_admin"],
    ["COMMENT", "- EVENT TRIGGER pgrst_ddl_watch supabase_admin"],
    ["FUNCTION", "auth uid() supabase_auth_admin"],
    ["ACL", "auth FUNCTION uid() supabase_auth_admin"],
    ["SCHEMA", "- auth supabase_admin"],
    ["ACL", "- SCHEMA auth supabase_admin"],
    ["DEFAULT ACL", "auth DEFAULT PRIVILEGES FOR TABLES supabase_auth_admin"],
    ["TRIGGER", "storage objects theirs supabase_storage_admin"],
    ["DEFAULT ACL", "public DEFAULT PRIVILEGES FOR TABLES supabase_admin"],
    ["DEFAULT ACL", "storage DEFAULT PRIVILEGES FOR SEQUENCES postgres"],
    ["ACL", "pg_catalog FUNCTION pg_stat_reset() supabase_admin"],
  ])("with the platform's own counts for nothing: %s %s", (type, rest) => {
    expect(isPlatformsProblem(PLATFORM, problem(type, rest))).toBe(true);
  });

  it.each([
    ["TABLE DATA", "auth users supabase_auth_admin"],
    ["SEQUENCE SET", "auth refresh_tokens_id_seq supabase_auth_admin"],
    ["TRIGGER", "auth users on_sign_up supabase_auth_admin"],
    ["POLICY", "storage objects Own files supabase_storage_admin"],
    ["COMMENT", "auth TRIGGER on_sign_up ON users supabase_auth_admin"],
    ["FUNCTION", "auth mine(integer) postgres"],
    ["EVENT TRIGGER", "- mine postgres"],
    ["TABLE", "public auth postgres"],
    ["PUBLICATION", "- supabase_realtime postgres"],
    ["SCHEMA", "- authors postgres"],
    ["DEFAULT ACL", "public DEFAULT PRIVILEGES FOR TABLES postgres"],
    ["DEFAULT ACL", "- DEFAULT PRIVILEGES FOR TABLES me"],
  ])("with the user's counts: %s %s", (type, rest) => {
    expect(isPlatformsProblem(PLATFORM, problem(type, rest))).toBe(false);
  });

  it("with an event trigger's owner counts for nothing where the platform's role may own none", () => {
    const message = 'permission denied to change owner of event trigger "mine"';
    expect(isPlatformsProblem(PLATFORM, { ...problem("EVENT TRIGGER", "- mine postgres"), message })).toBe(
      true,
    );
    expect(isPlatformsProblem(PLATFORM, { ...problem("EVENT TRIGGER", "- mine me"), message })).toBe(false);
  });

  it("counts where nobody can say of what it speaks", () => {
    expect(isPlatformsProblem(PLATFORM, { entry: "FUNCTION uid() supabase_auth_admin", message: "no" })).toBe(
      false,
    );
  });
});

describe("the note of what was not compared", () => {
  it("names every object once, and says where the rest is named", () => {
    const own = Array.from({ length: 33 }, (_, at) => ({
      about: "function",
      name: `auth.f${at}()`,
      message: "is missing",
    }));
    const [note, ...more] = notComparedNote("Supabase", [...own, own[0]!]);
    expect(more).toEqual([]);
    expect(note).toMatch(
      /^Supabase's own, not compared .*: function auth\.f0\(\), .* and 3 more, named in the receipt$/,
    );
    expect(notComparedNote("Supabase", [])).toEqual([]);
  });
});

describe("roles that own what only a superuser may own", () => {
  const role = (name: string) => ({
    name,
    superuser: false,
    createRole: false,
    createDb: false,
    login: false,
    replication: false,
    bypassRls: false,
    inherit: true,
    connectionLimit: -1,
    memberOf: [],
  });

  it("are told by owners of event triggers, wrappers, subscriptions and wide publications", () => {
    const objects: ContentRecord["objects"] = {
      owner: {
        "event-trigger watch": owned("watcher"),
        "foreign-server wrapper w": owned("wrapper"),
        "foreign-server server s": owned("server"),
        "publication all": owned("publisher"),
        "publication some": owned("editor"),
        "table public.t": owned("writer"),
        "subscription s": owned("reader"),
      },
      publication: { all: "all-tables=0000000000000000", some: "tables=0000000000000000" },
    };
    const roles = ["watcher", "wrapper", "server", "publisher", "editor", "writer", "reader"].map(role);
    expect([...powerfulOwners({ objects, roles })]).toEqual(["watcher", "wrapper", "publisher", "reader"]);
  });
});
