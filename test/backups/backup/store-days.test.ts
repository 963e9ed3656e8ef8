import { execFile } from "node:child_process";
import { chmodSync, chownSync, mkdirSync } from "node:fs";
import { readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import { createDatabase, type TestDatabase } from "../../support/postgres.ts";
import { forwarding, inTheMiddleOf } from "../../support/decorators.ts";
import { testPorts } from "../../support/test-ports.ts";
import { serverAccount } from "../../support/tools.ts";
import { expectRefusal, output, Vault } from "../../support/vault.ts";

/**
 * The store's bad days: full, read-only, refusing, taken. What remains must never be mistaken for a backup,
 * and never stop the next one.
 */

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase({
    sql: `
      CREATE TABLE orders AS
        SELECT g AS id, md5(g::text) || md5((g + 1)::text) AS noise
          FROM generate_series(1, 60000) g
    `,
  });
});
afterAll(() => database.drop());

/**
 * Runs one backup in a process of its own, under a limit set by the shell. Returns what
 * {@link backupOnce} printed.
 */
function inChild(
  limits: string,
  vault: Vault,
  account: { uid?: number; gid?: number } = {},
): Promise<{ code: string; message: string; hint: string }> {
  const script = fileURLToPath(new URL("backup-once.ts", import.meta.url));
  const request = JSON.stringify({ database: database.url, store: vault.url, recipient: vault.recipient });
  return new Promise((resolve, reject) => {
    execFile(
      "/bin/sh",
      ["-c", `${limits} exec "$0" "$1"`, process.execPath, script],
      { env: { PATH: process.env["PATH"], HF_REQUEST: request }, cwd: "/", ...account },
      (error, stdout, stderr) => {
        const line = stdout.trim().split("\n").at(-1) ?? "";
        if (line.startsWith("{")) {
          resolve(JSON.parse(line) as { code: string; message: string; hint: string });
        } else reject(new Error(`${error?.message ?? "it said nothing"}: ${stdout}${stderr}`));
      },
    );
  });
}

