import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { rm } from "node:fs/promises";
import { compareContent } from "../../../src/nouns/content/compare/compare-content.ts";
import type { ContentRecord } from "../../../src/nouns/content/record.ts";
import { withExtensions } from "../../support/extensible-postgres.ts";
import {
  createDatabase,
  sharedServer,
  startCluster,
  type Cluster,
  type TestDatabase,
} from "../../support/postgres.ts";
import { serverAccount, temporaryFolder } from "../../support/tools.ts";
import { copy, measure } from "./copies.ts";
import { casesInTurn } from "../../support/sampling.ts";

/** What users alter of an extension's members is in no dump, which holds CREATE EXTENSION alone. */

let folder: string;
let cluster: Cluster;

beforeAll(async () => {
  folder = temporaryFolder("members", serverAccount());
  cluster = await startCluster({
    installation: withExtensions(folder, [
      {
        name: "hf_members",
        sql: `
          CREATE TYPE mood AS ENUM ('sad');
          CREATE DOMAIN share AS int CONSTRAINT positive CHECK (VALUE > 0);
          CREATE SEQUENCE numbers;
          CREATE TABLE held (id int DEFAULT 1, CONSTRAINT bound CHECK (id < 9));
          CREATE INDEX held_id ON held (id);
          CREATE VIEW seen AS SELECT id FROM held;
          COMMENT ON TABLE held IS 'shipped';
          CREATE TYPE pair AS (a int);
          CREATE FUNCTION one(n int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT 1'
        `,
      },
    ]),
  });
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** What a comparison with a copy says. */
async function saidOf(source: TestDatabase, target: TestDatabase): Promise<string[]> {
  expect(await copy(source.adminAddress, target.adminAddress)).toEqual([]);
  return saidBetween(await measure(source.adminAddress), await measure(target.adminAddress));
}

function saidBetween(expected: ContentRecord, actual: ContentRecord): string[] {
  return compareContent(expected, actual, { rows: true, exact: true }).differences.map(
    (each) => `${each.severity} ${each.about} ${each.name} ${each.message}`,
  );
}

/**
 * A database with the extension, measured before and after the statement: a restore makes it as
 * it was before.
 */
async function saidAfter(
  sql: string,
  host: Pick<Cluster, "createDatabase">,
  extension: string,
): Promise<string[]> {
  await using source = await host.createDatabase({ owner: "postgres", sql: `CREATE EXTENSION ${extension}` });
  const fresh = await measure(source.adminAddress);
  await source.admin(sql);
  return saidBetween(await measure(source.adminAddress), fresh);
}

const UNTOUCHED = [
  "pg_trgm",
  "hstore",
  "citext",
  "postgres_fdw",
  "unaccent",
  "pg_stat_statements",
  "earthdistance CASCADE",
  "btree_gist",
];

describe("members of an extension", () => {
  it("are the same in a copy when nobody altered them, whoever made the extension", async () => {
    await using source = await createDatabase();
    // Trusted extensions belong to who makes them, and their members to the server's first superuser.
    await source.query("CREATE EXTENSION pg_trgm; CREATE EXTENSION hstore; CREATE EXTENSION citext");
    await source.admin(
      UNTOUCHED.slice(3)
        .map((name) => `CREATE EXTENSION ${name}`)
        .join("; "),
    );
    await using target = await createDatabase({ owner: "postgres" });
    expect(await saidOf(source, target)).toEqual([]);
  });

  it.each(
    casesInTurn(
      "changes of an extension by its user",
      [
        "ALTER FUNCTION similarity(text, text) COST 77",
        "ALTER FUNCTION similarity(text, text) VOLATILE",
        "ALTER FUNCTION similarity(text, text) SECURITY DEFINER",
        "ALTER FUNCTION similarity(text, text) SET work_mem = '8MB'",
        "ALTER FUNCTION similarity(text, text) OWNER TO holdfast",
        "COMMENT ON FUNCTION similarity(text, text) IS 'ours'",
      ],
      { every: 3 },
    ),
  )("are a gap after %s", async (sql) => {
    expect(await saidAfter(sql, sharedServer(), "pg_trgm")).toEqual([
      expect.stringMatching(/^gap extension pg_trgm has been altered at the source/),
    ]);
  });

  it.each(
    casesInTurn(
      "changes of members of an extension",
      [
        ["extension hf_members", "ALTER TYPE mood ADD VALUE 'glad'"],
        ["extension hf_members", "ALTER DOMAIN share DROP CONSTRAINT positive"],
        ["extension hf_members", "ALTER TYPE pair ADD ATTRIBUTE b int"],
        [
          "extension hf_members",
          "CREATE OR REPLACE FUNCTION one(n int DEFAULT 2) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        ],
        ["table public.seen", "CREATE OR REPLACE VIEW seen AS SELECT id + 0 AS id FROM held"],
        ["table public.held", "ALTER TABLE held ENABLE ROW LEVEL SECURITY"],
        ["table public.held", "ALTER TABLE held FORCE ROW LEVEL SECURITY"],
        ["table public.held", "COMMENT ON COLUMN held.id IS 'ours'"],
        ["table public.numbers", "ALTER SEQUENCE numbers INCREMENT 5"],
        ["column public.held.id", "ALTER TABLE held ALTER id SET DEFAULT 2"],
        [
          "constraint public.held.bound",
          "ALTER TABLE held DROP CONSTRAINT bound, ADD CONSTRAINT bound CHECK (id < 99)",
        ],
        ["index public.held.held_id", "DROP INDEX held_id; CREATE INDEX held_id ON held (id DESC)"],
      ],
      { every: 3, kind: ([place]) => place.split(" ")[0]! },
    ),
  )("leave a gap at %s after %s", async (place, sql) => {
    expect(await saidAfter(sql, cluster, "hf_members")).toEqual([
      expect.stringMatching(new RegExp(`^gap ${place} has been altered at the source`)),
    ]);
  });

  it("are the same in a copy when they are of an extension that ships all kinds of them", async () => {
    await using source = await cluster.createDatabase({
      owner: "postgres",
      sql: "CREATE EXTENSION hf_members",
    });
    await using target = await cluster.createDatabase({ owner: "postgres" });
    expect(await saidOf(source, target)).toEqual([]);
  });
});
