import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { compareClocks } from "../../../src/backups/backup/clocks.ts";
import { timeOfBackupId } from "../../../src/nouns/catalog/backup-id.ts";
import { createDatabase, type TestDatabase } from "../../support/postgres.ts";
import { testPorts } from "../../support/test-ports.ts";
import { Vault } from "../../support/vault.ts";

const MINUTE = 60_000;

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase({ sql: "CREATE TABLE t AS SELECT 1 AS id" });
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

/** The outside as a machine sees it whose clock is so far off. */
function offBy(ms: number): ReturnType<typeof testPorts> {
  const ports = testPorts();
  return { ...ports, clock: { ...ports.clock, now: () => new Date(Date.now() + ms) } };
}

describe("a backup by a machine whose clock is ahead of the server's", () => {
  it("has an id by the server's clock, says so, and is not the latest for longer than it is", async () => {
    await using vault = await Vault.make();
    const early = await vault.backup(database.url, {}, offBy(20 * MINUTE));
    expect(early.report.notes.join("\n")).toMatch(
      /this machine's clock is (?:20 min 00|19 min 5\d) s ahead of the database server's/,
    );
    const made = String(early.outputs["id"]);
    expect(Math.abs(timeOfBackupId(made)!.getTime() - Date.now())).toBeLessThan(MINUTE);
    // Ids of one second are told apart by chance.
    const right = await vault.backup(database.url, {}, offBy(2_000));
    expect(String(right.outputs["id"]) > made).toBe(true);
    const validated = await vault.validate({ backup: "latest", depth: "stored" });
    expect(validated.outputs["backups"]).toMatchObject([{ id: right.outputs["id"] }]);
  });

  it("says what comes of it where it is behind", () => {
    const now = new Date("2026-11-29T12:00:00Z");
    const of = (ms: number) => compareClocks({ now: () => new Date(now.getTime() + ms) }, now);
    expect(of(-20 * MINUTE)).toEqual({
      aheadMs: 0,
      warning: expect.stringContaining("20 min 00 s behind the database server's"),
    });
    expect(of(MINUTE)).toEqual({ aheadMs: 0, warning: undefined });
    expect(of(20 * MINUTE).aheadMs).toBe(20 * MINUTE);
  });
});