describe("a backup into a store that fails", () => {
  it("says that the store is full, and leaves nothing that looks like a backup", async () => {
    await using vault = await Vault.make();
    // 1000 blocks of 512 bytes: the kernel refuses to let any file grow past that, as a quota or a
    // full disk would.
    const refused = await inChild("ulimit -f 1000;", vault);
    expect(refused).toMatchObject({
      code: "store.full",
      message: expect.stringMatching(/writing database\/shop\/tier2\/.*full\.dump\.zst\.age: EFBIG/),
      hint: expect.stringContaining("ulimit -f"),
    });
    vault.expectUntouched();
    expect(vault.files()).toEqual([]);
    // The same child without the limit succeeds: nothing of the failed run is in its way.
    expect(await inChild("", vault)).toMatchObject({ code: "done" });
    expect(vault.files("manifests")).toHaveLength(1);
  });

  it("says that the store may not be written, for a user without the right", async () => {
    await using vault = await Vault.make();
    const account = serverAccount();
    chmodSync(vault.folder, 0o711);
    mkdirSync(join(vault.folder, "store"), { mode: 0o555 });
    if (account.uid === undefined) chmodSync(join(vault.folder, "store"), 0o555);
    else chownSync(join(vault.folder, "store"), 0, 0);
    const refused = await inChild("", vault, account);
    expect(refused).toMatchObject({
      code: "store.denied",
      message: expect.stringContaining(vault.url),
      hint: expect.stringContaining("write"),
    });
    expect(vault.files()).toEqual([]);
  });

  it.each([
    ["credentials that expire", "store.denied", /expired/],
    ["a connection that stays away", "store.unreachable", /gone/],
    ["a disk that becomes read-only", "store.read-only", /read-only/],
  ] as const)("fails with %s in mid-run, and keeps no artifact", async (_, code, says) => {
    await using vault = await Vault.make();
    let broken = false;
    const failing = <T>(work: () => T): T => {
      if (broken) {
        throw new HoldfastError(code, `the token is expired, the host gone, the disk read-only`, {
          hint: "Log in again and repeat.",
        });
      }
      return work();
    };
    const ports = testPorts({
      store: (store) => {
        const half = inTheMiddleOf(
          /full\.dump/,
          () => {
            broken = true;
          },
          100_000,
        )(store);
        return forwarding(half, {
          put: (path, content, options) =>
            failing(() =>
              half.put(
                path,
                (async function* () {
                  for await (const chunk of content) yield failing(() => chunk);
                })(),
                options,
              ),
            ),
          stat: (path) => failing(() => store.stat(path)),
          get: (path, range) => failing(() => store.get(path, range)),
          replace: (path, content, etag) => failing(() => store.replace(path, content, etag)),
          remove: (path) => failing(() => store.remove(path)),
          list: (prefix) => failing(() => store.list(prefix)),
        });
      },
    });
    await expectRefusal(vault.backup(database.url, {}, ports), { code, exit: 4, says, hint: /Log in again/ });
    expect(broken).toBe(true);
    expect(vault.files("manifests")).toEqual([]);
    expect(vault.files("database")).toEqual([]);
  });

  it("says that a backup may be there whose last answer was lost, and keeps its artifacts", async () => {
    await using vault = await Vault.make();
    const ports = testPorts({
      store: (store) =>
        forwarding(store, {
          put: async (path, content, options) => {
            const facts = await store.put(path, content, options);
            if (!path.startsWith("manifests/")) return facts;
            throw new HoldfastError("store.unreachable", "the answer was lost", { hint: "See the network." });
          },
        }),
    });
    await expectRefusal(vault.backup(database.url, {}, ports), {
      code: "store.unreachable",
      exit: 4,
      says: /^whether backup \S+ was committed is not known: the answer was lost$/,
      hint: /^See by holdfast list/,
    });
    const validated = await vault.validate({ backup: "latest", depth: "opened" });
    expect(validated.outputs["verdict"]).toBe("proved");
  });

  it("never overwrites a backup that has its id already", async () => {
    await using vault = await Vault.make();
    const now = new Date("2026-03-01T02:00:00Z");
    const fixed = () => {
      const ports = testPorts();
      return {
        ...ports,
        clock: { ...ports.clock, now: () => now },
        random: { ...ports.random, hex: (count: number) => "ab".repeat(count) },
      };
    };
    const first = await vault.backup(database.url, {}, fixed());
    expect(output(first, "id")).toBe("20260301T020000Z-00abab");
    const before = await Promise.all(vault.files().map((file) => readFile(vault.path(file))));
    await expectRefusal(vault.backup(database.url, {}, fixed()), {
      code: "store.exists",
      exit: 4,
      says: "20260301T020000Z-00abab",
      hint: /Run again: the next one has another id/,
    });
    const after = await Promise.all(vault.files().map((file) => readFile(vault.path(file))));
    expect(after).toEqual(before);
  });

  it("takes the account's own access tier where it has none of ours, unless one was asked for", async () => {
    await using vault = await Vault.make();
    const put: (string | undefined)[] = [];
    const ports = testPorts({
      store: (store) =>
        forwarding(store, {
          async check(forWriting, options) {
            if (options?.accessTier !== undefined) {
              throw new HoldfastError("input.conflict", "it has no tiers", {
                hint: "Choose another access tier.",
              });
            }
            await store.check(forWriting);
          },
          put(path, content, options) {
            if (path.startsWith("database/")) put.push(options?.accessTier);
            return store.put(path, content, options);
          },
        }),
    });
    await expectRefusal(vault.backup(database.url, { accessTier: "Cool" }, ports), {
      code: "input.conflict",
      exit: 2,
      says: "it has no tiers",
      hint: /Choose another/,
    });
    expect(vault.files()).toEqual([]);
    expect((await vault.backup(database.url, {}, ports)).exit).toBe(0);
    expect((await vault.backup(database.url, { accessTier: "Default", tier: "tier1" }, ports)).exit).toBe(0);
    expect(put.every((tier) => tier === undefined) && put.length > 1).toBe(true);
    expect(ports.lines.join("\n")).toContain("it has no tiers; nobody asked for it");
  });

  it("leaves artifacts without a manifest as orphans, which are listed and in nobody's way", async () => {
    await using vault = await Vault.make();
    const ports = testPorts({
      store: (store) =>
        forwarding(store, {
          put: (path, content, options) =>
            path.startsWith("manifests/")
              ? Promise.reject(
                  new HoldfastError("store.denied", `no right to write ${path}`, {
                    hint: "Grant the right to write.",
                  }),
                )
              : store.put(path, content, options),
        }),
    });
    await expectRefusal(vault.backup(database.url, {}, ports), {
      code: "store.denied",
      exit: 4,
      says: "manifests/shop",
      hint: /Grant/,
    });
    expect(vault.files("database")).toHaveLength(1);
    const list = await vault.list();
    expect(list).toMatchObject({
      exit: 0,
      outputs: { count: 0, orphans: [{ source: "shop", tier: "tier2", blobs: 1 }] },
    });
    expect((await vault.validate()).exit).toBe(3);
    expect((await vault.backup(database.url)).exit).toBe(0);
    expect((await vault.list()).outputs["count"]).toBe(1);
  });
});

