import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { postgresDatabase } from "../../../src/adapters/postgres/database.ts";
import { compareContent, type Difference } from "../../../src/nouns/content/compare/compare-content.ts";
import { fingerprintLargeObjects, fingerprintTables } from "../../../src/nouns/content/rows/fingerprint.ts";
import { takeInventory } from "../../../src/nouns/content/read/inventory.ts";
import { PINNED_SETTINGS } from "../../../src/nouns/server/pinned-settings.ts";
import type { ContentRecord } from "../../../src/nouns/content/record.ts";
import type { DatabaseSession } from "../../../src/ports/database.ts";
import { createDatabase, sharedServer, type TestDatabase } from "../../support/postgres.ts";
import { CHANGES } from "./changes.ts";
import { WHOLE } from "./copies.ts";
import { EVERYTHING_SQL, superuserSql } from "./everything.ts";
import { casesInTurn } from "../../support/sampling.ts";

/**
 * Every change is made in a transaction, measured inside it and rolled back, so that one database
 * serves them all.
 */
describe("a single change", () => {
  const reader = `reader_${randomBytes(4).toString("hex")}`;
  const writer = `writer_${randomBytes(4).toString("hex")}`;
  let database: TestDatabase;
  let session: DatabaseSession;
  let original: ContentRecord;

  beforeAll(async () => {
    for (const role of [reader, writer]) await sharedServer().admin(`CREATE ROLE ${role}`);
    database = await createDatabase({ owner: "postgres", sql: EVERYTHING_SQL });
    await database.query(superuserSql(reader, writer));
    session = await postgresDatabase(database.adminAddress).connect({
      purpose: "change",
      settings: PINNED_SETTINGS,
    });
    original = await changed([]);
  });

  afterAll(async () => {
    await session.close();
    await database.drop();
    for (const role of [reader, writer]) await sharedServer().admin(`DROP ROLE ${role}`);
  });

  /**
   * Measures in the changing transaction itself; the fingerprint's own "open" hands the same session out, and
   * nobody closes it.
   */
  async function changed(statements: readonly string[]): Promise<ContentRecord> {
    const shared: DatabaseSession = new Proxy(session, {
      get(target, property) {
        if (property === "close" || property === Symbol.asyncDispose) return () => Promise.resolve();
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    });
    const open = (): Promise<DatabaseSession> => Promise.resolve(shared);
    await session.query("BEGIN");
    try {
      // Rows are changed by triggers of the schema too, and foreign keys would stop half of the changes:
      // neither is the matter here.
      await session.query(
        "SET LOCAL session_replication_role = replica; SET LOCAL allow_system_table_mods = on",
      );
      for (const sql of statements) {
        await session.query(sql.replaceAll("@reader", reader).replaceAll("@writer", writer));
      }
      await session.query("SET LOCAL session_replication_role = origin");
      const inventory = await takeInventory(session, WHOLE, { proof: "content" });
      const options = { jobs: 1, signal: new AbortController().signal };
      return {
        ...inventory,
        tables: await fingerprintTables(open, inventory, options),
        largeObjects: await fingerprintLargeObjects(open, inventory, options),
      };
    } finally {
      await session.query("ROLLBACK");
      // Sequences do not roll back.
      await session.query("SELECT setval('app.tickets', 12), setval('app.every_type_id_seq', 204)");
    }
  }

  function differences(actual: ContentRecord): readonly Difference[] {
    return compareContent(original, actual, { rows: true, exact: true }).differences;
  }

  it("is not reported where there is none", async () => {
    expect(differences(await changed([]))).toEqual([]);
  });

  it.each(
    casesInTurn(
      "single changes of a database",
      CHANGES.map(([sql, about, name]) => [sql.slice(0, 90), sql, about, name] as const),
      { every: 3, kind: ([, , about]) => about },
    ),
  )("is found: %s", async (_title, sql, about, name) => {
    const found = differences(await changed(sql.split("; ")));
    expect(found.length).toBeGreaterThan(0);
    expect(found.map((each) => `${each.severity} ${each.about} ${each.name}`)).toContain(
      `difference ${about} ${name}`,
    );
  });

  it("is reported first where it is the most severe of several, whatever their order", async () => {
    const rows = CHANGES.slice(0, 12).map(([sql]) => sql);
    const rest = CHANGES.slice(35, 80)
      .map(([sql]) => sql)
      .filter((sql) => !/DROP|RENAME|ADD ATTRIBUTE|parent/.test(sql));
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(rest, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(...rows),
        async (some, row) => {
          const found = differences(await changed([...some, row]));
          expect(found.length).toBeGreaterThan(some.length / 2);
          expect(found[0]).toMatchObject({ severity: "difference", about: "table" });
        },
      ),
      { numRuns: 5 },
    );
  });

  it("of one random value in a random row of a random column is found", async () => {
    const columns = await session.query<{ name: string }>(`
      SELECT attname::text AS name
        FROM pg_attribute
       WHERE attrelid = 'app.every_type'::regclass
         AND attnum > 0
         AND attgenerated = ''
         AND attname NOT IN ('id', 'mail')
    `);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...columns.map((each) => each.name)),
        fc.integer({ min: 1, max: 199 }),
        async (column, row) => {
          // Another row's value where it differs, NULL otherwise: always a real change.
          const sql = `
            UPDATE app.every_type e
              SET "${column}" = (SELECT o."${column}"
                                   FROM app.every_type o
                                  WHERE o.small = ${row + 1}
                                    AND o."${column}"::text IS DISTINCT FROM e."${column}"::text)
            WHERE e.small = ${row}
          `;
          const found = differences(await changed([sql]));
          const same = column === "note" || column === "collated";
          expect(found.map((each) => each.name)).toEqual(
            same && found.length === 0 ? [] : ["app.every_type"],
          );
        },
      ),
      { numRuns: 20 },
    );
  });
});
