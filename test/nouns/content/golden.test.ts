import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { postgresDatabase } from "../../../src/adapters/postgres/database.ts";
import { compareContent, type Difference } from "../../../src/nouns/content/compare/compare-content.ts";
import { readObjects } from "../../../src/nouns/content/read/objects.ts";
import { PINNED_SETTINGS } from "../../../src/nouns/server/pinned-settings.ts";
import { contentRecord, type ContentRecord } from "../../../src/nouns/content/record.ts";
import type { DatabaseSession } from "../../../src/ports/database.ts";
import { createDatabase, sharedServer, type TestDatabase } from "../../support/postgres.ts";
import { WHOLE } from "./copies.ts";

const golden = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`golden/${name}`, import.meta.url)), "utf8");
const ROLES = ["golden_reader", "golden_writer"];

/**
 * The content record of a manifest written on PostgreSQL 15.18 before digests had a version, and the database
 * it was made of. Never made anew: what was written once must be judged fairly for ever.
 */
describe("a record with digests 1", () => {
  const expected = contentRecord.parse(JSON.parse(golden("digests-1.json")));
  let database: TestDatabase;
  let session: DatabaseSession;

  beforeAll(async () => {
    for (const role of ROLES) await sharedServer().admin(`CREATE ROLE ${role}`);
    database = await createDatabase({ owner: "postgres" });
    await database.admin(golden("digests-1.sql"));
    session = await postgresDatabase(database.adminAddress).connect({
      purpose: "golden",
      settings: PINNED_SETTINGS,
    });
  });
  afterAll(async () => {
    await session.close();
    await database.drop();
    for (const role of ROLES) await sharedServer().admin(`DROP ROLE ${role}`);
  });

  async function compared(change: string, source: ContentRecord = expected): Promise<Difference[]> {
    await session.query("BEGIN");
    try {
      await session.query("SET LOCAL allow_system_table_mods = on");
      if (change !== "") await session.query(change);
      const { objects } = await readObjects(
        session,
        WHOLE,
        { major: sharedServer().facts.major, encoding: "UTF8" },
        expected.digests,
      );
      const { differences } = compareContent(
        source,
        { ...expected, objects, serverMajor: sharedServer().facts.major },
        { rows: false, exact: true },
      );
      return differences.filter((each) => each.name !== "definitions");
    } finally {
      await session.query("ROLLBACK");
    }
  }
  const lines = (found: readonly Difference[]): string[] =>
    found.map((each) => `${each.severity}: ${each.about} ${each.name} ${each.message}`);

  it("is that of the same content today", async () => {
    expect(expected.digests).toBeUndefined();
    expect(Object.keys(expected.objects.column ?? {}).length).toBeGreaterThan(90);
    expect(await compared("")).toEqual([]);
  });

  it("is not disturbed by kinds unknown to its writer, nor by marks of the copy's server", async () => {
    await expect(
      compared(`
        CREATE CONVERSION app.latin FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
        CREATE USER MAPPING FOR PUBLIC SERVER elsewhere
      `),
    ).resolves.toEqual([]);
    const mark = `
      UPDATE pg_attribute
        SET attoptions = '{pg_attver=7}'
      WHERE attnum > 0
        AND attrelid IN (SELECT oid FROM pg_class WHERE oid >= 16384 AND relkind IN ('r', 'p'))
    `;
    expect(await compared(mark)).toEqual([]);
  });

  it("finds what changed", async () => {
    const change = `
      ALTER TABLE app.parent ALTER price SET DEFAULT 1;
      DROP INDEX app.parent_lower;
      ALTER SEQUENCE app.tickets CACHE 3;
      CREATE VIEW app.more AS SELECT 1 AS one
    `;
    const found = lines(await compared(change));
    // Another major prints defaults otherwise, and digests 1 say no more.
    if (sharedServer().facts.major === expected.serverMajor) {
      expect(found).toContain("difference: column app.parent.price differs from the source");
    }
    expect(found).toEqual(
      expect.arrayContaining([
        "difference: index app.parent_lower is missing",
        "difference: sequence app.tickets differs from the source",
        "difference: view app.more exists, but not at the source",
      ]),
    );
  });

  it("of a source with a server's marks is a gap in its columns, and the portable still counts", async () => {
    const column = Object.fromEntries(
      Object.entries(expected.objects.column ?? {}).map(([name, digest]) => [
        name,
        `${"f".repeat(16)}${digest.slice(16)}`,
      ]),
    );
    const marked = { ...expected, objects: { ...expected.objects, column } };
    if (sharedServer().facts.major !== expected.serverMajor) {
      expect(await compared("", marked)).toEqual([]);
      return;
    }
    expect(lines(await compared("", marked))).toEqual([
      expect.stringMatching(/^gap: database columns could not be compared in full: this older manifest/),
    ]);
    expect(lines(await compared("ALTER TABLE app.child ALTER parent_id DROP NOT NULL", marked))).toEqual([
      "difference: column app.child.parent_id differs from the source",
      expect.stringMatching(/^gap: database columns/),
    ]);
  });
});