describe("two backups of one source and tier at once", () => {
  it("are kept apart by the lock: the second ends with exit 6, naming the first and since when", async () => {
    await using vault = await Vault.make();
    let second: Promise<unknown> | undefined;
    const ports = testPorts({
      store: inTheMiddleOf(/full\.dump/, async () => {
        second = expectRefusal(vault.backup(database.url), {
          code: "lock.held",
          exit: 6,
          says: /shop\/tier2 is locked by tester, cli run test, doing backup \d{8}T\d{6}Z-\w{6} since \d{4}-/,
          hint: /Wait for that run to end/,
        });
        await second;
      }),
    });
    const first = await vault.backup(database.url, {}, ports);
    expect(second).toBeDefined();
    expect(first.exit).toBe(0);
    expect(vault.files("manifests")).toEqual([output(first, "manifest")]);
    expect(vault.files("locks")).toEqual([]);
  });

  it("of different tiers do not wait for each other", async () => {
    await using vault = await Vault.make();
    const outcomes = await Promise.all([
      vault.backup(database.url),
      vault.backup(database.url, { tier: "tier1" }),
    ]);
    expect(outcomes.map((outcome) => outcome.exit)).toEqual([0, 0]);
    expect(vault.files("manifests")).toHaveLength(2);
  });

  it("after a killed run the lock is respected until it is stale, and then taken over", async () => {
    await using vault = await Vault.make();
    await vault.backup(database.url, { source: "other" });
    const since = new Date().toISOString();
    const left = {
      format: "holdfast.lock/1",
      token: "00",
      since,
      renewedAt: since,
      doing: "backup of a killed run",
      run: {
        kind: "github-actions",
        id: "77",
        url: "https://github.com/o/r/actions/runs/77",
        commit: null,
        actor: "mona",
      },
    };
    const path = vault.path("locks/shop/tier2/000000001.json");
    mkdirSync(join(path, ".."), { recursive: true });
    await writeFile(path, JSON.stringify(left));
    await expectRefusal(vault.backup(database.url), {
      code: "lock.held",
      exit: 6,
      says: /locked by mona, https:\/\/github.com\/o\/r\/actions\/runs\/77/,
      hint: /counts as abandoned/,
    });
    const before = new Date(Date.now() - 10 * 60_000);
    await utimes(path, before, before);
    expect((await vault.backup(database.url)).exit).toBe(0);
    expect(vault.files("locks")).toEqual([]);
  });
});
