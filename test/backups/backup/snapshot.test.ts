import { expect, it } from "@jest/globals";
import { exportSnapshot } from "../../../src/backups/backup/snapshot.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import type { Database, DatabaseSession } from "../../../src/ports/database.ts";

it("a snapshot is released at once although its keep-alive waits on a dead link", async () => {
  const said: string[] = [];
  let cut: (reason: Error) => void = () => undefined;
  const deadLink = new Promise<never>((_, reject) => (cut = reject));
  deadLink.catch(() => undefined);
  const session: Pick<DatabaseSession, "query" | "lost" | "close"> = {
    lost: new AbortController().signal,
    async query<Row extends object>(sql: string): Promise<Row[]> {
      said.push(sql);
      if (sql === "SELECT 1") return deadLink;
      return Promise.resolve([
        { id: "00000003-0000001B-1", at: "2026-11-23T04:00:00.000Z" },
      ] as unknown as Row[]);
    },
    async close() {
      said.push("closed");
      // As the driver does: what still waits for an answer is told that none will come.
      cut(new Error("connection terminated"));
      await Promise.resolve();
    },
  };
  // The first sleep of the keep-alive ends at once, every other one lasts until the snapshot is released.
  let naps = 0;
  const clock = {
    sleep(ms: number, signal: AbortSignal) {
      if (ms === 30_000 && (naps += 1) === 1) return Promise.resolve();
      return new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(new Error("released"))),
      );
    },
  } as unknown as Clock;
  const snapshot = await exportSnapshot(
    { connect: () => Promise.resolve(session) } as unknown as Database,
    { holdMs: 3_600_000, lockWaitMs: 1000 },
    clock,
  );
  await new Promise((resolve) => setImmediate(resolve));
  expect(said.at(-1)).toBe("SELECT 1");
  const late = new Promise((resolve) => setTimeout(() => resolve("late"), 1000).unref());
  expect(await Promise.race([snapshot[Symbol.asyncDispose]().then(() => "released"), late])).toBe("released");
  expect(said.at(-1)).toBe("closed");
});
