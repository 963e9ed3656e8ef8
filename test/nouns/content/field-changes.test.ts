import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { postgresDatabase } from "../../../src/adapters/postgres/database.ts";
import { compareContent } from "../../../src/nouns/content/compare/compare-content.ts";
import { takeInventory } from "../../../src/nouns/content/read/inventory.ts";
import { ATTACHED, OBJECT_CLASSES } from "../../../src/nouns/content/read/objects/all.ts";
import { objectQuery } from "../../../src/nouns/content/read/objects/object-query.ts";
import { readObjects } from "../../../src/nouns/content/read/objects.ts";
import { PINNED_SETTINGS } from "../../../src/nouns/server/pinned-settings.ts";
import type { ContentRecord } from "../../../src/nouns/content/record.ts";
import type { DatabaseSession } from "../../../src/ports/database.ts";
import { createDatabase, sharedServer, type TestDatabase } from "../../support/postgres.ts";
import { WHOLE } from "./copies.ts";
import { EVERYTHING_SQL, superuserSql } from "./everything.ts";
import { FIELD_CHANGES, SUBSCRIPTION } from "./field-changes.ts";
import { casesInTurn } from "../../support/sampling.ts";

/**
 * Every change is made in a transaction, measured inside it and rolled back, so that one database
 * serves them all.
 */
describe("a change of one field of an object", () => {
  const [reader, writer] = ["reader", "writer"].map(
    (name) => `${name}_${randomBytes(4).toString("hex")}`,
  ) as [string, string];
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
    await session.query("BEGIN");
    original = await takeInventory(session, WHOLE, { proof: "none" });
    await session.query("ROLLBACK");
  });

  afterAll(async () => {
    await session.close();
    await database.drop();
    for (const role of [reader, writer]) await sharedServer().admin(`DROP ROLE ${role}`);
  });

  /**
   * The session, with nothing to read but objects of one kind: two hundred times everything
   * would take minutes.
   */
  function only(kind: string | undefined): DatabaseSession {
    if (kind === undefined || kind in ATTACHED) return session;
    const server = { major: original.serverMajor, encoding: original.encoding, superuser: true };
    const others = new Set(
      OBJECT_CLASSES.filter((each) => each.kind !== kind).map((each) => objectQuery(server, each)),
    );
    const query: DatabaseSession["query"] = (sql, values) =>
      others.has(sql) ? Promise.resolve([]) : session.query(sql, values);
    return { ...session, query };
  }

  /** Records after the first statements and after the others. */
  async function measured(
    before: string,
    change: string,
    kind?: string,
  ): Promise<[ContentRecord, ContentRecord]> {
    const run = (sql: string): Promise<unknown> =>
      session.query(sql.replaceAll("@reader", reader).replaceAll("@writer", writer));
    const server = { major: original.serverMajor, encoding: original.encoding };
    const take = async (): Promise<ContentRecord> => ({
      ...original,
      objects: (await readObjects(only(kind), WHOLE, server, 2)).objects,
    });
    await session.query("BEGIN");
    try {
      await session.query(
        "SET LOCAL session_replication_role = replica; SET LOCAL allow_system_table_mods = on",
      );
      if (before !== "") await run(before);
      const first = await take();
      await run(change);
      return [first, await take()];
    } finally {
      await session.query("ROLLBACK");
    }
  }

  async function found(before: string, change: string, kind?: string): Promise<string[]> {
    const [first, second] = await measured(before, change, kind);
    // With rows, because what is said of large objects goes with them; that none were counted here
    // is not asked.
    const { differences } = compareContent(first, second, { rows: true, exact: true });
    return differences
      .filter((each) => each.name !== "content")
      .map((each) => `${each.severity}: ${each.about} ${each.name} ${each.message}`);
  }

  const kindOf = (title: string): string =>
    OBJECT_CLASSES.find((each) => (each.title ?? each.kind) === title)?.kind ?? title;

  it.each(
    casesInTurn(
      "changes of one field",
      FIELD_CHANGES.map((each) => [each.of.join(": "), each.change.slice(0, 70), each] as const),
      { every: 3, kind: ([, , { of }]) => of[0] },
    ),
  )("is found and named: %s, %s", async (_field, _sql, each) => {
    const [title, field] = each.of;
    const lines = await found(each.before ?? "", each.change, kindOf(title));
    // Rights on what an extension or the server brings are a gap: many a server lets nobody change them.
    const severity = each.name.startsWith("catalog ") ? "gap" : "difference";
    const line = lines.find((one) =>
      one.startsWith(`${severity}: ${kindOf(title)} ${each.name} differs from the source in `),
    );
    expect({ lines, line }).toEqual({
      lines,
      line: expect.stringMatching(new RegExp(`[ ,]${field.replaceAll("-", " ")}(,|:|$)`)),
    });
  });

  it("has a test for every field that this server has", () => {
    const tested = new Set(FIELD_CHANGES.map(({ of: [title, field] }) => `${title}: ${field}`));
    const major = sharedServer().facts.major;
    const declared = [
      ...OBJECT_CLASSES.flatMap((each) =>
        each.fields
          .filter((field) => field.compared !== "other-major" && (field.since ?? 0) <= Math.min(major, 15))
          .map((field) => `${each.title ?? each.kind}: ${field.name}`),
      ),
      ...Object.entries(ATTACHED).map(([kind, field]) => `${kind}: ${field.name}`),
    ];
    expect(declared.filter((field) => !tested.has(field))).toEqual([]);
  });

  it.each([
    [
      "marks of the server's own among a column's options (15.20)",
      `
        UPDATE pg_attribute
          SET attoptions = coalesce(attoptions, '{}') || '{pg_attver=74415616}'
        WHERE attnum > 0
          AND attrelid IN (SELECT oid FROM pg_class WHERE oid >= 16384 AND relkind IN ('r', 'p', 'f', 'm'))
      `,
    ],
    [
      "and beside options of a person's",
      `
        UPDATE pg_attribute
          SET attoptions = '{pg_attver=1}' || attoptions
        WHERE attrelid = 'app.parent'::regclass AND attname = 'at'
      `,
    ],
    [
      "options of unknown names among a table's",
      "UPDATE pg_class SET reloptions = reloptions || '{mark=1}' WHERE relname = 'parent'",
    ],
    [
      "an index that is not valid, as a failed CREATE INDEX CONCURRENTLY leaves it",
      `
        CREATE INDEX left_behind ON app.empty (a);
        UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'app.left_behind'::regclass
      `,
    ],
    [
      "another order in which options were set",
      "ALTER TABLE app.parent RESET (fillfactor); ALTER TABLE app.parent SET (fillfactor = 90)",
    ],
    [
      "a password of a user mapping or a subscription",
      `
        ALTER USER MAPPING FOR PUBLIC SERVER elsewhere OPTIONS (SET password 'other');
        ALTER SUBSCRIPTION x CONNECTION 'host=h password=z'
      `,
    ],
  ])("is not seen in %s", async (_what, change) => {
    expect(
      await found(
        `
          ALTER TABLE app.parent SET (fillfactor = 90, autovacuum_enabled = false);
          ALTER TABLE app.parent ALTER at SET (n_distinct = 5);
          ${SUBSCRIPTION}
        `,
        change,
      ),
    ).toEqual([]);
  });
});
