import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { postgresDatabase } from "../../../src/adapters/postgres/database.ts";
import { takeInventory } from "../../../src/nouns/content/read/inventory.ts";
import type { ContentRecord } from "../../../src/nouns/content/record.ts";
import { fingerprintTables, type FingerprintOptions } from "../../../src/nouns/content/rows/fingerprint.ts";
import { PINNED_SETTINGS } from "../../../src/nouns/server/pinned-settings.ts";
import type { Database, DatabaseSession } from "../../../src/ports/database.ts";
import { startPgBouncer } from "../../support/pgbouncer.ts";
import { createDatabase, sharedServer, type TestDatabase } from "../../support/postgres.ts";
import { eventually } from "../../support/tools.ts";
import { WHOLE } from "./copies.ts";

const NAMES = ["a", "b", "c", "d", "e", "f"];
const BOUNDS = { silenceMs: 60_000, tell: () => undefined, cancelled: new AbortController().signal };

let made: TestDatabase;
beforeAll(async () => {
  made = await createDatabase({
    sql: NAMES.map((name) => `CREATE TABLE ${name} AS SELECT generate_series(1, 9) AS id;`).join("\n"),
  });
});
afterAll(async () => {
  await made[Symbol.asyncDispose]();
});

interface Counting {
  readonly tables: ContentRecord["tables"];
  /** Sessions that counted. */
  readonly sessions: number;
}

/**
 * @param least nobody counts before so many sessions are open, nor a second time before so many have counted
 */
async function counting(
  database: Database,
  options: Pick<FingerprintOptions, "jobs"> & Partial<FingerprintOptions>,
  least = 1,
): Promise<Counting> {
  await using session = await database.connect({ purpose: "test", settings: PINNED_SETTINGS });
  await session.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  const inventory = await takeInventory(session, WHOLE, { proof: "content" });
  const counted = new Set<DatabaseSession>();
  let opened = 0;
  const open = async (stop?: AbortSignal): Promise<DatabaseSession> => {
    const another = await database.connect({
      purpose: "fingerprint",
      settings: PINNED_SETTINGS,
      ...(stop === undefined ? {} : { stop }),
    });
    await another.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const query = another.query.bind(another);
    another.query = async (sql, ...more) => {
      if (sql.includes("FROM ONLY")) {
        await eventually("open sessions", () => opened >= least);
        if (counted.has(another)) await eventually("sessions that count", () => counted.size >= least);
        counted.add(another);
      }
      return await query(sql, ...more);
    };
    opened += 1;
    return another;
  };
  const signal = AbortSignal.timeout(60_000);
  const tables = await fingerprintTables(open, inventory, { signal, ...options });
  return { tables, sessions: counted.size };
}

const all = NAMES.map((name) => expect.objectContaining({ name, rows: 9, fingerprint: expect.any(String) }));

describe("sessions that count rows", () => {
  it("are one as long as no more are wanted, and it does all the work", async () => {
    const never = new Promise<void>(() => undefined);
    const { tables, sessions } = await counting(postgresDatabase(made.address, BOUNDS), {
      jobs: 3,
      moreSessions: never,
    });
    expect([sessions, tables]).toEqual([1, all]);
  });

  it("are as many as may be from the moment that they are wanted", async () => {
    const wanted = Promise.withResolvers<undefined>();
    let bytes = 0;
    const { tables, sessions } = await counting(
      postgresDatabase(made.address, BOUNDS),
      {
        jobs: 3,
        moreSessions: wanted.promise,
        onBytes(more) {
          bytes += more;
          wanted.resolve(undefined);
        },
      },
      3,
    );
    expect([sessions, tables]).toEqual([3, all]);
    expect(bytes).toBe(tables.reduce((sum, table) => sum + table.bytes, 0));
  });

  it("end with the reason of their end while they wait for being wanted", async () => {
    const stop = new AbortController();
    const reason = new Error("the dump failed");
    const never = new Promise<void>(() => undefined);
    const onBytes = (): void => stop.abort(reason);
    await expect(
      counting(postgresDatabase(made.address, BOUNDS), {
        jobs: 3,
        moreSessions: never,
        signal: stop.signal,
        onBytes,
      }),
    ).rejects.toBe(reason);
  });

  it("are those that a pool has left, and nobody waits for others longer than there is work", async () => {
    await using pooler = await startPgBouncer(sharedServer().facts, "session", { size: 2 });
    const address = { ...made.address, host: "127.0.0.1", port: pooler.port };
    const { tables, sessions } = await counting(postgresDatabase(address, BOUNDS), { jobs: 4 });
    expect([sessions, tables]).toEqual([1, all]);
  });
});
