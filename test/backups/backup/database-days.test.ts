import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import { startCluster, type Cluster, type TestDatabase } from "../../support/postgres.ts";
import { inTheMiddleOf, withDump } from "../../support/decorators.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { testPorts } from "../../support/test-ports.ts";
import { eventually, runOk } from "../../support/tools.ts";
import { expectRefusal, Vault } from "../../support/vault.ts";
import { casesInTurn } from "../../support/sampling.ts";

/**
 * The database's bad days, in the middle of a dump. Each must be loud, leave no backup and nothing running,
 * and not harm the next run.
 */

let cluster: Cluster;
let database: TestDatabase;
let vault: Vault;

beforeAll(async () => {
  cluster = await startCluster();
  // More than all pipes and buffers on the way hold, so that pg_dump is in the middle of it when
  // the store is.
  database = await cluster.createDatabase({
    sql: `
      CREATE TABLE orders AS
        SELECT g AS id, md5(g::text) || md5((g + 1)::text) AS noise
          FROM generate_series(1, 900000) g
    `,
  });
});
afterAll(() => cluster[Symbol.asyncDispose]());
beforeEach(async () => {
  await vault?.[Symbol.asyncDispose]();
  vault = await Vault.make();
});
afterAll(() => vault[Symbol.asyncDispose]());

/** Process ids of this process's running pg_dumps. */
async function dumpers(): Promise<number[]> {
  const lines = (await runOk("ps", ["-A", "-o", "pid=,ppid=,comm="]))
    .split("\n")
    .map((line) => line.trim().split(/\s+/));
  return lines
    .filter(([, parent, name]) => parent === String(process.pid) && /pg_dump$/.test(name ?? ""))
    .map(([pid]) => Number(pid));
}

/** No backup, no artifact, no lock, no process and no session is left, and the next backup succeeds. */
async function expectHarmless(): Promise<void> {
  expect(await dumpers()).toEqual([]);
  await eventually(
    "the sessions to be gone",
    async () =>
      (
        await cluster.admin(`
          SELECT pid
            FROM pg_stat_activity
           WHERE application_name LIKE 'holdfast%' OR application_name = 'pg_dump'
        `)
      ).length === 0,
  );
  vault.expectUntouched();
  expect((await vault.backup(database.url)).outputs["rows"]).toBe(900_000);
  expect(vault.files("manifests")).toHaveLength(1);
}

const midDump = (act: () => Promise<void> | void) =>
  testPorts({ store: inTheMiddleOf(/full\.dump/, act, 200_000) });

describe("a backup in whose middle", () => {
  it("pg_dump is killed fails, saying how it ended", async () => {
    let killed = 0;
    const ports = midDump(async () => {
      for (const pid of await dumpers()) {
        process.kill(pid, "SIGKILL");
        killed += 1;
      }
    });
    await expectRefusal(vault.backup(database.url, {}, ports), {
      code: "tool.failed",
      exit: 4,
      says: "ended with signal SIGKILL",
      hint: /from outside, often for lack of memory/,
    });
    expect(killed).toBe(1);
    await expectHarmless();
  });

  it.each(casesInTurn("restarts of a server in a backup", ["fast", "immediate"] as const, { every: 2 }))(
    "the server is restarted (%s) fails with a lost connection",
    async (mode) => {
      await expectRefusal(
        vault.backup(
          database.url,
          {},
          midDump(() => cluster.restart(mode)),
        ),
        { code: "database.lost", exit: 4, says: database.name, hint: /run again/ },
      );
      await expectHarmless();
    },
  );

  it("the network is cut fails with a lost connection", async () => {
    await using proxy = await startTcpProxy(cluster.facts.port);
    const url = new URL(database.url);
    url.port = String(proxy.port);
    await expectRefusal(
      vault.backup(
        url.href,
        {},
        midDump(() => proxy.cut()),
      ),
      { code: "database.lost", exit: 4, says: `127.0.0.1:${proxy.port}`, hint: /run again/ },
    );
    expect(proxy.accepted).toBeGreaterThan(2);
    await expectHarmless();
  });

  it.each(["holdfast snapshot", "holdfast dump"])(
    "an administrator ends the session '%s' fails with a lost connection",
    async (name) => {
      let ended = 0;
      const ports = midDump(async () => {
        ended = (
          await cluster.admin(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE $1 || '%'",
            [name],
          )
        ).length;
      });
      await expectRefusal(vault.backup(database.url, {}, ports), {
        code: "database.lost",
        exit: 4,
        says: /terminat|connection|EOF/i,
        hint: /run again/,
      });
      expect(ended).toBe(1);
      await expectHarmless();
    },
  );

  it("the longest time for a snapshot is over fails, saying how long that was", async () => {
    const slow = () => new Promise<void>((resolve) => setTimeout(resolve, 2500));
    await expectRefusal(vault.backup(database.url, { snapshotLimit: 1500 }, midDump(slow)), {
      code: "database.too-slow",
      exit: 4,
      says: /snapshot was held for 1\.5 ?s/,
      hint: /--snapshot-limit/,
    });
    await expectHarmless();
  });

  it("somebody cancels ends at once with that reason", async () => {
    const stop = new AbortController();
    const reason = new HoldfastError("run.cancelled", "cancelled by a person", {
      hint: "Run it again when you are ready.",
    });
    const ports = testPorts({
      cancelled: stop.signal,
      store: inTheMiddleOf(/full\.dump/, () => stop.abort(reason), 200_000),
    });
    await expectRefusal(vault.backup(database.url, {}, ports), {
      code: "run.cancelled",
      exit: 4,
      says: "cancelled by a person",
      hint: /again/,
    });
    await expectHarmless();
  });
});

describe("a dump that is not what it should be", () => {
  it("is refused when it ends within its table of contents although pg_dump exited 0", async () => {
    const cut = withDump(async function* (archive) {
      let passed = 0;
      for await (const chunk of archive) {
        yield chunk.subarray(0, Math.max(0, 300 - passed));
        passed += chunk.byteLength;
      }
    });
    await expectRefusal(vault.backup(database.url, {}, { tools: cut }), {
      code: "dump.incomplete",
      exit: 5,
      says: "end of file",
      hint: /archive is damaged/,
    });
    vault.expectUntouched();
  });

  it("is refused when it lacks a table of the snapshot", async () => {
    const ports = testPorts({
      tools: (tools) => ({
        ...tools,
        dump: (request) => tools.dump({ ...request, excludeSchemas: ["side"] }),
      }),
    });
    await database.query("CREATE SCHEMA side; CREATE TABLE side.left_out (a int)");
    try {
      await expectRefusal(vault.backup(database.url, {}, ports), {
        code: "dump.incomplete",
        exit: 5,
        says: "pg_dump left out the rows of side.left_out",
        hint: /No backup was made/,
      });
      vault.expectUntouched();
    } finally {
      await database.query("DROP SCHEMA side CASCADE");
    }
  });
});
