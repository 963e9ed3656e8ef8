import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { createDatabase, sharedServer, type TestDatabase } from "../../support/postgres.ts";
import { mountHanging } from "../../support/mounts.ts";
import { eventually, scratchFolder } from "../../support/tools.ts";
import { Vault } from "../../support/vault.ts";
import { expectNothingLeft, judge, start, type Run } from "./silent-run.ts";

/**
 * The store is a folder of a network mount whose server is gone: a call to it never comes back. Each run ends
 * all the same, with its code, and gives the database's snapshot back.
 */

const scratch = scratchFolder("hanging-mount");
const mount = await mountHanging(scratch.path);

if ("reason" in mount) {
  it.skip(`a mount hangs (NOT RUN: ${mount.reason})`, () => undefined);
} else {
  let vault: Vault;
  let source: TestDatabase;
  let target: TestDatabase;

  beforeAll(async () => {
    vault = await Vault.make();
    source = await createDatabase({
      sql: "CREATE TABLE orders AS SELECT g AS id, md5(g::text) AS noise FROM generate_series(1, 200000) g",
    });
    target = await createDatabase();
  });
  afterAll(async () => {
    mount.goOn();
    await mount[Symbol.asyncDispose]();
    await scratch[Symbol.asyncDispose]();
    await vault[Symbol.asyncDispose]();
    await source.drop();
    await target.drop();
  });

  const url = `file://${mount.path}/store`;
  const reading = ["--store", url, "--source", "shop", "--identity-file", "identity"];
  const backup = (): Run => ({
    args: ["backup", "--store", url, "--source", "shop", "--recipients", vault.recipient],
    env: { HOLDFAST_DATABASE: source.url },
    files: {},
  });
  const COMMANDS: Readonly<Record<string, () => Run>> = {
    backup,
    list: () => ({ args: ["list", "--store", url], files: {} }),
    validate: () => ({
      args: ["validate", ...reading],
      env: { HOLDFAST_SCRATCH: source.adminUrl },
      files: { identity: vault.identity },
    }),
    restore: () => ({
      args: ["restore", ...reading],
      env: { HOLDFAST_TARGET: target.url },
      files: { identity: vault.identity },
    }),
  };

  describe("a mount that hangs", () => {
    it("took a backup while it was well", async () => {
      await using folder = scratchFolder("well");
      const done = await start(backup(), folder.path);
      expect([done.code, done.said]).toEqual([0, expect.stringContaining("✔")]);
    });

    it.each(Object.keys(COMMANDS))("ends %s in time, with a reason and a way on", async (name) => {
      await using folder = scratchFolder("hangs");
      mount.hang();
      try {
        const ended = await start(COMMANDS[name]!(), folder.path);
        expect([judge(ended, ["store.unreachable"]), ended.said]).toEqual([
          undefined,
          expect.stringContaining("has not answered for"),
        ]);
        await expectNothingLeft(folder.path, [source.name, target.name], sharedServer());
      } finally {
        mount.goOn();
      }
    });

    it("ends a backup whose dump was on its way, and gives its snapshot back", async () => {
      await using folder = scratchFolder("midst");
      const parts = join(scratch.path, "behind/store/.holdfast-tmp");
      const hangs = Promise.withResolvers<"hangs">();
      const look = setInterval(() => {
        // What the store's own look at it writes is smaller.
        if (!sizesIn(parts).some((bytes) => bytes > 200_000)) return;
        clearInterval(look);
        mount.hang();
        hangs.resolve("hangs");
      }, 2);
      const running = start(backup(), folder.path);
      const early = running.then(({ said }) => Promise.reject(new Error(`it ended before: ${said}`)));
      await Promise.race([hangs.promise, early]);
      expect(await sessionsIn(source.name)).toBeGreaterThan(0);
      // Who has a file of such a mount open cannot end before that answers, whatever ends it: what was to be
      // given back is so by then.
      try {
        await eventually(
          "the sessions to be gone",
          async () => (await sessionsIn(source.name)) === 0,
          60_000,
        );
      } finally {
        clearInterval(look);
        mount.goOn();
      }
      const ended = await running;
      expect([judge(ended, ["store.unreachable"]), ended.said]).toEqual([undefined, expect.anything()]);
      expect(ended.said).toContain("has not answered for");
      expect(ended.code).toBe(4);
      await expectNothingLeft(folder.path, [source.name], sharedServer());
      const manifests = readdirSync(join(scratch.path, "behind/store/manifests"), { recursive: true });
      expect(manifests.filter((name) => String(name).endsWith(".json"))).toHaveLength(1);
    });
  });
}

/** How many sessions of ours a database has. */
async function sessionsIn(database: string): Promise<number> {
  const [row] = await sharedServer().admin(
    `
      SELECT count(*)::int AS n FROM pg_stat_activity
       WHERE application_name LIKE 'holdfast%' AND datname = $1
    `,
    [database],
  );
  return row!["n"] as number;
}

/** Nothing where there is no such folder, or a file goes meanwhile. */
function sizesIn(folder: string): number[] {
  try {
    return readdirSync(folder).map((name) => statSync(join(folder, name)).size);
  } catch {
    return [];
  }
}
