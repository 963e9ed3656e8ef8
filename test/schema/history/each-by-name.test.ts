import { expect, it } from "@jest/globals";
import { flyway } from "../../../src/schema/books/tools/flyway.ts";
import { prisma } from "../../../src/schema/books/tools/prisma.ts";
import type { HistoryEntry } from "../../../src/schema/history/entry.ts";
import { proveHistory } from "../../../src/schema/rollback/prove-history.ts";
import { prepareScript } from "../../../src/schema/script/prepare.ts";
import { nameDrift } from "../../../src/schema/status/drift.ts";
import { testPorts } from "../../support/test-ports.ts";

const entry = (version: string, forward: string | null): HistoryEntry =>
  ({ version, file: `${version}_x.sql`, forward, withoutTransaction: [] }) as unknown as HistoryEntry;

/** Where several are in the way, each is named: who mends the first alone meets the next one. */
it("entries without a script are named, each of them", async () => {
  const history = [entry("1", null), entry("2", "SELECT 1"), entry("3", null)];
  const drift = await nameDrift({ state: new Map(), major: 15 }, history, testPorts());
  const both = "1_x.sql, 3_x.sql were recorded without their scripts";
  expect(drift.doubt).toBe(`its objects cannot be named: ${both}`);
  const rollback = await prepareScript({ file: "r.sql", text: "SELECT 1", firstLine: 1, transaction: true });
  const going = [{ entry: history[2]!, rollback }];
  const ground = { major: 15, platform: undefined };
  const { why } = await proveHistory(history, going, ground, testPorts());
  expect(why).toBe(`${both}, so the history cannot be built anew`);
  expect((await proveHistory(history.slice(0, 2), going, ground, testPorts())).why).toBe(
    "1_x.sql was recorded without its script, so the history cannot be built anew",
  );
});

it("what has failed by another tool's table is named, each of it", () => {
  const rows = ["1", "2", "3"].map((version) => ({
    installed_rank: version,
    version,
    script: `V${version}.sql`,
    success: version === "2" ? "true" : "false",
    type: "SQL",
  }));
  expect(flyway.read(rows).unclear?.message).toBe("version 1 (V1.sql), version 3 (V3.sql) have failed");
  const attempts = ["1_a", "2_b", "3_c"].map((name) => ({
    migration_name: name,
    finished_at: name === "2_b" ? "2026-01-01" : null,
    rolled_back_at: null,
  }));
  expect(prisma.read(attempts).unclear?.message).toBe("1_a, 3_c have begun and did not end");
});
